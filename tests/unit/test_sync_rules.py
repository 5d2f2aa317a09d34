"""Every fault that a resource can have has a rule, and every rule its words: the place, the value
and the mend in Chinese and English.
"""

import re
import string
from typing import Any

import pytest

from records.fhir.issues import Issue, Problem, Unprocessable
from records.fhir.json_codec import InvalidJson, parse_json
from records.fhir.validate import validate_resource
from records.ingest.plausibility import check_plausible
from records.interactions.references import normalize_references
from records.sync.detail_words import translate_detail
from records.sync.fault import fault_from_issue, faults_from_problem, read_value
from records.sync.rules import RULES
from tests.factories.fhir import make_citizen_number, make_observation, make_patient
from tests.support.sources import ROOT

OBSERVATION = make_observation("Patient/his-1")
PATIENT = make_patient()
# rule -> a resource that breaks it
BROKEN: dict[str, Any] = {
    "json.object": [],
    "json.boolean": PATIENT | {"active": "true"},
    "json.decimal": OBSERVATION | {"valueQuantity": {"value": "7.1"}},
    "type.missing": {"status": "final"},
    "type.unknown": {"resourceType": "Nothing"},
    "resource.part": OBSERVATION | {"meta": {"tag": [{"code": "SUBSETTED"}]}},
    "element.missing": {k: v for k, v in OBSERVATION.items() if k != "code"},
    "element.unknown": OBSERVATION | {"colour": "red"},
    "element.empty": OBSERVATION | {"note": []},
    "element.array": OBSERVATION | {"category": {"text": "x"}},
    "element.object": OBSERVATION | {"code": "4548-4"},
    "element.one-choice": OBSERVATION | {"valueString": "高"},
    "text.control-character": OBSERVATION | {"code": {"text": "a\x07b"}},
    "form.date": PATIENT | {"birthDate": "1980-02-30"},
    "form.dateTime": OBSERVATION | {"effectiveDateTime": "2026/01/05"},
    "form.instant": OBSERVATION | {"issued": "2026-01-05"},
    "form.id": OBSERVATION | {"meta": {"versionId": "甲"}},
    "form.code": OBSERVATION | {"language": " zh"},
    "code.not-in-set": PATIENT | {"gender": "男"},
    "narrative.xhtml": OBSERVATION | {"text": {"status": "generated", "div": "<p>x</p>"}},
    "date.future": OBSERVATION | {"effectiveDateTime": "2999-01-01"},
    "identifier.twice": PATIENT | {"identifier": PATIENT["identifier"] * 2},
    "identifier.resident-number": make_patient(
        resident=(NUMBER := make_citizen_number())[:17] + str((NUMBER[17] == "0") + 0)
    ),
    "reference.form": OBSERVATION | {"subject": {"reference": "00012345"}},
    "contained.twice": OBSERVATION
    | {
        "contained": [
            {"resourceType": "Basic", "id": "a", "code": {"text": text}} for text in "xy"
        ],
    },
}


def find_problem(resource: Any) -> Problem:
    with pytest.raises(Problem) as found:
        validate_resource(resource)
        check_plausible(resource)
        normalize_references(resource, "")
    return found.value


@pytest.mark.parametrize("rule", sorted(BROKEN))
def test_a_fault_has_its_rule_and_its_words(rule: str) -> None:
    faults = faults_from_problem(find_problem(BROKEN[rule]), BROKEN[rule])
    assert rule in {f.rule for f in faults}, faults
    told = next(f for f in faults if f.rule == rule).as_json()
    for words in (told["why"], told["mend"]):
        assert re.search(r"[\u4e00-\u9fff]", words["zh"]) and words["en"]
    whole = " ".join((told["why"]["zh"], told["mend"]["zh"]))
    assert "{field}" not in whole and "“”" not in whole and "（）" not in whole, whole


