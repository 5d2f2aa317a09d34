"""One encounter with what belongs to it, in one statement under one audit line: what names it or is
named by it, and apart what its hospital did on those days without naming an encounter.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from alliance.platform.dates import HOSPITAL_ZONE, LATEST_INSTANT
from consent.terms import Scope
from records.fhir.hashes import index_hash, reference_hash
from records.fhir.resource_types import DIRECTORY_TYPES, TYPES
from records.search.search_parameters import parameters_of_type
from records.store.rows import (
    PATIENT,
    ROW_JOINS,
    Row,
    build_resource_key,
    build_rows,
    fetch_audited,
    row_columns_sql,
    visible_sql,
)

ENCOUNTER_CODES = ("encounter", "context")  # of search parameters that name one
# types that name their encounter in an element that no search parameter reads
UNSEARCHED = ("AllergyIntolerance", "Immunization")
MOST_PATIENTS = 20
MOST_DAYS = 366  # of which what was done is looked for

# A row is tested like any other, whichever way leads to it; whether it names an encounter follows
# from itself alone, so that it tells nothing of an encounter that is hidden.
# index: record_resource_named, record_reference_target, record_reference_rid,
# record_resource_patient
ENCOUNTER_SQL = f"""
WITH encounter AS MATERIALIZED (
  SELECT r.*,
    date_trunc('day', r.dated, %(zone)s) AS first_day,
    date_trunc('day', CASE
      WHEN r.dated_to < %(latest)s THEN r.dated_to - interval '1 microsecond'
      WHEN r.tokens && %(stays)s::bigint[] THEN now()
      ELSE r.dated END, %(zone)s) + interval '1 day' AS last_day
  FROM record_resource r
  WHERE r.named = %(named)s AND r.hospital = %(hospital)s AND r.type = %(type)s
    AND r.fhir_id = %(id)s AND NOT r.deleted AND {{visible}}),
belonging AS MATERIALIZED (
  SELECT t.rid FROM encounter e
    JOIN record_reference x ON x.target = e.named AND x.parameter = ANY(%(parameters)s)
    JOIN record_resource t ON t.rid = x.rid AND t.hospital = e.hospital AND NOT t.deleted
  UNION
  SELECT t.rid FROM encounter e
    JOIN record_reference x ON x.rid = e.rid
    JOIN record_resource t ON t.named = x.target AND t.hospital = e.hospital
      AND t.patient = e.patient AND t.type = ANY(%(types)s) AND NOT t.deleted
  UNION
  SELECT t.rid FROM encounter e
    JOIN record_resource t ON t.patient = e.patient AND t.type = ANY(%(unsearched)s)
      AND t.hospital = e.hospital AND NOT t.deleted AND t.marks @> ARRAY[%(mark)s]::bigint[])
SELECT {{columns}} FROM (
  SELECT r.*, 'encounter' AS part FROM record_resource r
    WHERE r.rid = (SELECT e.rid FROM encounter e)
  UNION ALL
  (SELECT r.*, 'patient' FROM record_resource r
    WHERE (SELECT count(*) FROM encounter) > 0 AND r.type = {PATIENT} AND NOT r.deleted
      AND {{visible}} ORDER BY r.dated DESC, r.rid DESC LIMIT {MOST_PATIENTS})
  UNION ALL
  (SELECT r.*, 'named' FROM record_resource r
    WHERE r.rid IN (SELECT b.rid FROM belonging b) AND NOT r.deleted AND {{visible}}
    ORDER BY r.dated DESC, r.rid DESC LIMIT %(most)s)
  UNION ALL
  (SELECT r.*, 'days' FROM record_resource r
    WHERE r.patient = (SELECT e.patient FROM encounter e) AND r.hospital = %(hospital)s
      AND r.type = ANY(%(types)s) AND NOT r.deleted
      AND r.dated >= (SELECT e.first_day FROM encounter e
        WHERE e.last_day <= e.first_day + interval '{MOST_DAYS} days')
      AND r.dated < (SELECT e.last_day FROM encounter e)
      AND r.rid NOT IN (SELECT b.rid FROM belonging b)
      AND NOT EXISTS (SELECT FROM record_reference x
        WHERE x.rid = r.rid AND x.parameter = ANY(%(parameters)s))
      AND {{visible}}
    ORDER BY r.dated DESC, r.rid DESC LIMIT %(most)s)
) r {{joins}}
"""


@dataclass(frozen=True, slots=True)
class EncounterRows:
    """encounter: None where it is not there, deleted, or not to be seen; then nothing else is.
    named: what names it or is named by it; days: what was done on its days, of no encounter.
    """

    encounter: Row | None = None
    patients: list[Row] = field(default_factory=list)
    named: list[Row] = field(default_factory=list)
    days: list[Row] = field(default_factory=list)


@cache
def encounter_parameters() -> list[int]:
    """What references to an encounter are kept under."""
    return [
        index_hash(type_name, p.code)
        for type_name in TYPES
        for p in parameters_of_type(type_name).values()
        if p.kind == "reference" and p.code in ENCOUNTER_CODES
    ] + [index_hash("Encounter", "part-of")]


def fetch_encounter(
    scope: Scope,
    hospital_id: int,
    fhir_id: str,
    types: tuple[str, ...],
    stay_classes: Collection[str],
    most: int,
) -> EncounterRows:
    """types: of what may stand beside it; stay_classes: codes of encounters that last until they
    are said to have ended; most: of what names it, and of what was done besides.
    """
    visible, scope_parameters = visible_sql(scope, DIRECTORY_TYPES)
    select = ENCOUNTER_SQL.format(
        columns=row_columns_sql("r.part"), joins=ROW_JOINS, visible=visible
    )
    parameters: dict[str, Any] = {
        **build_resource_key(hospital_id, "Encounter", fhir_id),
        "parameters": encounter_parameters(),
        "types": [TYPES[t].number for t in types],
        "unsearched": [TYPES[t].number for t in UNSEARCHED],
        "mark": reference_hash(f"Encounter/{fhir_id}"),
        "stays": [index_hash("Encounter", "class", "code", c) for c in sorted(stay_classes)],
        "zone": HOSPITAL_ZONE.key,
        "latest": LATEST_INSTANT,
        "most": most,
        **scope_parameters,
    }
    found: dict[str, list[Row]] = {"encounter": [], "patient": [], "named": [], "days": []}
    rows = build_rows(scope, fetch_audited(scope, select, parameters, single=True))
    for row in rows:
        found[row.position].append(row)
    return EncounterRows(
        next(iter(found["encounter"]), None), found["patient"], found["named"], found["days"]
    )
