"""What an encounter is filtered by, from codes and from a sender's own words; where codes come
from; and what a last look missed.
"""

import datetime as dt
from typing import Any

import pytest

from consent.audit.last_look import WRITING_TIME, LastLook
from records.meaning.code_words import list_code_words, say_value_as_sent
from records.meaning.encounter import (
    ENCOUNTER_KINDS,
    KIND_BY_CLASS,
    KIND_BY_WORD,
    kind_of_encounter,
    speciality_of_encounter,
)
from records.meaning.unknown_modifiers import has_unknown_modifier

SEEN = dt.datetime(2026, 11, 20, 8, 31, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("encounter", "kind"),
    [
        ({"class": {"code": "AMB"}}, "outpatient"),
        ({"class": {"code": "ACUTE"}}, "inpatient"),
        ({"class": {"code": "2", "display": "住院"}}, "inpatient"),
        ({"class": {"code": "1"}, "type": [{"text": "急诊留观"}]}, "emergency"),
        ({"class": {"code": "9"}, "type": [{"text": "普通门诊"}]}, "outpatient"),
        ({"class": {"code": "9"}, "type": [{"text": "健康体检"}]}, "checkup"),
        ({"class": {"code": "9"}}, "other"),
        ({"class": None}, "other"),
        ({"class": [{"code": "AMB"}]}, "other"),
        ({}, "other"),
    ],
)
def test_kind_of_an_encounter(encounter: dict[str, Any], kind: str) -> None:
    assert kind_of_encounter(encounter) == kind


def test_every_kind_has_its_words() -> None:
    assert {*KIND_BY_CLASS.values(), *(k for _word, k in KIND_BY_WORD)} <= set(ENCOUNTER_KINDS)


@pytest.mark.parametrize(
    ("encounter", "speciality"),
    [
        ({"serviceType": {"text": " 心血管内科 "}}, "心血管内科"),
        ({"serviceProvider": {"display": "骨科", "reference": "Organization/7"}}, "骨科"),
        ({"serviceProvider": {"display": "杏林中心医院"}}, ""),
        ({"serviceProvider": {"reference": "Organization/7"}}, ""),
        (
            {
                "serviceProvider": {"reference": "#o"},
                "contained": [{"resourceType": "Organization", "id": "o", "name": "眼科"}],
            },
            "眼科",
        ),
        ({"serviceProvider": "眼科"}, ""),
        ({}, ""),
    ],
)
def test_speciality_of_an_encounter(encounter: dict[str, Any], speciality: str) -> None:
    assert speciality_of_encounter(encounter, "杏林中心医院") == speciality


@pytest.mark.parametrize(
    ("hospital", "received", "missed"),
    [
        ("own", SEEN - dt.timedelta(days=1), False),
        ("own", SEEN + dt.timedelta(seconds=1), True),
        ("own", SEEN - WRITING_TIME / 2, True),  # it may have been on its way then
        ("own", None, False),
        ("other", SEEN - dt.timedelta(days=900), True),  # not open then
    ],
)
def test_what_a_look_missed(hospital: str, received: dt.datetime | None, missed: bool) -> None:
    assert LastLook(SEEN, frozenset({"own"})).has_missed(hospital, received) is missed


def test_codes_as_sent_and_whether_all_hospitals_mean_them_alike() -> None:
    concept = {
        "text": "血钾",
        "coding": [
            {"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"},
            {"system": "urn:lis", "code": "K01"},
            {"display": "without a code"},
        ],
    }
    first, second = list_code_words({"resourceType": "Observation", "code": concept})
    assert (first.system, first.code, first.text, first.shared) == (
        "LOINC",
        "2823-3",
        "Potassium",
        True,
    )
    assert (second.system, second.text, second.shared) == ("urn:lis", "血钾", False)
    assert list_code_words({"code": {"text": "血钾"}}) == ()
    assert list_code_words({"type": [{"coding": [{"code": "7"}]}]})[0].code == "7"
    assert list_code_words({"type": [{"text": "复诊"}], "class": {"code": "AMB"}})[0].code == "AMB"
    assert list_code_words({"code": "odd", "type": [None]}) == ()


def test_a_value_as_sent_keeps_its_unit_and_its_code() -> None:
    assert (
        say_value_as_sent(
            {"valueQuantity": {"value": 7.9, "comparator": ">", "unit": "毫摩尔", "code": "mmol/L"}}
        )
        == "> 7.9 毫摩尔 [mmol/L]"
    )
    assert say_value_as_sent({"valueQuantity": {"value": 5, "unit": "g", "code": "g"}}) == "5 g"
    assert say_value_as_sent({"valueQuantity": "5"}) == say_value_as_sent({}) == ""


@pytest.mark.parametrize(
    ("node", "hidden"),
    [
        ({"a": [{"b": {"modifierExtension": []}}]}, True),
        ({"contained": [{"implicitRules": "x"}]}, True),
        ([[{"modifierExtension": 1}]], True),
        ({"a": ["modifierExtension", 1, None], "b": "implicitRules"}, False),
        (None, False),
    ],
)
def test_an_unknown_modifier_is_found_at_any_depth(node: object, hidden: bool) -> None:
    assert has_unknown_modifier(node) is hidden
