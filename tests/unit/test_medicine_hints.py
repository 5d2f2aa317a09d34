"""Each rule about medicines: where it speaks, and its neighbours where it is silent."""

import datetime as dt
from typing import Any

import pytest
from django.utils.translation import override

from records.meaning.key_results import EGFR, POTASSIUM, find_newest
from records.meaning.medicine_facts import merge_medicines
from records.meaning.medicine_hints import find_hints
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_reading import interpret_resource
from tests.support.readings import allergy, coded, medicine

NOW = dt.datetime(2026, 11, 30, 8, tzinfo=dt.UTC)


def result(name: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": name},
        "effectiveDateTime": "2026-11-29T08:00:00+08:00",
        "valueQuantity": {"value": value, "unit": unit},
        **more,
    }


def potassium(value: float = 6.8, **more: Any) -> dict[str, Any]:
    return result("血钾", value, "mmol/L", **more)


def egfr(value: float = 22, **more: Any) -> dict[str, Any]:
    return result("eGFR", value, "mL/min/1.73m2", **more)


def rules(
    *medicines: dict[str, Any],
    results: tuple[dict[str, Any], ...] = (),
    allergies: tuple[dict[str, Any], ...] = (),
) -> set[str]:
    with override("en"):
        entries = [("a", r) for r in results]
        found = find_hints(
            merge_medicines((chr(97 + i), m) for i, m in enumerate(medicines)),
            find_newest(POTASSIUM, entries, PatientTraits(), NOW),
            find_newest(EGFR, entries, PatientTraits(), NOW),
            [(i, a, interpret_resource(a)) for i, a in enumerate(allergies)],
            NOW,
        )
        return {h.rule.code for h in found}


ENDED = {"status": "completed"}
PLANNED = {"intent": "proposal"}
HELD = {"status": "on-hold"}
FORBIDDEN = {"doNotPerform": True}
OVER = {"dispenseRequest": {"validityPeriod": {"end": "2026-10-31"}}}
NOT_TAKEN = {"resourceType": "MedicationStatement", "status": "not-taken"}
SILENT = [ENDED, PLANNED, HELD, FORBIDDEN, OVER, NOT_TAKEN]

PAIRS = [
    ("two-anticoagulants", "华法林钠片", "利伐沙班片"),
    ("two-anticoagulants", "华法林钠片", "低分子肝素钙注射液"),
    ("anticoagulant-nsaid", "华法林钠片", "布洛芬缓释胶囊"),
    ("same-ingredient", "华法林钠片", "Warfarin Sodium 5 MG Oral Tablet"),
    ("same-ingredient", "氢氯噻嗪片", "氯沙坦钾氢氯噻嗪片"),
    ("same-class", "依那普利片", "缬沙坦胶囊"),
    ("same-class", "阿托伐他汀钙片", "瑞舒伐他汀钙片"),
    ("ras-potassium-sparing", "培哚普利叔丁胺片", "螺内酯片"),
]


@pytest.mark.parametrize(("rule", "one", "other"), PAIRS)
def test_a_pair_is_pointed_out_while_both_are_taken(rule: str, one: str, other: str) -> None:
    assert rule in rules(medicine(one), medicine(other))
    for more in SILENT:
        assert rule not in rules(medicine(one), medicine(other, **more)), more
        assert rule not in rules(medicine(one, **more), medicine(other)), more


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("华法林钠片", "双氯芬酸二乙胺乳胶剂"),
        ("华法林钠片", "肝素钠封管注射液"),
        ("华法林钠片", "氯化钠注射液"),
        ("阿司匹林肠溶片", "硫酸氢氯吡格雷片"),
        ("布洛芬片", "对乙酰氨基酚片"),
        ("依那普利片", "氨氯地平片"),
        ("某院自制止痛膏", "某院自制止咳合剂"),
    ],
)
def test_neighbours_are_left_alone(one: str, other: str) -> None:
    assert rules(medicine(one), medicine(other)) == set()


