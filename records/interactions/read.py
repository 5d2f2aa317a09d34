"""read and vread (FHIR R4 http.html#read)."""

from consent import gate
from consent.audit.event import EventCode
from consent.terms import Refused
from records.facade import golden
from records.fhir.issues import Gone, Issue, NotFound
from records.fhir.json import dump, parse
from records.fhir.outcome import ABSENT
from records.interactions.ask import Answer, Ask, as_uuid, known_type, person_request, resource_request
from records.store import read as store
from records.store import record
from records.store.rows import Row


def read(ask: Ask, type_name: str, fhir_id: str) -> Answer:
    """The current version. Raises NotFound, Gone (own store only) or Refused."""
    known_type(type_name)
    if ask.hospital_id is None:
        return read_person(ask, type_name, fhir_id)
    scope = gate.enter(resource_request(ask, EventCode.RECORD_READ, type_name, fhir_id))
    return present(ask, store.one(scope, ask.hospital_id, type_name, fhir_id), type_name, fhir_id)


def vread(ask: Ask, type_name: str, fhir_id: str, version: str) -> Answer:
    known_type(type_name)
    if ask.hospital_id is None or not version.isdecimal() or len(version) > 9:
        raise NotFound(ABSENT)
    scope = gate.enter(resource_request(ask, EventCode.RECORD_READ, type_name, fhir_id))
    return present(ask, store.version(scope, ask.hospital_id, type_name, fhir_id, int(version)), type_name, fhir_id)


def present(ask: Ask, row: Row | None, type_name: str, fhir_id: str) -> Answer:
    if row is None or (row.deleted and not ask.own):
        raise NotFound(ABSENT)
    if row.deleted:
        raise Gone(Issue("deleted", f"{type_name}/{fhir_id} was deleted at version {row.version}; earlier versions are in its _history."))
    return Answer(200, row.body, row.version, row.last_updated)


def read_person(ask: Ask, type_name: str, fhir_id: str) -> Answer:
    """Patient/<person id> of the alliance base: the golden record, made of what the gate lets through."""
    person = as_uuid(fhir_id) if type_name == "Patient" else None
    try:
        scope = gate.enter(person_request(ask, EventCode.PERSON_READ, f"{type_name}/{fhir_id}", person))
    except Refused as refusal:
        if type_name != "Patient":
            raise NotFound(Issue("not-found", "The shared base reads Patient/<person id>; other resources are read at the fullUrl that a search gives.")) from refusal
        raise
    rows = record.sections(scope, {"Patient": 50})
    if person is None or not rows:
        raise NotFound(ABSENT)
    return Answer(200, golden.record(person, rows, ask.root), None, max(r.last_updated for r in rows))


def meta(ask: Ask, type_name: str, fhir_id: str) -> Answer:
    """$meta of one resource (FHIR R4 resource-operation-meta.html)."""
    found = parse(read(ask, type_name, fhir_id).body)
    return Answer(200, dump({"resourceType": "Parameters", "parameter": [{"name": "return", "valueMeta": found.get("meta", {})}]}))
