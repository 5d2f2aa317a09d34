"""Extract what the index keeps from a FHIR Patient: names, sex, birth date, identifiers. Pure."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from records.mpi.matching.profile import Demographics
from records.mpi.matching.rules import identity_paper, resident_number

V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
RECORD_NUMBER = (V2_0203, "MR")
LOCAL_TYPES = frozenset(
    {"MR", "PI", "PT", "VN", "AN", "RI"}
)  # identifier types that a hospital gives out itself: they mean nothing elsewhere
NATIONAL_SYSTEMS = {
    "urn:oid:2.16.156.10011.1.2": "health-record"
}  # 城乡居民健康档案编号: one number for a person in the whole country
INSURANCE_TYPES = frozenset({"HC", "MB", "MC", "MA", "SN"})
LONGEST, MOST, MAX_FORMER_NAMES = 300, 12, 5  # characters of one word, other papers, names
MAX_PHONES = 8
NAME_USE_ORDER = {
    "official": 0,
    "usual": 1,
    "nickname": 3,
    "maiden": 4,
    "anonymous": 5,
    "old": 6,
}  # of a name, the one to be compared first
OTHER_USE = 2
GUARDIAN_CODES = frozenset(
    {"N", "C", "PRN", "MTH", "FTH", "NMTH", "NFTH", "GUARD", "PARNT", "GRPRN"}
)
# of a contact: R4 has no other place for their number
RELATED_PERSON_URL = "http://hl7.org/fhir/StructureDefinition/patient-relatedPerson"


@dataclass(frozen=True, slots=True)
class SearchFeatures:
    """number is the normal citizen number or ""; dates are ISO, possibly partial."""

    names: tuple[str, ...]
    gender: str
    birth_date: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class IndexedPatient:
    """features, and the identifiers as (kind, system, value); phones: the patient's, and those of
    their contacts.
    """

    features: SearchFeatures
    display: str
    identifiers: tuple[tuple[str, str, str], ...]
    phones: tuple[str, ...] = ()


def has_ended(element: dict[str, Any], today: dt.date) -> bool:
    """Whether what FHIR dates by a period or a use is no longer so; today: dt.date.max where the
    day is not known, as whatever ends then has ended.
    """
    end = str((element.get("period") or {}).get("end") or "")[:10]
    return element.get("use") == "old" or bool(end and end < today.isoformat()[: len(end)])


def patient_names(patient: dict[str, Any], today: dt.date = dt.date.max) -> list[str]:
    """Full names, the current ones first (USES), those that ended last: `text`, else family and
    given (Chinese without a space).
    """
    names = []
    for human_name in sorted(
        patient.get("name") or [],
        key=lambda human_name: (
            has_ended(human_name, today),
            NAME_USE_ORDER.get(human_name.get("use") or "", OTHER_USE),
        ),
    ):
        text = human_name.get("text")
        if not text:
            parts = [p for p in (*(human_name.get("given") or []),) if p]
            family = human_name.get("family") or ""
            text = (
                family + "".join(parts)
                if any("一" <= c <= "鿿" for c in family)
                else " ".join([*parts, family])
            )
        if text.strip() and text.strip() not in names:
            names.append(text.strip())
    return names


def patient_identifiers(
    patient: dict[str, Any], today: dt.date = dt.date.max
) -> list[dict[str, Any]]:
    """In their order, those that ended last."""
    return sorted(patient.get("identifier") or [], key=lambda i: has_ended(i, today))


def parse_indexed_patient(patient: dict[str, Any]) -> IndexedPatient:
    names = patient_names(patient)
    identifiers = []
    number = ""
    for identifier in patient_identifiers(patient):
        system, value = identifier.get("system") or "", (identifier.get("value") or "").strip()
        if not value:
            continue
        codings = [
            (c.get("system"), c.get("code"))
            for c in (identifier.get("type") or {}).get("coding") or []
        ]
        if system == resident_number.RESIDENT_NUMBER_SYSTEM:
            normalized = resident_number.normalize_resident_number(value)
            number = number or normalized
            identifiers.append(("resident", system, normalized))
        elif RECORD_NUMBER in codings:
            identifiers.append(("record", system, value))
        else:
            identifiers.append(("other", system, value))
    features = SearchFeatures(
        tuple(names), patient.get("gender") or "", patient.get("birthDate") or "", number
    )
    return IndexedPatient(
        features, names[0] if names else "", tuple(identifiers), patient_phones(patient)
    )


def patient_phones(patient: dict[str, Any]) -> tuple[str, ...]:
    """Those by which the patient is reached now, a child by its parents'."""
    told = [patient, *(patient.get("contact") or [])]
    return tuple(
        dict.fromkeys(
            t["value"]
            for whose in told
            for t in whose.get("telecom") or []
            if t.get("system") in ("phone", "sms")
            and t.get("value")
            and not has_ended(t, dt.date.max)
        )
    )[:MAX_PHONES]


