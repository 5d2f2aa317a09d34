"""Every element that the specification calls a modifier, on every type that is shown: its code
has words, or the datum is hidden with a notice.
"""

from typing import Any
from uuid import UUID

import pytest
from django.utils.translation import override

from alliance.models import Hospital
from records.fhir.resource_types import TYPES, load_definition_table
from records.meaning.lifetime import UNKNOWN
from records.meaning.patient_details import registration_marks
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_facts import DATED
from records.meaning.resource_reading import interpret_resource
from records.meaning.sense import Sense
from records.meaning.states import STATES, judge_state
from records.meaning.unknown_modifiers import UNKNOWN_MODIFIERS, warn_of_hidden_entries
from records.operations.shared_record import ShownResource
from records.web.banner import build_banner
from records.web.record_sections import SECTION_TYPES, build_sections

SHOWN = sorted(DATED)
# Types that are shown only where another resource contains them, and the resource that does.
INSIDE = {
    "Medication": ("MedicationRequest", "medicationReference"),
    "Device": ("DeviceUseStatement", "device"),
}
# Not in the tables of states: each is looked at by a test of its own below, or is not shown.
PATIENT = {"Patient.deceased[x]", "Patient.link"}
DATA_TYPES = {
    "HumanName.use",
    "Identifier.use",
    "ContactPoint.use",
    "Address.use",
    "Quantity.comparator",
    "Age.comparator",
    "Count.comparator",
    "Distance.comparator",
    "Duration.comparator",
}
NOT_SHOWN = {"Device.udiCarrier", "Device.deviceName"}
MODIFIER = [{"url": "urn:hospital:negated", "valueBoolean": True}]
SECRET = "绝不可见"
# A CodeableConcept's codes stand in no table of required codes.
CONCEPTS = {
    "Condition.clinicalStatus": (
        "active",
        "recurrence",
        "relapse",
        "inactive",
        "remission",
        "resolved",
    ),
    "Condition.verificationStatus": (
        "unconfirmed",
        "provisional",
        "differential",
        "confirmed",
        "refuted",
        "entered-in-error",
    ),
    "AllergyIntolerance.clinicalStatus": ("active", "inactive", "resolved"),
    "AllergyIntolerance.verificationStatus": (
        "unconfirmed",
        "confirmed",
        "refuted",
        "entered-in-error",
    ),
}


def paths(kind: str) -> list[str]:
    return [
        p
        for p in load_definition_table("modifiers")[kind]
        if not any(p.startswith(n) for n in NOT_SHOWN)
    ]


def holding(kind: str, path: str, value: Any) -> dict[str, Any]:
    """A resource of the type with the value at the path, and a name that must not be seen where
    it is hidden.
    """
    node: Any = value
    for step in reversed(path.split(".")[1:]):
        node = {step: node}
    return {
        "resourceType": kind,
        "code": {"text": SECRET},
        "description": SECRET,
        "title": SECRET,
        "vaccineCode": {"text": SECRET},
        "device": {"display": SECRET},
        "type": [{"text": SECRET}],
        "medicationCodeableConcept": {"text": SECRET},
        **node,
    }


def page_of(resource: dict[str, Any]) -> str:
    """All that the page's functions say of it."""
    rows = {
        resource["resourceType"]: [
            ShownResource(resource, Hospital(code="h", name_zh="东湖"), "/h/T/1")
        ]
    }
    found = build_sections(
        UUID(int=1),
        rows,
        {t: 5 for types in SECTION_TYPES.values() for t in types},
        PatientTraits(),
        UNKNOWN,
    )
    top = build_banner(
        {"resourceType": "Patient"}, [], rows.get("AllergyIntolerance", []), rows.get("Flag", [])
    )
    return f"{found} {top}".replace(repr(resource), "")


