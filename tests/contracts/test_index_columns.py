"""Columns that the gate, the joins and the order of pages go by have one value for all versions
of the index: a release that gives one another meaning would change what the last one answers, while
both serve one database (docs/adr/0043).
"""

import hashlib
import re
from typing import Any

import pytest

from alliance.database.index_version import UNTAGGED, VERSION
from alliance.database.release import INDEXED_SINCE, SERVED_SINCE
from records.fhir import hashes
from records.fhir.resource_types import TYPES
from records.fhir.sensitivity_labels import labels_and_marks
from records.search.index_resource import build_index
from records.search.search_parameters import parameters_of_type
from records.store.draft_columns import build_search_columns
from records.store.rows import Draft
from tests.conftest import ROOT
from tests.factories.fhir import make_observation

HIV = {"coding": [{"system": "http://loinc.org", "code": "75622-1"}]}
EXAMPLES: tuple[dict[str, Any], ...] = (
    {"id": "a", **make_observation("Patient/p"), "performer": [{"reference": "Practitioner/x"}]},
    {"id": "b", **make_observation("Patient/p"), "code": HIV, "effectiveDateTime": "2026-03"},
    {
        "resourceType": "Patient",
        "id": "p",
        "name": [{"text": "公孙策"}],
        "gender": "male",
        "birthDate": "1958-03-12",
    },
    {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p"},
        "period": {"start": "2026-01-01", "end": "2026-01-03"},
    },
    {
        "resourceType": "AllergyIntolerance",
        "id": "g",
        "patient": {"reference": "Patient/p"},
        "code": {"text": "青霉素"},
        "meta": {
            "security": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}
            ]
        },
    },
)
COLUMNS = ("dated", "dated_to", "marks", "named")
# What they are since version 7, and the order of the parameters of all types, whose places are the
# bits of `present`.
KNOWN = "ff6c332f9b12aafb"
FIRST_BITS = "5432f006441b8b60"


def columns() -> str:
    said = []
    for resource in EXAMPLES:
        index = build_index(resource)
        labels, index.marks = labels_and_marks(resource)
        values = build_search_columns(
            Draft(resource["resourceType"], resource["id"], 1, 0, None, labels, index, b"")
        )
        said.append([labels, *(str(values[c]) for c in COLUMNS)])
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def bits() -> str:
    return hashlib.sha256(
        repr(
            [(t, p.code, p.bit) for t in sorted(TYPES) for p in parameters_of_type(t).values()]
        ).encode()
    ).hexdigest()[:16]


def test_columns_keep_their_meaning() -> None:
    assert columns() == KNOWN, (
        f"{', '.join(COLUMNS)} or the labels of a resource are not what the last release makes of"
        " it. While both serve one database each would answer by the other's. Give the new meaning"
        " a new column, which the filling writes (FILL in"
        " records/store/maintenance/index_fill_rows.py) and this release asks; drop the old one a"
        " release later. More labels alone are allowed: they close. Then write the new mark here."
    )


def test_bits_of_present_keep_their_meaning() -> None:
    assert bits() == FIRST_BITS, (
        "A parameter's bit is its place among those of its type: a new one comes last, and none"
        " goes. If that is so raise VERSION (alliance/database/index_version.py) and write the new"
        " mark here; else `present` needs a column of its own for this release."
    )


def test_who_fills_is_served_beside_writers_that_know_of_it() -> None:
    assert VERSION == UNTAGGED or SERVED_SINCE >= INDEXED_SINCE, (
        f"Code before number {INDEXED_SINCE} does not say which version of the index it writes:"
        f" raise SERVED_SINCE to {INDEXED_SINCE} at least (alliance/database/release.py)."
    )


def test_entries_of_two_versions_never_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for version in (UNTAGGED + 1, UNTAGGED + 2):
        monkeypatch.setattr(hashes, "VERSION", version)
        found[version] = {
            hashes.hash_for_index("Observation", "code", "code", str(n)) for n in range(1000)
        }
        assert (
            {e & hashes.TAG for e in found[version]} == {version}
            and len(found[version]) == 1000
            and all(-(2**63) <= e < 2**63 for e in found[version])
        )
    assert not found[UNTAGGED + 1] & found[UNTAGGED + 2]


def test_all_that_is_kept_for_searching_says_its_version() -> None:
    """By `entry`; what gates and joins is the same for all, by `coded`, `authored`, `named`."""
    bare = [
        p.name
        for folder in ("search", "store", "interactions")
        for p in (ROOT / "records" / folder).rglob("*.py")
        if re.search(r"fhir\.hashes import .*\bhashed\b", p.read_text())
    ]
    assert not bare, (
        f"{bare}: keep it under `entry` (records/fhir/hashes.py), so that the next release's"
        " entries can stand beside it"
    )
