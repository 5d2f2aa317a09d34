"""Which medicines are one, row by row, and what stays beside each other."""

import re
from typing import Any

import pytest
from django.utils.translation import override

from records.meaning.drug_names import (
    codes_of_ingredients,
    identify_drug,
    ingredients_in_name,
    names_table,
    read_class_table,
)
from records.meaning.facts import Fact
from records.meaning.medicine_facts import merge_medicines
from records.meaning.sense import Sense
from tests.support.readings import medicine

ATC_FORM = re.compile(r"[A-Z](?:\d\d(?:[A-Z](?:[A-Z](?:\d\d)?)?)?)?")
ATC = "http://www.whocc.no/atc"


def merged(*entries: dict[str, Any]) -> list[Fact]:
    with override("en"):
        return merge_medicines((chr(97 + i), e) for i, e in enumerate(entries))


@pytest.mark.parametrize(
    ("name", "ingredients"),
    [
        ("华法林钠片", ["warfarin"]),
        ("华法林钠片（2.5mg×60片）", ["warfarin"]),
        ("拜阿司匹灵（阿司匹林肠溶片）", ["aspirin"]),
        ("盐酸二甲双胍缓释片0.5g*30片", ["metformin"]),
        ("硫酸氢氯吡格雷片", ["clopidogrel"]),
        ("氨氯地平阿托伐他汀钙片", ["amlodipine", "atorvastatin"]),
        ("Warfarin Sodium 5 MG Oral Tablet", ["warfarin"]),
        (
            "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet",
            ["metformin"],
        ),
        ("1 ML Enoxaparin sodium 100 MG/ML Prefilled Syringe", ["enoxaparin"]),
        ("華法林鈉片", ["warfarin"]),
        ("氯化钾缓释片", ["potassium chloride"]),
        ("氯化钠注射液", []),
        ("复方丹参片", []),
        ("华法林抗凝门诊随访", []),
        ("非华法林类抗凝药", []),
        ("精蛋白生物合成人胰岛素（预混30R）", []),
        ("华法林（忌与阿司匹林同服）", ["warfarin"]),
        ("", []),
    ],
)
def test_a_name_is_read_whole_or_not_at_all(name: str, ingredients: list[str]) -> None:
    assert sorted(i.name for i in ingredients_in_name(name)) == ingredients


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (medicine("华法林钠片"), medicine("华法林钠片 3mg")),
        (medicine("华法林钠片"), medicine("Warfarin Sodium 5 MG Oral Tablet")),
        (
            medicine("华法林"),
            medicine(medicationCodeableConcept={"coding": [{"system": ATC, "code": "B01AA03"}]}),
        ),
        (medicine("二甲双胍片"), medicine("盐酸二甲双胍缓释片")),
        (medicine("甲钴胺片 0.5mg"), medicine("甲钴胺片")),
        (medicine("甲钴胺片0.5mg*20"), medicine("甲钴胺片0.5mg×60片")),
        (medicine("维生素B12片 25μg"), medicine("维生素B12片")),
        (medicine("门冬胰岛素注射液(3ml:300单位*1)"), medicine("诺和锐")),
        (
            medicine("华法林"),
            medicine(
                medicationReference={"reference": "#m"},
                contained=[
                    {"resourceType": "Medication", "id": "m", "code": {"text": "华法林钠片"}}
                ],
            ),
        ),
    ],
)
def test_one_medicine(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert len(merged(one, other)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (medicine("丹参片"), medicine("丹参滴丸")),
        (medicine("双氯芬酸钠缓释片"), medicine("双氯芬酸二乙胺乳胶剂")),
        (medicine("肝素钠注射液"), medicine("肝素钠封管注射液")),
        (medicine("氯沙坦钾片"), medicine("氯沙坦钾氢氯噻嗪片")),
        (medicine("维生素B1片"), medicine("维生素B12片")),
        (medicine("维生素B6注射液 50mg"), medicine("维生素B1注射液 50mg")),
        (medicine("维生素D2"), medicine("维生素D3")),
        (medicine("注射用重组人白介素-2"), medicine("注射用重组人白介素-11")),
        (medicine("13价肺炎球菌疫苗"), medicine("23价肺炎球菌疫苗")),
        (medicine("复方氨基酸注射液(18AA)"), medicine("复方氨基酸注射液(8AA)")),
        (medicine("诺和灵30R"), medicine("诺和灵50R")),
        (medicine("优泌林70/30"), medicine("优泌林")),
        (medicine("门冬胰岛素30注射液"), medicine("门冬胰岛素注射液")),
        (medicine("诺和锐30"), medicine("诺和锐50")),
        (medicine("优泌乐25"), medicine("优泌乐")),
        (medicine("注射用苄星青霉素"), medicine("注射用青霉素钠")),
        (medicine("华法林"), medicine("华法林", intent="proposal")),
        (medicine("华法林"), medicine("华法林", doNotPerform=True)),
        (medicine(), medicine()),
    ],
)
def test_two_medicines(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert len(merged(one, other)) == 2


def test_the_same_drug_thirteen_times_is_one_line_and_no_dose_is_lost() -> None:
    orders = [
        medicine("二甲双胍片", "0.5g 每日两次", authoredOn=f"2026-{i:02}-01", status=s)
        for i, s in zip(range(1, 13), ["completed"] * 11 + ["active"], strict=True)
    ]
    [fact] = merged(*orders, medicine("格华止", "0.85g 每日两次", authoredOn="2026-12-02"))
    assert len(fact.statements) == 13 and fact.sense is Sense.CURRENT
    assert [s.reading.title for s in fact.current] == ["格华止", "二甲双胍片"] and fact.differs
    assert not fact.against, "courses that were completed contradict nothing"


def test_a_later_stop_and_a_prohibition_contradict_what_is_taken() -> None:
    [fact] = merged(
        medicine("华法林"), medicine("华法林钠片", status="stopped", authoredOn="2026-10-09")
    )
    assert fact.sense is Sense.CURRENT and [s.source for s in fact.against] == ["b"]
    [fact] = merged(
        medicine("华法林"), medicine("华法林钠片", status="stopped", authoredOn="2025-10-09")
    )
    assert not fact.against, "it was begun again"
    current, forbidden = sorted(
        merged(medicine("华法林"), medicine("华法林", doNotPerform=True)),
        key=lambda f: f.sense is Sense.FORBIDDEN,
    )
    assert forbidden.sense is Sense.FORBIDDEN
    assert [s.reading.sense for s in current.against] == [Sense.FORBIDDEN]


@pytest.mark.parametrize(
    "more",
    [
        {"medicationCodeableConcept": {"text": "布洛芬凝胶"}},
        {"medicationCodeableConcept": {"text": "双氯芬酸钠滴眼液"}},
        {
            "medicationCodeableConcept": {"text": "肝素钠注射液"},
            "dosageInstruction": [{"text": "封管用"}],
        },
        {
            "medicationCodeableConcept": {"text": "肝素钠注射液"},
            "dosageInstruction": [{"route": {"coding": [{"code": "6064005"}]}}],
        },
    ],
)
def test_what_stays_where_it_is_put(more: dict[str, Any]) -> None:
    assert identify_drug(medicine(**more), "x").local
    assert not identify_drug(medicine("布洛芬片"), "x").local
    assert not identify_drug(medicine("Antibiotic capsule"), "x").local, "otic is within it"


def test_the_tables_of_ingredients_and_classes_hold_together() -> None:
    rows = names_table()
    assert all(len(row) == 5 for row in rows) and len({row[0] for row in rows}) == len(rows)
    codes = [c for row in rows for c in row[1].split() if len(c) == 7]
    assert len(codes) == len(set(codes)), "one ingredient a code"
    numbers = [row[4] for row in rows if row[4]]
    assert len(numbers) == len(set(numbers)) and all(n.isdigit() for n in numbers)
    words = [w for row in rows for w in (*row[2].split("|"), *row[3].split("|")) if w]
    assert len(words) == len(set(words)), "one ingredient a name"
    beginnings = [b for _name, many in read_class_table() for b in many]
    assert all(ATC_FORM.fullmatch(c) for c in (*codes, *beginnings))
    assert codes_of_ingredients()["atc", "C08CA01"].name == "amlodipine"
    for row in rows:
        for word in (*row[2].split("|"), *row[3].split("|")):
            found = ingredients_in_name(word)
            assert not word or [i.name for i in found] == [row[0]], word
