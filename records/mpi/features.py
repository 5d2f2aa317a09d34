"""A FHIR Patient in the words of the index: names, sex, birth date, identifiers. Pure."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from records.mpi.profile import Words
from records.mpi.rules import paper, resident_number

V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
RECORD_NUMBER = (V2_0203, "MR")
LOCAL = frozenset({"MR", "PI", "PT", "VN", "AN", "RI"})  # identifier types that a hospital gives out itself: they mean nothing elsewhere
NATIONAL = {"urn:oid:2.16.156.10011.1.2": "health-record"}  # 城乡居民健康档案编号: one number for a person in the whole country
INSURANCE = frozenset({"HC", "MB", "MC", "MA", "SN"})
LONGEST, MOST, FORMER = 300, 12, 5  # characters of one word, other papers, names
USES = {"official": 0, "usual": 1, "nickname": 3, "maiden": 4, "anonymous": 5, "old": 6}  # of a name, the one to be compared first
OTHER = 2
GUARDIANS = frozenset({"N", "C", "PRN", "MTH", "FTH", "NMTH", "NFTH", "GUARD", "PARNT", "GRPRN"})
RELATED = "http://hl7.org/fhir/StructureDefinition/patient-relatedPerson"  # of a contact: R4 has no other place for his number


@dataclass(frozen=True, slots=True)
class Features:
    """number is the normal citizen number or ""; dates are ISO, possibly partial."""

    names: tuple[str, ...]
    gender: str
    birth_date: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Identified:
    """features, and the identifiers as (kind, system, value)."""

    features: Features
    display: str
    identifiers: tuple[tuple[str, str, str], ...]


def ended(element: dict[str, Any], today: dt.date) -> bool:
    """Whether what FHIR dates by a period or a use is no longer so; today: dt.date.max where the day is not known, as whatever ends then has ended."""
    end = str((element.get("period") or {}).get("end") or "")[:10]
    return element.get("use") == "old" or bool(end and end < today.isoformat()[:len(end)])


def names_of(patient: dict[str, Any], today: dt.date = dt.date.max) -> list[str]:
    """Full names, the current ones first (USES), those that ended last: `text`, else family and given (Chinese without a space)."""
    out = []
    for n in sorted(patient.get("name") or [], key=lambda n: (ended(n, today), USES.get(n.get("use") or "", OTHER))):
        text = n.get("text")
        if not text:
            parts = [p for p in (*(n.get("given") or []),) if p]
            family = n.get("family") or ""
            text = family + "".join(parts) if any("一" <= c <= "鿿" for c in family) else " ".join([*parts, family])
        if text.strip() and text.strip() not in out:
            out.append(text.strip())
    return out


def identifiers_of(patient: dict[str, Any], today: dt.date = dt.date.max) -> list[dict[str, Any]]:
    """In their order, those that ended last."""
    return sorted(patient.get("identifier") or [], key=lambda i: ended(i, today))


def identify(patient: dict[str, Any]) -> Identified:
    names = names_of(patient)
    identifiers = []
    number = ""
    for i in identifiers_of(patient):
        system, value = i.get("system") or "", (i.get("value") or "").strip()
        if not value:
            continue
        codings = [(c.get("system"), c.get("code")) for c in (i.get("type") or {}).get("coding") or []]
        if system == resident_number.SYSTEM:
            normal = resident_number.normal(value)
            number = number or normal
            identifiers.append(("resident", system, normal))
        elif RECORD_NUMBER in codings:
            identifiers.append(("record", system, value))
        else:
            identifiers.append(("other", system, value))
    features = Features(tuple(names), patient.get("gender") or "", patient.get("birthDate") or "", number)
    return Identified(features, names[0] if names else "", tuple(identifiers))


def words_of(patient: dict[str, Any], today: dt.date) -> Words:
    """What the matching compares, of a FHIR Patient; today: the day on which he is registered."""
    number, papers, insurance = "", [], ""
    for i in identifiers_of(patient, today):
        value, codes = (i.get("value") or "").strip(), {c.get("code") for c in (i.get("type") or {}).get("coding") or []}
        if i.get("system") == resident_number.SYSTEM or (paper.citizen(value) and not codes & LOCAL):
            number = number or value
        elif value and i.get("system") in NATIONAL:
            papers.append(f"{NATIONAL[i['system']]}:{value}")
        elif value and codes & INSURANCE:
            insurance = insurance or value
        elif value and not codes & LOCAL and codes:
            papers.append(f"{'/'.join(sorted(c for c in codes if c))}:{value}")
    guardian = next((c for c in patient.get("contact") or [] if GUARDIANS & {x.get("code") for r in c.get("relationship") or [] for x in r.get("coding") or []}), {})
    names = names_of(patient, today)
    guardians = names_of({"name": [guardian["name"]]}) if guardian.get("name") else []
    phones = [t["value"] for t in patient.get("telecom") or [] if t.get("system") in ("phone", "sms") and t.get("value") and not ended(t, today)]
    addresses = [full_address(a) for a in patient.get("address") or [] if not ended(a, today)]
    order = patient.get("multipleBirthInteger")
    return Words(
        first(names), patient.get("gender") or "", patient.get("birthDate") or "", number[:LONGEST], tuple(p[:LONGEST] for p in papers[:MOST]), insurance[:LONGEST],
        first(phones), first(addresses), first(guardians), number_of(guardian), order if isinstance(order, int) else 0, today.isoformat(), tuple(n[:LONGEST] for n in names[1:FORMER + 1]))


def number_of(contact: dict[str, Any]) -> str:
    """The citizen number of a contact, as a logical reference to the RelatedPerson that he is."""
    said = (e.get("valueReference", {}).get("identifier", {}) for e in contact.get("extension") or [] if e.get("url") == RELATED)
    return next((i["value"][:LONGEST] for i in said if i.get("system") == resident_number.SYSTEM and i.get("value")), "")


def first(texts: list[str]) -> str:
    """Comparing costs the square of the length, and nobody's name or address is longer."""
    return texts[0][:LONGEST] if texts else ""


def full_address(a: dict[str, Any]) -> str:
    """As it was written, else its parts from the largest to the smallest."""
    lines = [*(a.get("line") or [])]
    return str(a.get("text") or "") or " ".join(p for p in (a.get("state"), a.get("city"), a.get("district"), *lines, a.get("postalCode")) if p)
