"""One page of a search: from the indexes, or sifted out of what they find."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from consent.terms import Scope
from records.fhir.issues import Issue, TooLarge
from records.fhir.json import parse
from records.search.parse import SearchRequest, Sort
from records.search.plan import Plan, plan
from records.search.sift import MOST, compared, sift
from records.store import query
from records.store.rows import Row


class Page(NamedTuple):
    """at: the position behind which the next page begins, None where this is the last; total: where it was asked for, or costs nothing."""

    rows: list[Row]
    at: list[Any] | None = None
    total: int | None = None


def page(scope: Scope, request: SearchRequest, hospital_id: int | None, position: list[Any] | None) -> Page:
    """Raises TooLarge where too many resources would have to be looked into."""
    return (sifted if request.inside else indexed)(scope, request, hospital_id, position)


def indexed(scope: Scope, request: SearchRequest, hospital_id: int | None, position: list[Any] | None) -> Page:
    chosen = plan(request, hospital_id, position)
    if request.counting:
        return Page([], None, query.total(scope, chosen))
    rows = query.page(scope, chosen)
    more = len(rows) > request.count
    rows = rows[: request.count]
    total = None
    if request.total:
        total = query.total(scope, plan(request, hospital_id, None))
    elif not more and position is None:
        total = len(rows)
    return Page(rows, [rows[-1].key, rows[-1].rid] if more else None, total)


def sifted(scope: Scope, request: SearchRequest, hospital_id: int | None, position: list[Any] | None) -> Page:
    """The bodies that are looked into stay inside; what is shown, or counted, is asked for again with its audit line."""
    wanted = plan(replace(request, sorts=[Sort()]), hospital_id, None)
    looked = query.candidates(scope, wanted, MOST + 1)
    if len(looked) > MOST:
        raise TooLarge(Issue("too-costly", f"Search parameter {request.inside}: it looks into each resource that the other parameters find, and these are more than "
                             f"{MOST}: narrow the search, for example by patient, code or date."))
    kept = sift(((rid, parse(body)) for rid, body in looked), request)
    if request.counting:
        among = Plan(f"{wanted.where} AND r.rid = ANY(%(kept)s)", wanted.order, wanted.key, wanted.limit, {**wanted.parameters, "kept": [rid for _, rid in kept]})
        return Page([], None, query.total(scope, among))
    left = kept if position is None else [f for f in kept if compared((position[0], position[1]), f, request.sorts) < 0]
    shown = left[: request.count]
    place = {rid: i for i, (_, rid) in enumerate(shown)}
    rows = sorted(query.chosen(scope, wanted, list(place)), key=by(place))
    return Page(rows, [*shown[-1]] if len(left) > len(shown) else None, len(kept) if position is None or request.total else None)


def by(place: dict[int, int]) -> Callable[[Row], int]:
    return lambda row: place[row.rid]
