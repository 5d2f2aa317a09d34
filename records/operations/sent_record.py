"""Open a record that went along with a referral: the version that was sent, from the store's
history, through the gate; and whether it is still what was sent.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from alliance.models import WorkDocument
from consent import gate
from consent.audit.event import EventCode
from records.documents.sections import DOCUMENT_TYPES
from records.fhir.issues import NotFound
from records.fhir.json_codec import parse_json
from records.fhir.operation_outcome import ABSENT
from records.meaning.medicine import join_medication
from records.meaning.resource_digest import digest_resource
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.meaning.value_text import drop_nulls
from records.operations.medications import read_medications
from records.operations.shared_record import ShownResource
from records.requests.fhir_request import FhirRequest, request_person_access
from records.requests.timing_grid import delay_refusals
from records.store import resource_query


@dataclass(frozen=True, slots=True)
class SentRecord:
    """newest: number of the version that stands in the store today; is_deleted: that one is a
    deletion; fits: whether the SHA-256 is that of what was sent; hidden: it carries something that
    changes its meaning and is not understood here; is_document: it has a page of its own.
    """

    shown: ShownResource
    version: int
    newest: int
    is_deleted: bool
    fits: bool
    hidden: bool
    is_document: bool


def open_sent_record(
    fhir_request: FhirRequest, person: UUID, document: WorkDocument, detail: str
) -> SentRecord:
    """Raises Refused where the gate opens
    nothing of the person, NotFound for what is hidden from the reader now, another patient's, or
    not there: one looks like the other.
    """
    where = (document.hospital_id, document.type_name, document.fhir_id)
    number = int(document.version) if document.version.isdecimal() else 0
    with delay_refusals(True):
        scope = gate.authorize_access(
            request_person_access(
                replace(fhir_request, base=document.hospital.code),
                EventCode.RECORD_OPEN,
                f"{document.type_name}/{document.fhir_id}",
                person,
                detail,
            )
        )
        current = resource_query.fetch_current(scope, *where)
        sent = (
            current
            if current is None or current.version == number
            else resource_query.fetch_version(scope, *where, number)
        )
        if current is None or sent is None or sent.deleted:
            raise NotFound(ABSENT)
    resource = drop_nulls(parse_json(sent.body))
    products = {
        f"Medication/{m.fhir_id}": drop_nulls(parse_json(m.body))
        for m in read_medications(scope, [sent])
        if m.hospital == sent.hospital
    }
    return SentRecord(
        ShownResource(
            join_medication(resource, products),
            document.hospital,
            fhir_request.full_url(sent),
            sent.last_updated,
        ),
        sent.version,
        current.version,
        current.deleted,
        digest_resource(resource) == document.digest,
        has_unknown_modifier(resource),
        document.type_name in DOCUMENT_TYPES,
    )