def demographics_from_patient(patient: dict[str, Any], today: dt.date) -> Demographics:
    """What the matching compares, of a FHIR Patient; today: the day of registration."""
    number, papers, insurance = "", [], ""
    for identifier in patient_identifiers(patient, today):
        value, codes = (
            (identifier.get("value") or "").strip(),
            {c.get("code") for c in (identifier.get("type") or {}).get("coding") or []},
        )
        if identifier.get("system") == resident_number.RESIDENT_NUMBER_SYSTEM or (
            identity_paper.valid_resident_number(value) and not codes & LOCAL_TYPES
        ):
            number = number or value
        elif value and identifier.get("system") in NATIONAL_SYSTEMS:
            papers.append(f"{NATIONAL_SYSTEMS[identifier['system']]}:{value}")
        elif value and codes & INSURANCE_TYPES:
            insurance = insurance or value
        elif value and not codes & LOCAL_TYPES and codes:
            papers.append(f"{'/'.join(sorted(c for c in codes if c))}:{value}")
    guardian = next(
        (
            c
            for c in patient.get("contact") or []
            if GUARDIAN_CODES
            & {x.get("code") for r in c.get("relationship") or [] for x in r.get("coding") or []}
        ),
        {},
    )
    names = patient_names(patient, today)
    guardians = patient_names({"name": [guardian["name"]]}) if guardian.get("name") else []
    phones = [
        t["value"]
        for t in patient.get("telecom") or []
        if t.get("system") in ("phone", "sms") and t.get("value") and not has_ended(t, today)
    ]
    addresses = [format_address(a) for a in patient.get("address") or [] if not has_ended(a, today)]
    order = patient.get("multipleBirthInteger")
    return Demographics(
        first_clipped(names),
        patient.get("gender") or "",
        patient.get("birthDate") or "",
        number[:LONGEST],
        tuple(p[:LONGEST] for p in papers[:MOST]),
        insurance[:LONGEST],
        first_clipped(phones),
        first_clipped(addresses),
        first_clipped(guardians),
        contact_number(guardian),
        order if isinstance(order, int) else 0,
        today.isoformat(),
        tuple(n[:LONGEST] for n in names[1 : MAX_FORMER_NAMES + 1]),
    )


def contact_number(contact: dict[str, Any]) -> str:
    """The citizen number of a contact, as a logical reference to the RelatedPerson that they
    are.
    """
    identifiers = (
        e.get("valueReference", {}).get("identifier", {})
        for e in contact.get("extension") or []
        if e.get("url") == RELATED_PERSON_URL
    )
    return next(
        (
            i["value"][:LONGEST]
            for i in identifiers
            if i.get("system") == resident_number.RESIDENT_NUMBER_SYSTEM and i.get("value")
        ),
        "",
    )


def first_clipped(texts: list[str]) -> str:
    """Comparing costs the square of the length, and nobody's name or address is longer."""
    return texts[0][:LONGEST] if texts else ""


def format_address(address: dict[str, Any]) -> str:
    """As it was written, else its parts from the largest to the smallest."""
    lines = [*(address.get("line") or [])]
    return str(address.get("text") or "") or " ".join(
        p
        for p in (
            address.get("state"),
            address.get("city"),
            address.get("district"),
            *lines,
            address.get("postalCode"),
        )
        if p
    )
