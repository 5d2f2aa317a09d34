"""Resources on their way into the store: whom they are about, labels, index values, canonical bytes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from consent.services import relationships
from consent.terms import Scope
from records.fhir.dates import span
from records.fhir.issues import Issue, Problem, Unprocessable
from records.fhir.json import dump
from records.fhir.labels import labels_of
from records.fhir.references import patients
from records.fhir.types import TYPES
from records.models import SourcePatient
from records.mpi import sources
from records.mpi.register import do_register
from records.search.index import index_of
from records.store.rows import Draft


@dataclass(slots=True)
class Item:
    """A valid resource and where it goes; place: the FHIRPath prefix of its bundle entry, for messages."""

    resource: dict[str, Any]
    fhir_id: str
    version: int = 1
    rid: int = 0
    place: str = ""


def now() -> dt.datetime:
    value = timezone.now()
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def drafts(scope: Scope, items: Sequence[Item], at: dt.datetime) -> list[Draft]:
    """Raises Unprocessable naming each resource that speaks of a patient whom this store does not know."""
    hospital = scope.whole or 0
    named = [patients(i.resource, TYPES[i.resource["resourceType"]].subject) for i in items]
    arriving = {i.fhir_id for i in items if i.resource["resourceType"] == "Patient"}
    known = sources.look_up(hospital, {p for ids in named for p in ids} | arriving)
    missing = [
        Issue("not-found", f"Patient/{p} is not in this store: send the Patient first, or in the same transaction.",
              i.place or i.resource["resourceType"])
        for i, ids in zip(items, named, strict=True) for p in ids if p not in known and p not in arriving
    ]
    if missing:
        raise Unprocessable(*missing[:50])
    known |= sources.create(hospital, arriving - known.keys())
    return [draft(i, ids, known, at) for i, ids in zip(items, named, strict=True)]


def draft(item: Item, named: list[str], known: dict[str, int], at: dt.datetime) -> Draft:
    resource = item.resource
    name = resource["resourceType"]
    if name == "Patient":
        about, others = known[item.fhir_id], [known[p] for p in named if p != item.fhir_id]
    else:
        rows = [known[p] for p in named]
        subject = TYPES[name].subject
        local = not TYPES[name].subject_params or (subject is not None and str((resource.get(subject) or {}).get("reference", "")).startswith("Patient/"))
        about, others = (rows[0], rows[1:]) if rows and local else (0, rows)
    meta = dict(resource.get("meta") or {})
    meta |= {"versionId": str(item.version), "lastUpdated": at.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    body = {"resourceType": name, "id": item.fhir_id, "meta": meta} | {k: v for k, v in resource.items() if k not in ("resourceType", "id", "meta")}
    item.resource = body
    return Draft(
        type_name=name, fhir_id=item.fhir_id, version=item.version, last_updated=at, patient=about, others=others or None,
        labels=labels_of(resource), index=index_of(body), body=dump(body), rid=item.rid)


def tell(scope: Scope, items: Sequence[Item], stored: Sequence[Draft]) -> None:
    """After the store: the patient index learns of Patients, the consent house of encounters. Same transaction."""
    hospital = scope.whole or 0
    people = [(i, d) for i, d in zip(items, stored, strict=True) if d.type_name == "Patient"]
    for item, d in people:
        source = SourcePatient.objects.select_for_update().get(pk=d.patient)
        try:
            do_register(source, item.resource)
        except Problem as problem:
            raise (problem.at(item.place) if item.place else problem) from problem
    visits = [(d.patient, *visit(i.resource)) for i, d in zip(items, stored, strict=True) if d.type_name == "Encounter" and d.patient]
    if visits:
        persons = dict(SourcePatient.objects.filter(pk__in={v[0] for v in visits}).values_list("pk", "person_id"))
        relationships.note_encounters((persons[p], hospital, p, start, end) for p, start, end in visits if start)


def visit(encounter: dict[str, Any]) -> tuple[dt.datetime | None, dt.datetime | None]:
    """(start, end) of an encounter that takes or took place."""
    if encounter.get("status") not in ("arrived", "triaged", "in-progress", "onleave", "finished"):
        return None, None
    period = encounter.get("period") or {}
    return span(period["start"])[0] if "start" in period else None, span(period["end"])[1] if "end" in period else None
