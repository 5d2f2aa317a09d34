"""The store's data types: drafts that are written, rows that are read, bytes as they are; and how a
Scope becomes columns of a WHERE.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from alliance.sql.hospitals import HOSPITALS, SANDBOXES
from consent.audit.append import execute_with_audit
from consent.criteria import Criterion
from consent.row_security import apply_session_scope
from consent.sql.decisions import ANY_SEAL, SEALED
from consent.terms import Scope
from records.fhir.hashes import reference_hash
from records.fhir.resource_types import DIRECTORY_TYPES, TYPE_NAMES, TYPES
from records.search.search_terms import IndexValues
from records.store.codec import RowIdentity, decrypt_bodies
from records.store.criteria_sql import criterion_sql

UNSTAMPED = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One version of one resource. body: its JSON, b"" when deleted; position: position in the
    order asked for.
    """

    resource_id: int
    hospital: str
    type_name: str
    fhir_id: str
    version: int
    last_updated: dt.datetime
    deleted: bool
    body: bytes
    position: str = ""
    source_patient_id: int = 0


class LockedRow(NamedTuple):
    """What stands in the store of a resource that a writer has locked."""

    resource_id: int
    version: int
    deleted: bool
    source_patient_id: int
    last_updated: dt.datetime
    # its hospital wants whoever changes it to name the version
    # (CapabilityStatement.rest.resource.versioning)
    requires_version: bool = False


@dataclass(slots=True)
class Draft:
    """One resource on its way in. body: without its time
    (records.store.codec.join_unstamped_body) until the database has stamped it.
    """

    type_name: str
    fhir_id: str
    version: int
    source_patient_id: int
    other_source_patient_ids: list[int] | None
    labels: int
    index: IndexValues
    body: bytes
    deleted: bool = False
    resource_id: int = 0
    last_updated: dt.datetime = UNSTAMPED
    extra: dict[str, Any] = field(default_factory=dict)


# {key}: what the caller's cursor keeps; {shown}: whether the answer will show the row, so that the
# audit line says whom it is about; {named}: whether it names the row, too.
ROW_COLUMNS = """
r.rid, h.code AS hospital, r.type, r.fhir_id, r.version, r.last_updated, r.deleted, r.body,
  {key} AS key, r.patient, r.hospital AS owner,
CASE WHEN {shown} AND {named}
  THEN h.code || '/' || record_type_name(r.type) || '/' || r.fhir_id || '/' || r.version END AS ref,
CASE WHEN {shown} THEN p.person_id END AS person,
CASE WHEN r.others IS NOT NULL AND {shown} THEN ARRAY(SELECT o.person_id
    FROM records_sourcepatient o WHERE o.id = ANY(r.others)) END AS others
"""
ROW_JOINS = f"""
JOIN {HOSPITALS} h ON h.id = r.hospital
LEFT JOIN records_sourcepatient p ON p.id = r.patient
"""


class ScopeViolation(Exception):
    """A statement gave a row that its scope does not reach: its test was forgotten or wrong.
    Nothing of the answer leaves.
    """


def row_columns_sql(key: str = "''", shown: str = "true", *, names_resource: bool = True) -> str:
    return ROW_COLUMNS.format(key=key, shown=shown, named="true" if names_resource else "false")


def fetch_audited(
    scope: Scope, select: str, parameters: Mapping[str, Any], *, single: bool = False
) -> list[tuple[Any, ...]]:
    """What a statement finds behind the wall, its audit line written with it
    (consent.audit.append.execute_with_audit).
    """
    apply_session_scope(scope)
    return execute_with_audit(select, parameters, scope.event, single=single)


def check_reach(scope: Scope, columns_of_rows: Sequence[tuple[Any, ...]]) -> None:
    """Whose a row is, and whether the token may see its type at all, is looked at once more,
    apart from the statement (docs/adr/0022). Raises ScopeViolation.
    """
    reachable_patients = {p for p, _ in scope.patients}
    grant = None if scope.principal.grant.allows_all_types else scope.principal.grant
    for columns in columns_of_rows:
        type_number, source_patient_id, hospital_id = columns[2], columns[9], columns[10]
        is_reachable = (
            hospital_id == scope.store_hospital_id
            if scope.store_hospital_id is not None
            else source_patient_id in reachable_patients
            or (source_patient_id == 0 and TYPE_NAMES[type_number] in DIRECTORY_TYPES)
        )
        if not is_reachable or (
            grant and not {READ, SEARCH} & set(grant.letters_for(TYPE_NAMES[type_number]))
        ):
            raise ScopeViolation(f"{TYPE_NAMES[type_number]} of hospital {hospital_id}")


