"""A criterion of the gate as a test in SQL on one row, every value bound.

An old version keeps only its type, labels and id. What it cannot be asked is decided against
showing it: false where that would open it, true where that would close it.
"""

from collections.abc import Callable
from typing import Any

from alliance.platform.array_literals import unquoted_array_literal
from alliance.sql.hospitals import HOSPITALS
from consent.criteria import (
    AllOf,
    AnyOf,
    AuthoredBy,
    Criterion,
    DatedWithin,
    HasAnyCode,
    HasAnyLabel,
    LabelsWithin,
    MayOverlap,
    Not,
    OfType,
    ReferredBy,
    RefersTo,
    ResourceItem,
)
from records.fhir.hashes import author_mark, code_mark, reference_hash
from records.fhir.resource_types import TYPES

Bind = Callable[[Any], str]


def criterion_sql(
    criterion: Criterion, alias: str, bind: Bind, *, may_be_old: bool = False, opens: bool = True
) -> str:
    """bind: gives the placeholder of a value. may_be_old: r may be an old version; opens: whether a
    row for which the test holds is shown.
    """
    match criterion:
        case AllOf(parts):
            return (
                join_conditions(
                    " AND ",
                    [
                        criterion_sql(p, alias, bind, may_be_old=may_be_old, opens=opens)
                        for p in parts
                    ],
                )
                or "true"
            )
        case AnyOf(parts):
            return (
                join_conditions(
                    " OR ",
                    [
                        criterion_sql(p, alias, bind, may_be_old=may_be_old, opens=opens)
                        for p in parts
                    ],
                )
                or "false"
            )
        case Not(part):
            return f"NOT {criterion_sql(part, alias, bind, may_be_old=may_be_old, opens=not opens)}"
        case LabelsWithin(mask):
            return f"({alias}.labels & ~{bind(mask)}::int) = 0"
        case HasAnyLabel(mask):
            return f"({alias}.labels & {bind(mask)}::int) <> 0"
        case OfType(names):
            numbers = sorted(TYPES[n].number for n in names if n in TYPES)
            return f"{alias}.type = ANY({bind(unquoted_array_literal(numbers))}::smallint[])"
        case ResourceItem():
            return item_sql(criterion, alias, bind)
        case RefersTo(item) | ReferredBy(item) | AuthoredBy(item) if may_be_old and not opens:
            return f"{alias}.hospital = {hospital_id_sql(item, bind)}"
        case _:
            return str(not opens).lower() if may_be_old else current_row_sql(criterion, alias, bind)


def current_row_sql(criterion: Criterion, alias: str, bind: Bind) -> str:
    """Of what only the current version is kept for."""
    match criterion:
        case DatedWithin(low, high):
            return (
                f"({alias}.dated >= {bind(low)} AND {alias}.dated_to <= {bind(high)} AND"
                f" {alias}.dated_to >"
                " '-infinity')"
            )
        case MayOverlap(low, high):
            return (
                f"({alias}.dated_to = '-infinity' OR ({alias}.dated < {bind(high)} AND"
                f" {alias}.dated_to >"
                f" {bind(low)}))"
            )
        case HasAnyCode(codes):
            return (
                f"{alias}.marks &&"
                f" {bind(unquoted_array_literal(sorted(code_mark(*c) for c in codes)))}::bigint[]"
            )
        case RefersTo(item):
            return (
                f"({alias}.hospital = {hospital_id_sql(item, bind)} AND {alias}.marks @>"
                f" {bind(unquoted_array_literal([hash_item_reference(item)]))}::bigint[])"
            )
        case AuthoredBy(item):
            mark = author_mark(item.type_name, item.fhir_id)
            return (
                f"({alias}.hospital = {hospital_id_sql(item, bind)} AND {alias}.marks @>"
                f" {bind(unquoted_array_literal([mark]))}::bigint[])"
            )
        case ReferredBy(item):
            number = TYPES[item.type_name].number if item.type_name in TYPES else 0
            marks = (
                f"record_marks_of({hospital_id_sql(item, bind)}::integer,"
                f" {bind(hash_item_reference(item))}::bigint, {bind(number)}::smallint,"
                f" {bind(item.fhir_id)}::text)"
            )
            return (
                f"({alias}.hospital = {hospital_id_sql(item, bind)} AND {alias}.named = ANY((SELECT"
                f" {marks})::bigint[]))"
            )
    raise TypeError(criterion)


def item_sql(item: ResourceItem, alias: str, bind: Bind) -> str:
    number = TYPES[item.type_name].number if item.type_name in TYPES else 0
    return (
        f"({alias}.hospital = {hospital_id_sql(item, bind)} AND {alias}.type ="
        f" {bind(number)}::smallint AND"
        f" {alias}.fhir_id = {bind(item.fhir_id)})"
    )


def hospital_id_sql(item: ResourceItem, bind: Bind) -> str:
    return f"(SELECT id FROM {HOSPITALS} h WHERE code = {bind(item.hospital)})"


def hash_item_reference(item: ResourceItem) -> int:
    return reference_hash(f"{item.type_name}/{item.fhir_id}")


def join_conditions(word: str, parts: list[str]) -> str:
    return f"({word.join(parts)})" if len(parts) > 1 else "".join(parts)
