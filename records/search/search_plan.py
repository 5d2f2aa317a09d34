"""SearchRequest + position -> the parts of one SELECT; every value bound, every name from our
own tables.
"""

from dataclasses import dataclass, field
from typing import Any

from records.fhir.hashes import index_hash
from records.fhir.resource_types import TYPES
from records.search.search_parameters import SearchParameter
from records.search.search_request import SearchRequest, SortKey
from records.search.search_terms import SearchCondition
from records.search.subjects import Subjects

# sort -> (column, its type for the cursor's text)
UNDATED_LAST = "CASE WHEN r.dated = '-infinity' THEN 'infinity' ELSE r.dated END"
SORTS = {
    "dated": ("r.dated", "timestamptz"),
    "updated": ("r.last_updated", "timestamptz"),
    "id": ("r.fhir_id", "text"),
}
# sort by a parameter -> (its side table and column, ascending and descending; what stands for a
# resource without a value: the end)
VALUES = {
    "string": ("record_string", "v.value", "v.value", "text", "\U0010ffff", ""),
    "date": ("record_date", "v.low", "v.high", "timestamptz", "infinity", "-infinity"),
    "quantity": (
        "record_quantity",
        "v.low",
        "coalesce(v.high, v.low)",
        "float8",
        "infinity",
        "-infinity",
    ),
    "number": (
        "record_quantity",
        "v.low",
        "coalesce(v.high, v.low)",
        "float8",
        "infinity",
        "-infinity",
    ),
}


@dataclass(slots=True)
class SearchPlan:
    """where: tests joined by AND, without the scope's; order: ORDER BY; key: the expression that
    the cursor keeps, text, or an array of texts for several sort keys; arms: (test, order) of
    parts, no row in two of them, each of which an index can be walked for.
    """

    where: str
    order: str
    key: str
    limit: int
    parameters: dict[str, Any] = field(default_factory=dict)
    arms: tuple[tuple[str, str], ...] = ()


def plan_search(
    request: SearchRequest, hospital_id: int | None, position: list[Any] | None
) -> SearchPlan:
    """hospital_id: whose patient ids `subjects` are; None where the scope itself holds the
    patients.
    """
    bound: dict[str, Any] = {}
    tests = ["NOT r.deleted", *row_tests_sql(request, hospital_id, bound)]
    columns = [sort_column_sql(s, f"sort{i}", bound) for i, s in enumerate(request.sorts)]
    rare = any(c.rare for c in request.conditions) or any(s.others for s in request.subjects)
    if (
        len(columns) == 1
        and request.sorts[0].by is None
        and rare
        and columns[0][1] == "timestamptz"
    ):
        columns = [
            (f"({columns[0][0]} + interval '0')", "timestamptz", columns[0][2])
        ]  # not by walking an index in its order until the few rows come along
    last = columns[-1][2]
    arms = (
        dated_first_arms(position is not None)
        if [c for c, _, _ in columns] == [UNDATED_LAST]
        else ()
    )
    if position:
        *at, rid = position
        keys = at[0] if isinstance(at[0], list) else at
        bound |= {f"at{i}": k for i, k in enumerate(keys)} | {"at_rid": rid}
        tests.append(after_position_sql(columns, last))
    order = ", ".join(f"{c} {'DESC' if down else 'ASC'}" for c, _, down in columns)
    key = (
        f"{columns[0][0]}::text"
        if len(columns) == 1
        else f"ARRAY[{', '.join(f'{c}::text' for c, _, _ in columns)}]"
    )
    return SearchPlan(
        " AND ".join(tests),
        f"{order}, r.rid {'DESC' if last else 'ASC'}",
        key,
        request.count + 1,
        bound,
        arms,
    )


