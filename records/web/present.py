"""FHIR resources in the words of a page: title, date, value, range, flag. Pure; nothing is guessed that was not sent."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from alliance.config.dates import span
from alliance.models import Hospital
from records.interactions.record import Shown
from records.web.values import quantity, ranged, text, value_of

HIGH, LOW = frozenset({"H", "HH", "HU", ">"}), frozenset({"L", "LL", "LU", "<"})


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a list. raw_date: as sent; when: its beginning, for order; facts: small print."""

    title: str
    hospital: Hospital
    date: str = ""
    when: dt.datetime | None = None
    status: str = ""
    value: str = ""
    unit: str = ""
    range: str = ""
    flag: str = ""
    facts: tuple[str, ...] = ()
    code: str = ""
    number: float | None = None
    low: float | None = None
    high: float | None = None
    url: str = ""
    text: str = ""


@dataclass(slots=True)
class Series:
    """One laboratory item over time, newest first; only points with the same code and unit stand together."""

    title: str
    unit: str
    code: str
    points: list[Line] = field(default_factory=list)


def first_code(concept: Any) -> str:
    for coding in (concept or {}).get("coding") or []:
        if coding.get("code"):
            return str(coding["code"])
    return ""


def moment(resource: dict[str, Any], *keys: str) -> tuple[str, dt.datetime | None]:
    """The first of the named dates or periods: (as shown, its beginning)."""
    for key in keys:
        value = resource.get(key)
        if isinstance(value, dict):
            value = value.get("start") or value.get("end")
        if isinstance(value, str):
            return value[:16].replace("T", " ") if "T" in value else value, span(value)[0]
    return "", None


def mistaken(s: Shown) -> bool:
    """Entered in error: kept in the store, shown to nobody as a fact."""
    verified = {c.get("code") for c in (s.resource.get("verificationStatus") or {}).get("coding") or []}
    return "entered-in-error" in (verified | {s.resource.get("status")})


def problem(s: Shown) -> Line:
    r = s.resource
    date, when = moment(r, "onsetDateTime", "onsetPeriod", "recordedDate")
    return Line(text(r.get("code")), s.hospital, date, when, first_code(r.get("clinicalStatus")), code=first_code(r.get("code")), url=s.url,
                facts=tuple(filter(None, (r.get("abatementDateTime", "")[:10] and f"→ {r['abatementDateTime'][:10]}",))))


def allergy(s: Shown) -> Line:
    r = s.resource
    date, when = moment(r, "onsetDateTime", "recordedDate")
    reactions = tuple(text(m) for x in r.get("reaction") or [] for m in x.get("manifestation") or [])
    return Line(text(r.get("code")), s.hospital, date, when, first_code(r.get("clinicalStatus")), flag=r.get("criticality") or "", facts=reactions, url=s.url,
                code=first_code(r.get("code")))


def medicine(s: Shown) -> Line:
    r = s.resource
    date, when = moment(r, "authoredOn", "effectiveDateTime", "effectivePeriod", "dateAsserted")
    name = text(r.get("medicationCodeableConcept")) or str((r.get("medicationReference") or {}).get("display") or "")
    doses = tuple(d.get("text") or dose(d) for d in r.get("dosageInstruction") or r.get("dosage") or [])
    return Line(name, s.hospital, date, when, r.get("status") or "", facts=tuple(filter(None, doses)), url=s.url,
                code=first_code(r.get("medicationCodeableConcept")))


def dose(d: dict[str, Any]) -> str:
    amount, unit, _ = quantity(((d.get("doseAndRate") or [{}])[0]).get("doseQuantity"))
    return f"{amount} {unit}".strip()


def result(s: Shown) -> list[Line]:
    """An Observation as one line, or one for each component (blood pressure); one that only holds others together has none."""
    r = s.resource
    date, when = moment(r, "effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued")
    lines = []
    parts = r.get("component") or []
    for part in [r, *parts]:
        value, unit, number = value_of(part)
        if not value:
            if part is r and (parts or r.get("hasMember")):
                continue
            value = "—"
        bounds = (part.get("referenceRange") or [{}])[0]
        low, _, low_number = quantity(bounds.get("low"))
        high, _, high_number = quantity(bounds.get("high"))
        lines.append(Line(
            text(part.get("code")), s.hospital, date, when, r.get("status") or "", value, unit,
            bounds.get("text") or ranged(low, high),
            flag_of(part, number, low_number, high_number), code=first_code(part.get("code")), number=number, low=low_number,
            high=high_number, url=s.url))
    return lines


def flag_of(part: dict[str, Any], number: float | None, low: float | None, high: float | None) -> str:
    """high or low: what the laboratory said; only where it said nothing, its own range."""
    said = {c.get("code") for i in part.get("interpretation") or [] for c in i.get("coding") or []}
    if said & HIGH:
        return "high"
    if said & LOW:
        return "low"
    if not said and number is not None:
        if high is not None and number > high:
            return "high"
        if low is not None and number < low:
            return "low"
    return ""


def encounter(s: Shown) -> Line:
    r = s.resource
    date, when = moment(r, "period")
    end = str((r.get("period") or {}).get("end") or "")[:10]
    who = tuple(str((p.get("individual") or {}).get("display") or "") for p in r.get("participant") or [])
    kind = text(r.get("type")) or text(r.get("class"))
    facts = (text(r.get("serviceType")), text(r.get("reasonCode")), f"→ {end}" if end and end != date[:10] else "", *who)
    return Line(kind, s.hospital, date, when, r.get("status") or "", facts=tuple(filter(None, facts)), code=str((r.get("class") or {}).get("code") or ""), url=s.url)


def document(s: Shown) -> Line:
    r = s.resource
    date, when = moment(r, "date", "effectiveDateTime", "effectivePeriod", "issued")
    title = r.get("title") or r.get("description") or text(r.get("type") or r.get("code"))
    body = r.get("conclusion") or ""
    return Line(str(title), s.hospital, date, when, r.get("status") or r.get("docStatus") or "", facts=tuple(filter(None, (text(r.get("category")),))), text=str(body), url=s.url)


def newest(lines: list[Line]) -> list[Line]:
    floor = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
    return sorted(lines, key=lambda x: x.when or floor, reverse=True)


def series(lines: list[Line]) -> list[Series]:
    """Results grouped by code and unit, the group with the newest result first."""
    groups: dict[tuple[str, str], Series] = {}
    for line in newest(lines):
        key = (line.code or line.title, line.unit)
        groups.setdefault(key, Series(line.title, line.unit, line.code)).points.append(line)
    return list(groups.values())
