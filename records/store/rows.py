"""What the store takes and gives: drafts in, rows out, bytes as they are; and how a Scope becomes columns of a WHERE."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from consent.terms import Scope
from records.fhir.hashes import named
from records.fhir.types import NAMES, TYPES
from records.search.terms import Index
from records.store.codec import Place, unseal


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


@dataclass(slots=True)
class Draft:
    """One resource on its way in."""

    type_name: str
    fhir_id: str
    version: int
    last_updated: dt.datetime
    patient: int
    others: list[int] | None
    labels: int
    index: Index
    body: bytes
    deleted: bool = False
    rid: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


# {key}: what the caller's cursor keeps; {shown}: whether the answer will show the row (and so the audit line names it).
COLUMNS = """
r.rid, h.code AS hospital, r.type, r.fhir_id, r.version, r.last_updated, r.deleted, r.body, {key} AS key, r.patient, r.hospital AS owner,
CASE WHEN {shown} THEN h.code || '/' || record_type_name(r.type) || '/' || r.fhir_id || '/' || r.version END AS ref, p.person_id AS person
"""
JOINS = """
JOIN alliance_hospital h ON h.id = r.hospital
LEFT JOIN records_sourcepatient p ON p.id = r.patient
"""


def rows(found: Sequence[tuple[Any, ...]]) -> list[Row]:
    """Of what a statement with COLUMNS gave."""
    bodies = unseal([(bytes(r[7]), Place(r[10], *r[2:6])) for r in found])
    return [Row(r[0], r[1], NAMES[r[2]], *r[3:7], body, *r[8:10]) for r, body in zip(found, bodies, strict=True)]


def key(hospital_id: int, type_name: str, fhir_id: str) -> dict[str, Any]:
    """What finds one resource: the hash for the index, and what it is of, for certainty."""
    return {"hospital": hospital_id, "type": TYPES[type_name].number, "id": fhir_id, "named": named(f"{type_name}/{fhir_id}")}


OTHERS = re.compile(r"<visible:(t\d)>")


def where(scope: Scope, directory: frozenset[str], conditions: str) -> tuple[str, dict[str, Any]]:
    """The scope's test on `r` and the conditions, with the same test on each row that these join."""
    test, bound = visible(scope, directory)
    return f"{test} AND {OTHERS.sub(lambda m: visible(scope, directory, m.group(1))[0], conditions)}", bound


def visible(scope: Scope, directory: frozenset[str], r: str = "r") -> tuple[str, dict[str, Any]]:
    """The scope's tests on the row with the alias r, for each statement that touches resources.

    Own store: the hospital's column. Elsewhere: rows about permitted patients whose labels all are permitted, and that
    name no patient outside the permitted ones.
    """
    if scope.whole is not None:
        return f"{r}.hospital = %(scope_hospital)s", {"scope_hospital": scope.whole}
    if scope.directory:
        return f"{r}.patient = 0 AND {r}.others IS NULL AND {r}.type = ANY(%(scope_types)s)", {"scope_types": sorted(TYPES[t].number for t in directory)}
    by_mask: dict[int, list[int]] = {}
    for patient, mask in scope.patients:
        by_mask.setdefault(mask, []).append(patient)
    tests = []
    bound: dict[str, Any] = {"scope_all": [p for p, _ in scope.patients]}
    for i, (mask, patients) in enumerate(sorted(by_mask.items())):
        tests.append(f"({r}.patient = ANY(%(scope_p{i})s) AND ({r}.labels & ~(%(scope_m{i})s)::int) = 0)")
        bound[f"scope_p{i}"], bound[f"scope_m{i}"] = patients, mask
    inside = f"({r}.others IS NULL OR {r}.others <@ %(scope_all)s::bigint[])"
    return f"({' OR '.join(tests) or 'false'}) AND {inside}", bound


def beside(scope: Scope, directory: frozenset[str]) -> tuple[str, dict[str, Any]]:
    """What may stand beside the scope's rows because they refer to it: what the scope opens itself, and the directory, which everyone in the
    alliance may read."""
    test, bound = visible(scope, directory)
    if scope.whole is not None or scope.directory:
        return test, bound
    return f"({test} OR r.patient = 0 AND r.others IS NULL AND r.type = ANY(%(scope_types)s))", {**bound, "scope_types": sorted(TYPES[t].number for t in directory)}
