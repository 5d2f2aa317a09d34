"""What no index answers: whole texts, and the order by codes, references, addresses, places and composites. It is decided on the resources that the other
parameters find, so these must not be too many. Pure."""

import datetime as dt
from collections.abc import Iterable
from functools import cmp_to_key
from typing import Any

from records.fhir.hashes import hashed
from records.search.definitions import Context
from records.search.index import index_of
from records.search.kinds import date, near, quantity, token
from records.search.parse import SearchRequest, Sort
from records.search.terms import Index

MOST = 10_000  # resources that one search may look into
Keys = list[Any]  # one for each sort: a text, a number, or None for no value
Found = tuple[Keys, int]  # and the row


def sift(resources: Iterable[tuple[int, dict[str, Any]]], request: SearchRequest) -> list[Found]:
    """The rows whose texts fit, in the order that was asked for; equal ones in the order of their rows."""
    kept = [(keys(r, request.sorts), rid) for rid, r in resources if all(t.fits(r) for t in request.texts)]
    return sorted(kept, key=cmp_to_key(lambda a, b: compared(a, b, request.sorts)))


def compared(a: Found, b: Found, sorts: list[Sort]) -> int:
    """Below 0 where a comes first. Those without a value come last, both ways."""
    for one, two, sort in zip(a[0], b[0], sorts, strict=True):
        if one != two:
            if one is None or two is None:
                return 1 if one is None else -1
            return -1 if (one < two) != sort.descending else 1
    return a[1] - b[1]


def keys(resource: dict[str, Any], sorts: list[Sort]) -> Keys:
    index = index_of(resource) if any(s.column == "dated" or (s.by and s.by.kind in INDEXED) for s in sorts) else Index()
    return [key(resource, index, s) for s in sorts]


def key(resource: dict[str, Any], index: Index, sort: Sort) -> Any:
    """The least value ascending, the greatest descending (FHIR R4 search.html#sort)."""
    if sort.by is None:
        values = {"updated": [resource["meta"]["lastUpdated"]], "id": [resource["id"]], "dated": [written(low) for low, _ in index.spans]}[sort.column]
    elif sort.by.kind in INDEXED:
        names = {hashed(sort.by.type_name, n) for n in sort.by.names}
        values = [v for p, v in INDEXED[sort.by.kind](index, sort.descending) if p in names]
    elif sort.place:
        values = [near.away(v, sort.place) for p in sort.by.paths for v in p.values(resource) if near.located(v)]
    elif sort.by.contexts:
        values = [parts for context in sort.by.contexts for parts in together(context, resource, sort.descending)]
    else:
        values = [text for p in sort.by.paths for v in p.values(resource) for text in shown(v)]
    return (max if sort.descending else min)(values, default=None)


def together(context: Context, resource: dict[str, Any], descending: bool) -> list[list[Any]]:
    """Of each element of a composite that has all parts: these, the first one first."""
    out = []
    for node in [resource] if context.single else context.path.values(resource):
        found = [[key for path in part.paths for v in path.values(resource if part.whole else node) for key in comparable(part.kind, v, descending)]
                 for part in context.parts]
        if all(found):
            out.append([(max if descending else min)(keys) for keys in found])
    return out


def comparable(kind: str, value: Any, descending: bool) -> list[Any]:
    if kind in ("quantity", "number"):
        ends = quantity.bounds(value)
        return [ends[1 if descending else 0]] if ends else []
    if kind == "date":
        return [written(r[1 if descending else 0]) for r in date.ranges(value)]
    return shown(value)


def shown(value: Any) -> list[str]:
    """A code, an address or where a reference leads, as text."""
    if isinstance(value, dict) and isinstance(value.get("reference"), str):
        return [value["reference"]]
    return [code for _, code in token.pairs(value) if code]


def written(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")


INDEXED = {
    "string": lambda index, down: index.strings,
    "date": lambda index, down: [(p, written(high if down else low)) for p, low, high in index.dates],
    "quantity": lambda index, down: [(q.parameter, q.high if down and q.high is not None else q.low) for q in index.quantities],
    "number": lambda index, down: [(q.parameter, q.high if down and q.high is not None else q.low) for q in index.quantities],
}