def test_the_value_stands_in_the_sentence() -> None:
    [fault] = faults_from_problem(
        find_problem(BROKEN["code.not-in-set"]), BROKEN["code.not-in-set"]
    )
    assert fault.as_json() == {
        "rule": "code.not-in-set",
        "field": "Patient.gender",
        "value": "男",
        "why": {
            "zh": "Patient.gender 的代码“男”不在规定的值里",
            "en": "The code 男 in Patient.gender is not in the required value set",
        },
        "mend": {
            "zh": "改用：female, male, other, unknown"
            if "female, male" in fault.words["allowed"]
            else f"改用：{fault.words['allowed']}",
            "en": f"Use one of {fault.words['allowed']}",
        },
    }


def test_every_rule_that_is_named_has_words_and_every_text_is_whole() -> None:
    named = {
        rule
        for folder in ("records/fhir", "records/ingest", "records/interactions", "records/mpi")
        for path in (ROOT / folder).rglob("*.py")
        for rule in re.findall(r'rule="([a-z.-]+)"', path.read_text())
    }
    assert len(named) > 20 and not named - RULES.keys()
    known = {"field", "value"}
    for rule in RULES.values():
        texts = (rule.why_zh, rule.mend_zh, rule.why_en, rule.mend_en)
        assert all(texts), rule.code
        for text in texts:
            names = {n for _, n, _, _ in string.Formatter().parse(text) if n}
            assert names <= known | {
                "allowed",
                "choices",
                "count",
                "detail",
                "detail_zh",
                "element",
                "expected",
                "letters",
                "megabytes",
                "said",
                "target",
                "type",
            }, rule.code


def test_a_fault_without_a_name_is_told_in_general() -> None:
    for code in ("value", "structure", "business-rule", "conflict", "not-found"):
        fault = fault_from_issue(Issue(code, "Something odd.", "Basic.code"), {"code": {}})
        assert fault.rule == f"fhir.{code}" and "Something odd." in fault.as_json()["why"]["zh"]
    assert fault_from_issue(Issue("strange", "Odd."), None).rule == "fhir.other"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"a":}', "第 6 个字符处缺少值"),
        (b'{"a" 1}', "第 6 个字符处缺少冒号"),
        (b'{"a":1 "b":2}', "第 8 个字符处缺少逗号，或者括号没有配对"),
        (b'{"a":1,}', "第 8 个字符处应为带双引号的字段名，或者前面多了一个逗号"),
        (b'{"a":"x', "从第 6 个字符开始的文字没有结束引号"),
        (b'{"a":"x\ty"}', "第 8 个字符是控制字符（如换行、制表符），应写成 \\n、\\t"),
        (b'{"a":"\\q"}', "第 7 个字符处反斜杠的写法不对"),
        (b'{"a":1}x', "从第 8 个字符起多出了内容"),
        (b'{"a":1,"a":2}', "同一个对象里“a”写了两次"),
        (b'{"a":NaN}', "NaN 不是 JSON 数字"),
        (b'{"a":1e999}', "数字 1e999 超出范围"),
        ('{"a":"男"}'.encode("gbk"), "在偏移 6 字节处不是 UTF-8 编码"),
        (b"[" * 100_000, "嵌套太深"),
    ],
)
def test_what_is_wrong_with_json_is_told_in_chinese(body: bytes, says: str) -> None:
    with pytest.raises(InvalidJson) as found:
        parse_json(body)
    assert translate_detail(str(found.value)) == says
    assert translate_detail("Something odd.") == "Something odd.", "the control: as it is"


def test_values_are_found_by_their_place_and_never_break_a_line() -> None:
    resource = {"a": [{"b": {"c": "x"}}], "d": "\ud800\x00" + "y" * 500}
    assert read_value(resource, "Basic.a[0].b.c") == "x"
    assert read_value(resource, "Basic.a[3].b.c") is None
    fault = fault_from_issue(Issue("value", "Odd.", "Basic.d"), resource)
    assert len(fault.value) == 200 and fault.value.encode()
    many = Unprocessable(*(Issue("value", f"{i}", "Basic.d") for i in range(99)))
    assert len(faults_from_problem(many, resource)) == 20
