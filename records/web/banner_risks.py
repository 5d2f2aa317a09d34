"""What the banner says beside allergies and critical values: anticoagulants, infection, pregnancy,
implants, blood group, the visit that is going on. Made of the rows of its own windows.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from records.meaning.facts import Fact
from records.meaning.medicine_facts import merge_medicines
from records.meaning.medicine_hints import is_taken
from records.meaning.patient_risks import (
    BloodGroup,
    Entry,
    Risk,
    RiskKind,
    RiskSource,
    find_blood_group,
    find_implants,
    find_infections,
    read_lines,
)
from records.meaning.phrase import say_reference
from records.meaning.pregnancy import Pregnancy, read_pregnancy
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_reading import interpret_resource
from records.meaning.risk_terms import IMPLANT_WORDS
from records.meaning.sense import Sense
from records.meaning.states import judge_state
from records.meaning.times import moment_of_element
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.operations.shared_record import ShownResource

INPATIENT = frozenset({"IMP", "ACUTE", "NONAC", "EMER", "OBSENC"})  # v3-ActEncounterCode
STAY_DAYS, VISIT_DAYS = 180, 2
STATUS_OF_PLACE = frozenset({"active", None})
IMPLANT_TYPES = ("Device", "DeviceUseStatement", "Procedure", "Condition")


@dataclass(frozen=True, slots=True)
class RiskLine:
    """kind: for counting and looks; label: what kind it is, "" where the words say it; note: what
    qualifies it; sources: (hospital, date) of the entries, the newest first.
    """

    kind: str
    words: str
    label: str = ""
    note: str = ""
    sources: tuple[tuple[str, str], ...] = ()
    loud: bool = True


@dataclass(frozen=True, slots=True)
class VisitLine:
    """A visit that is going on. place: ward and bed, as sent; recent: begun so lately that it may
    well go on, for many a visit is never closed.
    """

    title: str
    place: str
    hospital: str
    since: str
    inpatient: bool
    recent: bool


Rows = Mapping[str, Sequence[ShownResource]]


def understood(rows: Rows, name: str) -> list[ShownResource]:
    return [s for s in rows.get(f"banner {name}", ()) if not has_unknown_modifier(s.resource)]


def find_pregnancy(rows: Rows, patient: PatientTraits, now: dt.datetime) -> Pregnancy | None:
    """What banner and history say of a pregnancy."""
    observations, conditions = (
        as_entries(understood(rows, name)) for name in ("marker Observation", "Condition")
    )
    return read_pregnancy(observations, conditions, patient, now)


def list_risks(
    rows: Rows, patient: PatientTraits, now: dt.datetime, pregnancy: Pregnancy | None
) -> tuple[RiskLine, ...]:
    """The gravest first."""
    shown = {
        name: understood(rows, name)
        for name in ("marker Observation", *IMPLANT_TYPES, "MedicationRequest")
    }
    entries = {name: as_entries(found) for name, found in shown.items()}
    observations = entries["marker Observation"]
    results = read_lines(observations, patient)
    risks = [
        *find_infections(results, entries["Condition"]),
        *([pregnancy.as_risk()] if pregnancy else []),
        *find_implants({name: entries[name] for name in IMPLANT_TYPES}),
    ]
    by_type = {**shown, "Observation": shown["marker Observation"]}
    blood = describe_blood(find_blood_group(results), by_type)
    return (
        *(b for b in blood if b.loud),
        *list_anticoagulants(rows, now),
        *(describe_risk(r, by_type, say_weeks(pregnancy)) for r in risks),
        *(b for b in blood if not b.loud),
    )


def as_entries(found: Sequence[ShownResource]) -> list[Entry]:
    return [(s.hospital.code, s.resource) for s in found]


def name_sources(
    sources: Sequence[RiskSource], shown: Mapping[str, Sequence[ShownResource]]
) -> tuple[tuple[str, str], ...]:
    return tuple(
        dict.fromkeys(
            (str(shown[s.type_name][s.place].hospital), s.at.shown or "—") for s in sources
        )
    )


def say_weeks(found: Pregnancy | None) -> str:
    """How far a pregnancy is today, by the day of delivery that is expected."""
    if found is None or not found.delivery:
        return ""
    return _("week %(w)s+%(d)s today") % {"w": found.weeks, "d": found.days}


def describe_risk(risk: Risk, shown: Mapping[str, Sequence[ShownResource]], weeks: str) -> RiskLine:
    """weeks: of a pregnancy, "" where they are not told."""
    words = {
        RiskKind.INFECTION: risk.words,
        RiskKind.PREGNANCY: _("pregnant"),
        RiskKind.IMPLANT: str(IMPLANT_WORDS.get(risk.words, risk.words)),
    }[risk.kind]
    notes = (
        weeks if risk.kind is RiskKind.PREGNANCY else "",
        _("not confirmed") if risk.unsure else "",
        _("a newer result is negative: %s") % risk.ended.shown if risk.ended.shown else "",
    )
    return RiskLine(
        risk.kind.value,
        words,
        note=" · ".join(filter(None, notes)),
        sources=name_sources(risk.sources, shown),
    )


def describe_blood(
    group: BloodGroup, shown: Mapping[str, Sequence[ShownResource]]
) -> list[RiskLine]:
    """One line; where entries contradict each other a loud one that names who says what."""
    if not (group.abo or group.rh):
        return []
    if not group.contradicts:
        return [
            RiskLine(
                "blood",
                group.text,
                _("Blood group"),
                sources=name_sources(
                    [s for found in (*group.abo.values(), *group.rh.values()) for s in found],
                    shown,
                ),
                loud=False,
            )
        ]
    said = [(abo, found) for abo, found in group.abo.items()] if len(group.abo) > 1 else []
    said += [(f"Rh{sign}", found) for sign, found in group.rh.items()] if len(group.rh) > 1 else []
    words = " / ".join(
        _("%(what)s (%(more)s)") % {"what": what, "more": name_sources(found, shown)[0][0]}
        for what, found in said
    )
    return [
        RiskLine(
            "blood",
            words,
            _("Blood groups contradict"),
            _("determine anew before any transfusion"),
            tuple(source for _what, found in said for source in name_sources(found, shown)),
        )
    ]


def list_anticoagulants(rows: Rows, now: dt.datetime) -> list[RiskLine]:
    """Those that are taken now, or stand on hold."""
    found = [
        *understood(rows, "MedicationRequest"),
        *understood(rows, "MedicationStatement"),
    ]
    return [
        RiskLine(
            "anticoagulant",
            fact.title,
            _("Anticoagulant"),
            ""
            if any(is_taken(s, now) for s in fact.current)
            else _("on hold, or its stated time is over"),
            tuple(
                dict.fromkeys(
                    (str(found[s.place].hospital), s.at.shown or "—") for s in fact.current
                )
            ),
        )
        for fact in merge_medicines(as_entries(found))
        if is_anticoagulant(fact)
    ]


def is_anticoagulant(fact: Fact) -> bool:
    return bool(
        fact.current
        and fact.sense in (Sense.CURRENT, Sense.UNCERTAIN)
        and "anticoagulant" in fact.drug.classes
        and not fact.drug.local
    )


def list_visits(rows: Rows, now: dt.datetime) -> tuple[VisitLine, ...]:
    """Visits that are going on, recent ones and stays in hospital first."""
    out = []
    for s in understood(rows, "Encounter"):
        r = s.resource
        reading = interpret_resource(r)
        if judge_state(r)[0] is not Sense.CURRENT or r.get("status") == "finished":
            continue
        if (r.get("period") or {}).get("end"):
            continue
        places = [
            say_reference(x.get("location") or {}, r.get("contained") or [])
            for x in r.get("location") or []
            if x.get("status") in STATUS_OF_PLACE
        ]
        at = moment_of_element(r, "period")
        inpatient = str((r.get("class") or {}).get("code")) in INPATIENT
        days = dt.timedelta(days=STAY_DAYS if inpatient else VISIT_DAYS)
        out.append(
            VisitLine(
                reading.title,
                " ".join(dict.fromkeys(p for p in places if p and "/" not in p)),
                str(s.hospital),
                at.day,
                inpatient,
                at.starts is not None and now - days < at.starts <= now,
            )
        )
    return tuple(sorted(out, key=lambda v: (not v.recent, not v.inpatient)))
