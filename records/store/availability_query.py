"""How much of a person's record a scope opens, and how new it is, by type, of the viewer's own
hospital and of others; with one audit line.
"""

import datetime as dt
from typing import NamedTuple

from consent.terms import Scope
from records.fhir.resource_types import DIRECTORY_TYPES, TYPE_NAMES
from records.store.rows import fetch_audited, visible_sql


class TypeCount(NamedTuple):
    """newest: the newest clinical date of these records, None where none has one."""

    own: bool
    type_name: str
    count: int
    newest: dt.datetime | None


# index: record_resource_patient
COUNT_SQL = (
    "SELECT r.hospital = %(own_hospital)s AS own, r.type, count(*) AS n,"
    " max(r.dated) FILTER (WHERE isfinite(r.dated)) AS newest, NULL::text AS ref,"
    " %(about)s::uuid AS person, NULL::uuid[] AS others"
    " FROM record_resource r WHERE {visible} AND NOT r.deleted GROUP BY 1, 2"
)


def count_visible_records(scope: Scope) -> list[TypeCount]:
    """Of what the scope opens of a person, and of nothing else."""
    visible, parameters = visible_sql(scope, DIRECTORY_TYPES)
    rows = fetch_audited(
        scope,
        COUNT_SQL.format(visible=visible),
        {
            **parameters,
            "own_hospital": scope.principal.hospital_id,
            "about": scope.event.person,
        },
    )
    return [TypeCount(own, TYPE_NAMES[number], n, newest) for own, number, n, newest, *_ in rows]