def test_refills_are_no_duplicate_but_two_doses_are() -> None:
    def at_one(*medicines: dict[str, Any]) -> set[str]:
        found = find_hints(merge_medicines(("a", m) for m in medicines), None, None, (), NOW)
        return {h.rule.code for h in found}

    months = [medicine("二甲双胍片", "0.5g bid", authoredOn=f"2026-{i:02}-01") for i in range(1, 9)]
    assert at_one(*months) == set()
    assert at_one(*months, medicine("二甲双胍片", "1.0g bid")) == {"same-ingredient"}
    told = {"resourceType": "MedicationStatement", "status": "active"}
    assert at_one(months[0], medicine("二甲双胍片", "每天两片", **told)) == set(), (
        "what was ordered and what is told to be taken is one"
    )


@pytest.mark.parametrize(
    ("results", "speaks"),
    [
        ((potassium(),), True),
        ((potassium(5.4),), False),
        ((potassium(5.4, interpretation=[coded("H")]),), True),
        ((potassium(5.4, referenceRange=[{"high": {"value": 5.3, "unit": "mmol/L"}}]),), True),
        ((potassium(6.8, effectiveDateTime="2026-08-01"),), False),
        ((potassium(6.8, status="entered-in-error"),), False),
        (
            (potassium(6.8), potassium(4.1, effectiveDateTime="2026-11-29T20:00:00+08:00")),
            False,
        ),
        ((result("尿钾", 60, "mmol/L"),), False),
        ((result("血钾", 60, "mmol/L", specimen={"display": "尿液"}),), False),
        ((result("钾(K)", 6.1, "mmol/L"),), True),
        ((result("【全国HR】钾", 6.1, "mmol/L"),), True),
        ((), False),
    ],
)
def test_potassium_is_pointed_out_while_it_is_high(
    results: tuple[dict[str, Any], ...], speaks: bool
) -> None:
    for name in ("氯化钾缓释片", "螺内酯片"):
        assert ("potassium-high" in rules(medicine(name), results=results)) is speaks
        assert "potassium-high" not in rules(medicine(name, **ENDED), results=results)
    assert rules(medicine("氢氯噻嗪片"), results=results) == set()


def test_metformin_below_thirty() -> None:
    one = medicine("二甲双胍片")
    assert rules(one, results=(egfr(),)) == {"metformin-egfr"}
    assert rules(one, results=(egfr(30),)) == set()
    assert rules(one, results=(egfr(22, effectiveDateTime="2024-01-01"),)) == set()
    assert rules(one, results=(result("eGFR", 22, "%"),)) == set()
    assert rules(medicine("格列美脲片"), results=(egfr(),)) == set()


@pytest.mark.parametrize(
    ("name", "to", "speaks"),
    [
        ("阿莫西林胶囊", "青霉素", True),
        ("阿莫西林胶囊", "青霉素类", True),
        ("注射用哌拉西林钠他唑巴坦钠", "对青霉素过敏", True),
        ("阿莫西林胶囊", "阿莫西林", True),
        ("头孢曲松", "青霉素", False),
        ("阿莫西林胶囊", "青霉素皮试（+）", True),
        ("阿莫西林胶囊", "青霉素皮试阳性", True),
        ("阿莫西林胶囊", "青霉素过敏？", True),
        ("阿莫西林胶囊", "磺胺、青霉素类过敏史", True),
        ("阿莫西林胶囊", "磺胺过敏，青霉素皮试（-）", False),
        ("阿莫西林胶囊", "磺胺、青霉素（-）", False),
        ("阿莫西林胶囊", "对磺胺过敏，无青霉素过敏史", False),
        ("阿莫西林胶囊", "磺胺过敏，可用青霉素", False),
        ("注射用苄星青霉素", "青霉素", True),
        ("阿司匹林肠溶片", "Aspirin", True),
        ("布洛芬片", "Aspirin", False),
        ("布洛芬凝胶", "布洛芬", False),
        ("阿莫西林胶囊", "花粉", False),
    ],
)
def test_an_allergy_to_a_current_medicine(name: str, to: str, speaks: bool) -> None:
    assert rules(medicine(name), allergies=(allergy(to),)) == ({"allergy"} if speaks else set())
    refuted = allergy(to, verificationStatus=coded("refuted"))
    assert rules(medicine(name), allergies=(refuted,)) == set()
    assert rules(medicine(name, **ENDED), allergies=(allergy(to),)) == set()


def test_no_known_allergy_is_no_allergy() -> None:
    assert rules(medicine("阿莫西林胶囊"), allergies=(allergy("否认青霉素过敏史"),)) == set()
