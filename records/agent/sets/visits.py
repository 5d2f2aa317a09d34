"""The column set of visits 就诊 (WS 445.2 门急诊病历, 445.10 住院病案首页)."""

from __future__ import annotations

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

ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CLASS_NAMES = {
    "AMB": "门诊", "EMER": "急诊", "IMP": "住院", "OBSENC": "留观", "SS": "日间", "HH": "家庭病床", "VR": "互联网",
}  # fmt: skip
STAYS = ("IMP", "OBSENC", "SS", "HH")


def compile_class(site: Site) -> tuple[Any, Any]:
    """Class, period and status: a stay without an end is still under way."""

    def write(resource: Resource, values: Values) -> None:
        code = values.get("class", "AMB")
        resource["class"] = {"system": ACT, "code": code, "display": CLASS_NAMES[code]}
        period = {}
        if "started" in values:
            period["start"] = values["started"]
        if "ended" in values:
            period["end"] = values["ended"]
        if period:
            resource["period"] = period
        stays = code in STAYS and "ended" not in values
        resource["status"] = "in-progress" if stays else "finished"

    def read(resource: Resource, values: Values) -> None:
        values["class"] = resource["class"]["code"]
        for key, column in (("start", "started"), ("end", "ended")):
            if key in resource.get("period", {}):
                values[column] = resource["period"][key]

    return write, read


VISITS = ColumnSet(
    name="visit",
    zh="就诊",
    en="Visits",
    type="Encounter",
    columns=(
        Column(
            "visit",
            VISIT.zh,
            VISIT.synonyms,
            "record",
            required=True,
            element="DE01.00.010.00",
            examples=("MZ20260503001", "ZY20260418007"),
            about_zh="每次就诊一个号，别的文件用它指到这次就诊。",
            about_en="One for each visit; other files name it.",
        ),
        PATIENT,
        PATIENT_NAME,
        Column(
            "class",
            "就诊类型",
            "就诊类别 就诊类型代码 就诊类别名称 患者类型 病人类型 门诊住院标志 就诊方式 挂号类别 挂号类型 号别 visittype visitclass class patienttype jzlx jzlb",
            "class",
            required=True,
            element="DE02.01.060.00",
            examples=("门诊", "住院"),
            about_zh="门诊、急诊、住院、留观、日间、家庭病床、互联网；1 门诊 2 急诊 3 住院 4 体检。",
            about_en="门诊 (1), 急诊 (2), 住院 (3), 留观, 日间, 家庭病床, 互联网; 体检 (4) is a 门诊.",
        ),
        Column(
            "started",
            "就诊日期时间",
            "就诊时间 就诊日期 入院日期时间 入院日期 入院时间 挂号时间 挂号日期 接诊时间 看诊时间 visittime visitdate admittime admitdate starttime"
            " jzsj jzrq rysj ryrq",
            "moment",
            required=True,
            element="DE06.00.062.00",
            examples=("2026-05-03 08:02", "2026-04-18 15:40"),
        ),
        Column(
            "ended",
            "出院日期时间",
            "出院日期 出院时间 离院时间 就诊结束时间 结束时间 dischargetime dischargedate endtime cysj cyrq",
            "moment",
            element="DE06.00.017.00",
            examples=("", "2026-04-25 09:30"),
        ),
        Column(
            "department",
            "就诊科室名称",
            "科室名称 科室 就诊科室 入院科室 接诊科室 科别 department dept deptname ksmc jzks ks",
            "text",
            element="DE08.10.026.00",
            examples=("内科", "外科"),
        ),
        Column(
            "department_code",
            "就诊科室代码",
            "科室代码 科室编码 就诊科室编码 deptcode departmentcode ksdm ksbm",
            "code",
            examples=("0300", "0400"),
        ),
        Column(
            "doctor",
            "接诊医师",
            "接诊医生 医师 医生 就诊医生 主治医师 主治医生 责任医师 经治医师 医师姓名 医生姓名 doctor doctorname physician ysxm jzys ys",
            "name",
            examples=("陈洁", "周斌"),
        ),
        Column(
            "complaint",
            "主诉",
            "病情主诉 chiefcomplaint complaint zs",
            "text",
            element="DE04.01.119.00",
            examples=("咳嗽三天", "右下腹痛一天"),
        ),
        Column("bed", "病床号", "床号 床位号 床位 bed bedno ch", "text", element="DE01.00.026.00"),
        Column(
            "disposition",
            "离院方式",
            "出院方式 转归 离院方式名称 disposition lyfs",
            "text",
            examples=("", "医嘱离院"),
        ),
        VOID,
        DELETED,
    ),
    table=(
        identifier("visit", "{visit}", "VN"),
        reference("patient", "subject", "Patient", "patient_name"),
        Both(("class", "started", "ended"), compile_class, ("class", "period", "status")),
        coded("department_code", "department", "serviceType", "department"),
        element("doctor", "participant[0].individual.display"),
        element("complaint", "reasonCode[0].text"),
        element("bed", "location[0].location.display"),
        element("disposition", "hospitalization.dischargeDisposition.text"),
    ),
    record=(("visit",),),
    day=("started", "ended"),
    signs=("class", "complaint", "ended"),
    file_words=("就诊", "挂号", "门诊", "住院", "visit", "encounter"),
)
