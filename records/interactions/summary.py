"""Patient/[id]/$summary: the International Patient Summary, of one store or of the shared record (IPS IG 2.0)."""

from django.utils import timezone

from alliance.auth.scopes import Need
from alliance.models import Hospital
from consent import gate
from consent.audit.event import EventCode
from records.facade import summary as facade
from records.fhir.issues import Issue, NotFound, NotSupported
from records.fhir.outcome import ABSENT
from records.interactions.ask import Answer, Ask, as_uuid, own_request, person_request
from records.interactions.persons import golden_record
from records.interactions.products import products
from records.mpi import sources
from records.store import record
from records.store.rows import Row

NEED = Need("rs", ("Patient", *facade.TYPES, "Medication"))  # a summary that left a type out would say that there is nothing of it


def summary(ask: Ask, fhir_id: str, pairs: list[tuple[str, str]]) -> Answer:
    """A document Bundle. Raises NotFound, Refused."""
    if wrong := [k for k, _ in pairs if k not in ("_format", "_pretty")]:
        raise NotSupported(Issue("not-supported", f"$summary has no parameter {wrong[0][:60]!r}."))
    target = f"Patient/{fhir_id}/$summary"
    if ask.hospital_id is None:
        person = as_uuid(fhir_id)
        scope = gate.enter(person_request(ask, EventCode.RECORD_SEARCH, target, person, need=NEED))
        rows = record.sections(scope, {"Patient": 50, **facade.TYPES})
    else:
        known = sources.look_up(ask.hospital_id, [fhir_id]).get(fhir_id)
        scope = gate.enter(own_request(ask, EventCode.RECORD_SEARCH, target, need=NEED))
        rows = record.sections(scope, {"Patient": 50, **facade.TYPES}, known.id if known else 0)
    patients = [r for r in rows if r.type_name == "Patient"]
    if not patients:
        raise NotFound(ABSENT)
    return Answer(200, facade.document(f"{ask.root}/{ask.base}/Patient/{fhir_id}", patient(ask, fhir_id, patients), rows, products(scope, rows),
                                       ask.url, custodian(ask), {h.code: h.name for h in Hospital.objects.all()}, timezone.localtime()))


def patient(ask: Ask, fhir_id: str, found: list[Row]) -> bytes:
    person = as_uuid(fhir_id)
    return found[0].body if ask.hospital_id is not None or person is None else golden_record(ask, person, found)


def custodian(ask: Ask) -> str:
    if ask.hospital_id is None:
        return "医联体共享记录 The alliance's shared record"
    hospital = Hospital.objects.get(pk=ask.hospital_id)
    return f"{hospital.name_zh} {hospital.name_en}"
