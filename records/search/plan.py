"""SearchRequest + position -> the parts of one SELECT; every value bound, every name from our own tables."""

from dataclasses import dataclass, field
from typing import Any

from records.search.definitions import Parameter
from records.search.hashes import hashed
from records.search.parse import SearchRequest

# sort -> (column, its type for the cursor's text)
SORTS = {"dated": ("r.dated", "timestamptz"), "updated": ("r.last_updated", "timestamptz"), "id": ("r.fhir_id", "text")}
# sort by a parameter -> (its side table and column, ascending and descending; what stands for a resource without a value: the end)
VALUES = {
    "string": ("record_string", "value", "value", "text", "\U0010ffff", ""),
    "date": ("record_date", "low", "high", "timestamptz", "infinity", "-infinity"),
    "quantity": ("record_quantity", "low", "high", "float8", "infinity", "-infinity"),
    "number": ("record_quantity", "low", "high", "float8", "infinity", "-infinity"),
}


@dataclass(slots=True)
class Plan:
    """where: tests joined by AND, without the scope's; order: ORDER BY; key: the expression that the cursor keeps."""

    where: str
    order: str
    key: str
    limit: int
    parameters: dict[str, Any] = field(default_factory=dict)


def plan(request: SearchRequest, hospital_id: int | None, position: list[Any] | None) -> Plan:
    """hospital_id: whose patient ids `subjects` are; None where the scope itself holds the patients."""
    tests = ["r.type = %(type)s", "NOT r.deleted"]
    bound: dict[str, Any] = {"type": request.type_name}
    if hospital_id is not None:
        for i, ids in enumerate(request.subjects):
            choose = "SELECT id FROM records_sourcepatient WHERE hospital_id = %(subject_hospital)s AND fhir_id"
            bound["subject_hospital"] = hospital_id
            bound[f"subject{i}"] = ids[0] if len(ids) == 1 else ids
            tests.append(f"r.patient = ({choose} = %(subject{i})s)" if len(ids) == 1 else f"r.patient IN ({choose} = ANY(%(subject{i})s))")
    if request.ids is not None:
        tests.append("r.fhir_id = ANY(%(ids)s)")
        bound["ids"] = request.ids
    for i, condition in enumerate(request.conditions):
        names = [f"%(c{i}_{j})s" for j in range(len(condition.values))]
        tests.append("(" + condition.sql.format(*names, r="r") + ")")
        bound.update({f"c{i}_{j}": v for j, v in enumerate(condition.values)})
    column, cast = SORTS[request.sort] if request.by is None or request.sort != "by" else sorted_by(request.by, request.descending, bound)
    if request.sort != "by" and any(c.rare for c in request.conditions) and cast == "timestamptz":
        column = f"({column} + interval '0')"  # not by walking an index in its order until the few rows have come along
    way, beyond = ("DESC", "<") if request.descending else ("ASC", ">")
    if position:
        tests.append(f"({column}, r.rid) {beyond} (%(at_key)s::{cast}, %(at_rid)s)")
        bound["at_key"], bound["at_rid"] = position
    return Plan(" AND ".join(tests), f"{column} {way}, r.rid {way}", f"{column}::text", request.count + 1, bound)


def sorted_by(parameter: Parameter, descending: bool, bound: dict[str, Any]) -> tuple[str, str]:
    """The least value ascending, the greatest descending (FHIR R4 search.html#sort); those without a value come last."""
    table, low, high, cast, last, first = VALUES[parameter.kind]
    bound["sort"] = hashed(parameter.type_name, parameter.code)
    bound["absent"] = first if descending else last
    chosen = f"max(v.{high})" if descending else f"min(v.{low})"
    collate = ' COLLATE "C"' if cast == "text" else ""
    return f"coalesce((SELECT {chosen} FROM {table} v WHERE v.rid = r.rid AND v.parameter = %(sort)s), %(absent)s::{cast}){collate}", cast
