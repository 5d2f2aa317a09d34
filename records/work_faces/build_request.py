"""Build the ServiceRequest of a work item: what is asked of whom, and why (FHIR R4
servicerequest.html).
"""

from records.work_faces.build_task import list_document_references
from records.work_faces.state_codes import KIND_SYSTEM, PRIORITY_BY_URGENCY, request_status_of
from records.work_faces.work_parts import (
    Json,
    SeenItem,
    concept,
    instant,
    list_identifiers,
    refer_hospital,
    refer_patient,
)


def build_request(seen: SeenItem, root: str) -> Json:
    item = seen.item
    request: Json = {
        "resourceType": "ServiceRequest",
        "id": str(item.pk),
        "meta": {"versionId": str(item.version), "lastUpdated": instant(item.entered_at)},
        "identifier": list_identifiers(item),
        "status": request_status_of(item.kind, item.state),
        "intent": "order",
        "priority": PRIORITY_BY_URGENCY[item.urgency],
        "code": concept(KIND_SYSTEM, item.kind),
        "subject": refer_patient(seen),
        "authoredOn": instant(item.sent_at),
        "requester": refer_hospital(item.sender),
        "performer": [refer_hospital(item.receiver)],
        "locationCode": [{"text": item.department}] if item.department else [],
    }
    if seen.opens:
        request |= {
            "reasonCode": [{"text": item.reason}],
            "supportingInfo": [*list_document_references(seen, root)],
            "note": [{"text": item.question}] if item.question else [],
        }
    return {name: value for name, value in request.items() if value}
