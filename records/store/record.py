"""The sections of a shared record in one statement: for each type the newest rows that the scope may see, and one audit line."""

from collections.abc import Mapping

from consent.terms import Scope
from records.fhir.types import DIRECTORY, TYPES
from records.store.rows import JOINS, Row, asked, columns, rows, visible

# index: record_resource_patient
SECTION = "(SELECT * FROM record_resource r WHERE {visible} AND r.type = %(type{i})s AND NOT r.deleted ORDER BY r.dated DESC, r.rid DESC LIMIT %(most{i})s)"


def sections(scope: Scope, most: Mapping[str, int], patient: int | None = None) -> list[Row]:
    """most: {type: how many at most}; patient: only about this row of the index, for a scope that holds a whole store. Rows in the order of
    the types, newest first."""
    test, bound = visible(scope, DIRECTORY)
    if patient is not None:
        test, bound = f"{test} AND r.patient = %(patient)s", {**bound, "patient": patient}
    parts, parameters = [], dict(bound)
    for i, (type_name, limit) in enumerate(most.items()):
        parts.append(SECTION.format(visible=test, i=i))
        parameters[f"type{i}"], parameters[f"most{i}"] = TYPES[type_name].number, limit
    select = f"SELECT {columns('r.dated::text')} FROM ({' UNION ALL '.join(parts)}) r {JOINS}"
    found = rows(scope, asked(scope, select, parameters))
    order = {name: i for i, name in enumerate(most)}
    return sorted(found, key=lambda r: order[r.type_name])
