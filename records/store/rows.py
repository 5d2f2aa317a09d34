"""What the store takes and gives: drafts in, rows out, bytes as they are; and how a Scope becomes columns of a WHERE."""

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from consent.terms import Scope
from records.search.terms import Index

PLAIN = b"\x00"  # body format 0: the canonical JSON itself


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
r.rid, h.code AS hospital, r.type, r.fhir_id, r.version, r.last_updated, r.deleted, substr(r.body, 2) AS body,
{key} AS key, r.patient, CASE WHEN {shown} THEN h.code || '/' || r.type || '/' || r.fhir_id || '/' || r.version END AS ref, p.person_id AS person
"""
JOINS = """
JOIN alliance_hospital h ON h.id = r.hospital
LEFT JOIN records_sourcepatient p ON p.id = r.patient
"""


def row(values: tuple[Any, ...]) -> Row:
    return Row(*values[:7], bytes(values[7]), *values[8:10])


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
        return f"{r}.patient = 0 AND {r}.others IS NULL AND {r}.type = ANY(%(scope_types)s)", {"scope_types": sorted(directory)}
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
