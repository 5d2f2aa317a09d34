"""The patient's banner: who the patient is, how old, what can harm them. Made of what the gate
let through.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from records.meaning.ages import age_of_patient
from records.meaning.patient_details import (
    current_entries,
    first_telephone,
    is_deceased,
    name_mark,
    registration_marks,
    sort_names,
    traits_of_patient,
)
from records.meaning.pregnancy import Pregnancy
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_facts import DATED
from records.meaning.resource_reading import interpret_resource
from records.meaning.sense import Sense
from records.meaning.times import moment_of_element, parse_moment
from records.meaning.trend import trend_order
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.mpi.matching.fhir_patient import patient_names
from records.mpi.matching.rules.resident_number import RESIDENT_NUMBER_SYSTEM
from records.operations.shared_record import ShownResource
from records.web.age_text import describe_age
from records.web.allergy_lines import list_allergies, list_denied_allergies
from records.web.banner_risks import RiskLine, VisitLine, find_pregnancy, list_risks, list_visits
from records.web.banner_windows import BANNER_LIMITS, CRITICAL_HOURS
from records.web.fact_lines import FactLine
from records.web.record_sections import Notice, list_hidden_notices
from records.web.resource_display import DisplayLine, build_display_line, sort_newest_first
from records.web.result_display import ResultLine, build_result_lines

NO_ROWS: Mapping[str, Sequence[ShownResource]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Banner:
    """name_mark: "" for a name of the patient's own; former: other names with what they are;
    doubts: (hospital, words) of registrations that are not ordinary.
    """

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
    allergies: tuple[FactLine, ...]  # the worst first
    no_allergy: tuple[
        DisplayLine, ...
    ]  # somebody asked, and there is none; or that one was ruled out
    alerts: tuple[DisplayLine, ...]
    past: tuple[DisplayLine, ...] = ()  # allergies and alerts that hold no more, or not yet
    notices: tuple[Notice, ...] = ()
    name_mark: str = ""
    former: tuple[tuple[str, str], ...] = ()
    doubts: tuple[tuple[str, str], ...] = ()
    criticals: tuple[ResultLine, ...] = ()  # of the last hours, the newest first
    risks: tuple[RiskLine, ...] = ()
    pregnancy: Pregnancy | None = None  # of today
    visits: tuple[VisitLine, ...] = ()

    @property
    def visit(self) -> VisitLine | None:
        """The one that goes on now."""
        return next((v for v in self.visits if v.recent), None)

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """(kind, how many) of all that the banner knows, the worst first: what a small screen has
        no room for is counted, and one click away.
        """
        of_kind = Counter(r.kind for r in self.risks)
        found = (
            (_("Critical values"), len(self.criticals)),
            (_("Allergies"), len(self.allergies)),
            (_("Anticoagulants"), of_kind["anticoagulant"]),
            (_("Infections"), of_kind["infection"]),
            (_("Pregnancy"), of_kind["pregnancy"]),
            (_("Implants"), of_kind["implant"]),
            (_("Alerts"), len(self.alerts)),
            (_("Not shown"), sum(n.loud for n in self.notices)),
        )
        return tuple((kind, n) for kind, n in found if n)


def mask_number(number: str) -> str:
    """430***********1234: enough to compare with a card, not enough to copy."""
    return number[:3] + "*" * (len(number) - 7) + number[-4:] if len(number) > 8 else number


def build_banner(
    p: dict[str, Any],
    patients: list[ShownResource],
    allergies: list[ShownResource],
    flags: list[ShownResource],
    rows: Mapping[str, Sequence[ShownResource]] = NO_ROWS,
) -> Banner | None:
    """p: the golden record of the patients, {} where nobody is to be seen; rows: those of the
    banner's other windows.
    """
    if not p:
        return None
    now, whom = timezone.now(), traits_of_patient(p)
    observations = [
        *rows.get("banner Observation", ()),
        *rows.get("banner undated Observation", ()),
    ]
    called = sort_names(p)
    died, death = (
        any(is_deceased(x) for x in (p, *(s.resource for s in patients))),
        moment_of_element(p, "deceasedDateTime"),
    )
    number = next(
        (
            i["value"]
            for i in current_entries(p.get("identifier"))
            if i.get("system") == RESIDENT_NUMBER_SYSTEM and i.get("value")
        ),
        "",
    )
    said = [
        (s, interpret_resource(s.resource))
        for s in allergies
        if not has_unknown_modifier(s.resource)
    ]
    raised = [
        (build_display_line(s), is_flag_in_period(s.resource, now))
        for s in flags
        if not has_unknown_modifier(s.resource)
    ]
    alerts = [x for x, holds in raised if holds and x.sense not in (Sense.VOID, Sense.PAST)]
    pregnancy = find_pregnancy(rows, whom, now)
    return Banner(
        name=format_human_name(called[0]) if called else "",
        gender=p.get("gender", ""),
        birth_date=p.get("birthDate", ""),
        age="" if died and not death.shown else describe_age(age_of_patient(p, now)),
        number=mask_number(number),
        phone=first_telephone(p),
        deceased=death.day or ("?" if died else ""),
        death_sent=death.sent,
        hospitals=tuple(dict.fromkeys(s.hospital.name for s in patients)),
        record_numbers=tuple(list_record_numbers(patients)),
        allergies=list_allergies(said),
        no_allergy=list_denied_allergies(said),
        alerts=tuple(sorted(alerts, key=lambda x: (x.title, x.hospital.code, x.url))),
        past=tuple(
            sort_newest_first(
                [
                    *(build_display_line(s) for s, r in said if r.sense is Sense.PAST),
                    *(x for x, _holds in raised if x.sense is not Sense.VOID and x not in alerts),
                ]
            )
        ),
        notices=tuple(
            list_hidden_notices(allergies)
            + list_hidden_notices(flags)
            + list_limit_notices(allergies, flags, rows)
            + list_risk_notices(rows)
        ),
        name_mark=name_mark(called[0]) if called else "",
        former=tuple((format_human_name(n), name_mark(n)) for n in called[1:] if name_mark(n)),
        doubts=tuple(
            (s.hospital.name, m.text) for s in patients for m in registration_marks(s.resource)
        ),
        criticals=list_critical_results(observations, whom, now),
        risks=list_risks(rows, whom, now, pregnancy),
        pregnancy=pregnancy,
        visits=list_visits(rows, now),
    )


def list_critical_results(
    observations: Iterable[ShownResource], patient: PatientTraits, now: dt.datetime
) -> tuple[ResultLine, ...]:
    """Critical values of the last hours (CRITICAL_HOURS), the newest first."""
    found = [
        x
        for s in observations
        if is_recent_result(s.resource, now) and not has_unknown_modifier(s.resource)
        for x in build_result_lines(s, patient)
        if x.critical
    ]
    return tuple(sorted(found, key=trend_order))


def is_recent_result(observation: dict[str, Any], now: dt.datetime) -> bool:
    ends = moment_of_element(observation, *DATED["Observation"]).ends
    return ends is not None and ends > now - dt.timedelta(hours=CRITICAL_HOURS)


def list_limit_notices(
    allergies: Sequence[ShownResource],
    flags: Sequence[ShownResource],
    rows: Mapping[str, Sequence[ShownResource]],
) -> list[Notice]:
    """What may be missing because there are more than are looked at."""
    out = []
    if len(allergies) >= BANNER_LIMITS["AllergyIntolerance"] or len(flags) >= BANNER_LIMITS["Flag"]:
        out.append(
            Notice(_("There are more allergies or alerts than are looked at here."), loud=True)
        )
    if len(rows.get("banner Observation", ())) >= BANNER_LIMITS["Observation"]:
        out.append(
            Notice(
                _("Only the newest %s results were looked through for critical values.")
                % BANNER_LIMITS["Observation"]
            )
        )
    return out


def list_risk_notices(rows: Mapping[str, Sequence[ShownResource]]) -> list[Notice]:
    """Entries that carry something not understood, and types of which more are stored than were
    looked through.
    """
    looked = [n for n in BANNER_LIMITS if n not in ("AllergyIntolerance", "Flag", "Observation")]
    found = {n: rows.get(f"banner {n}", ()) for n in looked}
    out = list_hidden_notices({s.url: s for many in found.values() for s in many}.values())
    if any(len(many) >= BANNER_LIMITS[n] for n, many in found.items()):
        out.append(
            Notice(
                _(
                    "Only the newest entries were looked through for anticoagulants, infections,"
                    " implants and blood group."
                )
            )
        )
    return out


def format_human_name(name: dict[str, Any]) -> str:
    """A HumanName as it is written."""
    return (patient_names({"name": [name]}) or [""])[0]


def list_record_numbers(patients: Iterable[ShownResource]) -> list[tuple[str, str]]:
    """(hospital, number) of the hospitals' own current numbers."""
    return [
        (s.hospital.name, i["value"])
        for s in patients
        for i in current_entries(s.resource.get("identifier"))
        if any(c.get("code") == "MR" for c in (i.get("type") or {}).get("coding") or [])
        and i.get("value")
    ]


def is_flag_in_period(flag: dict[str, Any], now: dt.datetime) -> bool:
    """Whether this moment lies in the flag's period; one without a period is in force."""
    span = flag.get("period") or {}
    starts, ends = (
        parse_moment(str(span.get("start") or "")).starts,
        parse_moment(str(span.get("end") or "")).ends,
    )
    return (starts is None or starts <= now) and (ends is None or now < ends)
