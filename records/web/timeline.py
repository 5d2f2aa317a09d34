"""The timeline of a record: all encounters that are shown, counted by year and month, filtered by
kind, hospital and speciality, and paged.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils.translation import ngettext

from alliance.platform.dates import EARLIEST_INSTANT, INSTANT, to_hospital_time
from records.meaning.encounter import (
    ENCOUNTER_KINDS,
    kind_of_encounter,
    speciality_of_encounter,
)
from records.meaning.lifetime import Lifetime
from records.meaning.times import Moment, parse_moment
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.operations.shared_record import ShownResource
from records.web.resource_display import DisplayLine, build_display_line, mark_doubtful_dates

A_PAGE = 50
UNDATED = "0"  # the year of what has no date
FACETS = ("kind", "hospital", "department")
FILTERS = (*FACETS, "year", "month")
BAR = 100  # width of the longest bar
MOST_DAYS = 3660  # beyond it the dates are no stay


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One encounter with what it is filtered by. at: when it began, or ended where only that is
    told; department: a digest of its speciality, so that no address tells it.
    """

    shown: ShownResource
    at: Moment
    kind: str
    hospital: str
    speciality: str
    department: str
    year: str
    month: str


Judged = tuple[TimelineEntry, frozenset[str]]  # and the filters that leave it out


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter: its words, how many encounters it leaves with the other filters, and
    the address that chooses it. bar: its share of the longest.
    """

    value: str
    words: str
    count: int
    query: str
    chosen: bool
    bar: int = 0


@dataclass(frozen=True, slots=True)
class TimelineMonth:
    """The lines of one month on a page; count: of the whole month."""

    year: str
    month: str
    count: int
    lines: tuple[DisplayLine, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """total: of the encounters that the filters leave; all_count: of all that are shown; keep: the
    filters as an address has them.
    """

    months: tuple[TimelineMonth, ...]
    page: Page[Any]
    years: tuple[Choice, ...]
    year_months: tuple[Choice, ...]
    facets: tuple[tuple[str, tuple[Choice, ...]], ...]
    total: int
    all_count: int
    keep: str
    unfiltered: bool


def list_timeline_entries(rows: Iterable[ShownResource]) -> list[TimelineEntry]:
    """The newest first, those without a date last; without what was entered in error or carries
    something that is not understood.
    """
    found = [
        build_timeline_entry(s)
        for s in rows
        if s.resource.get("status") != "entered-in-error" and not has_unknown_modifier(s.resource)
    ]
    return sorted(
        found,
        key=lambda e: (
            -(e.at.starts or EARLIEST_INSTANT).timestamp(),
            e.hospital,
            e.shown.url,
        ),
    )


def build_timeline_entry(s: ShownResource) -> TimelineEntry:
    period = s.resource.get("period") or {}
    at = parse_moment(str(period.get("start") or period.get("end") or ""))
    speciality = speciality_of_encounter(s.resource, s.hospital.name)
    dated = at.shown if at.starts else ""
    return TimelineEntry(
        s,
        at,
        kind_of_encounter(s.resource),
        s.hospital.code,
        speciality,
        digest_speciality(speciality),
        dated[:4].lstrip("0") or UNDATED,
        dated[5:7],
    )


def digest_speciality(speciality: str) -> str:
    return hashlib.blake2b(speciality.encode(), digest_size=5).hexdigest() if speciality else ""


def build_timeline(
    person: UUID, entries: Sequence[TimelineEntry], asked: Mapping[str, str], life: Lifetime
) -> Timeline:
    """asked: the filters and the page, as the address has them; a filter that fits nothing leaves
    nothing.
    """
    chosen = {name: value for name in FILTERS if (value := asked.get(name, ""))}
    if "year" not in chosen:
        chosen.pop("month", None)
    judged = [(e, find_misses(e, chosen)) for e in entries]
    left = [e for e, misses in judged if not misses]
    page = Paginator(left, A_PAGE).get_page(asked.get("page"))
    return Timeline(
        tuple(group_by_month(person, page.object_list, left, life)),
        page,
        list_years(judged, chosen),
        list_months(judged, chosen),
        tuple(
            (name, found) for name in FACETS if len(found := list_choices(judged, chosen, name)) > 1
        ),
        len(left),
        len(entries),
        urlencode(chosen),
        not chosen,
    )


def find_misses(entry: TimelineEntry, chosen: Mapping[str, str]) -> frozenset[str]:
    """The filters that leave it out."""
    return frozenset(name for name, value in chosen.items() if getattr(entry, name) != value)


def without(chosen: Mapping[str, str], *names: str) -> dict[str, str]:
    return {k: v for k, v in chosen.items() if k not in names}


def list_choices(
    judged: Iterable[Judged], chosen: Mapping[str, str], name: str
) -> tuple[Choice, ...]:
    """The values of a filter among what the other filters leave, and the one that is chosen."""
    others = without(chosen, name)
    counts: Counter[str] = Counter()
    words: dict[str, str] = {}
    for e, misses in judged:
        value = getattr(e, name)
        if value not in words:
            words[value] = say_choice(e, name)
        counts[value] += misses <= {name}
    order = list(ENCOUNTER_KINDS) if name == "kind" else None
    values = [v for v in counts if v and (counts[v] or chosen.get(name) == v)]
    values.sort(key=(lambda v: order.index(v)) if order else (lambda v: (-counts[v], words[v])))
    return tuple(
        Choice(
            v,
            words[v],
            counts[v],
            urlencode(others if chosen.get(name) == v else {**others, name: v}),
            chosen.get(name) == v,
        )
        for v in values
    )


def say_choice(entry: TimelineEntry, name: str) -> str:
    if name == "kind":
        return str(ENCOUNTER_KINDS[entry.kind])
    return entry.shown.hospital.name if name == "hospital" else entry.speciality


def list_years(judged: Iterable[Judged], chosen: Mapping[str, str]) -> tuple[Choice, ...]:
    """The newest first, with how many encounters each has."""
    others = without(chosen, "year", "month")
    counts = Counter(e.year for e, misses in judged if misses <= {"year", "month"})
    longest = max(counts.values(), default=1)
    return tuple(
        Choice(
            y,
            y if y != UNDATED else "",
            n,
            urlencode(others if chosen.get("year") == y else {**others, "year": y}),
            chosen.get("year") == y,
            max(2, BAR * n // longest),
        )
        for y, n in sorted(counts.items(), key=lambda x: -int(x[0]))
    )


def list_months(judged: Iterable[Judged], chosen: Mapping[str, str]) -> tuple[Choice, ...]:
    """Of the year that is chosen, the newest first."""
    if "year" not in chosen or chosen["year"] == UNDATED:
        return ()
    others = without(chosen, "month")
    counts = Counter(e.month for e, misses in judged if e.month and misses <= {"month"})
    longest = max(counts.values(), default=1)
    return tuple(
        Choice(
            m,
            f"{chosen['year']}-{m}",
            n,
            urlencode(others if chosen.get("month") == m else {**others, "month": m}),
            chosen.get("month") == m,
            max(2, BAR * n // longest),
        )
        for m, n in sorted(counts.items(), reverse=True)
    )


def group_by_month(
    person: UUID,
    shown: Iterable[TimelineEntry],
    left: Iterable[TimelineEntry],
    life: Lifetime,
) -> Iterable[TimelineMonth]:
    counts = Counter((e.year, e.month) for e in left)
    found: dict[tuple[str, str], list[DisplayLine]] = {}
    for e in shown:
        found.setdefault((e.year, e.month), []).append(build_encounter_line(person, e))
    for (year, month), lines in found.items():
        yield TimelineMonth(
            "" if year == UNDATED else year,
            month,
            counts[year, month],
            tuple(mark_doubtful_dates(lines, life)),
        )


def build_encounter_line(person: UUID, entry: TimelineEntry) -> DisplayLine:
    line = build_display_line(entry.shown)
    return replace(
        line,
        facts=tuple(filter(None, (count_days(line.at), *line.facts))),
        href=encounter_url(person, entry.shown),
    )


def count_days(at: Moment) -> str:
    """How many days it took, both ends counted on the hospital's clock; "" for one day."""
    if at.starts is None or at.ends is None:
        return ""
    first, last = (to_hospital_time(t).date() for t in (at.starts, at.ends - INSTANT))
    n = (last - first).days + 1
    return ngettext("%(n)s day", "%(n)s days", n) % {"n": n} if 1 < n < MOST_DAYS else ""


def encounter_url(person: UUID, s: ShownResource) -> str:
    """The page that opens it."""
    return reverse("encounter", args=(person, s.hospital.code, s.url.rsplit("/", 1)[1]))
