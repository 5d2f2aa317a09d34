"""A criterion of the gate as a test in SQL on one row, every value bound.

An old version keeps only its type, labels and id. What it cannot be asked is decided against showing it: false where that would open it, true
where that would close it.
"""

from collections.abc import Callable
from typing import Any

from alliance.config.literals import plain
from consent.criteria import By, Coded, Criterion, During, Every, Item, Meeting, No, OfType, Referred, Refers, Some, Touching, Within
from records.fhir.hashes import authored, coded, named
from records.fhir.types import TYPES

Bind = Callable[[Any], str]


def sql(criterion: Criterion, r: str, bind: Bind, *, old: bool = False, opens: bool = True) -> str:
    """bind: gives the placeholder of a value. old: r may be an old version; opens: whether a row for which the test holds is shown."""
    match criterion:
        case Every(parts):
            return joined(" AND ", [sql(p, r, bind, old=old, opens=opens) for p in parts]) or "true"
        case Some(parts):
            return joined(" OR ", [sql(p, r, bind, old=old, opens=opens) for p in parts]) or "false"
        case No(part):
            return f"NOT {sql(part, r, bind, old=old, opens=not opens)}"
        case Within(mask):
            return f"({r}.labels & ~{bind(mask)}::int) = 0"
        case Touching(mask):
            return f"({r}.labels & {bind(mask)}::int) <> 0"
        case OfType(names):
            return f"{r}.type = ANY({bind(plain(sorted(TYPES[n].number for n in names if n in TYPES)))}::smallint[])"
        case Item():
            return is_item(criterion, r, bind)
        case Refers(item) | Referred(item) | By(item) if old and not opens:
            return f"{r}.hospital = {hospital(item, bind)}"
        case _:
            return str(not opens).lower() if old else whole(criterion, r, bind)


def whole(criterion: Criterion, r: str, bind: Bind) -> str:
    """Of what only the current version is kept for."""
    match criterion:
        case During(low, high):
            return f"({r}.dated >= {bind(low)} AND {r}.dated_to <= {bind(high)} AND {r}.dated_to > '-infinity')"
        case Meeting(low, high):
            return f"({r}.dated_to = '-infinity' OR ({r}.dated < {bind(high)} AND {r}.dated_to > {bind(low)}))"
        case Coded(codes):
            return f"{r}.marks && {bind(plain(sorted(coded(*c) for c in codes)))}::bigint[]"
        case Refers(item):
            return f"({r}.hospital = {hospital(item, bind)} AND {r}.marks @> {bind(plain([reference(item)]))}::bigint[])"
        case By(item):
            return f"({r}.hospital = {hospital(item, bind)} AND {r}.marks @> {bind(plain([authored(item.type_name, item.fhir_id)]))}::bigint[])"
        case Referred(item):
            number = TYPES[item.type_name].number if item.type_name in TYPES else 0
            marks = f"record_marks_of({hospital(item, bind)}::integer, {bind(reference(item))}::bigint, {bind(number)}::smallint, {bind(item.fhir_id)}::text)"
            return f"({r}.hospital = {hospital(item, bind)} AND {r}.named = ANY((SELECT {marks})::bigint[]))"
    raise TypeError(criterion)


def is_item(item: Item, r: str, bind: Bind) -> str:
    number = TYPES[item.type_name].number if item.type_name in TYPES else 0
    return f"({r}.hospital = {hospital(item, bind)} AND {r}.type = {bind(number)}::smallint AND {r}.fhir_id = {bind(item.fhir_id)})"


def hospital(item: Item, bind: Bind) -> str:
    return f"(SELECT id FROM alliance_hospital WHERE code = {bind(item.hospital)})"


def reference(item: Item) -> int:
    return named(f"{item.type_name}/{item.fhir_id}")


def joined(word: str, parts: list[str]) -> str:
    return f"({word.join(parts)})" if len(parts) > 1 else "".join(parts)
