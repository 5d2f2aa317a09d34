"""TABLE plain-language template -> FHIR Consent. What a patient or clerk picks from; each is an
ordinary provision tree (IHE PCF; eHealth Suisse keeps its consents as templates too). Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from consent.labels import CONFIDENTIALITY_SYSTEM, LABEL_BY_CODE, SENSITIVITY_SYSTEM
from consent.provision import HOSPITAL_SYSTEM, STAFF_SYSTEM, TYPES_SYSTEM

ROLE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
PURPOSE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


class ConsentTemplate(StrEnum):
    """share: with all members; only: with these; without: with all or with these, but not these
    kinds; refuse: not with these; nothing: with nobody.
    """

    SHARE = "share"
    ONLY = "only"
    WITHOUT = "without"
    REFUSE = "refuse"
    NOTHING = "nothing"


SENSITIVE_KINDS = (
    "HIV",
    "PSY",
    "ETH",
    "SEX",
    "STD",
    "GDIS",
    "SDV",
)  # specially protected, each with its parts
ALL_KINDS = "R"  # all of these, and what a hospital has restricted for another reason
TYPES_BY_RECORD_GROUP: dict[
    str, tuple[str, ...]
] = {  # kinds of record -> the types that they are made of
    "results": ("Observation", "DiagnosticReport", "ImagingStudy", "Specimen", "Media"),
    "medicines": (
        "MedicationRequest",
        "MedicationStatement",
        "MedicationAdministration",
        "MedicationDispense",
    ),
    "problems": ("Condition", "AllergyIntolerance", "Procedure", "FamilyMemberHistory"),
    "encounters": ("Encounter", "EpisodeOfCare", "Appointment"),
    "documents": ("DocumentReference", "Composition", "ClinicalImpression"),
}


@dataclass(frozen=True, slots=True)
class ConsentChoice:
    """What was picked. recipients, sources: codes of hospitals, none for all; staff: numbers of
    clinicians beside the recipients; kinds: specially protected records, shared by share and only,
    held back by without; groups: kinds of record, held back by without. ASKS tells which of these a
    template asks about.
    """

    template: ConsentTemplate
    recipients: Sequence[str] = ()
    sources: Sequence[str] = ()
    kinds: Sequence[str] = ()
    groups: Sequence[str] = ()
    staff: Sequence[str] = ()


# template -> the fields of a Choice that it asks about, and those of which one at least must be
# filled
FIELDS_BY_TEMPLATE: dict[ConsentTemplate, tuple[frozenset[str], tuple[str, ...]]] = {
    ConsentTemplate.SHARE: (frozenset({"sources", "kinds"}), ()),
    ConsentTemplate.ONLY: (
        frozenset({"recipients", "staff", "sources", "kinds"}),
        ("recipients", "staff"),
    ),
    ConsentTemplate.WITHOUT: (
        frozenset({"recipients", "sources", "kinds", "groups"}),
        ("groups", "kinds"),
    ),
    ConsentTemplate.REFUSE: (
        frozenset({"recipients", "staff", "sources"}),
        ("recipients", "staff"),
    ),
    ConsentTemplate.NOTHING: (frozenset({"sources"}), ()),
}
CHOICE_FIELDS = ("recipients", "staff", "sources", "kinds", "groups")


class ChoiceFault(StrEnum):
    """Why a field of a Choice has no meaning. unasked: its template does not ask about it;
    missing: it needs one; own: a hospital sees its own records anyway.
    """

    UNASKED = "unasked"
    MISSING = "missing"
    OWN = "own"


def find_choice_faults(choice: ConsentChoice) -> list[tuple[str, ChoiceFault]]:
    """(field, why) of whatever has no meaning in the choice; empty where all of it means what it
    says.
    """
    asked, needed = FIELDS_BY_TEMPLATE[choice.template]
    faults = [
        (name, ChoiceFault.UNASKED)
        for name in CHOICE_FIELDS
        if getattr(choice, name) and name not in asked
    ]
    if needed and not any(getattr(choice, name) for name in needed):
        faults.append((needed[0], ChoiceFault.MISSING))
    if (
        "recipients" in asked
        and choice.sources
        and any(set(choice.sources) <= {r} for r in choice.recipients)
    ):
        faults.append(("sources", ChoiceFault.OWN))
    return faults


def build_coding(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code}


def build_hospital_actors(role: str, codes: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "role": {"coding": [build_coding(ROLE_SYSTEM, role)]},
            "reference": {
                "type": "Organization",
                "identifier": {"system": HOSPITAL_SYSTEM, "value": c},
            },
        }
        for c in codes
    ]


def build_clinician_actors(numbers: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "role": {"coding": [build_coding(ROLE_SYSTEM, "IRCP")]},
            "reference": {
                "type": "Practitioner",
                "identifier": {"system": STAFF_SYSTEM, "value": n},
            },
        }
        for n in numbers
    ]


def build_label_codings(kinds: Sequence[str]) -> list[dict[str, str]]:
    return [
        build_coding(SENSITIVITY_SYSTEM if k in LABEL_BY_CODE else CONFIDENTIALITY_SYSTEM, k)
        for k in kinds
    ]


def build_consent(choice: ConsentChoice) -> dict[str, Any]:
    """The Consent, without its patient. Raises ValueError for a choice of which a part has no
    meaning.
    """
    if faults := find_choice_faults(choice):
        raise ValueError(
            f"{choice.template}: " + ", ".join(f"{name} {fault}" for name, fault in faults)
        )
    return build_consent_unchecked(choice)


def build_consent_unchecked(choice: ConsentChoice) -> dict[str, Any]:
    """The same of any choice, for decisions that were recorded before choices were checked."""
    who = (
        build_hospital_actors("IRCP", choice.recipients)
        + build_clinician_actors(choice.staff)
        + build_hospital_actors("CST", choice.sources)
    )
    around: dict[str, Any] = {"actor": who} if who else {}
    purpose = {"purpose": [build_coding(PURPOSE_SYSTEM, "TREAT")]}
    match choice.template:
        case ConsentTemplate.SHARE | ConsentTemplate.ONLY:
            inner = (
                [
                    {
                        "type": "permit",
                        "securityLabel": build_label_codings(
                            [ALL_KINDS] if ALL_KINDS in choice.kinds else choice.kinds
                        ),
                    }
                ]
                if choice.kinds
                else []
            )
            rule = {"type": "permit", **around, **purpose} | ({"provision": inner} if inner else {})
        case ConsentTemplate.WITHOUT:
            inner = (
                [{"type": "deny", "securityLabel": build_label_codings(choice.kinds)}]
                if choice.kinds
                else []
            )
            inner += [
                {
                    "type": "deny",
                    "class": [build_coding(TYPES_SYSTEM, t) for t in TYPES_BY_RECORD_GROUP[g]],
                }
                for g in choice.groups
            ]
            rule = {"type": "permit", **around, **purpose, "provision": inner}
        case ConsentTemplate.REFUSE | ConsentTemplate.NOTHING:
            rule = {"type": "deny", **around}
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [
                build_coding(
                    "http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"
                )
            ]
        },
        "category": [{"coding": [build_coding("http://loinc.org", "59284-0")]}],
        "policyRule": {
            "coding": [
                build_coding(
                    "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                    "OPTOUT" if rule["type"] == "deny" else "OPTIN",
                )
            ]
        },
        "provision": rule,
    }
