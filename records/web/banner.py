"""The patient's banner: who he is, how old, what can harm him. Made of what the gate let through."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from records.interactions.record import Shown
from records.mpi.features import names_of
from records.mpi.rules.resident_number import SYSTEM
from records.web.present import Line, allergy, problem


@dataclass(frozen=True, slots=True)
class Banner:
    name: str
    gender: str
    birth_date: str
    age: str  # today, or on the day of death
    number: str
    phone: str
    deceased: str  # "" for the living, else the date of death, or "?"
    hospitals: tuple[str, ...]
    record_numbers: tuple[tuple[str, str], ...]
    allergies: tuple[Line, ...]
    no_allergy: tuple[Line, ...]  # somebody asked, and there is none
    alerts: tuple[Line, ...]


NO_KNOWN_ALLERGY = frozenset({"716186003", "409137002", "428607008", "716184000", "716185004"})  # SNOMED CT, IPS absence of allergies


def age_on(birth: str, day: dt.date) -> str:
    """In years; in months below three years, in days below one month; "" where the birth date tells no age."""
    try:
        born = dt.date.fromisoformat(birth)
    except ValueError:
        return _("%(n)s y") % {"n": day.year - int(birth[:4])} if birth[:4].isdecimal() else ""
    months = 12 * (day.year - born.year) + day.month - born.month - (day.day < born.day)
    if months >= 36:
        return _("%(n)s y") % {"n": months // 12}
    return _("%(n)s mo") % {"n": months} if months >= 1 else _("%(n)s d") % {"n": (day - born).days}


def masked_number(number: str) -> str:
    """430***********1234: enough to compare with a card, not enough to copy."""
    return number[:3] + "*" * (len(number) - 7) + number[-4:] if len(number) > 8 else number


def banner(p: dict[str, Any], patients: list[Shown], allergies: list[Shown], flags: list[Shown]) -> Banner | None:
    """p: the golden record of the patients, {} where nobody is to be seen."""
    if not p:
        return None
    number = next((i["value"] for i in p.get("identifier", []) if i.get("system") == SYSTEM and i.get("value") and i.get("use") != "old"), "")
    own = []
    for s in patients:
        for i in s.resource.get("identifier", []):
            if any(c.get("code") == "MR" for c in (i.get("type") or {}).get("coding") or []) and i.get("value"):
                own.append((s.hospital.name, i["value"]))
    phone = next((t.get("value", "") for t in p.get("telecom", []) if t.get("system") == "phone"), "")
    birth = p.get("birthDate", "")
    death = str(p.get("deceasedDateTime") or "")[:10] or ("?" if p.get("deceasedBoolean") else "")
    harms = [allergy(s) for s in allergies if holds(s)]
    return Banner(
        name=(names_of(p) or [""])[0], gender=p.get("gender", ""), birth_date=birth,
        age=age_on(birth, dt.date.fromisoformat(death) if death else timezone.localdate()) if birth and len(death) in (0, 10) else "",
        number=masked_number(number), phone=phone, deceased=death,
        hospitals=tuple(dict.fromkeys(s.hospital.name for s in patients)), record_numbers=tuple(own[:6]),
        allergies=tuple(a for a in harms if a.code not in NO_KNOWN_ALLERGY), no_allergy=tuple(a for a in harms if a.code in NO_KNOWN_ALLERGY),
        alerts=tuple(problem(s) for s in flags if s.resource.get("status") == "active"))


def holds(s: Shown) -> bool:
    """An allergy that nobody has taken back."""
    states = {c.get("code") for key in ("clinicalStatus", "verificationStatus") for c in (s.resource.get(key) or {}).get("coding") or []}
    return not states & {"entered-in-error", "refuted", "resolved", "inactive"}
