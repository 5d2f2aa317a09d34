"""TABLE plain-language template -> FHIR Consent. What a patient or clerk picks from; each is an ordinary provision tree (IHE PCF; eHealth Suisse
keeps its consents as templates too). Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from consent.labels import CONFIDENTIALITY, SENSITIVE, SENSITIVITY
from consent.provision import HOSPITAL, STAFF, TYPES_SYSTEM

ROLES = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
PURPOSES = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


class Template(StrEnum):
    """share: with all members; only: with these; without: with all or with these, but not these kinds; refuse: not with these; nothing: with nobody."""

    SHARE = "share"
    ONLY = "only"
    WITHOUT = "without"
    REFUSE = "refuse"
    NOTHING = "nothing"


KINDS = ("HIV", "PSY", "ETH", "SEX", "STD", "GDIS", "SDV")  # specially protected, each with its parts
ALL_KINDS = "R"  # all of these, and what a hospital has restricted for another reason
GROUPS: dict[str, tuple[str, ...]] = {  # kinds of record -> the types that they are made of
    "results": ("Observation", "DiagnosticReport", "ImagingStudy", "Specimen", "Media"),
    "medicines": ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"),
    "problems": ("Condition", "AllergyIntolerance", "Procedure", "FamilyMemberHistory"),
    "encounters": ("Encounter", "EpisodeOfCare", "Appointment"),
    "documents": ("DocumentReference", "Composition", "ClinicalImpression"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What was picked. recipients, sources: codes of hospitals, none for all; staff: numbers of clinicians beside the recipients; kinds: specially protected records, shared by share and only,
    held back by without; groups: kinds of record, held back by without. ASKS tells which of these a template asks about."""

    template: Template
    recipients: Sequence[str] = ()
    sources: Sequence[str] = ()
    kinds: Sequence[str] = ()
    groups: Sequence[str] = ()
    staff: Sequence[str] = ()


# template -> the fields of a Choice that it asks about, and those of which one at least must be filled
ASKS: dict[Template, tuple[frozenset[str], tuple[str, ...]]] = {
    Template.SHARE: (frozenset({"sources", "kinds"}), ()),
    Template.ONLY: (frozenset({"recipients", "staff", "sources", "kinds"}), ("recipients", "staff")),
    Template.WITHOUT: (frozenset({"recipients", "sources", "kinds", "groups"}), ("groups", "kinds")),
    Template.REFUSE: (frozenset({"recipients", "staff", "sources"}), ("recipients", "staff")),
    Template.NOTHING: (frozenset({"sources"}), ()),
}
FIELDS = ("recipients", "staff", "sources", "kinds", "groups")


class Fault(StrEnum):
    """Why a field of a Choice has no meaning. unasked: its template does not ask about it; missing: it needs one; own: a hospital sees its own records anyway."""

    UNASKED = "unasked"
    MISSING = "missing"
    OWN = "own"


def find_faults(choice: Choice) -> list[tuple[str, Fault]]:
    """(field, why) of whatever has no meaning in the choice; empty where all of it means what it says."""
    asked, needed = ASKS[choice.template]
    faults = [(name, Fault.UNASKED) for name in FIELDS if getattr(choice, name) and name not in asked]
    if needed and not any(getattr(choice, name) for name in needed):
        faults.append((needed[0], Fault.MISSING))
    if "recipients" in asked and choice.sources and any(set(choice.sources) <= {r} for r in choice.recipients):
        faults.append(("sources", Fault.OWN))
    return faults


def coding(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code}


def actors(role: str, codes: Sequence[str]) -> list[dict[str, Any]]:
    return [{"role": {"coding": [coding(ROLES, role)]}, "reference": {"type": "Organization", "identifier": {"system": HOSPITAL, "value": c}}} for c in codes]


def clinicians(numbers: Sequence[str]) -> list[dict[str, Any]]:
    return [{"role": {"coding": [coding(ROLES, "IRCP")]}, "reference": {"type": "Practitioner", "identifier": {"system": STAFF, "value": n}}} for n in numbers]


def labels(kinds: Sequence[str]) -> list[dict[str, str]]:
    return [coding(SENSITIVITY if k in SENSITIVE else CONFIDENTIALITY, k) for k in kinds]


def consent(choice: Choice) -> dict[str, Any]:
    """The Consent, without its patient. Raises ValueError for a choice of which a part has no meaning."""
    if faults := find_faults(choice):
        raise ValueError(f"{choice.template}: " + ", ".join(f"{name} {fault}" for name, fault in faults))
    return compose(choice)


def compose(choice: Choice) -> dict[str, Any]:
    """The same of any choice, for decisions that were recorded before choices were checked."""
    who = actors("IRCP", choice.recipients) + clinicians(choice.staff) + actors("CST", choice.sources)
    around: dict[str, Any] = {"actor": who} if who else {}
    purpose = {"purpose": [coding(PURPOSES, "TREAT")]}
    match choice.template:
        case Template.SHARE | Template.ONLY:
            inner = [{"type": "permit", "securityLabel": labels([ALL_KINDS] if ALL_KINDS in choice.kinds else choice.kinds)}] if choice.kinds else []
            rule = {"type": "permit", **around, **purpose} | ({"provision": inner} if inner else {})
        case Template.WITHOUT:
            inner = [{"type": "deny", "securityLabel": labels(choice.kinds)}] if choice.kinds else []
            inner += [{"type": "deny", "class": [coding(TYPES_SYSTEM, t) for t in GROUPS[g]]} for g in choice.groups]
            rule = {"type": "permit", **around, **purpose, "provision": inner}
        case Template.REFUSE | Template.NOTHING:
            rule = {"type": "deny", **around}
    return {
        "resourceType": "Consent", "status": "active",
        "scope": {"coding": [coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")]},
        "category": [{"coding": [coding("http://loinc.org", "59284-0")]}],
        "policyRule": {"coding": [coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTOUT" if rule["type"] == "deny" else "OPTIN")]},
        "provision": rule,
    }
