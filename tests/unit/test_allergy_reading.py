"""An AllergyIntolerance's meaning: reactions, none known, which stands first and once."""

import time
from typing import Any

import pytest
from django.utils.translation import override

from records.meaning import observation_results
from records.meaning.allergy import merge_allergies
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_reading import interpret_resource
from records.meaning.sense import ResourceReading, Sense
from records.meaning.value_text import drop_nulls
from tests.support.readings import allergy, coded, marks, told


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("无休克", 1),
        ("无喉头水肿、呼吸困难", 1),
        ("no anaphylaxis", 1),
        ("过敏性休克", 0),
        ("无明显诱因出现过敏性休克", 0),
        ("无皮疹，休克", 0),
    ],
)
def test_a_reaction_that_is_denied_is_not_grave(words: str, first: int) -> None:
    assert (
        interpret_resource(allergy("青霉素", reaction=[{"description": words}])).danger[0] == first
    )


@pytest.mark.parametrize(
    ("kind", "element", "concept", "sense"),
    [
        (
            "MedicationStatement",
            "medicationCodeableConcept",
            coded("no-known-medications"),
            Sense.NEGATIVE,
        ),
        ("MedicationStatement", "medicationCodeableConcept", {"text": "无用药史"}, Sense.NEGATIVE),
        ("MedicationStatement", "medicationCodeableConcept", {"text": "否认用药"}, Sense.NEGATIVE),
        (
            "MedicationStatement",
            "medicationCodeableConcept",
            coded("no-medication-info"),
            Sense.UNASKED,
        ),
        ("MedicationStatement", "medicationCodeableConcept", {"text": "无极膏"}, Sense.CURRENT),
        ("MedicationStatement", "medicationCodeableConcept", {"text": "无水乙醇"}, Sense.CURRENT),
        ("Immunization", "vaccineCode", coded("no-known-immunizations"), Sense.NEGATIVE),
        ("Immunization", "vaccineCode", {"text": "无细胞百白破疫苗"}, Sense.CURRENT),
        ("Procedure", "code", coded("no-known-procedures"), Sense.NEGATIVE),
        ("Procedure", "code", {"text": "无手术史"}, Sense.NEGATIVE),
        ("Procedure", "code", {"text": "无痛胃镜"}, Sense.CURRENT),
    ],
)
def test_none_known_is_no_medicine_and_nothing_done(
    kind: str, element: str, concept: dict[str, Any], sense: Sense
) -> None:
    assert (
        told(
            kind,
            status="active" if kind == "MedicationStatement" else "completed",
            **{element: concept},
        ).sense
        is sense
    )
    if kind == "MedicationStatement":
        assert told(kind, status="completed", **{element: concept}).sense is (
            Sense.PAST if sense is Sense.CURRENT else sense
        )


def test_an_allergy_in_full() -> None:
    found = told(
        "AllergyIntolerance",
        code={"text": "青霉素"},
        clinicalStatus=coded("active"),
        verificationStatus=coded("unconfirmed"),
        criticality="high",
        type="intolerance",
        category=["medication"],
        lastOccurrence="2026-11",
        note=[{"text": "家属代诉"}],
        reaction=[
            {
                "substance": {"text": "阿莫西林"},
                "manifestation": [{"text": "皮疹"}],
                "severity": "severe",
                "exposureRoute": {"text": "口服"},
                "note": [{"text": "用药后2小时"}],
            }
        ],
    )
    assert marks(found) == ["intolerance", "high risk", "unconfirmed"] and found.loud
    assert found.facts == (
        "皮疹 (severe, 口服, after 阿莫西林)",
        "medicine",
        "last time 2026-11",
    ) and [n.text for n in found.notes] == ["家属代诉", "用药后2小时"]
    assert told("AllergyIntolerance").title == "allergen not named"


def test_the_worst_allergy_stands_first_and_each_stands_once() -> None:
    shock = [{"manifestation": [{"text": "过敏性休克"}]}]
    sent = [
        ("a", allergy("猫毛", criticality="low")),
        ("b", allergy("碘", reaction=[{"severity": "severe"}])),
        ("c", allergy("花粉", verificationStatus=coded("unconfirmed"))),
        ("a", allergy("青霉素", reaction=shock)),
        ("b", allergy("青霉素过敏", criticality="high")),
        ("c", allergy(" 青霉素 ")),
        ("a", allergy("乳糖", type="intolerance")),
        ("a", allergy("花生")),
    ]
    with override("en"):
        found = [
            merge_allergies([(s, r, interpret_resource(r)) for s, r in order])
            for order in (sent, sent[::-1], sent[3:] + sent[:3])
        ]
    assert [(r.title.strip(), sources) for r, sources in found[0]] == [
        ("青霉素", ("a", "b", "c")),
        ("碘", ("b",)),
        ("花生", ("a",)),
        ("乳糖", ("a",)),
        ("花粉", ("c",)),
        ("猫毛", ("a",)),
    ]
    assert found[0] == found[1] == found[2], "whatever the order in which they come"


