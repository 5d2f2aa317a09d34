"""Search conditions that no index answers: whole texts, and the order by codes, references,
addresses, places and composites. It is decided on the resources that the other parameters find, so
these must not be too many. Pure.
"""

import datetime as dt
from collections.abc import Iterable
from functools import cmp_to_key
from typing import Any

from records.fhir.hashes import index_hash
from records.search.index_resource import build_index
from records.search.kinds import date, near, quantity, token
from records.search.search_parameters import CompositeContext
from records.search.search_request import SearchRequest, SortKey
from records.search.search_terms import IndexValues

MOST = 10_000  # resources that one search may look into
Keys = list[Any]  # one for each sort: a text, a number, or None for no value
Found = tuple[Keys, int]  # and the row


def filter_and_sort(
    resources: Iterable[tuple[int, dict[str, Any]]], request: SearchRequest
) -> list[Found]:
    """The rows whose texts fit, in the order that was asked for; equal ones in the order of
    their rows.
    """
    fitting = [
        (list_sort_keys(r, request.sorts), rid)
        for rid, r in resources
        if all(t.matches(r) for t in request.texts)
    ]
    return sorted(fitting, key=cmp_to_key(lambda a, b: compare_found(a, b, request.sorts)))


def compare_found(a: Found, b: Found, sorts: list[SortKey]) -> int:
    """Below 0 where a comes first. Those without a value come last, both ways."""
    for first, second, sort in zip(a[0], b[0], sorts, strict=True):
        if first != second:
            if first is None or second is None:
                return 1 if first is None else -1
            return -1 if (first < second) != sort.descending else 1
    return a[1] - b[1]


def list_sort_keys(resource: dict[str, Any], sorts: list[SortKey]) -> Keys:
    index = (
        build_index(resource)
        if any(s.column == "dated" or (s.by and s.by.kind in INDEXED) for s in sorts)
        else IndexValues()
    )
    return [find_sort_key(resource, index, s) for s in sorts]


def find_sort_key(resource: dict[str, Any], index: IndexValues, sort: SortKey) -> Any:
    """The least value ascending, the greatest descending (FHIR R4 search.html#sort)."""
    if sort.by is None:
        values = {
            "updated": [resource["meta"]["lastUpdated"]],
            "id": [resource["id"]],
            "dated": [format_instant(low) for low, _ in index.spans],
        }[sort.column]
    elif sort.by.kind in INDEXED:
        names = {index_hash(sort.by.type_name, n) for n in sort.by.names}
        values = [v for p, v in INDEXED[sort.by.kind](index, sort.descending) if p in names]
    elif sort.place:
        values = [
            near.distance_km(v, sort.place)
            for p in sort.by.paths
            for v in p.values(resource)
            if near.has_position(v)
        ]
    elif sort.by.contexts:
        values = [
            parts
            for context in sort.by.contexts
            for parts in list_composite_keys(context, resource, sort.descending)
        ]
    else:
        values = [
            text for p in sort.by.paths for v in p.values(resource) for text in list_code_texts(v)
        ]
    return (max if sort.descending else min)(values, default=None)


def list_composite_keys(
    context: CompositeContext, resource: dict[str, Any], descending: bool
) -> list[list[Any]]:
    """Of each element of a composite that has all parts: these, the first one first."""
    out = []
    for node in [resource] if context.single else context.path.values(resource):
        found = [
            [
                key
                for path in part.paths
                for v in path.values(resource if part.whole else node)
                for key in list_comparable_values(part.kind, v, descending)
            ]
            for part in context.parts
        ]
        if all(found):
            out.append([(max if descending else min)(keys) for keys in found])
    return out


def list_comparable_values(kind: str, value: Any, descending: bool) -> list[Any]:
    if kind in ("quantity", "number"):
        ends = quantity.quantity_bounds(value)
        return [ends[1 if descending else 0]] if ends else []
    if kind == "date":
        return [format_instant(r[1 if descending else 0]) for r in date.ranges_of_value(value)]
    return list_code_texts(value)


def list_code_texts(value: Any) -> list[str]:
    """A code, an address or where a reference leads, as text."""
    if isinstance(value, dict) and isinstance(value.get("reference"), str):
        return [value["reference"]]
    return [code for _, code in token.list_code_pairs(value) if code]


def format_instant(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")


INDEXED = {
    "string": lambda index, down: index.strings,
    "date": lambda index, down: [
        (p, format_instant(high if down else low)) for p, low, high in index.dates
    ],
    "quantity": lambda index, down: [
        (q.parameter, q.high if down and q.high is not None else q.low) for q in index.quantities
    ],
    "number": lambda index, down: [
        (q.parameter, q.high if down and q.high is not None else q.low) for q in index.quantities
    ],
}