def row_tests_sql(
    request: SearchRequest,
    hospital_id: int | None,
    bound: dict[str, Any],
    name: str = "",
    r: str = "r",
) -> list[str]:
    """The tests of the search on the row with the alias r, to be joined by AND; name: what the
    names of their values begin with.
    """
    tests = []
    if len(request.types) == 1:
        tests.append(f"{r}.type = %({name}type)s")
        bound[f"{name}type"] = TYPES[request.types[0]].number
    elif request.types:
        tests.append(f"{r}.type = ANY(%({name}types)s)")
        bound[f"{name}types"] = [TYPES[t].number for t in request.types]
    if hospital_id is not None:
        for i, subjects in enumerate(request.subjects):
            bound["subject_hospital"] = hospital_id
            tests.append(subject_sql(subjects, f"{name}subject{i}", bound, r))
    if request.ids is not None:
        tests.append(f"{r}.fhir_id = ANY(%({name}ids)s)")
        bound[f"{name}ids"] = request.ids
    return tests + [
        "(" + bind_condition(condition, f"{name}c{i}", bound, r) + ")"
        for i, condition in enumerate(request.conditions)
    ]


def dated_first_arms(going_on: bool) -> tuple[tuple[str, str], ...]:
    """Of the ascending clinical date: those that have one, then those that have none."""
    behind = " AND (r.dated, r.rid) > (%(at0)s::timestamptz, %(at_rid)s)" if going_on else ""
    return (f"r.dated > '-infinity'{behind}", "r.dated ASC, r.rid ASC"), (
        "r.dated = '-infinity'",
        "r.rid ASC",
    )


def bind_condition(condition: SearchCondition, name: str, bound: dict[str, Any], r: str) -> str:
    """The condition on the row with the alias r, its values bound under names that begin so."""
    bound.update({f"{name}_{j}": v for j, v in enumerate(condition.values)})
    return condition.sql.format(*(f"%({name}_{j})s" for j in range(len(condition.values))), r=r)


def subject_sql(subjects: Subjects, name: str, bound: dict[str, Any], r: str) -> str:
    ids = subjects.ids
    choose = (
        "SELECT id FROM records_sourcepatient WHERE hospital_id = %(subject_hospital)s AND fhir_id"
    )
    bound[name] = ids[0] if len(ids) == 1 and not subjects.others else ids
    if subjects.others:
        return (
            f"({r}.patient = ANY(ARRAY({choose} = ANY(%({name})s))) OR"
            f" {bind_condition(subjects.others, f'{name}_others', bound, r)})"
        )
    return (
        f"{r}.patient = ({choose} = %({name})s)"
        if len(ids) == 1
        else f"{r}.patient IN ({choose} = ANY(%({name})s))"
    )


def after_position_sql(columns: list[tuple[str, str, bool]], last: bool) -> str:
    """Rows after the position: of one key by comparing pairs, which an index can walk; of
    several, key by key.
    """
    if len(columns) == 1:
        column, cast, down = columns[0]
        return f"({column}, r.rid) {'<' if down else '>'} (%(at0)s::{cast}, %(at_rid)s)"
    out = f"r.rid {'<' if last else '>'} %(at_rid)s"
    for i, (column, cast, down) in reversed(list(enumerate(columns))):
        at = f"%(at{i})s::{cast}"
        out = f"({column} {'<' if down else '>'} {at} OR ({column} = {at} AND {out}))"
    return out


def sort_column_sql(sort: SortKey, name: str, bound: dict[str, Any]) -> tuple[str, str, bool]:
    """(expression, its type, descending). Whatever has no clinical date comes last, both ways."""
    if sort.by is None and sort.column == "dated" and not sort.descending:
        return UNDATED_LAST, "timestamptz", False
    if sort.by is None:
        return *SORTS[sort.column], sort.descending
    return *parameter_sort_sql(sort.by, sort.descending, name, bound), sort.descending


def parameter_sort_sql(
    parameter: SearchParameter, descending: bool, name: str, bound: dict[str, Any]
) -> tuple[str, str]:
    """The least value ascending, the greatest descending (FHIR R4 search.html#sort); those
    without a value come last.
    """
    table, low, high, cast, last, first = VALUES[parameter.kind]
    bound[name] = [index_hash(parameter.type_name, n) for n in parameter.names]
    bound[f"{name}_absent"] = first if descending else last
    chosen = f"max({high})" if descending else f"min({low})"
    collate = ' COLLATE "C"' if cast == "text" else ""
    return (
        (
            f"coalesce((SELECT {chosen} FROM {table} v WHERE v.rid = r.rid AND v.parameter ="
            f" ANY(%({name})s)), %({name}_absent)s::{cast}){collate}"
        ),
        cast,
    )