def test_an_allergy_of_two_hospitals_is_as_sure_as_the_surest_and_as_dangerous_as_the_worst() -> (
    None
):
    low = allergy("青霉素", criticality="low", verificationStatus=coded("confirmed"))
    high = allergy(
        "青霉素",
        criticality="high",
        type="intolerance",
        verificationStatus=coded("unconfirmed"),
        reaction=[{"manifestation": [{"text": "过敏性休克"}]}],
    )
    unsaid = allergy("青霉素")
    with override("en"):

        def united(*sent: dict[str, Any]) -> ResourceReading:
            [(found, _sources)] = merge_allergies(
                [(str(i), r, interpret_resource(r)) for i, r in enumerate(sent)]
            )
            return found

        for order in ([low, high], [high, low], [unsaid, high, low]):
            found = united(*order)
            assert (
                (found.sense, marks(found), found.loud) == (Sense.CURRENT, ["high risk"], True)
                and found.facts == ("过敏性休克",)
                and found.danger == (0, 0, 0, 2, 0, 0)
            )
        assert (
            marks(united(high, high)) == ["intolerance", "high risk", "unconfirmed"]
            and united(high, high).sense is Sense.UNCERTAIN
        )
        assert marks(united(high, unsaid)) == ["high risk"] and marks(united(low, unsaid)) == [
            "low risk"
        ], "nobody doubts the one that states nothing"


def test_a_null_that_holds_a_place_is_no_value() -> None:
    sent = allergy(
        "",
        code={"coding": [None, {"code": "1", "display": "青霉素"}]},
        category=[None, "food"],
        _category=[{"id": "a"}, None],
        note=[None],
        reaction=[{"manifestation": [None, {"text": "疹"}]}],
    )
    assert (
        told("AllergyIntolerance", **sent | {"resourceType": "AllergyIntolerance"}).facts
        == ("疹", "food")
        and told("AllergyIntolerance", **sent).title == "青霉素"
    )
    dosage = {
        "route": {"coding": [None, {"display": "口服"}]},
        "additionalInstruction": [None, {"text": "餐后"}],
        "timing": {
            "event": [None, "2026-11-20"],
            "repeat": {
                "when": [None, "AC"],
                "dayOfWeek": [None, "mon"],
                "timeOfDay": ["08:00:00", None],
            },
        },
    }
    found = told(
        "MedicationRequest",
        medicationCodeableConcept={"text": "铁"},
        dosageInstruction=[None, dosage],
    )
    assert found.facts == ("on 2026-11-20 · on Monday · at 08:00 · before meals · 口服 · 餐后",)
    assert (
        told("DeviceUseStatement", device={"reference": "#d"}, contained=[None]).title == "d"
        and told("Encounter", participant=[None], type=[None, {"text": "门诊"}]).title == "门诊"
    )
    kept = {"a": [{"b": 1}]}
    assert drop_nulls(kept) is kept and drop_nulls({"a": [None, {"b": None, "c": False}]}) == {
        "a": [{"c": False}]
    }


@pytest.mark.parametrize(
    "seed",
    [
        "无",
        "否认",
        "否认痛和",
        "no a ",
        "no pain or ",
        "1",
        "1-",
        "男1-2",
        "青霉素过敏，",
        "- ",
        "a-",
        "(",
        "，",
        "危急值",
    ],
)
def test_a_long_text_is_shown_and_takes_no_time(seed: str) -> None:
    long = seed * (200_000 // len(seed))
    started = time.process_time()
    assert told("Condition", code={"text": long}, clinicalStatus=coded("active")).title == long
    sent = allergy(long, reaction=[{"description": long}])
    assert merge_allergies([("a", sent, told("AllergyIntolerance", **sent))])[0][0].title == long
    assert told(
        "MedicationStatement",
        status="active",
        medicationCodeableConcept={"text": long},
        dosage=[{"text": long, "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg"}}]}],
    ).facts[0] == (
        f"{long} [coded: 1 mg]".strip() if long.strip() == long else f"{long.strip()} [coded: 1 mg]"
    )
    observed = {
        "status": "final",
        "valueString": long,
        "referenceRange": [{"text": long, "low": {"value": 1}}, {"text": long}],
        "interpretation": [{"text": long}],
        "code": {"text": "x"},
    }
    assert (
        observation_results.read_results(observed, PatientTraits("male", "1980"), "a")[0].value.text
        == long
    )
    assert time.process_time() - started < 5, "of this process, whatever else the machine does"
