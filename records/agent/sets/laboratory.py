"""The column set of laboratory results 检验 (WS 445.4 检验记录): a row an item of a report. Rows of
one report also make the report (`LABORATORY_REPORTS`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..values.results import (
    FLAG_NAMES,
    flag_code,
    is_turned,
    parse_range,
    parse_result,
    quality_code,
)
from ..values.value_rules import RANGE_TURNED
from .bindings import coded, element, identifier, make_quantity, reference
from .column_set import (
    DELETED,
    NOTE,
    VOID,
    Both,
    Column,
    ColumnSet,
    Resource,
    Site,
    Values,
)
from .laboratory_reports import LABORATORY_REPORTS, REPORT_COLUMNS, TIMES
from .standard_codes import LOINC, loinc_code

INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def compile_result(site: Site) -> tuple[Any, Any]:
    """Result, unit, flag and range, which are read together: a mark may stand behind the number,
    the unit too, and bounds have the unit of the value.
    """

    def write(resource: Resource, values: Values) -> None:
        parsed = parse_result(values["result"]) if "result" in values else None
        unit = values.get("unit") or (parsed.unit if parsed else "")
        flag = values.get("flag") or (parsed.mark if parsed else "")
        if parsed is None:
            resource["dataAbsentReason"] = ABSENT
        elif parsed.number is not None:
            resource["valueQuantity"] = make_quantity(parsed.number, unit, parsed.comparator)
        else:
            resource["valueString"] = parsed.text
            if unit:
                written = {"url": UNIT, "valueString": unit}
                resource.setdefault("extension", []).append(written)
        code = flag_code(flag) if flag else quality_code(parsed.text) if parsed else ""
        if flag or code:
            made: dict[str, Any] = {}
            if code:
                coding = {"system": INTERPRETATION, "code": code, "display": FLAG_NAMES[code]}
                made["coding"] = [coding]
            if flag:
                made["text"] = flag
            resource["interpretation"] = [made]
        if said := range_text(values):
            resource["referenceRange"] = [make_range(said, unit)]

    def read(resource: Resource, values: Values) -> None:
        if "valueQuantity" in resource:
            found = resource["valueQuantity"]
            values["result"] = f"{found.get('comparator', '')}{found['value']}"
            if "unit" in found:
                values["unit"] = found["unit"]
        elif "valueString" in resource:
            values["result"] = resource["valueString"]
            for extension in resource.get("extension", ()):
                if extension["url"] == UNIT:
                    values["unit"] = extension["valueString"]
        for found in resource.get("interpretation", ()):
            if "text" in found:
                values["flag"] = found["text"]
        for found in resource.get("referenceRange", ()):
            values["range"] = found["text"]
            for bound in (found.get("low", {}), found.get("high", {})):
                if "unit" in bound:
                    values.setdefault("unit", bound["unit"])

    return write, read


UNIT = "urn:xinglin:extension:unit-as-written"  # of a result in words: 1:160 has no quantity to hold it
ABSENT = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
            "code": "unknown",
        }
    ]
}


def range_text(values: Values) -> str:
    """Of its own column, or of two for the bounds."""
    if "range" in values:
        return str(values["range"])
    low, high = values.get("range_low"), values.get("range_high")
    if low is not None and high is not None:
        return f"{low}-{high}"
    return f">={low}" if low is not None else f"<={high}" if high is not None else ""


def make_range(text: str, unit: str) -> dict[str, Any]:
    made: dict[str, Any] = {"text": text}
    low, high = parse_range(text)
    if low is not None:
        made["low"] = make_bound(low, unit)
    if high is not None:
        made["high"] = make_bound(high, unit)
    return made


def make_bound(number: Decimal, unit: str) -> dict[str, Any]:
    return make_quantity(number, unit)


def check_range(values: Values, site: Site) -> list[Any]:
    return [(RANGE_TURNED, "range", {})] if is_turned(values.get("range", "")) else []


LABORATORY = ColumnSet(
    name="laboratory",
    zh="检验",
    en="Laboratory results",
    type="Observation",
    columns=(
        *REPORT_COLUMNS,
        Column(
            "record",
            "检验结果编号",
            "结果号 结果编号 结果ID 明细号 明细ID 结果流水号 项目序号全 resultid result_id resultno detailid jgid",
            "record",
            about_zh="每行唯一；不填就用“报告单编号/项目代码”。同一报告里同一项目有几行（如糖耐量）时必须填。",
            about_en="Unique; where empty, report number and item code make it. Needed where a report has an item several times.",
        ),
        Column(
            "code",
            "检验项目代码",
            "项目代码 项目编码 检验项目编码 检验项目编号 项目编号 检验指标代码 指标代码 英文名称 英文缩写 项目英文名 项目英文 细项代码 子项代码 loinc"
            " itemcode item_code testcode code xmdm jyxmdm xmbh ywmc",
            "code",
            element="DE04.30.019.00",
            examples=("ALT", "HBsAg", "CRP"),
            about_zh="本院代码或 LOINC。",
            about_en="The hospital's own code, or LOINC.",
        ),
        Column(
            "item",
            "检验项目名称",
            "项目名称 检验项目 检验指标名称 检验指标 指标名称 检测项目 中文名称 项目中文名 项目中文名称 细项名称 子项名称 分析项目 项目"
            " itemname item_name item testname xmmc jyxmmc",
            "text",
            element="DE04.30.020.00",
            examples=("*谷丙转氨酶", "乙肝表面抗原", "★C反应蛋白(HR)"),
            about_zh="照原样填，星号、互认标志（HR）保留。",
            about_en="As it is, with stars and marks of mutual recognition (HR).",
        ),
        Column(
            "result",
            "检验结果",
            "结果 检验定量结果 定量结果 检测结果 结果值 检验值 检测值 测定值 测定结果 测试结果 数值 定性结果 result value resultvalue testresult jg jyjg jcjg",
            "words",
            element="DE04.30.009.00",
            examples=("52", "阴性(-)", "<0.5"),
            about_zh="数字、“<0.01”、“阴性(-)”、“1:160”都可以，照报告填。",
            about_en='As on the report: a number, "<0.01", "阴性(-)", "1:160".',
        ),
        Column(
            "unit",
            "检验定量结果计量单位",
            "单位 计量单位 结果单位 检验结果单位 检验单位 unit units dw jldw jgdw",
            "text",
            element="DE04.30.016.00",
            examples=("U/L", "", "mg/L"),
        ),
        Column(
            "range",
            "参考范围",
            "参考值 参考区间 正常值 正常范围 参考值范围 正常参考值 范围 结果参考值 参考值区间 range reference refrange referencerange ckz ckfw ckqj zcz",
            "text",
            examples=("7 ~ 40", "阴性", "<10"),
        ),
        Column(
            "range_low",
            "参考范围下限",
            "参考值下限 下限 参考下限 参考低值 正常值下限 low reflow lowerlimit ckxx ckzxx",
            "decimal",
        ),
        Column(
            "range_high",
            "参考范围上限",
            "参考值上限 上限 参考上限 参考高值 正常值上限 high refhigh upperlimit cksx ckzsx",
            "decimal",
        ),
        Column(
            "flag",
            "异常标志",
            "结果标志 提示 异常提示 高低标志 高低提示 异常 标志 结果提示 结果判断 异常标识 箭头 正常标志 高低 flag abnormal abnormalflag ycts ycbz gdbz jgbz",
            "words",
            examples=("高", "", ""),
            about_zh="高、低、↑、↓、H、L、异常、危急值等，照报告填。",
            about_en="As on the report: 高, 低, ↑, ↓, H, L.",
        ),
        Column(
            "method",
            "检验方法",
            "检验方法名称 检测方法 方法 方法学 method jyff",
            "text",
            element="DE02.10.027.00",
        ),
        NOTE,
        VOID,
        DELETED,
    ),
    table=(
        element("state", "status"),
        identifier("record", "{result}", ""),
        coded("code", "item", "code", "laboratory", ((LOINC, loinc_code),)),
        reference("patient", "subject", "Patient", "patient_name"),
        reference("visit", "encounter", "Encounter"),
        TIMES,
        element("specimen", "specimen.display"),
        Both(
            ("result", "unit", "flag", "range", "range_low", "range_high"),
            compile_result,
            (
                "valueQuantity (value, comparator, unit)",
                "valueString",
                "interpretation",
                "referenceRange (low, high, text)",
            ),
        ),
        element("method", "method.text"),
        element("reporter", "performer[0].display"),
        element("note", "note[0].text"),
    ),
    record=(("record",), ("report", "code|item")),
    day=("collected", "reported"),
    one_of=(("record", "report"), ("code", "item"), ("collected", "reported")),
    signs=("result", "item", "unit", "range", "flag"),
    file_words=("检验", "化验", "lab", "lis", "jy"),
    constants=(
        ("status", "final"),
        ("category", [{"coding": [{"system": CATEGORY, "code": "laboratory"}], "text": "检验"}]),
    ),
    check=(check_range,),
    group=LABORATORY_REPORTS,
)
