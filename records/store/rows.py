"""What the store takes and gives: drafts in, rows out, bytes as they are; and how a Scope becomes columns of a WHERE."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from alliance.auth.scopes import WHOLE
from consent.audit.append import witnessed
from consent.criteria import Criterion
from consent.terms import Scope
from consent.wall import stand
from records.fhir.hashes import named
from records.fhir.types import DIRECTORY, NAMES, TYPES
from records.search.terms import Index
from records.store.codec import Place, unseal
from records.store.criteria import sql

UNSTAMPED = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One version of one resource. body: its JSON, b"" when deleted; key: position in the order asked for."""

    rid: int
    hospital: str
    type_name: str
    fhir_id: str
    version: int
    last_updated: dt.datetime
    deleted: bool
    body: bytes
    key: str = ""
    patient: int = 0


class Current(NamedTuple):
    """What stands in the store of a resource that a writer has locked."""

    rid: int
    version: int
    deleted: bool
    patient: int
    last_updated: dt.datetime
    guarded: bool = False  # its hospital wants whoever changes it to name the version (CapabilityStatement.rest.resource.versioning)


@dataclass(slots=True)
class Draft:
    """One resource on its way in. body: without its time (records.store.codec.untimed) until the database has stamped it."""

    type_name: str
    fhir_id: str
    version: int
    patient: int
    others: list[int] | None
    labels: int
    index: Index
    body: bytes
    deleted: bool = False
    rid: int = 0
    last_updated: dt.datetime = UNSTAMPED
    extra: dict[str, Any] = field(default_factory=dict)


# {key}: what the caller's cursor keeps; {shown}: whether the answer will show the row, so that the audit line says whom it is about; {named}: whether it
# names the row, too.
COLUMNS = """
r.rid, h.code AS hospital, r.type, r.fhir_id, r.version, r.last_updated, r.deleted, r.body, {key} AS key, r.patient, r.hospital AS owner,
CASE WHEN {shown} AND {named} THEN h.code || '/' || record_type_name(r.type) || '/' || r.fhir_id || '/' || r.version END AS ref,
CASE WHEN {shown} THEN p.person_id END AS person,
CASE WHEN r.others IS NOT NULL AND {shown} THEN ARRAY(SELECT o.person_id FROM records_sourcepatient o WHERE o.id = ANY(r.others)) END AS others
"""
JOINS = """
JOIN alliance_hospital h ON h.id = r.hospital
LEFT JOIN records_sourcepatient p ON p.id = r.patient
"""


class Escaped(Exception):
    """A statement gave a row that its scope does not reach: its test was forgotten or wrong. Nothing of the answer leaves."""


def columns(key: str = "''", shown: str = "true", *, named: bool = True) -> str:
    return COLUMNS.format(key=key, shown=shown, named="true" if named else "false")


def asked(scope: Scope, select: str, parameters: Mapping[str, Any], *, one: bool = False) -> list[tuple[Any, ...]]:
    """What a statement finds behind the wall, its audit line written with it (consent.audit.append.witnessed)."""
    stand(scope)
    return witnessed(select, parameters, scope.event, one=one)


def rows(scope: Scope, found: Sequence[tuple[Any, ...]]) -> list[Row]:
    """Of what a statement with COLUMNS gave. Whose a row is, and whether the token may see its type at all, is looked at once more, apart
    from the statement (docs/adr/0022)."""
    reached = {p for p, _ in scope.patients}
    grant = scope.principal.grant if scope.principal.grant != WHOLE else None
    for r in found:
        type_number, patient, owner = r[2], r[9], r[10]
        open_ = owner == scope.whole if scope.whole is not None else patient in reached or (patient == 0 and NAMES[type_number] in DIRECTORY)
        if not open_ or (grant and not {READ, SEARCH} & set(grant.letters(NAMES[type_number]))):
            raise Escaped(f"{NAMES[type_number]} of hospital {owner}")
    bodies = unseal([(bytes(r[7]), Place(r[10], *r[2:6])) for r in found])
    return [Row(r[0], r[1], NAMES[r[2]], *r[3:7], body, *r[8:10]) for r, body in zip(found, bodies, strict=True)]


def key(hospital_id: int, type_name: str, fhir_id: str) -> dict[str, Any]:
    """What finds one resource: the hash for the index, and what it is of, for certainty."""
    return {"hospital": hospital_id, "type": TYPES[type_name].number, "id": fhir_id, "named": named(f"{type_name}/{fhir_id}")}


# index: consent_incidentseal, a few rows, none on most days
SEALED = "ARRAY(SELECT unnest(covers) FROM consent_incidentseal WHERE lifted_at IS NULL AND NOT %(scope_staff)s = ANY(listed))"
UNSEALED = f"({{r}}.patient <> ALL({SEALED}) AND ({{r}}.others IS NULL OR NOT {{r}}.others && {SEALED}))"
INSIDE = "({r}.others IS NULL OR {r}.others <@ %(scope_all)s::bigint[])"
APART = 4  # patients that are asked for each for himself
PATIENT = TYPES["Patient"].number
READ, SEARCH = "r", "s"  # what a token needs for rows that stand beside those asked for, and for those that a condition leads over
OTHERS = re.compile(r"<visible:(t\d)>")


def where(scope: Scope, directory: frozenset[str], conditions: str) -> tuple[str, dict[str, Any]]:
    """The scope's test on `r` and the conditions, with the test on each row that these join: such a one may also be of the directory."""
    test, bound = visible(scope, directory)
    conditions, more = joined(scope, directory, conditions)
    return f"{test} AND {conditions}", bound | more


