"""One test of a shared record: its trend, the reasons where no line leads on, and every result with
what the laboratory has sent.
"""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from alliance.auth.principal import Principal
from records.fhir.hashes import index_hash
from records.meaning.components import allowable_errors_edition
from records.meaning.result_family import codes_of_family, family_key, may_belong
from records.meaning.result_wording import is_reader_chinese
from records.meaning.trend import Trend, group_by_family, point_in_unit
from records.meaning.trend_joins import GAP_WORDS, find_join
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.operations.shared_record import SectionWindow
from records.search.named_codes import token_condition
from records.web.page_position import read_row_position, write_row_position
from records.web.record_frame import open_record_frame, record_view
from records.web.record_sections import list_hidden_notices, list_withdrawn_notices
from records.web.result_display import ResultLine, build_result_lines
from records.web.trend_chart import draw_trend

OF_ONE_CODE = 200  # Observations that a page takes where a code finds them
LOOKED_THROUGH = 2000  # where all have to be looked through
LONGEST_KEY = 400  # characters


@dataclass(frozen=True, slots=True)
class TrendRow:
    """converted: its number in the unit of the chart, where another was sent; gap: why no line
    leads to it from the one before it; flat: the line tells no change; long: nothing was measured
    for more than 13 months before it.
    """

    line: ResultLine
    converted: str
    gap: str
    flat: bool
    long: bool


@record_view
def trend_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """The trend of one test, named by the key of its family."""
    key = request.GET.get("test", "")
    if len(key) > LONGEST_KEY or "\0" in key:
        key = ""
    after, coded = read_row_position(request.GET.get("after", "")), codes_of_family(key)
    most = OF_ONE_CODE if coded else LOOKED_THROUGH if key else 1
    conditions = (
        (token_condition(index_hash("Observation", "code", "both", *pair) for pair in coded),)
        if coded
        else ()
    )
    window = SectionWindow(most, after=after, counted=True, any_of=conditions)
    frame = open_record_frame(person_id, acting, "results", {"Observation": window})
    rows = frame.opened.rows["Observation"]
    likely = [r for r in rows if may_belong(r.resource, r.hospital.code, key)]
    hidden, read = [], []
    for r in likely:
        if has_unknown_modifier(r.resource):
            hidden.append(r)
        else:
            read.append((r, build_result_lines(r, frame.whom, frame.life)))
    trend = group_by_family(
        x for _r, lines in read for x in lines if family_key(x.result.identity) == key
    )
    skipped = frame.opened.skipped.get("Observation", 0)
    total = frame.opened.totals.get("Observation", 0)
    goes_on = skipped + len(rows) < total and rows and rows[-1].position
    return render(
        request,
        "records/trend.html",
        frame.context
        | {
            "newest": trend.points[0] if trend.points else None,
            "chart": draw_trend(trend),
            "edition": allowable_errors_edition(),
            "rows": build_trend_rows(trend),
            "unit": trend.unit.shown(chinese=is_reader_chinese()),
            "result_notices": [
                *list_hidden_notices(hidden),
                *list_withdrawn_notices(r for r, lines in read if not lines),
            ],
            "coded": bool(coded),
            "first": skipped + 1,
            "last": skipped + len(rows),
            "total": total,
            "gone_on": after is not None,
            "start_query": "?" + urlencode({"test": key}) if key else "",
            "next_query": "?" + urlencode({"test": key, "after": write_row_position(goes_on)})
            if key and goes_on
            else "",
        },
    )


def build_trend_rows(trend: Trend[ResultLine]) -> list[TrendRow]:
    """The newest first; each is compared with the one before it in time that is drawn."""
    drawn = [p for p in trend.points if point_in_unit(p.result, trend.unit)]
    older = dict(zip(map(id, drawn), drawn[1:], strict=False))
    rows = []
    for line in trend.points:
        point, before = point_in_unit(line.result, trend.unit), older.get(id(line))
        join = (
            find_join(before.result, line.result, before.hospital.code, line.hospital.code)
            if before
            else None
        )
        other = point is not None and line.result.unit.code != trend.unit.code
        rows.append(
            TrendRow(
                line,
                f"{point.number:.4g}" if point and other else "",
                str(GAP_WORDS[join.gap]) if join and join.gap else "",
                bool(join and join.flat),
                bool(join and join.long),
            )
        )
    return rows