def build_rows(scope: Scope, columns_of_rows: Sequence[tuple[Any, ...]]) -> list[Row]:
    """Of what a statement with COLUMNS gave."""
    check_reach(scope, columns_of_rows)
    bodies = decrypt_bodies(
        [
            (bytes(columns[7]), RowIdentity(columns[10], *columns[2:6]))
            for columns in columns_of_rows
        ]
    )
    return [
        Row(columns[0], columns[1], TYPE_NAMES[columns[2]], *columns[3:7], body, *columns[8:10])
        for columns, body in zip(columns_of_rows, bodies, strict=True)
    ]


def build_bare_rows(scope: Scope, columns_of_rows: Sequence[tuple[Any, ...]]) -> list[Row]:
    """The same where no body was asked for."""
    check_reach(scope, columns_of_rows)
    return [
        Row(columns[0], columns[1], TYPE_NAMES[columns[2]], *columns[3:7], b"", *columns[8:10])
        for columns in columns_of_rows
    ]


def build_resource_key(hospital_id: int, type_name: str, fhir_id: str) -> dict[str, Any]:
    """What finds one resource: the hash for the index, and what it is of, for certainty."""
    return {
        "hospital": hospital_id,
        "type": TYPES[type_name].number,
        "id": fhir_id,
        "named": reference_hash(f"{type_name}/{fhir_id}"),
    }


UNSEALED_SQL = (
    f"({{r}}.patient <> ALL({SEALED}) AND ({{r}}.others IS NULL OR NOT {{r}}.others && {SEALED}))"
)
WITHIN_PATIENTS_SQL = "({r}.others IS NULL OR {r}.others <@ %(scope_all)s::bigint[])"
MOST_SEPARATE_TESTS = 4  # patients that are asked for one by one
PATIENT = TYPES["Patient"].number
READ, SEARCH = (
    "r",
    "s",
    # what a token needs for rows that stand beside those asked for, and for those that a condition
    # leads over
)
JOINED_ALIAS = re.compile(r"<visible:(t\d)>")


def where_sql(
    scope: Scope, directory: frozenset[str], conditions: str
) -> tuple[str, dict[str, Any]]:
    """The scope's test on `r` and the conditions, with the test on each row that these join:
    such a one may also be of the directory.
    """
    visible, scope_parameters = visible_sql(scope, directory)
    conditions, joined_parameters = joined_rows_sql(scope, directory, conditions)
    return f"{visible} AND {conditions}", scope_parameters | joined_parameters


def joined_rows_sql(
    scope: Scope, directory: frozenset[str], conditions: str
) -> tuple[str, dict[str, Any]]:
    """The conditions with the test on each row that they join."""
    parameters: dict[str, Any] = {}
    for alias in set(JOINED_ALIAS.findall(conditions)):
        visible, parameters = visible_or_directory_sql(scope, directory, alias, SEARCH)
        conditions = conditions.replace(f"<visible:{alias}>", visible)
    return conditions, parameters


def count_sql(
    scope: Scope, directory: frozenset[str], conditions: str
) -> tuple[str, dict[str, Any]]:
    """How many rows `where` would give, as an expression. Of an own store all less the sealed
    ones, which are looked for on days with a seal only: so the many are counted by an index that
    knows nothing of patients.
    """
    tests, parameters = where_sql(scope, directory, conditions)
    if scope.store_hospital_id is None or scope.writable:
        return f"(SELECT count(*) FROM record_resource r WHERE {tests})", parameters
    joined_conditions, of_hospital = (
        joined_rows_sql(scope, directory, conditions)[0],
        f"r.hospital = %(scope_hospital)s{granted_types_sql(scope, 'r', scope.letters)[0]}",
    )
    sealed = (
        f"{ANY_SEAL} AND (r.patient = ANY({SEALED}) OR (r.others IS NOT NULL AND r.others &&"
        f" {SEALED}))"
    )
    count_template = "(SELECT count(*) FROM record_resource r WHERE {} AND {})"
    return (
        (
            f"{count_template.format(of_hospital, joined_conditions)} -"
            f" {count_template.format(f'{of_hospital} AND {sealed}', joined_conditions)}"
        ),
        parameters,
    )


def granted_types_sql(scope: Scope, alias: str, letters: str) -> tuple[str, dict[str, Any]]:
    """AND the row is of a type of which the caller's token has all these letters; "" where it
    has them for every type.
    """
    types = scope.principal.grant.types_for(letters)
    parameter = f"granted_{letters}"
    return (
        ("", {})
        if types is None
        else (
            f" AND {alias}.type = ANY(%({parameter})s)",
            {parameter: sorted(TYPES[t].number for t in types if t in TYPES)},
        )
    )


def outside_sandboxes_sql(alias: str) -> str:
    """The directory is everybody's, but for that of sandboxes; asked once a statement."""
    return f"{alias}.hospital <> ALL (ARRAY({SANDBOXES}))"


