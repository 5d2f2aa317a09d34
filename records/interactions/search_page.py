"""Read one page of a search: from the indexes alone, or filtered from the resources that they
find.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from consent.terms import Scope
from records.fhir.issues import Issue, TooLarge
from records.fhir.json_codec import parse_json
from records.search.post_filter import MOST, compare_found, filter_and_sort
from records.search.search_plan import SearchPlan, plan_search
from records.search.search_request import SearchRequest, SortKey
from records.store import search_query
from records.store.rows import Row


class SearchPage(NamedTuple):
    """at: the position behind which the next page begins, None where this is the last; total:
    where it was asked for, or costs nothing.
    """

    rows: list[Row]
    at: list[Any] | None = None
    total: int | None = None


def read_search_page(
    scope: Scope, request: SearchRequest, hospital_id: int | None, position: list[Any] | None
) -> SearchPage:
    """Raises TooLarge where too many resources would have to be looked into."""
    return (read_post_filtered_page if request.post_filtered_by else read_indexed_page)(
        scope, request, hospital_id, position
    )


def read_indexed_page(
    scope: Scope, request: SearchRequest, hospital_id: int | None, position: list[Any] | None
) -> SearchPage:
    plan = plan_search(request, hospital_id, position)
    if request.counting:
        return SearchPage([], None, search_query.count_matches(scope, plan))
    rows = search_query.fetch_page(scope, plan)
    has_more = len(rows) > request.count
    rows = rows[: request.count]
    total = None
    if request.total:
        total = search_query.count_matches(scope, plan_search(request, hospital_id, None))
    elif not has_more and position is None:
        total = len(rows)
    return SearchPage(rows, [rows[-1].position, rows[-1].resource_id] if has_more else None, total)


def read_post_filtered_page(
    scope: Scope, request: SearchRequest, hospital_id: int | None, position: list[Any] | None
) -> SearchPage:
    """The bodies that are looked into stay inside; what is shown, or counted, is asked for again
    with its audit line.
    """
    inner_plan = plan_search(replace(request, sorts=[SortKey()]), hospital_id, None)
    row_count, bodies = search_query.fetch_inner_bodies(scope, inner_plan, MOST + 1)
    if row_count > MOST:
        raise TooLarge(
            Issue(
                "too-costly",
                f"Search parameter {request.post_filtered_by}: it looks into each resource that the"
                f" other parameters find, and these are more than {MOST}: narrow the search, for"
                " example by patient, code or date.",
            )
        )
    fitting = filter_and_sort(((rid, parse_json(body)) for rid, body in bodies), request)
    if request.counting:
        counting_plan = SearchPlan(
            f"{inner_plan.where} AND r.rid = ANY(%(kept)s)",
            inner_plan.order,
            inner_plan.key,
            inner_plan.limit,
            {**inner_plan.parameters, "kept": [rid for _, rid in fitting]},
        )
        return SearchPage([], None, search_query.count_matches(scope, counting_plan))
    remaining = (
        fitting
        if position is None
        else [
            found
            for found in fitting
            if compare_found((position[0], position[1]), found, request.sorts) < 0
        ]
    )
    page = remaining[: request.count]
    place_by_id = {rid: i for i, (_, rid) in enumerate(page)}
    rows = sorted(
        search_query.fetch_rows_by_number(scope, inner_plan, list(place_by_id)),
        key=build_order_key(place_by_id),
    )
    return SearchPage(
        rows,
        [*page[-1]] if len(remaining) > len(page) else None,
        len(fitting) if position is None or request.total else None,
    )


def build_order_key(place_by_id: dict[int, int]) -> Callable[[Row], int]:
    return lambda row: place_by_id[row.resource_id]
