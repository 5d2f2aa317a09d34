"""The columns that all rows of a laboratory report share, and the report that they make
(DiagnosticReport).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .bindings import coded, element, identifier, reference
from .column_set import (
    PATIENT,
    PATIENT_NAME,
    VISIT,
    Both,
    Column,
    ColumnSet,
    Resource,
    Site,
    Values,
)

SERVICE = "http://terminology.hl7.org/CodeSystem/v2-0074"
REPORT_NUMBER = "urn:oid:2.16.156.10011.1.33"

REPORT = Column(
    "report",
    "检验报告单编号",
    "报告单号 检验报告单号 报告编号 报告号 检验单号 检验报告号 检验报告编号 条码号 条形码 样本号 标本号 样本编号 标本编号 检验流水号 申请单号 检验申请单号 化验单号"
    " reportno report_no reportid report_id bgdh bgdbh sampleno sample_no barcode testno jydh ybh bgh reportnumber",
    "record",
    element="DE01.00.018.00",
    examples=("R20260503-17",),
    about_zh="同一张报告的各行填同一个号。",
    about_en="The same in all rows of one report.",
)
REPORT_NAME = Column(
    "report_name",
    "检验类别",
    "检验名称 组合名称 组合项目 检验目的 检验组合 报告名称 医嘱名称 检验医嘱 申请项目 组套名称 大项名称 检验大项 examname testgroup panel jylb reportname",
    "text",
    element="DE04.30.018.00",
    examples=("肝功能",),
)
COLLECTED = Column(
    "collected",
    "采样日期时间",
    "采样时间 标本采集日期时间 标本采样日期时间 采集时间 采样日期 送检时间 送检日期 接收时间 标本接收时间 签收时间 collecttime collected samplingtime"
    " sampledate cysj",
    "moment",
    element="DE04.50.137.00",
    examples=("2026-05-03 08:10",),
)
REPORTED = Column(
    "reported",
    "检验报告日期",
    "报告日期 报告时间 检验报告日期时间 检验日期 检验时间 审核时间 审核日期 发布时间 报告日期时间 检测时间 检验完成时间 化验日期 日期"
    " reporttime reportdate reported testdate jyrq bgrq bgsj shsj",
    "moment",
    examples=("2026-05-03 10:25",),
)
STATE = Column(
    "state",
    "报告状态",
    "审核状态 报告状态名称 结果状态 状态 status reportstatus bgzt zt",
    "report-state",
    about_zh="已审核、初步、修改；不填算已审核。",
    about_en="已审核 (final), 初步 (preliminary), 修改 (amended); final where empty.",
)
SPECIMEN = Column(
    "specimen",
    "标本类别",
    "标本类型 标本 样本类型 标本名称 样本 标本种类 specimen sampletype bblx yblx",
    "text",
    element="DE04.50.134.00",
    examples=("血清",),
)
REPORTER = Column(
    "reporter",
    "检验医师",
    "报告医师 检验者 检验医生 检验技师 检验师 报告人 检验人 报告医生 检验员 操作者 reporter technician jyys jyr bgys",
    "name",
    examples=("李明",),
)
VERIFIER = Column(
    "verifier",
    "审核医师",
    "审核者 审核人 审核医生 核对者 复核人 复核者 verifier shys shr",
    "name",
    examples=("赵强",),
)
REQUESTER = Column(
    "requester",
    "申请医师",
    "申请医生 开单医生 送检医生 送检医师 开单医师 申请人 requester sqys kdys",
    "name",
    examples=("陈洁",),
)


def compile_times(site: Site) -> tuple[Any, Any]:
    """When the specimen was taken counts; where only the report has a time, that does."""

    def write(resource: Resource, values: Values) -> None:
        collected, reported = values.get("collected"), values.get("reported")
        if collected == reported:
            collected = None
        if collected or reported:
            resource["effectiveDateTime"] = collected or reported
        if reported and "T" in reported:
            resource["issued"] = reported
        elif reported and collected:
            resource.setdefault("extension", []).append(
                {"url": REPORTED_DAY, "valueDate": reported}
            )

    def read(resource: Resource, values: Values) -> None:
        effective, issued = resource.get("effectiveDateTime"), resource.get("issued")
        for extension in resource.get("extension", ()):
            if extension["url"] == REPORTED_DAY:
                issued = extension["valueDate"]
        if issued:
            values["reported"] = issued
        if effective and effective != issued:
            values["collected" if issued or "T" in effective else "reported"] = effective

    return write, read


REPORTED_DAY = (
    "urn:xinglin:extension:reported-day"  # `issued` must have a time; many reports have none
)
TIMES = Both(("collected", "reported"), compile_times, ("effectiveDateTime", "issued"))

REPORT_COLUMNS = (
    REPORT,
    replace(PATIENT, examples=("00012345",)),
    replace(PATIENT_NAME, examples=("王芳",)),
    replace(VISIT, examples=("MZ20260503001",)),
    REPORT_NAME, SPECIMEN, COLLECTED, REPORTED, REQUESTER,
    REPORTER, VERIFIER, STATE,
)  # fmt: skip

LABORATORY_REPORTS = ColumnSet(
    name="laboratory-report",
    zh="检验报告",
    en="Laboratory reports",
    type="DiagnosticReport",
    columns=REPORT_COLUMNS,
    table=(
        element("state", "status"),
        identifier("report", REPORT_NUMBER, ""),
        coded("", "report_name", "code", "laboratory"),
        reference("patient", "subject", "Patient", "patient_name"),
        reference("visit", "encounter", "Encounter"),
        TIMES,
        element("specimen", "specimen[0].display"),
        element("requester", "basedOn[0].display"),
        element("reporter", "performer[0].display"),
        element("verifier", "resultsInterpreter[0].display"),
    ),
    record=(("report",),),
    day=("collected", "reported"),
    constants=(
        ("status", "final"),
        ("category", [{"coding": [{"system": SERVICE, "code": "LAB"}], "text": "检验"}]),
        ("code", {"text": "检验报告"}),
    ),
)
