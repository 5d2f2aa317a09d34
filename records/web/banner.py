"""The patient's banner: who the patient is, how old, what can harm them. Made of what the gate let through."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from records.interactions.record import Shown
from records.meaning.ages import age_of
from records.meaning.allergy import merge
from records.meaning.facts import DATED
from records.meaning.modifiers import modified
from records.meaning.patient import current, dead, describe_patient, name_mark, names, registration, telephone
from records.meaning.ranges import Patient
from records.meaning.read import read
from records.meaning.sense import Reading, Sense
from records.meaning.times import moment, moment_of
from records.meaning.trend import order
from records.mpi.features import names_of
from records.mpi.rules.resident_number import SYSTEM
from records.web.ages import age_words
from records.web.present import Line, line, newest
from records.web.results import ResultLine, result_lines
from records.web.sections import Notice, hidden

FIRST = 3  # critical values, allergies and alerts that stand in the banner itself; the others are one click away
CRITICAL_HOURS = 72
MOST = {"AllergyIntolerance": 300, "Flag": 100, "Observation": 200}  # how many of the newest are looked at


@dataclass(frozen=True, slots=True)
class Banner:
    """name_mark: "" for a name of the patient's own; former: other names with what they are; doubts: (hospital, words) of registrations that are not ordinary."""

    name: str
    gender: str
    birth_date: str
    age: str  # today, or on the day of death
    number: str
    phone: str
    deceased: str  # "" for the living, else the day of death on the hospital's clock, or "?"
    death_sent: str  # as sent, where it reads otherwise
    hospitals: tuple[str, ...]
    record_numbers: tuple[tuple[str, str], ...]
    allergies: tuple[Line, ...]  # the worst first
    no_allergy: tuple[Line, ...]  # somebody asked, and there is none; or that one was ruled out
    alerts: tuple[Line, ...]
    past: tuple[Line, ...] = ()  # allergies and alerts that hold no more, or not yet
    notices: tuple[Notice, ...] = ()
    name_mark: str = ""
    former: tuple[tuple[str, str], ...] = ()
    doubts: tuple[tuple[str, str], ...] = ()
    criticals: tuple[ResultLine, ...] = ()  # of the last hours, the newest first

    @property
    def more(self) -> int:
        """How many critical values, allergies and alerts stand in the full list only."""
        return max(0, len(self.criticals) - FIRST) + max(0, len(self.allergies) - FIRST) + max(0, len(self.alerts) - FIRST)


def masked_number(number: str) -> str:
    """430***********1234: enough to compare with a card, not enough to copy."""
    return number[:3] + "*" * (len(number) - 7) + number[-4:] if len(number) > 8 else number


def banner(p: dict[str, Any], patients: list[Shown], allergies: list[Shown], flags: list[Shown], observations: Sequence[Shown] = ()) -> Banner | None:
    """p: the golden record of the patients, {} where nobody is to be seen; observations: among which critical values are looked for."""
    if not p:
        return None
    now = timezone.now()
    called = names(p)
    died, death = any(dead(x) for x in (p, *(s.resource for s in patients))), moment_of(p, "deceasedDateTime")
    number = next((i["value"] for i in current(p.get("identifier")) if i.get("system") == SYSTEM and i.get("value")), "")
    said = [(s, read(s.resource)) for s in allergies if not modified(s.resource)]
    raised = [(line(s), in_force(s.resource, now)) for s in flags if not modified(s.resource)]
    alerts = [x for x, holds in raised if holds and x.sense not in (Sense.VOID, Sense.PAST)]
    return Banner(
        name=write_name(called[0]) if called else "", gender=p.get("gender", ""), birth_date=p.get("birthDate", ""), age="" if died and not death.shown else age_words(age_of(p, now)),
        number=masked_number(number), phone=telephone(p), deceased=death.day or ("?" if died else ""), death_sent=death.sent,
        hospitals=tuple(dict.fromkeys(s.hospital.name for s in patients)), record_numbers=tuple(record_numbers(patients)),
        allergies=list_allergies(said), no_allergy=denials(said), alerts=tuple(sorted(alerts, key=lambda x: (x.title, x.hospital.code, x.url))),
        past=tuple(newest([*(line(s) for s, r in said if r.sense is Sense.PAST), *(x for x, _holds in raised if x.sense is not Sense.VOID and x not in alerts)])),
        notices=tuple(hidden(allergies) + hidden(flags) + warn_of_limits(allergies, flags, observations, now)), name_mark=name_mark(called[0]) if called else "",
        former=tuple((write_name(n), name_mark(n)) for n in called[1:] if name_mark(n)),
        doubts=tuple((s.hospital.name, m.text) for s in patients for m in registration(s.resource)), criticals=criticals(observations, describe_patient(p), now))


