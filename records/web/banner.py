"""The patient's banner: who he is, how old, what can harm him. Made of what the gate let through."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from records.interactions.record import Shown
from records.mpi.features import names_of
from records.mpi.rules.resident_number import SYSTEM
from records.web.present import Line, allergy, problem


@dataclass(frozen=True, slots=True)
class Banner:
    name: str
    gender: str
    birth_date: str
    age: int | None
    number: str
    phone: str
    deceased: bool
    hospitals: tuple[str, ...]
    record_numbers: tuple[tuple[str, str], ...]
    allergies: tuple[Line, ...]
    alerts: tuple[Line, ...]


def age_on(birth: str, day: dt.date) -> int | None:
    try:
        born = dt.date.fromisoformat(birth)
    except ValueError:
        return day.year - int(birth[:4]) if birth[:4].isdecimal() else None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def masked_number(number: str) -> str:
    """430***********1234: enough to compare with a card, not enough to copy."""
    return number[:3] + "*" * (len(number) - 7) + number[-4:] if len(number) > 8 else number


def banner(patients: list[Shown], allergies: list[Shown], flags: list[Shown]) -> Banner | None:
    if not patients:
        return None
    p = patients[0].resource
    number = next((i["value"] for s in patients for i in s.resource.get("identifier", []) if i.get("system") == SYSTEM and i.get("value")), "")
    own = []
    for s in patients:
        for i in s.resource.get("identifier", []):
            if any(c.get("code") == "MR" for c in (i.get("type") or {}).get("coding") or []) and i.get("value"):
                own.append((s.hospital.name, i["value"]))
    phone = next((t.get("value", "") for s in patients for t in s.resource.get("telecom", []) if t.get("system") == "phone"), "")
    birth = p.get("birthDate", "")
    return Banner(
        name=(names_of(p) or [""])[0], gender=p.get("gender", ""), birth_date=birth, age=age_on(birth, timezone.localdate()) if birth else None,
        number=masked_number(number), phone=phone, deceased=bool(p.get("deceasedBoolean") or p.get("deceasedDateTime")),
        hospitals=tuple(dict.fromkeys(s.hospital.name for s in patients)), record_numbers=tuple(own[:6]),
        allergies=tuple(allergy(s) for s in allergies if not entered_in_error(s)), alerts=tuple(problem(s) for s in flags))


def entered_in_error(s: Shown) -> bool:
    return any(c.get("code") == "entered-in-error" for c in (s.resource.get("verificationStatus") or {}).get("coding") or [])
