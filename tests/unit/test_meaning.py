"""What a resource says, row by row: what is a fact, what is past, suspected, forbidden or nothing at all, and the words beside it."""

import time
from typing import Any

import pytest
from django.utils.translation import override

from records.meaning import results
from records.meaning.absence import Said, concept_says, words_say
from records.meaning.allergy import merge
from records.meaning.dosage import doses
from records.meaning.medicine import joined, product_of
from records.meaning.ranges import Patient
from records.meaning.read import read
from records.meaning.sense import Mark, Reading, Sense, combine
from records.meaning.values import drop_nulls


def told(kind: str, **more: Any) -> Reading:
    with override("en"):
        return read({"resourceType": kind, **more})


def coded(*codes: str) -> dict[str, Any]:
    return {"coding": [{"code": c} for c in codes]}


def marks(reading: Reading) -> list[str]:
    return [m.text for m in reading.marks]


@pytest.mark.parametrize(("clinical", "verified", "sense", "said"), [
    ("active", "confirmed", Sense.CURRENT, []), ("active", None, Sense.CURRENT, []), ("recurrence", "confirmed", Sense.CURRENT, ["recurrence"]),
    ("active", "refuted", Sense.NEGATIVE, ["ruled out"]), ("resolved", "refuted", Sense.NEGATIVE, ["resolved", "ruled out"]), (None, "entered-in-error", Sense.VOID, None),
    ("active", "entered-in-error", Sense.VOID, None), ("active", "unconfirmed", Sense.UNCERTAIN, ["unconfirmed"]), ("active", "provisional", Sense.UNCERTAIN, ["provisional diagnosis"]),
    ("active", "differential", Sense.UNCERTAIN, ["differential diagnosis"]), ("remission", "confirmed", Sense.PAST, ["in remission"]), ("inactive", "provisional", Sense.PAST, None),
    (None, "confirmed", Sense.CURRENT, ["not stated whether it is still present"]), ("gone", "confirmed", Sense.UNCERTAIN, ["gone"]), ("active", "maybe", Sense.UNCERTAIN, ["maybe"]),
])
def test_a_diagnosis_by_both_of_its_states(clinical: str | None, verified: str | None, sense: Sense, said: list[str] | None) -> None:
    states = {k: coded(v) for k, v in (("clinicalStatus", clinical), ("verificationStatus", verified)) if v}
    found = told("Condition", code={"text": "肺结核"}, **states)
    assert found.sense is sense and (said is None or marks(found) == said)


@pytest.mark.parametrize(("name", "sense"), [
    ("胰腺癌？", Sense.UNCERTAIN), ("心肌炎待排", Sense.UNCERTAIN), ("疑似肺结核", Sense.UNCERTAIN), ("肺结核（已排除）", Sense.NEGATIVE), ("排除性诊断", Sense.CURRENT), ("高血压", Sense.CURRENT),
    ("发热待查", Sense.CURRENT),
    *((n, Sense.UNCERTAIN) for n in (
        "？肺癌", "肺癌（？）", "肺癌(?)", "肺栓塞?待查", "肺癌不能除外", "肺癌未除外", "肺癌不排除", "未排除肺癌", "急性心梗未能排除", "考虑肺癌", "肺癌可能", "拟诊肺结核", "Suspected sepsis",
        "Possible stroke", "r/o PE", "PE not ruled out", "疑肺癌")),
    *((n, Sense.NEGATIVE) for n in (
        "否认高血压", "无高血压", "无糖尿病史", "肺结核（排除）", "肺结核(已经排除)", "肺癌已除外", "PE ruled out", "No diabetes", "否认高血压、糖尿病史", "无高血压、糖尿病史", "已排除肺结核")),
    *((n, Sense.CURRENT) for n in (
        "肺炎，已排除肺结核", "肺炎（已排除结核）", "冠心病（已排除急性心梗）", "发热（新冠已排除）", "无症状菌尿", "三阴性乳腺癌", "无脉症",
        "无痛性甲状腺炎", "否认高血压，糖尿病10年", "否认高血压 糖尿病",
        "否认冠心病有高血压", "肺炎 已排除肺结核", "No light perception", "no-reflow phenomenon", "无症状心肌缺血", "Pneumonia with PE ruled out", "无Q波心肌梗死", "排除肺结核后肺炎",
        "冠心病急性心梗已排除", "肺炎合并肺结核已排除", "无并发症的糖尿病史", "疑病症")),
    *((n, Sense.NEGATIVE) for n in (
        "No fever or chills", "Denies chest pain", "No known drug allergies", "No history of stroke", "No evidence of metastasis", "Negative for tuberculosis",
        "No hepatitis", "No known problems", "NKDA",
        "无", "否认食物、药物过敏史", "无手术史", "否认结核病史及接触史", "无发热", "无病史")),
    *((n, Sense.CURRENT) for n in (
        "No fetal movement", "No urine output", "no pulse", "No breath sounds", "no fetal heart tones", "No bowel sounds", "No stool", "No spontaneous breathing", "No vital signs", "No consciousness",
        "denies fetal movement", "No known fetal movements", "no reaction to pain", "No response", "No corneal reflex", "No vision", "No history of vaccination", "No housing", "no pulse or fever",
        "无尿", "无脉", "没有胎动", "否认胎动", "无胎动史", "无月经史", "无接种史", "无自主呼吸史", "否认排尿", "无反应", "没有反应", "无生命体征", "否认生命体征", "没有痛觉史", "无胎动及发热史")),
    ("肺癌？" + "，既往体健" * 40, Sense.CURRENT),
])
def test_a_diagnosis_whose_own_words_doubt_it(name: str, sense: Sense) -> None:
    assert told("Condition", code={"text": name}, clinicalStatus=coded("active"), verificationStatus=coded("confirmed")).sense is sense


