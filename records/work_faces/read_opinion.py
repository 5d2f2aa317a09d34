"""Read the signed opinion of a consultation as the document that it is, for systems of the two
hospitals: both keep it (国卫医发〔2018〕50号), and the one that asked files it. The bytes are those
that were signed (docs/adr/0089, docs/adr/0090).
"""

from django.db import transaction

from alliance.models import SignedOpinion
from records.fhir.issues import NotFound
from records.fhir.operation_outcome import ABSENT
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.work_faces.read_work import (
    NUMBER,
    authorize_work,
    check_shared_base,
    find_item,
    note_read,
)

TYPE = "Composition"


def read_opinion_document(fhir_request: FhirRequest, fhir_id: str) -> FhirResponse:
    """fhir_id: of the Task. Raises Forbidden, NotFound."""
    check_shared_base(fhir_request, "Composition/[id]/$document")
    acting = fhir_request.principal
    authorize_work(acting, "r", TYPE)
    with transaction.atomic():
        item = find_item(int(fhir_id), acting.hospital_id) if NUMBER.fullmatch(fhir_id) else None
        opinion = SignedOpinion.objects.filter(item=item).first() if item else None
        note_read(acting, item if opinion else None, TYPE, fhir_id)
    if opinion is None:
        raise NotFound(ABSENT)
    return FhirResponse(200, bytes(opinion.document), None, opinion.at)
