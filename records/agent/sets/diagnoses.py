"""The column set of diagnoses 诊断 (WS 445: 疾病诊断编码, 诊断名称)."""

from __future__ import annotations

from typing import Any

from .bindings import coded, element, identifier, reference
from .column_set import (
    DELETED,
    NOTE,
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
from .several import check_several
from .standard_codes import ICD_10, icd_code

CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def compile_states(site: Site) -> tuple[Any, Any]:
    """Kind and rank are categories; an illness that was ruled out has no course (con-5)."""

    def write(resource: Resource, values: Values) -> None:
        coding = {"system": CATEGORY, "code": "encounter-diagnosis"}
        categories = [{"coding": [coding], "text": values.get("kind", "诊断")}]
        if "rank" in values:
            categories.append({"text": values["rank"]})
        resource["category"] = categories
        certainty = values.get("certainty", "confirmed")
        resource["verificationStatus"] = {"coding": [{"system": VERIFICATION, "code": certainty}]}
        if certainty != "refuted":
            course = values.get("course", "active")
            resource["clinicalStatus"] = {"coding": [{"system": CLINICAL, "code": course}]}

    def read(resource: Resource, values: Values) -> None:
        first, *others = resource["category"]
        if first["text"] != "诊断":
            values["kind"] = first["text"]
        for other in others:
            values["rank"] = other["text"]
        values["certainty"] = resource["verificationStatus"]["coding"][0]["code"]
        if "clinicalStatus" in resource:
            values["course"] = resource["clinicalStatus"]["coding"][0]["code"]

    return write, read


DIAGNOSES = ColumnSet(
    name="diagnosis",
    zh="诊断",
    en="Diagnoses",
    type="Condition",
    columns=(
        PATIENT,
        PATIENT_NAME,
        VISIT,
        Column(
            "record",
            "诊断编号",
            "诊断ID 诊断流水号 诊断记录号 诊断序列号 diagnosisid diagid zdid zdlsh",
            "record",
            about_zh="每行唯一；不填就用“就诊流水号/诊断”。",
            about_en="Unique; where empty, visit and diagnosis make it.",
        ),
        Column(
            "code",
            "疾病诊断编码",
            "诊断编码 诊断代码 ICD编码 ICD10 ICD-10 ICD10编码 疾病编码 疾病代码 icd icdcode diagnosiscode diagcode diag_code zddm zdbm jbbm",
            "code",
            element="DE05.01.024.00",
            examples=("J06.900", "I10.x00x002"),
            about_zh="ICD-10（国临版或医保版）或本院编码。",
            about_en="ICD-10 in either national version, or the hospital's own.",
        ),
        Column(
            "name",
            "诊断名称",
            "疾病诊断名称 疾病名称 诊断 西医诊断 诊断描述 临床诊断 门诊诊断 入院诊断 出院诊断 初步诊断 diagnosis diagnosisname diagname diag_name zdmc zd",
            "text",
            element="DE05.01.025.00",
            examples=("急性上呼吸道感染", "原发性高血压"),
        ),
        Column(
            "kind",
            "诊断类别",
            "诊断类型 诊断分类 诊断类型名称 诊断类别代码 diagnosistype diagtype zdlx zdlb",
            "text",
            examples=("门诊诊断", "出院诊断"),
        ),
        Column(
            "rank",
            "主要诊断标志",
            "主诊断标志 是否主要诊断 主次标志 诊断顺序 诊断次序 诊断序号 是否主诊断 rank mainflag primary zyzdbz",
            "rank",
            examples=("主要诊断", "其他诊断"),
        ),
        Column(
            "certainty",
            "诊断状态",
            "确诊标志 是否确诊 确诊状态 疑似标志 诊断确定程度 certainty qzbz",
            "certainty",
            examples=("确诊", "确诊"),
            about_zh="确诊、初步（疑似、待查）、排除；不填算确诊。",
            about_en="确诊 (confirmed), 初步 (provisional), 排除 (ruled out); confirmed where empty.",
        ),
        Column("course", "转归情况", "疾病转归 治疗结果 转归 出院情况 outcome zgqk", "course"),
        Column(
            "recorded",
            "诊断日期",
            "诊断时间 诊断日期时间 确诊日期 下诊断时间 登记时间 diagnosisdate diagdate diagtime zdrq zdsj",
            "moment",
            element="DE05.01.058.00",
            examples=("2026-05-03", "2026-04-25 09:00"),
        ),
        Column(
            "onset",
            "发病日期",
            "发病时间 起病日期 onset onsetdate fbrq",
            "moment",
            element="DE04.01.018.00",
        ),
        Column(
            "doctor",
            "诊断医师",
            "诊断医生 医生 医师 医生姓名 doctor zdys",
            "name",
            examples=("陈洁", "周斌"),
        ),
        NOTE,
        VOID,
        DELETED,
    ),
    table=(
        identifier("record", "{diagnosis}", ""),
        coded("code", "name", "code", "diagnosis", ((ICD_10, icd_code),)),
        reference("patient", "subject", "Patient", "patient_name"),
        reference("visit", "encounter", "Encounter"),
        Both(
            ("kind", "rank", "certainty", "course"),
            compile_states,
            ("category", "verificationStatus", "clinicalStatus"),
        ),
        element("recorded", "recordedDate"),
        element("onset", "onsetDateTime"),
        element("doctor", "recorder.display"),
        element("note", "note[0].text"),
    ),
    record=(("record",), ("visit", "code|name"), ("patient", "recorded", "code|name")),
    day=("recorded", "onset"),
    one_of=(("code", "name"), ("record", "visit", "recorded")),
    signs=("code", "name", "kind", "rank", "certainty"),
    check=(check_several(False, "name", "code"),),
    file_words=("诊断", "diag", "zd"),
)