def test_a_diagnosis_in_full() -> None:
    found = told("Condition", code={"text": "乳腺癌"}, clinicalStatus=coded("active"), severity={"text": "重度"}, bodySite=[{"text": "左侧"}], stage=[{"summary": {"text": "II期"}}],
                 onsetAge={"value": 45, "unit": "岁"}, note=[{"text": "待复核", "authorString": "王医师", "time": "2026-11-20T23:30:00Z"}])
    assert found.facts == ("重度", "左侧", "stage: II期", "onset: 45 岁")
    assert [(n.text, n.by) for n in found.notes] == [("待复核", "王医师 2026-11-21 07:30")]
    assert told("Condition", code={"text": "肺炎"}, abatementDateTime="2026-03").sense is Sense.PAST, "no clinical status, but it has ended"
    assert told("Condition", code={"text": "肺炎"}, abatementString="未愈").sense is Sense.CURRENT and told("Condition", code={"text": "肺炎"}, abatementString="已治愈").sense is Sense.PAST
    assert told("Condition").title == "diagnosis not named"
    assert told("Condition", code=coded("160245001"), clinicalStatus=coded("active")).sense is Sense.NEGATIVE, "no current problems"


@pytest.mark.parametrize("words", [
    "无", "否认", "否认过敏史", "无药物过敏史", "无药物过敏史。", "否认食物、药物过敏史", "否认药物，食物过敏史", "未发现药物过敏", "未发现", "没有过敏史", "无已知过敏", "暂无过敏", "无过敏史",
    "无药敏史",
    "患者否认药物过敏史", "家属否认药物过敏", "既往无药物过敏史", "無藥物過敏史", "否认青霉素过敏", "无青霉素过敏史", "对青霉素不过敏", "青霉素皮试阴性", "青霉素皮试（-）", "药物过敏史：无",
    "过敏史：否认",
    "NKA", "NKDA", "nka.", "NKDA (no known drug allergies)", "No known allergies", "No known drug allergy (situation)", "None", "Nil known allergies", "Denies penicillin allergy",
    "NKA (verified)", "No known allergies to medications", "否认 药物过敏史", "药物过敏史： 无", "否认食物 药物过敏史", "否认食物过敏史、药物过敏史", "无食物过敏及药物过敏史", "无对比剂过敏史",
    "药物过敏史:无 食物过敏史:无", "否认药物过敏史、花粉过敏史", "否认青霉素过敏及头孢过敏", "药物过敏史 无",
    "否认青霉素过敏史 头孢皮试阴性", "否认对青霉素过敏", "患者对青霉素不过敏", "青霉素、头孢不过敏", "无水果过敏史", "否认有药物过敏史", "无青霉素、头孢过敏史", "denies any drug allergies",
    "Not allergic to penicillin", "Allergies: none", "No history of drug allergies", "无（No known allergy）", "阴性",
])
def test_words_that_deny_an_allergy(words: str) -> None:
    assert words_say(words) is Said.ABSENT and told("AllergyIntolerance", code={"text": words}, clinicalStatus=coded("active")).sense is Sense.NEGATIVE