def visible_sql(
    scope: Scope,
    directory: frozenset[str],
    alias: str = "r",
    *,
    may_be_old: bool = False,
    letters: str | None = None,
) -> tuple[str, dict[str, Any]]:
    """The scope's tests on the row with the alias r, for each statement that touches resources.
    may_be_old: the row may be an old version. letters: what the token needs for its type, if not
    what the scope says.

    Own store: the hospital's column, and no record that is sealed; a writer still finds the
    Patient, so that a sealed record goes on. Elsewhere: rows about permitted patients that fit what
    may be seen of each, and that name no patient outside the permitted ones.
    """
    granted_types, type_parameters = granted_types_sql(
        scope, alias, scope.letters if letters is None else letters
    )
    if scope.store_hospital_id is not None:
        parameters: dict[str, Any] = {"scope_hospital": scope.store_hospital_id, **type_parameters}
        parameters["scope_staff"] = (
            int(scope.principal.id) if scope.principal.kind == "staff" else 0
        )
        unsealed = UNSEALED_SQL.format(r=alias)
        if scope.writable:
            unsealed = f"({alias}.type = {PATIENT} OR {unsealed})"
        return f"{alias}.hospital = %(scope_hospital)s AND {unsealed}{granted_types}", parameters
    if scope.directory:
        return (
            f"{alias}.patient = 0 AND {alias}.others IS NULL AND {alias}.type ="
            f" ANY(%(scope_types)s) AND {outside_sandboxes_sql(alias)}{granted_types}",
            {"scope_types": sorted(TYPES[t].number for t in directory), **type_parameters},
        )
    patient_tests, patient_parameters = patient_tests_sql(scope.patients, alias, may_be_old)
    return (
        f"({' OR '.join(patient_tests) or 'false'}) AND"
        f" {WITHIN_PATIENTS_SQL.format(r=alias)}{granted_types}",
        {
            **patient_parameters,
            **type_parameters,
        },
    )


@lru_cache(maxsize=2000)
def patient_tests_sql(
    patients: tuple[tuple[int, Criterion], ...], alias: str, may_be_old: bool
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """For each patient, or for those of whom the same may be seen where they are many, the test
    on the row; and what these bind.
    """
    parameters: dict[str, Any] = {"scope_all": [p for p, _ in patients]}

    def bind(value: Any) -> str:
        name = next(
            (
                n
                for n, v in parameters.items()
                if n != "scope_all" and type(v) is type(value) and v == value
            ),
            f"scope_{len(parameters)}",
        )
        parameters[name] = value
        return f"%({name})s"

    if len(patients) <= MOST_SEPARATE_TESTS:
        return (
            tuple(
                f"({alias}.patient = {bind(p)} AND"
                f" {criterion_sql(criterion, alias, bind, may_be_old=may_be_old)})"
                for p, criterion in patients
            ),
            parameters,
        )
    patients_by_criterion: dict[Criterion, list[int]] = {}
    for patient, criterion in patients:
        patients_by_criterion.setdefault(criterion, []).append(patient)
    return (
        tuple(
            f"({alias}.patient = ANY({bind(source_patient_ids)}) AND"
            f" {criterion_sql(criterion, alias, bind, may_be_old=may_be_old)})"
            for criterion, source_patient_ids in patients_by_criterion.items()
        ),
        parameters,
    )


def branches_sql(
    scope: Scope, directory: frozenset[str], conditions: str
) -> tuple[list[str], dict[str, Any]]:
    """`where` in parts, no row in two of them: each walks an index of its own in the order of a
    page, and stops when the page is full.
    """
    visible, scope_parameters = visible_sql(scope, directory)
    conditions, joined_parameters = joined_rows_sql(scope, directory, conditions)
    patient_tests = (
        patient_tests_sql(scope.patients, "r", False)[0]
        if scope.store_hospital_id is None
        and not scope.directory
        and 1 <= len(scope.patients) <= MOST_SEPARATE_TESTS
        else ()
    )
    branches = [
        f"{branch} AND"
        f" {WITHIN_PATIENTS_SQL.format(r='r')}{granted_types_sql(scope, 'r', scope.letters)[0]}"
        for branch in patient_tests
    ] or [visible]
    return [
        f"{branch} AND {conditions}" for branch in branches
    ], scope_parameters | joined_parameters


def visible_or_directory_sql(
    scope: Scope, directory: frozenset[str], alias: str = "r", letters: str = READ
) -> tuple[str, dict[str, Any]]:
    """What may stand beside the scope's rows because they refer to it: what the scope opens
    itself, and the directory, which everyone in the alliance may read.
    """
    visible, parameters = visible_sql(scope, directory, alias, letters=letters)
    if scope.store_hospital_id is not None or scope.directory:
        return visible, parameters
    granted_types = granted_types_sql(scope, alias, letters)[0]
    return (
        (
            f"({visible} OR {alias}.patient = 0 AND {alias}.others IS NULL AND {alias}.type ="
            f" ANY(%(scope_types)s) AND {outside_sandboxes_sql(alias)}{granted_types})"
        ),
        {**parameters, "scope_types": sorted(TYPES[t].number for t in directory)},
    )