@pytest.mark.parametrize(
    ("kind", "path"),
    [(k, p) for k in SHOWN for p in paths(k) if p.split(".")[-1] in UNKNOWN_MODIFIERS]
    + [
        (k, f"{k}.{inner}.modifierExtension")
        for k, inner in (
            ("MedicationRequest", "dosageInstruction"),
            ("MedicationRequest", "dosageInstruction.timing"),
            ("MedicationStatement", "dosage"),
            ("MedicationRequest", "contained"),
        )
    ],
)
def test_what_is_not_understood_hides_the_datum(kind: str, path: str) -> None:
    resource = holding(kind, path, MODIFIER if path.endswith("modifierExtension") else "urn:rules")
    reading = interpret_resource(resource)
    assert (
        reading.hidden and reading.sense is Sense.VOID and reading.title == "" and not reading.facts
    )
    with override("en"):
        assert "does not understand" in warn_of_hidden_entries(["A"])[0]
        if kind in {t for types in SECTION_TYPES.values() for t in types} | {
            "AllergyIntolerance",
            "Flag",
        }:
            said = page_of(resource)
            assert SECRET not in said and "One entry from" in said
            assert SECRET in page_of(holding(kind, f"{kind}.id", "x")), (
                "the control: without the modifier it is shown"
            )


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (k, p)
        for k in [*SHOWN, *INSIDE]
        for p in paths(k)
        if p.split(".")[-1] not in UNKNOWN_MODIFIERS
    ],
)
def test_each_code_of_a_modifier_is_told(kind: str, path: str) -> None:
    part, _dot, element = path.rpartition(".")
    assert element in STATES.get(part, {}), f"{path} has no row in records/meaning/states.py"
    rule = load_definition_table("elements").get(part, {}).get(element, {})
    kind = part
    codes = CONCEPTS[path] if path in CONCEPTS else rule.get("codes") or ("true", "false")
    assert not set(codes) - set(STATES[kind][element]), "a code without words"
    usual = 0
    with override("en"):
        for code in codes:
            value: Any = (
                {"coding": [{"code": code}]}
                if path in CONCEPTS
                else code == "true"
                if code in ("true", "false")
                else code
            )
            word = STATES[kind][element][code]
            sense, marks = judge_state({"resourceType": kind, element: value})
            assert sense is word.sense or sense is not Sense.CURRENT
            assert (str(word.text) in [m.text for m in marks]) == bool(word.text)
            usual += not word.text
            assert word.text or word.sense is Sense.CURRENT, "only the ordinary case needs no word"
    assert usual, "one code is the ordinary one"


@pytest.mark.parametrize("kind", [*SHOWN, *INSIDE])
def test_an_unknown_code_is_shown_as_sent_and_counts_as_uncertain(kind: str) -> None:
    for element in STATES[kind]:
        sense, marks = judge_state({"resourceType": kind, element: {"text": "外院特有"}})
        assert sense not in (Sense.CURRENT, Sense.PAST) and "外院特有" in [m.text for m in marks]


def test_no_shown_type_is_forgotten() -> None:
    assert {t for types in SECTION_TYPES.values() for t in types} <= set(SHOWN) <= set(TYPES)
    kept = {
        p
        for k, found in load_definition_table("modifiers").items()
        if k not in TYPES
        for p in found
        if p.split(".")[-1] not in UNKNOWN_MODIFIERS
    }
    assert (
        kept
        & {
            p
            for p in kept
            if p.split(".")[0]
            in (
                "HumanName",
                "Identifier",
                "ContactPoint",
                "Address",
                "Quantity",
                "Age",
                "Count",
                "Distance",
                "Duration",
            )
        }
        == DATA_TYPES
    )
    assert {p for p in paths("Patient") if p.split(".")[-1] not in UNKNOWN_MODIFIERS} == PATIENT | {
        "Patient.active"
    }


def patient(**more: Any) -> Any:
    p = {"resourceType": "Patient", "name": [{"text": "张三"}], **more}
    return build_banner(p, [ShownResource(p, Hospital(code="h", name_zh="东湖"), "")], [], [])


def test_modifiers_of_the_patient() -> None:
    with override("en"):
        assert patient().doubts == () and patient(active=True).doubts == ()
        assert [d for _h, d in patient(active=False).doubts] == ["registration closed"]
        assert [
            d
            for _h, d in patient(
                link=[{"type": "replaced-by", "other": {"reference": "Patient/2"}}]
            ).doubts
        ] == ["registration replaced by another one"]
        assert patient(link=[{"type": "seealso", "other": {"reference": "Patient/2"}}]).doubts == ()
        assert (
            "does not understand" in patient(modifierExtension=MODIFIER).doubts[0][1]
            and "does not understand"
            in registration_marks({"contact": [{"modifierExtension": MODIFIER}]})[0].text
        )
        assert (
            patient(deceasedBoolean=True).deceased == "?"
            and patient(deceasedBoolean=False).deceased == ""
        )
        told = build_banner(
            {"resourceType": "Patient", "deceasedBoolean": False},
            [
                ShownResource(
                    {"resourceType": "Patient", "deceasedBoolean": True}, Hospital(code="b"), ""
                )
            ],
            [],
            [],
        )
        assert told and told.deceased == "?", "one hospital knows of the death"


def test_former_names_numbers_and_telephones_are_not_the_current_ones() -> None:
    with override("en"):
        found = patient(
            name=[{"use": "old", "text": "旧名"}, {"text": "今名"}],
            telecom=[
                {"system": "phone", "value": "1", "use": "old"},
                {"system": "phone", "value": "2"},
            ],
            identifier=[
                {"use": "old", "type": {"coding": [{"code": "MR"}]}, "value": "OLD"},
                {"type": {"coding": [{"code": "MR"}]}, "value": "NEW"},
            ],
        )
        assert (found.name, found.phone, [n for _h, n in found.record_numbers], found.former) == (
            "今名",
            "2",
            ["NEW"],
            (("旧名", "former name"),),
        )
        assert (
            patient(name=[{"use": "anonymous", "text": "某某"}]).name_mark == "alias"
            and patient(name=[{"use": "official", "text": "某某"}]).name_mark == ""
        )
