"""Words and codes that deny an allergy, name one, or say that nobody asked."""

from typing import Any

import pytest

from records.meaning.absence import Presence, presence_of_concept, presence_of_words
from records.meaning.allergy import merge_allergies
from records.meaning.resource_reading import interpret_resource
from records.meaning.sense import Sense
from tests.support.readings import allergy, coded, marks, told


@pytest.mark.parametrize(
    "words",
    [
        "无",
        "否认",
        "否认过敏史",
        "无药物过敏史",
        "无药物过敏史。",
        "否认食物、药物过敏史",
        "否认药物，食物过敏史",
        "未发现药物过敏",
        "未发现",
        "没有过敏史",
        "无已知过敏",
        "暂无过敏",
        "无过敏史",
        "无药敏史",
        "患者否认药物过敏史",
        "家属否认药物过敏",
        "既往无药物过敏史",
        "無藥物過敏史",
        "否认青霉素过敏",
        "无青霉素过敏史",
        "对青霉素不过敏",
        "青霉素皮试阴性",
        "青霉素皮试（-）",
        "药物过敏史：无",
        "过敏史：否认",
        "NKA",
        "NKDA",
        "nka.",
        "NKDA (no known drug allergies)",
        "No known allergies",
        "No known drug allergy (situation)",
        "None",
        "Nil known allergies",
        "Denies penicillin allergy",
        "NKA (verified)",
        "No known allergies to medications",
        "否认 药物过敏史",
        "药物过敏史： 无",
        "否认食物 药物过敏史",
        "否认食物过敏史、药物过敏史",
        "无食物过敏及药物过敏史",
        "无对比剂过敏史",
        "药物过敏史:无 食物过敏史:无",
        "否认药物过敏史、花粉过敏史",
        "否认青霉素过敏及头孢过敏",
        "药物过敏史 无",
        "否认青霉素过敏史 头孢皮试阴性",
        "否认对青霉素过敏",
        "患者对青霉素不过敏",
        "青霉素、头孢不过敏",
        "无水果过敏史",
        "否认有药物过敏史",
        "无青霉素、头孢过敏史",
        "denies any drug allergies",
        "Not allergic to penicillin",
        "Allergies: none",
        "No history of drug allergies",
        "无（No known allergy）",
        "阴性",
    ],
)
def test_words_that_deny_an_allergy(words: str) -> None:
    assert (
        presence_of_words(words) is Presence.ABSENT
        and told("AllergyIntolerance", code={"text": words}, clinicalStatus=coded("active")).sense
        is Sense.NEGATIVE
    )


@pytest.mark.parametrize(
    "words",
    [
        "青霉素",
        "无花果",
        "无花果过敏",
        "无菌敷料过敏",
        "未知药物过敏",
        "无水乙醇",
        "诺氟沙星",
        "Nonoxynol",
        "无味氯霉素",
        "青霉素过敏，否认其他药物过敏史",
        "否认食物过敏史，青霉素过敏",
        "不能排除青霉素过敏",
        "药物过敏",
        "花粉",
        "Nickel",
        "无药物过敏史，但青霉素皮试阳性",
        "No known food allergies, penicillin: rash",
        "不否认青霉素过敏",
        "除青霉素外无药物过敏史",
        "青霉素皮试阳性",
        "青霉素皮试(+)",
        "过敏史：青霉素",
        "青霉素过敏 头孢皮试阴性",
        "磺胺过敏 青霉素不过敏",
        "青霉素过敏、头孢不过敏",
        "花生过敏、牛奶未见过敏",
        "头孢皮试阳性 青霉素皮试阴性",
        "头孢皮试阳性、青霉素皮试阴性",
        "否认食物过敏史 对青霉素过敏",
        "否认青霉素过敏 头孢过敏",
        "无药物过敏史对虾过敏",
        "无药物过敏史 有海鲜过敏史",
        "无青霉素过敏史、有头孢过敏史",
        "无过敏 今对碘造影剂过敏",
        "既往无药物过敏史今日输液后出现过敏",
        "否认药物过敏史\t青霉素过敏",
        "否认药物过敏史+青霉素过敏",
        "否认药物过敏史-青霉素过敏",
        "无过敏史/青霉素过敏",
        "无药物过敏史:青霉素过敏",
        "无药物过敏史：青霉素过敏",
        "否认药物过敏史，花粉过敏",
        "否认药物过敏史，有花粉过敏",
        "否认药物过敏史，有花粉过敏史",
        "denies allergies apart from aspirin",
        "Patient denies allergies other than sulfa",
        "denies drug allergies - penicillin rash",
        "denies any drug allergies - penicillin anaphylaxis",
        "denies drug allergies penicillin rash",
        "无创呼吸机面罩过敏",
        "无药物过敏史现花粉过敏",
        "无食物过敏有药物过敏",
        "青霉素皮疹 头孢不过敏",
        "NKDA\nsulfa",
        "青霉素过敏 -",
        "青霉素过敏 阴性",
        "denies penicillin reports sulfa",
        "并非无药物过敏史",
        "药物过敏史:无 食物过敏史:虾",
        "否认药物过敏史，海鲜过敏史",
        "无药物过敏史(青霉素过敏)",
        "无。药物过敏",
        "No known allergies aside from latex",
        "Not allergic to penicillin - sulfa rash",
        "否认食物过敏史\n青霉素过敏",
        "否认药物过敏史—青霉素过敏",
        "NKDA except penicillin",
        "No penicillin! severe allergy",
        "No. 5 red dye",
        "过敏性休克",
        "未成熟番茄",
    ],
)
def test_words_that_name_an_allergy(words: str) -> None:
    assert (
        presence_of_words(words) is Presence.PRESENT
        and told("AllergyIntolerance", code={"text": words}, clinicalStatus=coded("active")).sense
        is Sense.CURRENT
    )


