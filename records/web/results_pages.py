"""The results of a shared record as grids, page by page to the oldest, narrowed where asked for."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from alliance.auth.principal import Principal
from records.meaning.trend import trend_order
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.operations.shared_record import RowPosition, SectionWindow, ShownResource
from records.web.page_position import read_row_position
from records.web.recognition_pages import find_recognisable_results
from records.web.record_frame import RecordFrame, open_record_frame, record_view
from records.web.record_sections import (
    build_sections,
    list_hidden_notices,
    list_withdrawn_notices,
)
from records.web.result_display import ResultLine, build_result_lines
from records.web.result_filter import ResultFilter, parse_filter
from records.web.result_grid import KIND_TITLES, build_grids, group_rows, name_panels

ON_A_PAGE = 200  # Observations
LOOKED_THROUGH = 400  # Observations that a narrowed page looks through at most
MOST_REPORTS = 100
REPORTED_LATER = dt.timedelta(days=8)  # at most, so that a page finds the reports of its results


@dataclass(frozen=True, slots=True)
class ResultsPage:
    """rows: the Observations that were looked through; lines: of these what the filter lets
    through; hidden, empty: those that nobody may show, and those without a line; next: where to go
    on, None at the end.
    """

    rows: list[ShownResource]
    lines: list[ResultLine]
    hidden: list[ShownResource]
    empty: list[ShownResource]
    next: RowPosition | None


@record_view
def results_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """One page of the grids."""
    narrowed, after = parse_filter(request.GET), read_row_position(request.GET.get("after", ""))
    most = LOOKED_THROUGH if narrowed.narrows else ON_A_PAGE
    frame = open_record_frame(
        person_id,
        acting,
        "results",
        {
            "Observation": SectionWindow(most, after=after, counted=True),
            "DiagnosticReport": SectionWindow(MOST_REPORTS, ends=end_of_reports(after)),
        },
    )
    skipped = frame.opened.skipped.get("Observation", 0)
    total = frame.opened.totals.get("Observation", 0)
    page = take_page(frame, narrowed, total - skipped)
    reports = frame.opened.rows["DiagnosticReport"]
    clear_reports = [r for r in reports if not has_unknown_modifier(r.resource)]
    listed = (
        build_sections(
            person_id,
            {"DiagnosticReport": reports},
            {"DiagnosticReport": MOST_REPORTS},
            frame.whom,
            frame.life,
        )
        if after is None and not narrowed.narrows
        else {"notices": {}}
    )
    hospitals = {r.hospital.code: r.hospital for r in frame.opened.rows["Observation"]}
    return render(
        request,
        "records/results.html",
        frame.context
        | listed
        | {
            "grids": build_grids(page.lines, name_panels(clear_reports, page.rows)),
            "critical": group_rows(x for x in sorted(page.lines, key=trend_order) if x.critical),
            "result_notices": [
                *list_hidden_notices(page.hidden),
                *list_withdrawn_notices(page.empty),
            ],
            "narrowed": narrowed,
            "kinds": [(k.value, KIND_TITLES[k]) for k in KIND_TITLES],
            "hospitals": sorted(hospitals.values(), key=lambda h: h.code),
            "unlisted_hospital": narrowed.hospital not in hospitals and narrowed.hospital,
            "first": skipped + 1,
            "last": skipped + len(page.rows),
            "total": total,
            "found": len(page.lines),
            "gone_on": after is not None,
            "next_query": narrowed.address_query(page.next) if page.next else "",
            "recognisable": (
                find_recognisable_results(frame, acting)
                if after is None and not narrowed.narrows
                else []
            ),
            "start_query": narrowed.address_query(),
        },
    )


def end_of_reports(after: RowPosition | None) -> dt.datetime | None:
    """Until when the reports of a page's results may be dated; None for all."""
    if after is None or after.dated == "-infinity" or after.dated.endswith("BC"):
        return None
    try:
        return dt.datetime.fromisoformat(after.dated) + REPORTED_LATER
    except OverflowError:
        return None


def take_page(frame: RecordFrame, narrowed: ResultFilter, left: int) -> ResultsPage:
    """The rows from the first on until a page is full; left: how many rows there are from here to
    the oldest.
    """
    rows = frame.opened.rows["Observation"]
    lines: list[ResultLine] = []
    hidden, empty = [], []
    taken = 0
    for number, row in enumerate(rows, 1):
        if has_unknown_modifier(row.resource):
            hidden.append(row)
        elif narrowed.may_accept(row):
            of_row = build_result_lines(row, frame.whom, frame.life)
            fitting = [x for x in of_row if narrowed.accepts(x)]
            empty += [] if of_row else [row]
            lines += fitting
            taken += bool(fitting)
        if taken == ON_A_PAGE:
            rows = rows[:number]
            break
    following = rows[-1].position if rows and len(rows) < left else None
    return ResultsPage(rows, lines, hidden, empty, following)