@pytest.mark.parametrize("words", [
    "青霉素", "无花果", "无花果过敏", "无菌敷料过敏", "未知药物过敏", "无水乙醇", "诺氟沙星", "Nonoxynol", "无味氯霉素", "青霉素过敏，否认其他药物过敏史", "否认食物过敏史，青霉素过敏",
    "不能排除青霉素过敏",
    "药物过敏", "花粉", "Nickel", "无药物过敏史，但青霉素皮试阳性", "No known food allergies, penicillin: rash", "不否认青霉素过敏", "除青霉素外无药物过敏史", "青霉素皮试阳性", "青霉素皮试(+)",
    "过敏史：青霉素",
    "青霉素过敏 头孢皮试阴性", "磺胺过敏 青霉素不过敏", "青霉素过敏、头孢不过敏", "花生过敏、牛奶未见过敏", "头孢皮试阳性 青霉素皮试阴性",
    "头孢皮试阳性、青霉素皮试阴性", "否认食物过敏史 对青霉素过敏",
    "否认青霉素过敏 头孢过敏", "无药物过敏史对虾过敏", "无药物过敏史 有海鲜过敏史", "无青霉素过敏史、有头孢过敏史", "无过敏 今对碘造影剂过敏", "既往无药物过敏史今日输液后出现过敏",
    "否认药物过敏史\t青霉素过敏", "否认药物过敏史+青霉素过敏", "否认药物过敏史-青霉素过敏", "无过敏史/青霉素过敏", "无药物过敏史:青霉素过敏", "无药物过敏史：青霉素过敏", "否认药物过敏史，花粉过敏",
    "否认药物过敏史，有花粉过敏", "否认药物过敏史，有花粉过敏史", "denies allergies apart from aspirin", "Patient denies allergies other than sulfa", "denies drug allergies - penicillin rash",
    "denies any drug allergies - penicillin anaphylaxis", "denies drug allergies penicillin rash", "无创呼吸机面罩过敏", "无药物过敏史现花粉过敏", "无食物过敏有药物过敏", "青霉素皮疹 头孢不过敏",
    "NKDA\nsulfa",
    "青霉素过敏 -", "青霉素过敏 阴性", "denies penicillin reports sulfa", "并非无药物过敏史", "药物过敏史:无 食物过敏史:虾", "否认药物过敏史，海鲜过敏史", "无药物过敏史(青霉素过敏)",
    "无。药物过敏", "No known allergies aside from latex", "Not allergic to penicillin - sulfa rash", "否认食物过敏史\n青霉素过敏", "否认药物过敏史—青霉素过敏",
    "NKDA except penicillin", "No penicillin! severe allergy", "No. 5 red dye", "过敏性休克", "未成熟番茄",
])
def test_words_that_name_an_allergy(words: str) -> None:
    assert words_say(words) is Said.PRESENT and told("AllergyIntolerance", code={"text": words}, clinicalStatus=coded("active")).sense is Sense.CURRENT


@pytest.mark.parametrize("words", ["不详", "过敏史不详", "unknown", "未询问", "-"])
def test_nobody_asked_is_neither(words: str) -> None:
    found = told("AllergyIntolerance", code={"text": words})
    assert found.sense is Sense.UNASKED and marks(found) == ["not asked, or not known"]