def joined(scope: Scope, directory: frozenset[str], conditions: str) -> tuple[str, dict[str, Any]]:
    """The conditions with the test on each row that they join."""
    bound: dict[str, Any] = {}
    for alias in set(OTHERS.findall(conditions)):
        test, bound = beside(scope, directory, alias, SEARCH)
        conditions = conditions.replace(f"<visible:{alias}>", test)
    return conditions, bound


def number(scope: Scope, directory: frozenset[str], conditions: str) -> tuple[str, dict[str, Any]]:
    """How many rows `where` would give, as an expression. Of an own store all less the sealed ones, which are looked for on days with a seal only:
    so the many are counted by an index that knows nothing of patients."""
    tests, bound = where(scope, directory, conditions)
    if scope.whole is None or scope.writable:
        return f"(SELECT count(*) FROM record_resource r WHERE {tests})", bound
    rest, of_hospital = joined(scope, directory, conditions)[0], f"r.hospital = %(scope_hospital)s{granted(scope, 'r', scope.letters)[0]}"
    sealed = f"EXISTS (SELECT FROM consent_incidentseal WHERE lifted_at IS NULL) AND (r.patient = ANY({SEALED}) OR (r.others IS NOT NULL AND r.others && {SEALED}))"
    counted = "(SELECT count(*) FROM record_resource r WHERE {} AND {})"
    return f"{counted.format(of_hospital, rest)} - {counted.format(f'{of_hospital} AND {sealed}', rest)}", bound


def granted(scope: Scope, r: str, letters: str) -> tuple[str, dict[str, Any]]:
    """ AND the row is of a type of which the caller's token has all these letters; "" where it has them for every type."""
    types = scope.principal.grant.types(letters)
    name = f"granted_{letters}"
    return ("", {}) if types is None else (f" AND {r}.type = ANY(%({name})s)", {name: sorted(TYPES[t].number for t in types if t in TYPES)})


def visible(scope: Scope, directory: frozenset[str], r: str = "r", *, old: bool = False, letters: str | None = None) -> tuple[str, dict[str, Any]]:
    """The scope's tests on the row with the alias r, for each statement that touches resources. old: the row may be an old version. letters: what the token
    needs for its type, if not what the scope says.

    Own store: the hospital's column, and no record that is sealed; a writer still finds the Patient, so that a sealed record goes on. Elsewhere: rows about permitted patients that fit what may be
    seen of each, and that name no patient outside the permitted ones.
    """
    kind, types = granted(scope, r, scope.letters if letters is None else letters)
    if scope.whole is not None:
        bound: dict[str, Any] = {"scope_hospital": scope.whole, **types}
        bound["scope_staff"] = int(scope.principal.id) if scope.principal.kind == "staff" else 0
        unsealed = UNSEALED.format(r=r)
        return f"{r}.hospital = %(scope_hospital)s AND {f'({r}.type = {PATIENT} OR {unsealed})' if scope.writable else unsealed}{kind}", bound
    if scope.directory:
        return f"{r}.patient = 0 AND {r}.others IS NULL AND {r}.type = ANY(%(scope_types)s){kind}", {"scope_types": sorted(TYPES[t].number for t in directory), **types}
    found, more = tests(scope.patients, r, old)
    return f"({' OR '.join(found) or 'false'}) AND {INSIDE.format(r=r)}{kind}", {**more, **types}


@lru_cache(maxsize=2000)
def tests(patients: tuple[tuple[int, Criterion], ...], r: str, old: bool) -> tuple[tuple[str, ...], dict[str, Any]]:
    """For each patient, or for those of whom the same may be seen where they are many, the test on the row; and what these bind."""
    bound: dict[str, Any] = {"scope_all": [p for p, _ in patients]}

    def bind(value: Any) -> str:
        name = next((n for n, v in bound.items() if n != "scope_all" and type(v) is type(value) and v == value), f"scope_{len(bound)}")
        bound[name] = value
        return f"%({name})s"

    if len(patients) <= APART:
        return tuple(f"({r}.patient = {bind(p)} AND {sql(criterion, r, bind, old=old)})" for p, criterion in patients), bound
    alike: dict[Criterion, list[int]] = {}
    for patient, criterion in patients:
        alike.setdefault(criterion, []).append(patient)
    return tuple(f"({r}.patient = ANY({bind(several)}) AND {sql(criterion, r, bind, old=old)})" for criterion, several in alike.items()), bound


def branches(scope: Scope, directory: frozenset[str], conditions: str) -> tuple[list[str], dict[str, Any]]:
    """`where` in parts, no row in two of them: each walks an index of its own in the order of a page, and stops when the page is full."""
    test, bound = visible(scope, directory)
    conditions, more = joined(scope, directory, conditions)
    each = tests(scope.patients, "r", False)[0] if scope.whole is None and not scope.directory and 1 <= len(scope.patients) <= APART else ()
    inside = [f"{t} AND {INSIDE.format(r='r')}{granted(scope, 'r', scope.letters)[0]}" for t in each] or [test]
    return [f"{t} AND {conditions}" for t in inside], bound | more


def beside(scope: Scope, directory: frozenset[str], r: str = "r", letters: str = READ) -> tuple[str, dict[str, Any]]:
    """What may stand beside the scope's rows because they refer to it: what the scope opens itself, and the directory, which everyone in the
    alliance may read."""
    test, bound = visible(scope, directory, r, letters=letters)
    if scope.whole is not None or scope.directory:
        return test, bound
    kind = granted(scope, r, letters)[0]
    return f"({test} OR {r}.patient = 0 AND {r}.others IS NULL AND {r}.type = ANY(%(scope_types)s){kind})", {**bound, "scope_types": sorted(TYPES[t].number for t in directory)}
