"""ADT: patients, visits, merges; what is older never overwrites what is newer."""

import pytest

from records.agent.item import derive_fhir_id

from .messages import NOW, PID, PV1, body, codes, header, only, origin, read


def test_a_patient_as_the_index_reads_them() -> None:
    from records.mpi.matching.fhir_patient import parse_indexed_patient

    items, refusals = read(
        header(), "EVN|A01|20260503081900", PID, "NK1|1|王^建国|FTH^父亲||13900000002"
    )
    assert not refusals
    patient = only(items, "Patient")
    assert patient["id"] == "his-00012345"
    assert patient["gender"] == "male"
    assert patient["birthDate"] == "1990-01-01"
    assert patient["address"][0]["text"] == "浙江杭州杭州市西湖区"
    found = parse_indexed_patient(patient)
    assert found.display == "王小明"
    assert found.features.number == "330106199001011213"
    assert [kind for kind, *_ in found.identifiers] == ["record", "resident"]
    assert found.phones == ("13800000001", "13900000002")
    (item,) = items
    assert (item.patient, item.record, item.at) == ("00012345", "00012345", "检验.hl7 第3行 PID")


@pytest.mark.parametrize(
    ("sent", "gender"), [("M", "male"), ("2", "female"), ("男", "male"), ("9", "unknown")]
)
def test_gender_keeps_the_code_as_sent(sent: str, gender: str) -> None:
    items, _ = read(header(), PID.replace("|M|||", f"|{sent}|||"))
    patient = only(items, "Patient")
    assert patient["gender"] == gender
    own = patient.get("_gender", {}).get("extension", [{"valueCoding": {"code": "M"}}])
    assert own[0]["valueCoding"]["code"] == sent


@pytest.mark.parametrize(
    ("event", "end", "status"),
    [
        ("A01", "", "in-progress"),
        ("A03", "20260510100000", "finished"),
        ("A04", "", "in-progress"),
        ("A05", "", "planned"),
        ("A08", "", "in-progress"),
        ("A08", "20260510100000", "finished"),
        ("A11", "", "cancelled"),
        ("A13", "20260510100000", "in-progress"),
    ],
)
def test_a_visit_by_its_event(event: str, end: str, status: str) -> None:
    items, refusals = read(header(f"ADT^{event}"), PID, f"{PV1}|{end}")
    visit = only(items, "Encounter")
    assert (codes(refusals), visit["status"]) == ([], status)
    assert visit["class"]["code"] == "IMP"
    assert visit["subject"]["reference"] == "Patient/his-00012345"
    assert visit["period"]["start"] == "2026-05-03T08:15:00+08:00"
    assert ("end" in visit["period"]) is (status == "finished")
    (item,) = (i for i in items if i.type == "Encounter")
    assert (item.record, item.day, item.patient) == ("ZY20260503", "2026-05-03", "00012345")


def test_a_merge_leaves_the_old_number_as_the_same_person_with_its_successor() -> None:
    items, refusals = read(
        header("ADT^A40"), "EVN|A40|20260503081900", PID, "MRG|00000777^^^南桥^MR||||||王^晓明"
    )
    assert not refusals
    assert [(i.record, i.patient) for i in items] == [
        ("00012345", "00012345"),
        ("00000777", "00000777"),
    ], "the one that stays first: the other refers to it"
    old = body(items[1])
    assert old["active"] is False
    assert old["link"] == [{"other": {"reference": "Patient/his-00012345"}, "type": "replaced-by"}]
    numbers = [i["value"] for i in old["identifier"]]
    assert numbers == ["00000777", "330106199001011213"], "by the citizen number both are one"
    assert [n["text"] for n in old["name"]] == ["王小明", "王晓明"]
    assert body(items[0])["active"] is True


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ((PID,), "hl7.no-old-number"),
        ((PID, "MRG|"), "hl7.no-old-number"),
        ((PID, "MRG|00012345"), "hl7.same-number"),
    ],
)
def test_a_merge_that_does_not_say_which_is_refused(rows: tuple[str, ...], code: str) -> None:
    items, refusals = read(header("ADT^A40"), *rows)
    assert codes(refusals) == [code]
    assert len(items) == 1


@pytest.mark.parametrize(
    ("kind", "rows", "code"),
    [
        ("ADT^A01", (), "hl7.no-patient"),
        ("ADT^A01", ("PID|1||||王^小明",), "hl7.no-patient-number"),
        ("ADT^A29", (PID,), "hl7.delete-patient"),
        ("SIU^S12", (PID,), "hl7.kind"),
        ("", (PID,), "hl7.kind"),
    ],
)
def test_what_is_refused_and_why(kind: str, rows: tuple[str, ...], code: str) -> None:
    items, (refusal,) = read(header(kind), *rows)
    assert (items, refusal.rule.code, refusal.warning) == ([], code, False)
    for language in ("zh", "en"):
        assert refusal.why(language)
        assert refusal.mend(language)


