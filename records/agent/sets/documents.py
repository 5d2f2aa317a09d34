"""The column set of documents 文书: a row names a file beside it (PDF, picture, text), which is sent
with it (WS/T 500 的 53 类共享文档 by their codes C0001 to C0053).
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from .bindings import coded, element, identifier, reference
from .column_set import (
    DELETED,
    PATIENT,
    PATIENT_NAME,
    VISIT,
    VOID,
    Both,
    Column,
    ColumnSet,
    Resource,
    Site,
    Values,
)  # fmt: skip

DOCUMENT_NUMBER = "urn:oid:2.16.156.10011.1.1"
CONTENT_TYPES = {
    ".pdf": "application/pdf",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".txt": "text/plain",
    ".xml": "text/xml",
    ".dcm": "application/dicom",
}


def compile_content(site: Site) -> tuple[Any, Any]:
    """The file's bytes stand in `content` when the row was read (`file_content`)."""

    def write(resource: Resource, values: Values) -> None:
        attachment = {
            "title": values["file"],
            "contentType": values.get("content_type", "application/octet-stream"),
        }
        data = values.get("content")
        if data is not None:
            attachment["data"] = base64.b64encode(data).decode()
            attachment["size"] = len(data)
            attachment["hash"] = base64.b64encode(hashlib.sha1(data).digest()).decode()  # noqa: S324
        resource["content"] = [{"attachment": attachment}]

    def read(resource: Resource, values: Values) -> None:
        attachment = resource["content"][0]["attachment"]
        values["file"] = attachment["title"]
        values["content_type"] = attachment["contentType"]
        if "data" in attachment:
            values["content"] = base64.b64decode(attachment["data"])

    return write, read


def compile_date(site: Site) -> tuple[Any, Any]:
    """`date` is an instant: a day alone is the beginning of it."""
    midnight = f"T00:00:00{site.zone}"

    def write(resource: Resource, values: Values) -> None:
        written = values["written"]
        resource["date"] = written if "T" in written else written + midnight

    def read(resource: Resource, values: Values) -> None:
        found = resource["date"]
        values["written"] = found[: -len(midnight)] if found.endswith(midnight) else found

    return write, read


DOCUMENTS = ColumnSet(
    name="document",
    zh="文书",
    en="Documents",
    type="DocumentReference",
    columns=(
        Column(
            "record",
            "文书编号",
            "文档编号 文书ID 文档ID 文档流水号 病历编号 病历ID 文书流水号 documentid docid document_id wsid wdid",
            "record",
            required=True,
            examples=("WS000101",),
        ),
        PATIENT,
        PATIENT_NAME,
        VISIT,
        Column(
            "code",
            "文书类别代码",
            "文档类别代码 文档类型代码 文书类型代码 doctypecode wslbdm",
            "code",
            examples=("C0049",),
        ),
        Column(
            "kind",
            "文书类别",
            "文档类别 文档类型 文书类型 病历类型 文书名称 文档名称 doctype documenttype wslb wdlx",
            "text",
            required=True,
            examples=("出院记录",),
        ),
        Column(
            "title",
            "文书标题",
            "标题 文档标题 病历名称 病历标题 title documenttitle bt",
            "text",
            examples=("出院记录（外科）",),
        ),
        Column(
            "file",
            "文件名",
            "文件 附件 文件路径 附件名 附件路径 文件名称 pdf file filename filepath attachment wjm wjlj",
            "text",
            required=True,
            examples=("WS000101.pdf",),
            about_zh="与表格放在同一个文件夹（或它的子文件夹）里的文件。",
            about_en="A file in the folder of the table, or in one below it.",
        ),
        Column(
            "written",
            "书写日期时间",
            "文书日期 书写时间 创建时间 完成时间 记录时间 文档日期 签名时间 文书时间 createtime documentdate sxsj",
            "moment",
            required=True,
            examples=("2026-04-25 10:10",),
        ),
        Column(
            "doctor",
            "书写医师",
            "作者 记录者 书写者 医师 医生 签名医师 author doctor sxys",
            "name",
            examples=("周斌",),
        ),
        VOID,
        DELETED,
    ),
    table=(
        identifier("record", DOCUMENT_NUMBER, ""),
        coded("code", "kind", "type", "document"),
        element("title", "description"),
        reference("patient", "subject", "Patient", "patient_name"),
        reference("visit", "context.encounter[0]", "Encounter"),
        Both(("file",), compile_content, ("content[0].attachment",)),
        Both(("written",), compile_date, ("date",)),
        element("doctor", "author[0].display"),
    ),
    record=(("record",),),
    day=("written",),
    signs=("file", "kind", "title"),
    file_words=("文书", "文档", "病历", "doc", "ws"),
    constants=(("status", "current"),),
)
