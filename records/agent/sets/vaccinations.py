"""The column set of vaccinations 接种 (WS 375.12 疫苗接种; WS 445)."""

from __future__ import annotations

from typing import Any

from .bindings import coded, element, identifier, reference
from .column_set import (
    DELETED,
    NOTE,
    PATIENT,
    PATIENT_NAME,
    VOID,
    Both,
    Column,
    ColumnSet,
    Resource,
    Site,
    Values,
)  # fmt: skip


def compile_dose(site: Site) -> tuple[Any, Any]:
    def write(resource: Resource, values: Values) -> None:
        if values.get("dose_number"):
            resource["protocolApplied"] = [{"doseNumberPositiveInt": values["dose_number"]}]

    def read(resource: Resource, values: Values) -> None:
        for found in resource.get("protocolApplied", ()):
            values["dose_number"] = int(found["doseNumberPositiveInt"])

    return write, read


def compile_performer(site: Site) -> tuple[Any, Any]:
    def write(resource: Resource, values: Values) -> None:
        told = [values[c] for c in ("doctor", "place") if c in values]
        if told:
            resource["performer"] = [{"actor": {"display": t}} for t in told]
            if "doctor" not in values:
                resource["performer"][0]["function"] = PLACE

    def read(resource: Resource, values: Values) -> None:
        found = resource.get("performer", [])
        for number, performer in enumerate(found):
            place = number == 1 or "function" in performer
            values["place" if place else "doctor"] = performer["actor"]["display"]

    return write, read


PLACE = {"text": "接种单位"}

VACCINATIONS = ColumnSet(
    name="vaccination",
    zh="接种",
    en="Vaccinations",
    type="Immunization",
    columns=(
        PATIENT,
        PATIENT_NAME,
        Column(
            "record",
            "接种记录编号",
            "接种编号 接种流水号 接种ID 记录编号 接种记录ID vaccinationid recordid jzid jzlsh",
            "record",
            about_zh="每行唯一；不填就用“患者编号/疫苗/日期”。",
            about_en="Unique; where empty, patient, vaccine and day make it.",
        ),
        Column(
            "vaccine",
            "疫苗名称",
            "疫苗 疫苗种类 接种疫苗 疫苗名 接种疫苗名称 vaccine vaccinename ymmc",
            "text",
            element="DE08.50.027.00",
            examples=("流感病毒裂解疫苗",),
        ),
        Column(
            "code",
            "疫苗代码",
            "疫苗编码 疫苗名称代码 疫苗种类代码 vaccinecode ymdm",
            "code",
            examples=("2101",),
        ),
        Column(
            "given",
            "接种日期",
            "接种时间 接种日期时间 疫苗接种日期 vaccinationdate vaccinedate jzrq jzsj",
            "moment",
            required=True,
            examples=("2025-10-20",),
        ),
        Column(
            "dose_number",
            "接种剂次",
            "剂次 针次 接种针次 第几剂 dosenumber doseno jc zc",
            "integer",
            examples=("1",),
        ),
        Column(
            "lot",
            "疫苗批号",
            "批号 疫苗生产批号 生产批号 lot lotno batchno ymph ph",
            "text",
            examples=("202506A12",),
        ),
        Column(
            "manufacturer",
            "疫苗生产厂家",
            "生产厂家 生产企业 厂家 疫苗厂家 生产单位 manufacturer sccj",
            "text",
            examples=("某生物制品有限公司",),
        ),
        Column(
            "expires",
            "疫苗有效期",
            "有效期 失效日期 有效期至 expirationdate yxq",
            "date",
            examples=("2026-06-30",),
        ),
        Column("site", "接种部位", "部位 接种部位名称 site jzbw", "text", examples=("左上臂",)),
        Column("route", "接种途径", "途径 接种方式 route jztj", "text", examples=("肌内注射",)),
        Column(
            "doctor",
            "接种医师",
            "接种医生 接种者 接种人员 接种护士 医生 vaccinator jzys",
            "name",
            examples=("林燕",),
        ),
        Column(
            "place",
            "接种单位",
            "接种机构 接种地点 接种单位名称 place organization jzdw",
            "text",
            examples=("南桥镇卫生院",),
        ),
        Column(
            "state",
            "接种状态",
            "状态 是否接种 state status",
            "vaccination-state",
            examples=("已接种",),
        ),
        NOTE,
        VOID,
        DELETED,
    ),
    table=(
        identifier("record", "{vaccination}", ""),
        element("state", "status"),
        coded("code", "vaccine", "vaccineCode", "vaccine"),
        reference("patient", "patient", "Patient", "patient_name"),
        element("given", "occurrenceDateTime"),
        Both(("dose_number",), compile_dose, ("protocolApplied[0].doseNumberPositiveInt",)),
        element("lot", "lotNumber"),
        element("manufacturer", "manufacturer.display"),
        element("expires", "expirationDate"),
        element("site", "site.text"),
        element("route", "route.text"),
        Both(("doctor", "place"), compile_performer, ("performer",)),
        element("note", "note[0].text"),
    ),
    record=(("record",), ("patient", "code|vaccine", "given")),
    day=("given",),
    one_of=(("vaccine", "code"),),
    signs=("vaccine", "dose_number", "lot", "given"),
    file_words=("接种", "疫苗", "vacc", "ym"),
    constants=(("status", "completed"),),
)