def test_older_never_overwrites_newer_and_one_second_keeps_the_order() -> None:
    known = origin()
    rows = [
        (header(at="20260503090000"), "EVN|A08|20260503090000"),
        (header(at="20260503080000"), "EVN|A08|20260503080000"),
        (header(at="20260503090000"), "EVN|A08|20260503090000"),
        (header(at="20260503100000"), "EVN|A08|20260503090000"),
    ]
    versions = []
    for name, (head, event) in zip("甲乙丙丁", rows, strict=True):
        items, _ = read(head, event, PID.replace("小明", name), at=known)
        versions.append(items[0].version)
    newer, older, same_second, sent_later = versions
    assert older < newer < same_second < sent_later
    again, _ = read(*rows[3], PID.replace("小明", "丁"), at=known)
    assert again[0].version == sent_later, "the same again is the same version"


def test_a_result_never_overwrites_what_an_admission_said_of_the_patient() -> None:
    admission, _ = read(header(at="20260503080000"), PID, PV1)
    result, _ = read(
        header("ORU^R01", at="20260509080000"),
        PID,
        PV1,
        "OBR|1||R1|GLU^葡萄糖",
        "OBX|1|NM|GLU^葡萄糖||5",
    )
    for type in ("Patient", "Encounter"):
        (first,) = (i.version for i in admission if i.type == type)
        (second,) = (i.version for i in result if i.type == type)
        assert second < first


def test_what_a_result_says_in_passing_is_not_sent_where_newer_is_known() -> None:
    known = origin()
    result = (header("ORU^R01"), PID, PV1, "OBR|1||R1|GLU^葡萄糖", "OBX|1|NM|GLU^葡萄糖||5")
    before, _ = read(*result, at=known)
    read(header(), PID, PV1, at=known)
    after, _ = read(*result, at=known)
    assert [i.type for i in before] == ["Patient", "Encounter", "Observation", "DiagnosticReport"]
    assert [i.type for i in after] == ["Observation", "DiagnosticReport"]
    assert body(after[0])["encounter"]["reference"] == "Encounter/his-ZY20260503"


def test_a_time_that_lies_ahead_decides_nothing_and_is_told() -> None:
    items, refusals = read(header(at="20290503080000"), "EVN|A08|20300101000000", PID)
    assert items[0].version is None
    assert codes(refusals) == ["hl7.future", "hl7.future"]
    assert all(r.warning for r in refusals)


def test_a_visit_without_a_number_is_told_and_the_patient_kept() -> None:
    items, refusals = read(header(), PID, "PV1|1|O")
    assert ([i.type for i in items], codes(refusals)) == (["Patient"], ["hl7.no-visit-number"])
    items, refusals = read(header(), PID, PV1.replace("ZY20260503", ""))
    assert items[1].record == "00012345/202605030815"
    assert body(items[1])["id"] == derive_fhir_id("his", "00012345/202605030815")


def test_allergies_and_diagnoses() -> None:
    items, refusals = read(
        header("ADT^A08"), PID, PV1,
        "AL1|1|DA|QMS^青霉素|SV|皮疹~呼吸困难|20200101",
        "DG1|1||I10.x00^高血压||20260503|F",
        "DG1|2||D77^胸闷待查|",
    )  # fmt: skip
    assert not refusals
    allergy = only(items, "AllergyIntolerance")
    assert allergy["category"] == ["medication"]
    assert [m["text"] for m in allergy["reaction"][0]["manifestation"]] == ["皮疹", "呼吸困难"]
    assert allergy["reaction"][0]["severity"] == "severe"
    first, second = (body(i) for i in items if i.type == "Condition")
    assert [c["system"] for c in first["code"]["coding"]] == [
        "http://hl7.org/fhir/sid/icd-10",
        "urn:xinglin:local:nanqiao:his:diagnosis",
    ]
    assert first["encounter"]["reference"] == "Encounter/his-ZY20260503"
    assert second["code"]["text"] == "胸闷待查"
    gone, _ = read(header("ADT^A60"), PID, "IAM|1|DA|QMS^青霉素|||D")
    assert [(i.type, i.action, i.body) for i in gone[1:]] == [("AllergyIntolerance", "recall", b"")]


def test_clinical_segments_that_are_not_read_are_told() -> None:
    _, refusals = read(header(), PID, PV1, "PR1|1||47.09^阑尾切除")
    assert [(r.rule.code, r.value, r.warning) for r in refusals] == [("hl7.segment", "PR1", True)]
    assert NOW
