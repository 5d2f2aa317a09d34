"""Blood group, infection, pregnancy and implants: what the record says, and what it does not."""

import datetime as dt
from typing import Any

import pytest
from django.utils.translation import override

from records.meaning.patient_risks import (
    find_blood_group,
    find_implants,
    find_infections,
    read_lines,
)
from records.meaning.pregnancy import read_pregnancy
from records.meaning.reference_ranges import PatientTraits
from tests.support.readings import coded, problem

NOW = dt.datetime(2026, 11, 30, 8, tzinfo=dt.UTC)
WOMAN = PatientTraits("female", "1995-01-01")


def result_of(name: str, value: str, day: str = "2026-11-01", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": name},
        "effectiveDateTime": day,
        "valueString": value,
        **more,
    }


def lines(*observations: dict[str, Any]) -> list[Any]:
    with override("en"):
        return read_lines([("a", o) for o in observations], PatientTraits())


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([("血型", "AB型 Rh阴性")], "AB Rh−"),
        ([("ABO血型", "AB"), ("Rh血型", "阴性")], "AB Rh−"),
        ([("ABO血型鉴定", "O型"), ("Rh(D)血型", "阳性(+)")], "O Rh+"),
        ([("血型", "A, RhD negative")], "A Rh−"),
        ([("血型", "Rh(D)阴性 B型")], "B Rh−"),
        ([("Blood group", "O POS")], "O Rh+"),
        ([("血型", "A-")], "A Rh−"),
        ([("血型", "Blood group A Rh(D) positive")], "A Rh+"),
        ([("血型", "AB型")], "AB"),
        ([("ABO血型", "未检")], ""),
        ([("乙肝表面抗体", "AB")], ""),
    ],
)
def test_blood_group(found: list[tuple[str, str]], text: str) -> None:
    group = find_blood_group(lines(*(result_of(*f) for f in found)))
    assert group.text == text and not group.contradicts


def test_blood_groups_that_contradict() -> None:
    group = find_blood_group(lines(result_of("ABO血型", "A"), result_of("ABO血型", "AB")))
    assert group.contradicts and set(group.abo) == {"A", "AB"}
    agreed = find_blood_group(lines(result_of("ABO血型", "A"), result_of("血型", "A型")))
    assert not agreed.contradicts, "the control"
    withdrawn = result_of("ABO血型", "AB", status="entered-in-error")
    assert not find_blood_group(lines(result_of("ABO血型", "A"), withdrawn)).contradicts


def infections(*found: dict[str, Any]) -> list[str]:
    with override("en"):
        return [
            r.words + (" ended" if r.ended.shown else "") + (" ?" if r.unsure else "")
            for r in find_infections(
                lines(*(f for f in found if f["resourceType"] == "Observation")),
                [("a", f) for f in found if f["resourceType"] == "Condition"],
            )
        ]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([result_of("乙肝表面抗原", "阳性")], ["HBsAg positive"]),
        ([result_of("【全国HR】乙型肝炎病毒表面抗原(HBsAg)", "阳性(+)")], ["HBsAg positive"]),
        ([result_of("乙肝表面抗原", "阴性")], []),
        ([result_of("乙肝表面抗体", "阳性")], []),
        ([result_of("乙肝表面抗原", "阳性", status="cancelled")], []),
        (
            [result_of("HBsAg", "阳性", "2015-01-01"), result_of("HBsAg", "阴性", "2026-01-01")],
            ["HBsAg positive ended"],
        ),
        ([problem("慢性乙型病毒性肝炎")], ["HBsAg positive"]),
        ([problem("肝病", "B18.100")], ["HBsAg positive"]),
        ([problem("慢性乙型肝炎待排")], []),
        ([problem("否认乙肝")], []),
        ([problem("乙肝疫苗接种反应")], []),
        ([problem("HIV感染")], ["HIV positive"]),
        ([problem("HIV感染", verificationStatus=coded("refuted"))], []),
        ([problem("HIV感染", verificationStatus=coded("unconfirmed"))], ["HIV positive ?"]),
        ([result_of("梅毒螺旋体抗体", "阳性")], ["Syphilis serology positive"]),
        ([result_of("抗-HCV", "阳性")], ["Hepatitis C positive"]),
    ],
)
def test_infections(found: list[dict[str, Any]], told: list[str]) -> None:
    assert infections(*found) == told


@pytest.mark.parametrize(
    ("whom", "condition", "pregnant"),
    [
        (WOMAN, problem("孕28周", recordedDate="2026-10-01"), True),
        (WOMAN, problem("早孕", recordedDate="2026-10-01"), True),
        (WOMAN, problem("早孕", recordedDate="2024-10-01"), False),
        (WOMAN, problem("早孕"), False),
        (WOMAN, problem("异位妊娠术后", recordedDate="2026-10-01"), False),
        (
            WOMAN,
            problem("早孕", recordedDate="2026-10-01", clinicalStatus=coded("resolved")),
            False,
        ),
        (PatientTraits("male", "1995-01-01"), problem("早孕", recordedDate="2026-10-01"), False),
        (PatientTraits("female", "1940-01-01"), problem("早孕", recordedDate="2026-10-01"), False),
    ],
)
def test_pregnancy(whom: PatientTraits, condition: dict[str, Any], pregnant: bool) -> None:
    with override("en"):
        assert bool(read_pregnancy([], [("a", condition)], whom, NOW)) is pregnant


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ({"resourceType": "Procedure", "code": {"text": "双腔永久起搏器植入术"}}, "pacemaker"),
        ({"resourceType": "Procedure", "code": {"text": "心脏起搏器取出术"}}, ""),
        (
            {
                "resourceType": "Procedure",
                "status": "not-done",
                "code": {"text": "永久起搏器植入术"},
            },
            "",
        ),
        ({"resourceType": "Device", "type": {"text": "植入式心脏起搏器"}}, "pacemaker"),
        ({"resourceType": "Device", "type": {"text": "轮椅"}}, ""),
        (
            {
                "resourceType": "DeviceUseStatement",
                "device": {"display": "人工耳蜗"},
            },
            "cochlear",
        ),
        (problem("起搏器植入术后状态", "Z95.000"), "pacemaker"),
        ({"resourceType": "Procedure", "code": {"text": "冠状动脉支架植入术"}}, "stent"),
        ({"resourceType": "Procedure", "code": {"text": "拟行起搏器植入术"}}, ""),
    ],
)
def test_implants(resource: dict[str, Any], kind: str) -> None:
    made = {"status": "completed" if resource["resourceType"] == "Procedure" else "active"}
    if resource["resourceType"] == "Condition":
        made = {}
    with override("en"):
        found = find_implants({resource["resourceType"]: [("a", made | resource)]})
    assert [r.words for r in found] == ([kind] if kind else [])