def test_codes_and_words_of_absence_together() -> None:
    assert concept_says({"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}) is Said.ABSENT
    assert concept_says({"coding": [{"system": "urn:local", "code": "716186003", "display": "青霉素"}]}) is Said.PRESENT, "another system's code"
    assert concept_says({"coding": [{"code": "716186003"}], "text": "青霉素"}) is Said.PRESENT, "where they contradict each other, the allergy counts"
    assert concept_says({"coding": [{"system": "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "code": "no-allergy-info"}]}) is Said.UNASKED
    told_of = told("AllergyIntolerance", code={"text": "无"}, reaction=[{"manifestation": [{"text": "皮疹"}]}])
    assert told_of.sense is Sense.CURRENT, "who has reacted is allergic"
    assert told("AllergyIntolerance", code={"text": "磺胺"}, verificationStatus=coded("refuted")).sense is Sense.NEGATIVE


@pytest.mark.parametrize(("states", "sense", "loud"), [
    ({}, Sense.NEGATIVE, False), ({"verificationStatus": coded("confirmed")}, Sense.NEGATIVE, False), ({"verificationStatus": coded("refuted")}, Sense.UNCERTAIN, True),
    ({"clinicalStatus": coded("resolved")}, Sense.PAST, True), ({"clinicalStatus": coded("inactive")}, Sense.PAST, True), ({"verificationStatus": coded("unconfirmed")}, Sense.NEGATIVE, True),
    ({"verificationStatus": coded("entered-in-error")}, Sense.VOID, True),
])
def test_a_denial_counts_by_its_own_states(states: dict[str, Any], sense: Sense, loud: bool) -> None:
    found = told("AllergyIntolerance", code={"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}, **{"clinicalStatus": coded("active"), **states})
    assert found.sense is sense and found.loud is loud


def test_of_two_codings_the_allergy_counts() -> None:
    none, real = {"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}, {"system": "http://snomed.info/sct", "code": "91936005", "display": "Allergy to penicillin"}
    for codings in ([none, real], [real, none], [none, {"system": "urn:lis", "code": "1", "display": "青霉素"}]):
        found = told("AllergyIntolerance", code={"coding": codings}, clinicalStatus=coded("active"))
        assert found.sense is Sense.CURRENT and found.title in ("Allergy to penicillin", "青霉素")
    assert concept_says({"coding": [none, {"system": "urn:lis", "code": "0", "display": "无过敏史"}]}) is Said.ABSENT
    assert concept_says({"coding": [none], "text": "否认青霉素过敏 头孢过敏"}) is Said.PRESENT
    assert concept_says({"coding": [{"system": "http://snomed.info/sct", "code": "1631000175102"}]}) is Said.UNASKED


def test_a_local_code_joins_no_allergies() -> None:
    def merged(system: str, *names: str, code: str = "1") -> int:
        sent = [allergy(n) | {"code": {"coding": [{"system": system, "code": code}], "text": n}} for n in names]
        return len(merge([(str(i), r, read(r)) for i, r in enumerate(sent)]))
    assert merged("urn:lis", "青霉素", "花生") == 2 and merged("urn:lis", "青霉素", "青霉素过敏") == 1
    assert merged("http://snomed.info/sct", "青霉素", "Penicillin", code="91936005") == 1
    assert merged("http://snomed.info/sct", "青霉素", "花生", code="419199007") == 2, "the code of any allergy names none"
    assert merged("http://snomed.info/sct", "青霉素", "花生", code="716186003") == 2


@pytest.mark.parametrize(("words", "first"), [("无休克", 1), ("无喉头水肿、呼吸困难", 1), ("no anaphylaxis", 1), ("过敏性休克", 0), ("无明显诱因出现过敏性休克", 0), ("无皮疹，休克", 0)])
def test_a_reaction_that_is_denied_is_not_grave(words: str, first: int) -> None:
    assert read(allergy("青霉素", reaction=[{"description": words}])).danger[0] == first


@pytest.mark.parametrize(("kind", "element", "concept", "sense"), [
    ("MedicationStatement", "medicationCodeableConcept", coded("no-known-medications"), Sense.NEGATIVE), ("MedicationStatement", "medicationCodeableConcept", {"text": "无用药史"}, Sense.NEGATIVE),
    ("MedicationStatement", "medicationCodeableConcept", {"text": "否认用药"}, Sense.NEGATIVE), ("MedicationStatement", "medicationCodeableConcept", coded("no-medication-info"), Sense.UNASKED),
    ("MedicationStatement", "medicationCodeableConcept", {"text": "无极膏"}, Sense.CURRENT), ("MedicationStatement", "medicationCodeableConcept", {"text": "无水乙醇"}, Sense.CURRENT),
    ("Immunization", "vaccineCode", coded("no-known-immunizations"), Sense.NEGATIVE), ("Immunization", "vaccineCode", {"text": "无细胞百白破疫苗"}, Sense.CURRENT),
    ("Procedure", "code", coded("no-known-procedures"), Sense.NEGATIVE), ("Procedure", "code", {"text": "无手术史"}, Sense.NEGATIVE), ("Procedure", "code", {"text": "无痛胃镜"}, Sense.CURRENT),
])
def test_none_known_is_no_medicine_and_nothing_done(kind: str, element: str, concept: dict[str, Any], sense: Sense) -> None:
    assert told(kind, status="active" if kind == "MedicationStatement" else "completed", **{element: concept}).sense is sense
    if kind == "MedicationStatement":
        assert told(kind, status="completed", **{element: concept}).sense is (Sense.PAST if sense is Sense.CURRENT else sense)


def test_an_allergy_in_full() -> None:
    found = told("AllergyIntolerance", code={"text": "青霉素"}, clinicalStatus=coded("active"), verificationStatus=coded("unconfirmed"), criticality="high", type="intolerance",
    category=["medication"],
                 lastOccurrence="2026-11", note=[{"text": "家属代诉"}],
                 reaction=[{"substance": {"text": "阿莫西林"}, "manifestation": [{"text": "皮疹"}], "severity": "severe", "exposureRoute": {"text": "口服"}, "note": [{"text": "用药后2小时"}]}])
    assert marks(found) == ["intolerance", "high risk", "unconfirmed"] and found.loud
    assert found.facts == ("皮疹 (severe, 口服, after 阿莫西林)", "medicine", "last time 2026-11") and [n.text for n in found.notes] == ["家属代诉", "用药后2小时"]
    assert told("AllergyIntolerance").title == "allergen not named"


def allergy(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "AllergyIntolerance", "code": {"text": name}, "clinicalStatus": coded("active"), **more}


def test_the_worst_allergy_stands_first_and_each_stands_once() -> None:
    shock = [{"manifestation": [{"text": "过敏性休克"}]}]
    sent = [
        ("a", allergy("猫毛", criticality="low")), ("b", allergy("碘", reaction=[{"severity": "severe"}])), ("c", allergy("花粉", verificationStatus=coded("unconfirmed"))),
        ("a", allergy("青霉素", reaction=shock)), ("b", allergy("青霉素过敏", criticality="high")), ("c", allergy(" 青霉素 ")), ("a", allergy("乳糖", type="intolerance")), ("a", allergy("花生")),
    ]
    with override("en"):
        found = [merge([(s, r, read(r)) for s, r in order]) for order in (sent, sent[::-1], sent[3:] + sent[:3])]
    assert [(r.title.strip(), sources) for r, sources in found[0]] == [
        ("青霉素", ("a", "b", "c")), ("碘", ("b",)), ("花生", ("a",)), ("乳糖", ("a",)), ("花粉", ("c",)), ("猫毛", ("a",))]
    assert found[0] == found[1] == found[2], "whatever the order in which they come"


def test_an_allergy_of_two_hospitals_is_as_sure_as_the_surest_and_as_dangerous_as_the_worst() -> None:
    low = allergy("青霉素", criticality="low", verificationStatus=coded("confirmed"))
    high = allergy("青霉素", criticality="high", type="intolerance", verificationStatus=coded("unconfirmed"), reaction=[{"manifestation": [{"text": "过敏性休克"}]}])
    unsaid = allergy("青霉素")
    with override("en"):
        def united(*sent: dict[str, Any]) -> Reading:
            [(found, _sources)] = merge([(str(i), r, read(r)) for i, r in enumerate(sent)])
            return found
        for order in ([low, high], [high, low], [unsaid, high, low]):
            found = united(*order)
            assert (found.sense, marks(found), found.loud) == (Sense.CURRENT, ["high risk"], True) and found.facts == ("过敏性休克",) and found.danger == (0, 0, 0, 2, 0, 0)
        assert marks(united(high, high)) == ["intolerance", "high risk", "unconfirmed"] and united(high, high).sense is Sense.UNCERTAIN
        assert marks(united(high, unsaid)) == ["high risk"] and marks(united(low, unsaid)) == ["low risk"], "nobody doubts the one that states nothing"


def test_a_null_that_holds_a_place_is_no_value() -> None:
    sent = allergy("", code={"coding": [None, {"code": "1", "display": "青霉素"}]}, category=[None, "food"], _category=[{"id": "a"}, None], note=[None],
                   reaction=[{"manifestation": [None, {"text": "疹"}]}])
    assert told("AllergyIntolerance", **sent | {"resourceType": "AllergyIntolerance"}).facts == ("疹", "food") and told("AllergyIntolerance", **sent).title == "青霉素"
    dosage = {"route": {"coding": [None, {"display": "口服"}]}, "additionalInstruction": [None, {"text": "餐后"}],
              "timing": {"event": [None, "2026-11-20"], "repeat": {"when": [None, "AC"], "dayOfWeek": [None, "mon"], "timeOfDay": ["08:00:00", None]}}}
    found = told("MedicationRequest", medicationCodeableConcept={"text": "铁"}, dosageInstruction=[None, dosage])
    assert found.facts == ("on 2026-11-20 · on Monday · at 08:00 · before meals · 口服 · 餐后",)
    assert told("DeviceUseStatement", device={"reference": "#d"}, contained=[None]).title == "d" and told("Encounter", participant=[None], type=[None, {"text": "门诊"}]).title == "门诊"
    kept = {"a": [{"b": 1}]}
    assert drop_nulls(kept) is kept and drop_nulls({"a": [None, {"b": None, "c": False}]}) == {"a": [{"c": False}]}


@pytest.mark.parametrize("seed", ["无", "否认", "否认痛和", "no a ", "no pain or ", "1", "1-", "男1-2", "青霉素过敏，", "- ", "a-", "(", "，", "危急值"])
def test_a_long_text_is_shown_and_takes_no_time(seed: str) -> None:
    long = seed * (200_000 // len(seed))
    started = time.process_time()
    assert told("Condition", code={"text": long}, clinicalStatus=coded("active")).title == long
    sent = allergy(long, reaction=[{"description": long}])
    assert merge([("a", sent, told("AllergyIntolerance", **sent))])[0][0].title == long
    assert told("MedicationStatement", status="active", medicationCodeableConcept={"text": long}, dosage=[{"text": long, "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg"}}]}]).facts[0] == (
        f"{long} [coded: 1 mg]".strip() if long.strip() == long else f"{long.strip()} [coded: 1 mg]")
    observed = {"status": "final", "valueString": long, "referenceRange": [{"text": long, "low": {"value": 1}}, {"text": long}], "interpretation": [{"text": long}], "code": {"text": "x"}}
    assert results.read(observed, Patient("male", "1980"), "a")[0].value.text == long
    assert time.process_time() - started < 5, "of this process, whatever else the machine does"


@pytest.mark.parametrize(("status", "more", "sense", "said"), [
    ("active", {}, Sense.CURRENT, []), ("active", {"doNotPerform": True}, Sense.FORBIDDEN, ["DO NOT GIVE"]), ("active", {"doNotPerform": False}, Sense.CURRENT, []),
    ("stopped", {"doNotPerform": True}, Sense.PAST, ["stopped", "DO NOT GIVE"]), ("entered-in-error", {"doNotPerform": True}, Sense.VOID, None),
    ("active", {"intent": "proposal"}, Sense.PROPOSED, ["proposal, not ordered"]), ("active", {"intent": "plan"}, Sense.PROPOSED, ["plan, not ordered"]),
    ("active", {"intent": "option"}, Sense.PROPOSED, ["option, not ordered"]), ("active", {"intent": "proposal", "doNotPerform": True}, Sense.FORBIDDEN, None),
    ("active", {"intent": "instance-order"}, Sense.CURRENT, []), ("draft", {}, Sense.PROPOSED, ["draft, not ordered"]),
    ("completed", {"intent": "plan"}, Sense.PAST, ["completed", "plan, not ordered"]), ("cancelled", {"intent": "proposal"}, Sense.PAST, None), ("stopped", {"intent": "option"}, Sense.PAST, None),
    ("completed", {"intent": "plan", "doNotPerform": True}, Sense.PAST, None), ("on-hold", {"intent": "plan"}, Sense.PROPOSED, None), ("unknown", {"doNotPerform": True}, Sense.FORBIDDEN, None),
    ("on-hold", {}, Sense.CURRENT, ["on hold"]),
    ("stopped", {}, Sense.PAST, ["stopped"]), ("completed", {}, Sense.PAST, ["completed"]), ("cancelled", {}, Sense.PAST, ["cancelled before use"]), ("unknown", {},
    Sense.UNCERTAIN, ["status unknown"]),
    ("active", {"reportedBoolean": True}, Sense.CURRENT, ["reported, not ordered here"]), ("entered-in-error", {}, Sense.VOID, None),
])
def test_a_prescription(status: str, more: dict[str, Any], sense: Sense, said: list[str] | None) -> None:
    found = told("MedicationRequest", medicationCodeableConcept={"text": "华法林"}, status=status, **{"intent": "order", **more})
    assert found.sense is sense and (said is None or marks(found) == said) and (sense is not Sense.FORBIDDEN or found.loud)


@pytest.mark.parametrize(("kind", "status", "sense"), [
    ("MedicationStatement", "not-taken", Sense.NEGATIVE), ("MedicationStatement", "intended", Sense.PROPOSED), ("MedicationStatement", "on-hold", Sense.CURRENT), ("MedicationStatement", "stopped",
    Sense.PAST),
    ("Immunization", "not-done", Sense.NEGATIVE), ("Immunization", "completed", Sense.CURRENT), ("Procedure", "not-done", Sense.NEGATIVE), ("Procedure", "preparation", Sense.PROPOSED),
    ("Procedure", "stopped", Sense.CURRENT), ("Encounter", "cancelled", Sense.NEGATIVE), ("Encounter", "finished", Sense.CURRENT), ("Encounter", "planned", Sense.PROPOSED),
    ("Observation", "cancelled", Sense.VOID), ("Observation", "preliminary", Sense.UNCERTAIN), ("Observation", "corrected", Sense.CURRENT), ("DiagnosticReport", "cancelled", Sense.VOID),
    ("DiagnosticReport", "partial", Sense.UNCERTAIN), ("DocumentReference", "superseded", Sense.PAST), ("Composition", "preliminary", Sense.UNCERTAIN), ("DeviceUseStatement", "intended",
    Sense.PROPOSED),
    ("Flag", "inactive", Sense.PAST),
])
def test_other_states(kind: str, status: str, sense: Sense) -> None:
    assert told(kind, status=status).sense is sense


def test_what_belongs_to_a_state_is_said_beside_it() -> None:
    assert told("Immunization", status="not-done", vaccineCode={"text": "麻疹"}, statusReason={"text": "发热"}).facts == ("reason: 发热",)
    weak = told("Immunization", status="completed", vaccineCode={"text": "麻疹"}, isSubpotent=True, subpotentReason=[{"text": "冷链中断"}], protocolApplied=[{"doseNumberPositiveInt": 2}])
    assert marks(weak) == ["subpotent dose, may not protect"] and weak.facts == ("dose no. 2", "subpotent because: 冷链中断") and weak.sense is Sense.UNCERTAIN
    assert told("DocumentReference", status="current", docStatus="entered-in-error").sense is Sense.VOID
    assert told("DocumentReference", status="current", relatesTo=[{"code": "replaces", "target": {"display": "旧版"}}]).facts == ("replaces 旧版",)
    assert told("Observation", status="final", focus=[{"display": "胎儿"}], bodySite={"text": "左臂"}, method={"text": "手测"}).facts == ("about: 胎儿", "site: 左臂", "method: 手测")
    assert marks(told("Observation")) == ["status not stated"]
    assert combine([Sense.FORBIDDEN, Sense.PAST]) is Sense.PAST and combine([Sense.PAST, Sense.PROPOSED]) is Sense.PAST and combine([Sense.PAST, Sense.NEGATIVE]) is Sense.NEGATIVE
    assert combine([]) is Sense.CURRENT


def test_a_medicine_that_is_referred_to() -> None:
    held = {"resourceType": "Medication", "id": "m", "code": {"text": "甲氨蝶呤"}}
    assert told("MedicationRequest", contained=[held], medicationReference={"reference": "#m"}).title == "甲氨蝶呤"
    for more, sense in (({}, Sense.CURRENT), ({"doNotPerform": True}, Sense.FORBIDDEN), ({"status": "stopped"}, Sense.PAST), ({"intent": "plan"}, Sense.PROPOSED)):
        order = {"status": "active", "intent": "order", "contained": [held | {"status": "entered-in-error"}], "medicationReference": {"reference": "#m"}, **more}
        found = told("MedicationRequest", **order)
        assert found.sense is sense and found.marks[-1] == Mark("product: entered in error", loud=True), "the product's entry was taken back, not the order"
    mixed = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": {"text": "异烟肼"}}, {"itemCodeableConcept": {"text": "利福平"}}]}
    assert told("MedicationStatement", contained=[mixed], medicationReference={"reference": "#m"}).title == "异烟肼, 利福平"
    assert told("MedicationRequest", medicationReference={"reference": "Medication/7"}).title == "a medicine that is described elsewhere (Medication/7)"
    assert told("MedicationRequest", medicationReference={"display": "地高辛"}).title == "地高辛"
    sent = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "medicationReference": {"reference": "http://x/fhir/h/Medication/m/_history/2"}}
    assert product_of(sent) == "Medication/m" and product_of({"medicationReference": {"reference": "#m"}}) == ""
    assert read(joined(sent, {"Medication/m": held})).title == "甲氨蝶呤" and joined(sent, {}) is sent
    assert read(joined(sent, {"Medication/m": held | {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}})).hidden, "what the product says counts"


MG = {"value": 15, "unit": "mg"}


@pytest.mark.parametrize(("dosage", "english", "chinese"), [
    ({"doseAndRate": [{"doseQuantity": MG}], "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}}, "15 mg · once a week", "15 mg · 每周1次"),
    ({"timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}}, "3 times a day", "每日3次"),
    ({"timing": {"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}}}, "every 8 hours", "每8小时"),
    ({"timing": {"repeat": {"frequency": 1, "frequencyMax": 2, "period": 6, "periodMax": 8, "periodUnit": "h"}}}, "1–2 times every 6–8 hours", "每6–8小时1–2次"),
    ({"timing": {"repeat": {"frequency": 2, "period": 3, "periodUnit": "wk"}}}, "2 times every 3 weeks", "每3周2次"),
    ({"timing": {"repeat": {"dayOfWeek": ["mon", "thu"], "timeOfDay": ["08:00:00"], "when": ["ACM"], "offset": 30}}},
     "on Monday, Thursday · at 08:00 · before breakfast, 30 minutes apart", "周一、周四 · 08:00 · 早餐前（间隔30分钟）"),
    ({"timing": {"repeat": {"duration": 30, "durationMax": 60, "durationUnit": "min", "count": 3, "countMax": 5, "boundsDuration": {"value": 7, "unit": "天"}}}},
     "over 30–60 minutes · 3–5 times in all · course of 7 天", "持续30–60分钟 · 共3–5次 · 疗程7 天"),
    ({"timing": {"repeat": {"boundsRange": {"low": {"value": 5, "unit": "天"}, "high": {"value": 7, "unit": "天"}}}}}, "course of 5–7 天", "疗程5–7 天"),
    ({"timing": {"repeat": {"boundsPeriod": {"start": "2026-11-01", "end": "2026-11-14"}}}}, "2026-11-01 to 2026-11-14", "2026-11-01 至 2026-11-14"),
    ({"timing": {"code": {"coding": [{"code": "BID"}]}}}, "twice a day", "每日2次"), ({"timing": {"code": {"text": "每日两次"}}}, "每日两次", "每日两次"),
    ({"timing": {"event": ["2026-11-20T23:30:00Z"]}}, "on 2026-11-21 07:30", "2026-11-21 07:30"),
    ({"asNeededBoolean": True, "doseAndRate": [{"doseQuantity": MG}]}, "15 mg · when needed", "15 mg · 必要时"), ({"asNeededBoolean": False, "doseAndRate": [{"doseQuantity": MG}]}, "15 mg", "15 mg"),
    ({"asNeededCodeableConcept": {"text": "疼痛"}}, "when needed: 疼痛", "必要时（疼痛）"),
    ({"maxDosePerPeriod": {"numerator": {"value": 60, "unit": "mg"}, "denominator": {"value": 24, "unit": "h"}}}, "at most 60 mg / 24 h", "最多60 mg / 24 h"),
    ({"maxDosePerAdministration": MG, "maxDosePerLifetime": {"value": 550, "unit": "mg"}}, "at most 15 mg at a time · at most 550 mg in a lifetime", "单次最多15 mg · 终身累计最多550 mg"),
    ({"doseAndRate": [{"doseRange": {"low": {"value": 2, "unit": "mg"}, "high": {"value": 5, "unit": "mg"}}}]}, "2–5 mg", "2–5 mg"),
    ({"doseAndRate": [{"doseQuantity": MG, "type": {"text": "按体重"}}]}, "15 mg (按体重)", "15 mg (按体重)"),
    ({"doseAndRate": [{"rateQuantity": {"value": 2, "unit": "U/h"}}]}, "rate 2 U/h", "速度2 U/h"),
    ({"doseAndRate": [{"rateRatio": {"numerator": {"value": 100, "unit": "mL"}, "denominator": {"value": 1, "unit": "h"}}}]}, "rate 100 mL/h", "速度100 mL/h"),
    ({"doseAndRate": [{"rateRange": {"low": {"value": 1, "unit": "mL/h"}, "high": {"value": 3, "unit": "mL/h"}}}]}, "rate 1–3 mL/h", "速度1–3 mL/h"),
    ({"route": {"text": "静脉滴注"}, "method": {"text": "缓慢"}, "site": {"text": "左臂"}}, "静脉滴注 · 缓慢 · at: 左臂", "静脉滴注 · 缓慢 · 给药部位：左臂"),
    ({"additionalInstruction": [{"text": "与食物同服"}], "patientInstruction": "多饮水"}, "与食物同服 · told to the patient: 多饮水", "与食物同服 · 患者须知：多饮水"),
    ({"doseAndRate": [{"doseQuantity": {"value": 5, "comparator": "<", "unit": "mg"}}]}, "<5 mg", "<5 mg"), ({"text": "口服"}, "口服", "口服"),
    ({"text": "15 mg", "doseAndRate": [{"doseQuantity": MG}]}, "15 mg", "15 mg"),
    ({"doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg", "code": "ug", "system": "http://unitsofmeasure.org"}}]}, "5 mg [coded: ug]", "5 mg［编码：ug］"),
    ({"text": "5 mg", "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg", "code": "ug", "system": "http://unitsofmeasure.org"}}]},
     "5 mg [coded: 5 mg [coded: ug]]", "5 mg［编码医嘱：5 mg［编码：ug］］"),
    ({"text": "每次5mg", "doseAndRate": [{"doseQuantity": MG}]}, "每次5mg [coded: 15 mg]", "每次5mg［编码医嘱：15 mg］"),
])
def test_all_of_a_dosage_is_said(dosage: dict[str, Any], english: str, chinese: str) -> None:
    for language, words in (("en", english), ("zh-hans", chinese)):
        with override(language):
            assert doses([dosage]) == (words,)


@pytest.mark.parametrize(("written", "value", "unit", "same"), [
    ("0.5mg", 5, "mg", False), ("15mg 每周一次", 5, "mg", False), ("25mg", 5, "mg", False), ("12.5mg", 2.5, "mg", False), ("115 mg", 15, "mg", False), ("10 mg/kg", 10, "mg", False),
    ("1-2片", 12, "片", False), ("1～2片", 2, "片", False), ("1至2片", 2, "片", False), ("1/2片", 2, "片", False), ("2片半", 2, "片", False), ("1,500 mg", 500, "mg", False),
    ("１５ｍｇ", 5, "mg", False),
    ("5 mg 每公斤", 5, "mg", False), ("5 mg×2", 5, "mg", False), ("<5 mg", 5, "mg", False), ("1 5mg", 15, "mg", False), ("50 mg", 5, "mg", False), ("早 10mg 晚 5mg", 5, "mg", False),
    ("5万单位", 5, "", False), ("5 mg", 5, "m", False),
    ("15mg 每周一次", 15, "mg", True), ("口服，每次０.５mg，每日3次", 0.5, "mg", True), ("take 15 mg po qd.", 15, "mg", True), ("每次:5mg", 5, "mg", True), ("5 MG, 3次/日", 5, "mg", True),
])
def test_a_text_hides_no_other_dose(written: str, value: float, unit: str, same: bool) -> None:
    with override("en"):
        [found] = doses([{"text": written, "doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}]}])
    assert found == (written if same else f"{written} [coded: {f'{value} {unit}'.strip()}]")


def test_a_range_is_no_number() -> None:
    rate = {"doseAndRate": [{"doseRange": {"low": {"value": 1, "unit": "片"}, "high": {"value": 2, "unit": "片"}}}]}
    with override("en"):
        assert doses([{"text": "12片"} | rate]) == ("12片 [coded: 1–2 片]",) and doses([{"text": "每次1～2片"} | rate]) == ("每次1～2片",)


@pytest.mark.parametrize(("coding", "shown"), [
    ({"system": "urn:his", "code": "MO", "display": "每周一"}, "每周一"), ({"system": "urn:local", "code": "AM", "display": "隔日一次"}, "隔日一次"), ({"system": "urn:his", "code": "MO"}, "MO"),
    ({"system": "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation", "code": "BID"}, "twice a day"),
    ({"code": "QD", "display": "qd"}, "once a day"), ({"code": "MO", "display": "每周一"}, "每周一"),
])
def test_only_standard_codes_of_frequency_are_translated(coding: dict[str, Any], shown: str) -> None:
    with override("en"):
        assert doses([{"timing": {"code": {"coding": [coding]}}}]) == (shown,)


def test_steps_stand_in_their_order() -> None:
    with override("en"):
        assert doses([{"sequence": 2, "text": "5 mg"}, {"sequence": 1, "text": "10 mg"}]) == ("step 1: 10 mg", "step 2: 5 mg")
        assert doses([{"text": "早 10 mg"}, {"text": "晚 5 mg"}]) == ("早 10 mg", "晚 5 mg")
        assert doses([]) == () and doses([{"doseAndRate": [{"doseQuantity": {"unit": "片"}}]}]) == ()
