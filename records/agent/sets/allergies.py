"""The column set of allergies 过敏 (WS 445: 过敏史; WS 365)."""

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

CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"


def compile_states(site: Site) -> tuple[Any, Any]:
    def write(resource: Resource, values: Values) -> None:
        certain = values.get("certain", "confirmed")
        resource["verificationStatus"] = {"coding": [{"system": VERIFICATION, "code": certain}]}
        if certain != "refuted":
            resource["clinicalStatus"] = {"coding": [{"system": CLINICAL, "code": "active"}]}
        if "kind" in values:
            resource["category"] = [values["kind"]]
        reaction: dict[str, Any] = {}
        if "reaction" in values:
            reaction["manifestation"] = [{"text": values["reaction"]}]
            if "severity" in values:
                reaction["severity"] = values["severity"]
            resource["reaction"] = [reaction]
        elif values.get("severity") == "severe":
            resource["criticality"] = "high"

    def read(resource: Resource, values: Values) -> None:
        values["certain"] = resource["verificationStatus"]["coding"][0]["code"]
        for kind in resource.get("category", ()):
            values["kind"] = kind
        for reaction in resource.get("reaction", ()):
            values["reaction"] = reaction["manifestation"][0]["text"]
            if "severity" in reaction:
                values["severity"] = reaction["severity"]
        if resource.get("criticality") == "high":
            values["severity"] = "severe"

    return write, read


ALLERGIES = ColumnSet(
    name="allergy",
    zh="过敏",
    en="Allergies",
    type="AllergyIntolerance",
    columns=(
        PATIENT,
        PATIENT_NAME,
        VISIT,
        Column(
            "record",
            "过敏记录编号",
            "过敏编号 过敏ID 记录编号 记录ID allergyid allergyno gmid",
            "record",
            about_zh="每行唯一；不填就用“患者编号/过敏原”。",
            about_en="Unique; where empty, patient and allergen make it.",
        ),
        Column(
            "allergen",
            "过敏原",
            "过敏源 过敏药物 过敏药品 过敏物 过敏物质 过敏药物名称 药物过敏史 过敏史 过敏原名称 过敏内容 allergen allergy allergyname gmy gmyw gms",
            "words",
            required=True,
            element="DE02.10.022.00",
            examples=("青霉素",),
            about_zh="问过、没有过敏的，填“无”，不要留空。",
            about_en="无 where the patient was asked and has none; never empty.",
        ),
        Column(
            "code",
            "过敏原代码",
            "过敏源代码 过敏原编码 过敏药物代码 allergencode gmydm",
            "code",
            examples=("",),
        ),
        Column(
            "kind",
            "过敏类别",
            "过敏类型 过敏原类别 过敏原类型 过敏分类 allergytype kind gmlb gmlx",
            "allergy-kind",
            examples=("药物",),
        ),
        Column(
            "reaction",
            "过敏症状",
            "过敏反应 过敏表现 反应症状 临床表现 不良反应 reaction symptom gmzz gmfy",
            "text",
            examples=("皮疹",),
        ),
        Column(
            "severity",
            "严重程度",
            "过敏严重程度 程度 过敏程度 severity yzcd",
            "severity",
            examples=("轻度",),
        ),
        Column(
            "certain",
            "确认状态",
            "是否确认 核实状态 确认标志 certainty qrzt",
            "certain",
            examples=("确认",),
        ),
        Column(
            "recorded",
            "记录日期",
            "登记日期 记录时间 过敏时间 发生日期 发现日期 登记时间 过敏日期 录入时间 recorddate recordtime jlrq djrq gmsj",
            "moment",
            examples=("2026-05-03",),
        ),
        Column(
            "doctor",
            "记录医师",
            "登记医生 登记人 记录人 记录者 recorder djr",
            "name",
            examples=("陈洁",),
        ),
        NOTE,
        VOID,
        DELETED,
    ),
    table=(
        identifier("record", "{allergy}", ""),
        coded("code", "allergen", "code", "allergen"),
        reference("patient", "patient", "Patient", "patient_name"),
        reference("visit", "encounter", "Encounter"),
        Both(
            ("kind", "reaction", "severity", "certain"),
            compile_states,
            ("category", "reaction", "verificationStatus", "clinicalStatus", "criticality"),
        ),
        element("recorded", "recordedDate"),
        element("doctor", "recorder.display"),
        element("note", "note[0].text"),
    ),
    record=(("record",), ("patient", "allergen")),
    day=("recorded",),
    signs=("allergen", "reaction", "kind"),
    check=(check_several(True, "allergen"),),
    file_words=("过敏", "allerg", "gm"),
)
