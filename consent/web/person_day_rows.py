"""Shape the days of a patient for the auditor's page: who did what about them, from where, why, and
whether it was allowed; a drawing of the days above.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby

from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.platform.dates import HOSPITAL_ZONE
from consent.audit.day_span import DEFAULT_DAYS, MOST_DAYS, DaySpan, span_until
from consent.audit.event import AuditOutcome
from consent.audit.line_names import LineNames, event_words, load_line_names, purpose_words
from consent.audit.log_query import AuditFilter
from consent.audit.person_days import PersonDayEntry, list_person_days
from consent.reason_words import describe_refusal
from consent.web.audit_act_rows import linked_hospital, linked_staff
from consent.web.day_chart import DayChart, draw_days

MOST_ROWS = 40  # that are listed, the newest; the log below has all lines


@dataclass(frozen=True, slots=True)
class PersonDayRow:
    """staff, at: account and hospital whose pages the auditor may open, "" of others."""

    who: str
    account: str
    staff: str
    role: str
    hospital: str
    at: str
    what: str
    purpose: str
    reason: str
    outcome: str
    emergency: bool
    addresses: str
    last: dt.datetime
    lines: int


@dataclass(frozen=True, slots=True)
class PersonDays:
    """days: the newest first; is_cut: there is more than is listed."""

    span: DaySpan
    chart: DayChart | None
    days: list[tuple[dt.date, list[PersonDayRow]]]
    is_cut: bool


def build_person_days(wanted: AuditFilter) -> PersonDays:
    """Of the filter's days, or of the last ones where it names none."""
    span = span_of_filter(wanted)
    bounded = limit_filter(wanted, span)
    entries = list_person_days(bounded)
    listed = entries[:MOST_ROWS]
    names = load_line_names([entry.as_line() for entry in listed], wanted.hospitals)
    counts: Counter[dt.date] = Counter()
    for entry in entries:
        counts[entry.day] += entry.lines
    marked = {e.day for e in entries if e.emergency or e.outcome == AuditOutcome.REFUSED}
    return PersonDays(
        span,
        draw_days(counts, span, (), marked) if entries else None,
        [
            (day, [build_entry_row(e, names) for e in of_day])
            for day, of_day in groupby(listed, key=lambda e: e.day)
        ],
        len(entries) > len(listed),
    )


def span_of_filter(wanted: AuditFilter) -> DaySpan:
    """Bounded: an axis of years would be read by nobody."""
    end = wanted.end - dt.timedelta(microseconds=1) if wanted.end else timezone.now()
    last = end.astimezone(HOSPITAL_ZONE).date()
    if wanted.start is None:
        return span_until(last, DEFAULT_DAYS)
    first = wanted.start.astimezone(HOSPITAL_ZONE).date()
    return DaySpan(max(first, last - dt.timedelta(days=MOST_DAYS - 1)), max(first, last))


def limit_filter(wanted: AuditFilter, span: DaySpan) -> AuditFilter:
    """The same, of these days at most."""
    return replace(
        wanted,
        start=max(wanted.start, span.start) if wanted.start else span.start,
        end=min(wanted.end, span.end) if wanted.end else span.end,
    )


def build_entry_row(entry: PersonDayEntry, names: LineNames) -> PersonDayRow:
    line = entry.as_line()
    is_foreign = names.is_foreign(line)
    separator = _("; ")
    return PersonDayRow(
        who=names.actor_name(line),
        account=names.account(line),
        staff=linked_staff(line, names),
        role="" if is_foreign else names.role_words(line),
        hospital=names.hospital_name(entry.actor_hospital),
        at=linked_hospital(line, names),
        what=separator.join(event_words(code) for code in entry.codes),
        purpose=separator.join(purpose_words(code) for code in entry.purposes),
        reason=" ".join(describe_refusal(code) for code in entry.reasons),
        outcome=entry.outcome,
        emergency=entry.emergency,
        addresses=" ".join(entry.addresses),
        last=entry.last,
        lines=entry.lines,
    )