@pytest.mark.parametrize("words", ["不详", "过敏史不详", "unknown", "未询问", "-"])
def test_nobody_asked_is_neither(words: str) -> None:
    found = told("AllergyIntolerance", code={"text": words})
    assert found.sense is Sense.UNASKED and marks(found) == ["not asked, or not known"]


def test_codes_and_words_of_absence_together() -> None:
    assert (
        presence_of_concept({"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]})
        is Presence.ABSENT
    )
    assert (
        presence_of_concept(
            {"coding": [{"system": "urn:local", "code": "716186003", "display": "青霉素"}]}
        )
        is Presence.PRESENT
    ), "another system's code"
    assert (
        presence_of_concept({"coding": [{"code": "716186003"}], "text": "青霉素"})
        is Presence.PRESENT
    ), "where they contradict each other, the allergy counts"
    assert (
        presence_of_concept(
            {
                "coding": [
                    {
                        "system": "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips",
                        "code": "no-allergy-info",
                    }
                ]
            }
        )
        is Presence.UNASKED
    )
    told_of = told(
        "AllergyIntolerance", code={"text": "无"}, reaction=[{"manifestation": [{"text": "皮疹"}]}]
    )
    assert told_of.sense is Sense.CURRENT, "who has reacted is allergic"
    assert (
        told("AllergyIntolerance", code={"text": "磺胺"}, verificationStatus=coded("refuted")).sense
        is Sense.NEGATIVE
    )


@pytest.mark.parametrize(
    ("states", "sense", "loud"),
    [
        ({}, Sense.NEGATIVE, False),
        ({"verificationStatus": coded("confirmed")}, Sense.NEGATIVE, False),
        ({"verificationStatus": coded("refuted")}, Sense.UNCERTAIN, True),
        ({"clinicalStatus": coded("resolved")}, Sense.PAST, True),
        ({"clinicalStatus": coded("inactive")}, Sense.PAST, True),
        ({"verificationStatus": coded("unconfirmed")}, Sense.NEGATIVE, True),
        ({"verificationStatus": coded("entered-in-error")}, Sense.VOID, True),
    ],
)
def test_a_denial_counts_by_its_own_states(
    states: dict[str, Any], sense: Sense, loud: bool
) -> None:
    found = told(
        "AllergyIntolerance",
        code={"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]},
        **{"clinicalStatus": coded("active"), **states},
    )
    assert found.sense is sense and found.loud is loud


def test_of_two_codings_the_allergy_counts() -> None:
    none, real = (
        {"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"},
        {
            "system": "http://snomed.info/sct",
            "code": "91936005",
            "display": "Allergy to penicillin",
        },
    )
    for codings in (
        [none, real],
        [real, none],
        [none, {"system": "urn:lis", "code": "1", "display": "青霉素"}],
    ):
        found = told("AllergyIntolerance", code={"coding": codings}, clinicalStatus=coded("active"))
        assert found.sense is Sense.CURRENT and found.title in ("Allergy to penicillin", "青霉素")
    assert (
        presence_of_concept(
            {"coding": [none, {"system": "urn:lis", "code": "0", "display": "无过敏史"}]}
        )
        is Presence.ABSENT
    )
    assert (
        presence_of_concept({"coding": [none], "text": "否认青霉素过敏 头孢过敏"})
        is Presence.PRESENT
    )
    assert (
        presence_of_concept(
            {"coding": [{"system": "http://snomed.info/sct", "code": "1631000175102"}]}
        )
        is Presence.UNASKED
    )


def test_a_local_code_joins_no_allergies() -> None:
    def merged(system: str, *names: str, code: str = "1") -> int:
        sent = [
            allergy(n) | {"code": {"coding": [{"system": system, "code": code}], "text": n}}
            for n in names
        ]
        return len(
            merge_allergies([(str(i), r, interpret_resource(r)) for i, r in enumerate(sent)])
        )

    assert (
        merged("urn:lis", "青霉素", "花生") == 2 and merged("urn:lis", "青霉素", "青霉素过敏") == 1
    )
    assert merged("http://snomed.info/sct", "青霉素", "Penicillin", code="91936005") == 1
    assert merged("http://snomed.info/sct", "青霉素", "花生", code="419199007") == 2, (
        "the code of any allergy names none"
    )
    assert merged("http://snomed.info/sct", "青霉素", "花生", code="716186003") == 2
