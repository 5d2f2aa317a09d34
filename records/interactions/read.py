"""read and vread (FHIR R4 http.html#read)."""

from consent import gate
from consent.audit.event import EventCode
from records.fhir.issues import Gone, Issue, NotFound
from records.fhir.outcome import ABSENT
from records.interactions import persons
from records.interactions.ask import Answer, Ask, known_type, resource_request
from records.interactions.evenly import evenly
from records.store import read as store
from records.store.rows import Row


def read(ask: Ask, type_name: str, fhir_id: str) -> Answer:
    """The current version. Raises NotFound, Gone (own store only) or Refused."""
    if ask.hospital_id is None:
        if type_name != "Person":
            known_type(type_name)
        with evenly(True):
            return persons.read(ask, type_name, fhir_id)
    known_type(type_name)
    with evenly(not ask.own):
        scope = gate.enter(resource_request(ask, EventCode.RECORD_READ, type_name, fhir_id))
        return present(ask, store.one(scope, ask.hospital_id, type_name, fhir_id), type_name, fhir_id)


def vread(ask: Ask, type_name: str, fhir_id: str, version: str) -> Answer:
    known_type(type_name)
    if ask.hospital_id is None or not version.isdecimal() or len(version) > 9:
        raise NotFound(ABSENT)
    with evenly(not ask.own):
        scope = gate.enter(resource_request(ask, EventCode.RECORD_READ, type_name, fhir_id))
        return present(ask, store.version(scope, ask.hospital_id, type_name, fhir_id, int(version)), type_name, fhir_id)


def present(ask: Ask, row: Row | None, type_name: str, fhir_id: str) -> Answer:
    if row is None or (row.deleted and not ask.own):
        raise NotFound(ABSENT)
    if row.deleted:
        raise Gone(Issue("deleted", f"{type_name}/{fhir_id} was deleted at version {row.version}; earlier versions are in its _history."))
    return Answer(200, row.body, row.version, row.last_updated)
