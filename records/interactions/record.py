"""Open the shared record of a person for a page: the newest rows of each section, in one statement, under one audit line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from alliance.models import Hospital
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir.json import parse
from records.interactions.ask import Ask, person_request
from records.interactions.persons import golden_record
from records.interactions.products import products
from records.meaning.medicine import joined
from records.meaning.values import drop_nulls
from records.store import record as store


@dataclass(frozen=True, slots=True)
class Shown:
    """One resource on a page, without nulls, with the hospital that it comes from; the Medication that it refers to is joined to it."""

    resource: dict[str, Any]
    hospital: Hospital
    url: str


@dataclass(frozen=True, slots=True)
class Opened:
    """scope tells what is withheld and whether the glass is broken; golden: the Patient made of those that are shown, {} where there are none."""

    scope: Scope
    golden: dict[str, Any]
    rows: dict[str, list[Shown]]


def open_record(ask: Ask, person: UUID, most: Mapping[str, int], detail: str) -> Opened:
    """most: {type: how many of the newest}. Raises Refused."""
    scope = gate.enter(person_request(ask, EventCode.RECORD_OPEN, "record", person, detail))
    hospitals = {h.code: h for h in Hospital.objects.all()}
    rows: dict[str, list[Shown]] = {name: [] for name in most}
    found = store.sections(scope, most)
    known: dict[str, dict[str, Any]] = {h: {} for h in hospitals}
    for r in products(scope, found):
        known[r.hospital][f"Medication/{r.fhir_id}"] = drop_nulls(parse(r.body))
    for r in found:
        rows[r.type_name].append(Shown(joined(drop_nulls(parse(r.body)), known[r.hospital]), hospitals[r.hospital], ask.url(r)))
    patients = [r for r in found if r.type_name == "Patient"]
    return Opened(scope, drop_nulls(parse(golden_record(ask, person, patients))) if patients else {}, rows)
