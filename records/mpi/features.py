"""A FHIR Patient in the words of the index: names, sex, birth date, identifiers. Pure."""

from dataclasses import dataclass
from typing import Any

from records.mpi.decide import Features
from records.mpi.rules import resident_number

RECORD_NUMBER = ("http://terminology.hl7.org/CodeSystem/v2-0203", "MR")


@dataclass(frozen=True, slots=True)
class Identified:
    """features, and the identifiers as (kind, system, value)."""

    features: Features
    display: str
    identifiers: tuple[tuple[str, str, str], ...]


def names_of(patient: dict[str, Any]) -> list[str]:
    """Full names, the current ones first: `text`, else family and given (Chinese without a space)."""
    out = []
    for n in sorted(patient.get("name") or [], key=lambda n: n.get("use") in ("old", "maiden")):
        text = n.get("text")
        if not text:
            parts = [p for p in (*(n.get("given") or []),) if p]
            family = n.get("family") or ""
            text = family + "".join(parts) if any("一" <= c <= "鿿" for c in family) else " ".join([*parts, family])
        if text.strip() and text.strip() not in out:
            out.append(text.strip())
    return out


def identify(patient: dict[str, Any]) -> Identified:
    names = names_of(patient)
    identifiers = []
    number = ""
    for i in patient.get("identifier") or []:
        system, value = i.get("system") or "", (i.get("value") or "").strip()
        if not value:
            continue
        codings = [(c.get("system"), c.get("code")) for c in (i.get("type") or {}).get("coding") or []]
        if system == resident_number.SYSTEM:
            number = resident_number.normal(value)
            identifiers.append(("resident", system, number))
        elif RECORD_NUMBER in codings:
            identifiers.append(("record", system, value))
        else:
            identifiers.append(("other", system, value))
    features = Features(tuple(names), patient.get("gender") or "", patient.get("birthDate") or "", number)
    return Identified(features, names[0] if names else "", tuple(identifiers))
