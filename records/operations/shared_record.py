"""Open the shared record of a person for a page: a window of the rows of each section, in one
statement, under one audit line.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from alliance.models import Hospital
from consent import gate
from consent.audit.event import EventCode
from consent.audit.last_look import LastLook
from consent.terms import Scope
from records.fhir.json_codec import parse_json
from records.identity.persons import make_golden_record
from records.meaning.medicine import join_medication
from records.meaning.stored_resource import StoredResource
from records.meaning.value_text import drop_nulls
from records.operations.medications import read_medications
from records.requests.fhir_request import FhirRequest, request_person_access
from records.store.rows import Row
from records.store.section_query import (
    RowPosition,
    SectionWindow,
    fetch_section_windows,
    position_of_row,
)

__all__ = [
    "OpenedRecord",
    "RowPosition",
    "SectionWindow",
    "ShownResource",
    "open_record",
]


@dataclass(frozen=True, slots=True)
class ShownResource:
    """One resource on a page, without nulls, with the hospital that it comes from; the
    Medication that it refers to is joined to it. received: when this version was stored; unseen:
    whether the reader's last look missed it; position: after which row a page goes on that ends
    here.
    """

    resource: dict[str, Any]
    hospital: Hospital
    url: str
    received: dt.datetime | None = None
    unseen: bool = False
    position: RowPosition | None = None


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """scope tells what is withheld and whether the glass is broken; golden: the Patient made of
    those that are shown, {} where there are none; totals, next, skipped: as SectionRows tells them.
    """

    scope: Scope
    golden: dict[str, Any]
    rows: dict[str, list[ShownResource]]
    totals: dict[str, int] = field(default_factory=dict)
    next: dict[str, RowPosition] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)


def open_record(
    fhir_request: FhirRequest,
    person_id: UUID,
    windows: Mapping[str, int | SectionWindow],
    detail: str,
    last_look: LastLook | None = None,
    code: EventCode = EventCode.RECORD_OPEN,
) -> OpenedRecord:
    """windows: {section: which rows}, or {type: how many of the newest}; last_look: the reader's,
    by which what it missed is marked; code: of the audit line. Raises Refused.
    """
    scope = gate.authorize_access(
        request_person_access(fhir_request, code, "record", person_id, detail)
    )
    hospitals = {h.code: h for h in Hospital.objects.all()}
    shown: dict[str, list[ShownResource]] = {}
    found = fetch_section_windows(
        scope, {n: SectionWindow(w) if isinstance(w, int) else w for n, w in windows.items()}
    )
    rows = [row for of_section in found.rows.values() for row in of_section]
    medications: dict[str, dict[str, Any]] = {h: {} for h in hospitals}
    for r in read_medications(scope, rows):
        medications[r.hospital][f"Medication/{r.fhir_id}"] = drop_nulls(parse_json(r.body))
    for name, of_section in found.rows.items():
        shown[name] = [
            ShownResource(
                join_medication(read_resource(r), medications[r.hospital]),
                hospitals[r.hospital],
                fhir_request.full_url(r),
                r.last_updated,
                last_look is not None and last_look.has_missed(r.hospital, r.last_updated),
                position_of_row(r),
            )
            for r in of_section
        ]
    patients = found.rows.get("Patient", [])
    return OpenedRecord(
        scope,
        drop_nulls(parse_json(make_golden_record(fhir_request, person_id, patients)))
        if patients
        else {},
        shown,
        found.totals,
        found.next,
        found.skipped,
    )


def read_resource(row: Row) -> StoredResource:
    """A row's resource without nulls, which most have none of."""
    resource = parse_json(row.body)
    return StoredResource(drop_nulls(resource) if b"null" in row.body else resource)