def criticals(observations: Iterable[Shown], patient: Patient, now: dt.datetime) -> tuple[ResultLine, ...]:
    """Critical values of the last hours (CRITICAL_HOURS), the newest first."""
    found = [x for s in observations if recent(s.resource, now) and not modified(s.resource) for x in result_lines(s, patient) if x.critical]
    return tuple(sorted(found, key=order))


def recent(observation: dict[str, Any], now: dt.datetime) -> bool:
    ends = moment_of(observation, *DATED["Observation"]).ends
    return ends is not None and ends > now - dt.timedelta(hours=CRITICAL_HOURS)


def warn_of_limits(allergies: Sequence[Shown], flags: Sequence[Shown], observations: Sequence[Shown], now: dt.datetime) -> list[Notice]:
    """What may be missing because there are more than are looked at."""
    out = []
    if len(allergies) >= MOST["AllergyIntolerance"] or len(flags) >= MOST["Flag"]:
        out.append(Notice(_("There are more allergies or alerts than are looked at here."), loud=True))
    if len(observations) >= MOST["Observation"] and all(recent(s.resource, now) for s in observations[: MOST["Observation"]]):
        out.append(Notice(_("Only the newest %s results were looked through for critical values.") % MOST["Observation"]))
    return out


def write_name(name: dict[str, Any]) -> str:
    """A HumanName as it is written."""
    return (names_of({"name": [name]}) or [""])[0]


def record_numbers(patients: Iterable[Shown]) -> list[tuple[str, str]]:
    """(hospital, number) of the hospitals' own current numbers."""
    return [(s.hospital.name, i["value"]) for s in patients for i in current(s.resource.get("identifier"))
            if any(c.get("code") == "MR" for c in (i.get("type") or {}).get("coding") or []) and i.get("value")]


def list_allergies(said: list[tuple[Shown, Reading]]) -> tuple[Line, ...]:
    """Allergies that hold, the same one of several hospitals once, the worst first."""
    held = [(s, r) for s, r in said if r.sense in (Sense.CURRENT, Sense.UNCERTAIN)]
    hospitals = {s.hospital.code: s.hospital for s, _r in held}
    out = []
    for reading, codes in merge([(s.hospital.code, s.resource, r) for s, r in held]):
        sources = tuple(hospitals[c] for c in codes)
        out.append(Line(reading.title, sources[0], code=reading.code, facts=reading.facts, sense=reading.sense, marks=reading.marks, notes=reading.notes, sources=sources))
    return tuple(out)


def denials(said: list[tuple[Shown, Reading]]) -> tuple[Line, ...]:
    """What was asked and denied, or of which it is said that nobody asked."""
    return tuple(newest([line(s) for s, r in said if r.sense in (Sense.NEGATIVE, Sense.UNASKED)]))


def in_force(flag: dict[str, Any], now: dt.datetime) -> bool:
    """Whether this moment lies in the flag's period; one without a period is in force."""
    span = flag.get("period") or {}
    starts, ends = moment(str(span.get("start") or "")).starts, moment(str(span.get("end") or "")).ends
    return (starts is None or starts <= now) and (ends is None or now < ends)
