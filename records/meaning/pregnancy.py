"""Whether a record says that the patient is pregnant now, since when and until when: one reading
for banner and history, of Observations and of diagnoses.

Codes: LOINC 82810-3 (status), 11778-8, 11779-6, 11780-4 (estimated day of delivery), 8665-2 (first
day of the last period). The day of delivery from the last period: 280 days (Naegele).
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alliance.platform.dates import EARLIEST_INSTANT, parse_date_range, to_hospital_time
from records.meaning.ages import AgeUnit, age_at
from records.meaning.patient_risks import (
    HELD,
    Entry,
    Risk,
    RiskKind,
    RiskSource,
    clean_name,
    date_of,
    diagnosis_name,
    has_code,
    held_conditions,
    newest_first,
)
from records.meaning.phrase import Json
from records.meaning.reference_ranges import PatientTraits
from records.meaning.risk_terms import PREGNANCY, PREGNANCY_CODES
from records.meaning.sense import Sense
from records.meaning.states import judge_state
from records.meaning.times import Moment, moment_of_element
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.meaning.value_text import concept_text, drop_nulls

STATUS, LAST_PERIOD = "82810-3", "8665-2"
DELIVERY = ("11778-8", "11780-4", "11779-6")  # ultrasound before the period's own
OBSERVED_CODES = frozenset({STATUS, LAST_PERIOD, *DELIVERY})
NAMES = {
    "妊娠状态": STATUS,
    "pregnancystatus": STATUS,
    "预产期": DELIVERY[0],
    "末次月经": LAST_PERIOD,
}  # of hospitals that give no code
TERM = dt.timedelta(days=280)
OVERDUE = dt.timedelta(days=21)  # so long after the day a pregnancy is taken to last
STALE = dt.timedelta(days=300)  # so old a "pregnant" says nothing of today
FERTILE_YEARS = (10, 55)
PREGNANT_CODES = PREGNANCY_CODES | {"LA15173-0"}
DENIED = re.compile(r"未|非|否|无|没|\bnot?\b|negative|unknown|阴性", re.I)
PREGNANT = re.compile(r"孕|妊娠|pregnan|gravid|^是$|^yes$", re.I)


@dataclass(frozen=True, slots=True)
class Pregnancy:
    """Days on the hospital's clock, None where not known; weeks, days: how far it is today.
    reckoned: the day of delivery was reckoned here from the last period; sources: what says so, the
    newest first; unsure: every one of them is doubtful itself.
    """

    delivery: dt.date | None
    last_period: dt.date | None
    weeks: int = 0
    days: int = 0
    reckoned: bool = False
    sources: tuple[RiskSource, ...] = ()
    unsure: bool = False

    def as_risk(self) -> Risk:
        return Risk(RiskKind.PREGNANCY, "", self.sources, self.unsure)


@dataclass(frozen=True, slots=True)
class PregnancyFact:
    """What one Observation says: about one of OBSERVED_CODES."""

    source: RiskSource
    about: str
    resource: Json


def read_pregnancy(
    observations: Sequence[Entry],
    conditions: Sequence[Entry],
    patient: PatientTraits,
    now: dt.datetime,
) -> Pregnancy | None:
    """None where nothing speaks for a pregnancy today; where the newest word on it says no, and no
    later entry yes; of a patient who is recorded as male (a child's or a husband's form copied) or
    of no age for it.
    """
    if patient.sex == "male" or not is_fertile(patient.birth, now):
        return None
    today = to_hospital_time(now).date()
    facts = sorted(list_facts(observations), key=lambda f: -instant(f.source.at).timestamp())
    said, denied = split_statuses((f for f in facts if f.about == STATUS), now)
    due = [f for code in DELIVERY for f in first_of(facts, code)][:1]
    delivery = day_of_value(due[0].resource) if due else None
    if delivery and not today - OVERDUE <= delivery <= today + TERM:
        delivery, due = None, []
    held = [
        (RiskSource("Condition", place, at), sense is Sense.UNCERTAIN)
        for place, sense, c in held_conditions(conditions)
        if is_pregnancy(c) and is_since(at := date_of_diagnosis(c), now)
    ]
    sources = [
        (s, unsure)
        for s, unsure in (*held, *((f.source, False) for f in (*said, *due)))
        if denied is None or instant(s.at) > denied
    ]
    if not sources:
        return None
    return date_pregnancy(facts, delivery, sources, today)


def date_pregnancy(
    facts: Sequence[PregnancyFact],
    delivery: dt.date | None,
    sources: Sequence[tuple[RiskSource, bool]],
    today: dt.date,
) -> Pregnancy:
    last_period = newest_day(facts, LAST_PERIOD)
    if last_period and not today - TERM - OVERDUE <= last_period <= today:
        last_period = None
    begun = delivery - TERM if delivery else last_period
    passed = (today - begun).days if begun else 0
    return Pregnancy(
        delivery or (last_period + TERM if last_period else None),
        last_period,
        *divmod(max(passed, 0), 7),
        reckoned=delivery is None and last_period is not None,
        sources=newest_first(s for s, _unsure in sources),
        unsure=all(unsure for _s, unsure in sources),
    )


def is_fertile(birth: str, now: dt.datetime) -> bool:
    age = age_at(birth, now)
    return age is None or (
        age.unit is AgeUnit.YEARS and FERTILE_YEARS[0] <= age.number <= FERTILE_YEARS[1]
    )


def list_facts(observations: Sequence[Entry]) -> Iterator[PregnancyFact]:
    for place, (_hospital, sent) in enumerate(observations):
        if has_unknown_modifier(sent) or judge_state(r := drop_nulls(sent))[0] not in HELD:
            continue
        codes = {str(c.get("code")) for c in (r.get("code") or {}).get("coding") or []}
        named = NAMES.get(clean_name(concept_text(r.get("code"))), "")
        if about := next(iter(sorted(codes & OBSERVED_CODES)), named):
            yield PregnancyFact(RiskSource("Observation", place, date_of(r)), about, r)


def split_statuses(
    facts: Iterable[PregnancyFact], now: dt.datetime
) -> tuple[list[PregnancyFact], dt.datetime | None]:
    """facts: the newest first. Those that say pregnant and are of these months, behind the newest
    that says no, and when that was.
    """
    said = []
    for f in facts:
        if is_said(f.resource):
            said += [f] if is_since(f.source.at, now) else []
        elif DENIED.search(status_words(f.resource)) or f.resource.get("valueBoolean") is False:
            return said, instant(f.source.at)
    return said, None


def is_said(r: Json) -> bool:
    words = status_words(r)
    return (
        r.get("valueBoolean") is True
        or has_code(r.get("valueCodeableConcept"), PREGNANT_CODES)
        or bool(PREGNANT.search(words) and not DENIED.search(words))
    )


def status_words(r: Json) -> str:
    return str(r.get("valueString") or "") or concept_text(r.get("valueCodeableConcept"))


def first_of(facts: Sequence[PregnancyFact], about: str) -> list[PregnancyFact]:
    return [f for f in facts if f.about == about and day_of_value(f.resource)][:1]


def newest_day(facts: Sequence[PregnancyFact], about: str) -> dt.date | None:
    """The day that the newest Observation about it gives."""
    return next((day_of_value(f.resource) for f in first_of(facts, about)), None)


def day_of_value(r: Json) -> dt.date | None:
    try:
        return to_hospital_time(
            parse_date_range(str(r.get("valueDateTime") or r.get("valueString") or ""))[0]
        ).date()
    except ValueError:
        return None


def is_pregnancy(condition: Json) -> bool:
    return bool(PREGNANCY.fullmatch(diagnosis_name(condition))) or has_code(
        condition.get("code"), PREGNANCY_CODES
    )


def date_of_diagnosis(condition: Json) -> Moment:
    return moment_of_element(condition, "recordedDate", "onsetDateTime", "onsetPeriod")


def instant(at: Moment) -> dt.datetime:
    return at.starts or EARLIEST_INSTANT


def is_since(at: Moment, now: dt.datetime) -> bool:
    return at.ends is not None and at.ends > now - STALE
