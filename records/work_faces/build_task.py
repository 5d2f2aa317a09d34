"""Build the Task of a work item: whose turn it is, until when, and what its reader's hospital can
do now (FHIR R4 task.html; HL7 BSeR, IHE 360X).
"""

from collections.abc import Iterator

from alliance.workflow.registry import table_of_item
from alliance.workflow.state_table import Need, Side
from records.work_faces.state_codes import (
    KIND_SYSTEM,
    PART_SYSTEM,
    PRIORITY_BY_URGENCY,
    STATE_SYSTEM,
    status_of,
)
from records.work_faces.work_parts import (
    Json,
    SeenItem,
    concept,
    instant,
    list_identifiers,
    refer_hospital,
    refer_patient,
)

POSSIBLE_URL = "urn:xinglin:extension:possible-verb"
REASON_NEEDS = frozenset({Need.REASON})


def build_task(seen: SeenItem, root: str) -> Json:
    """root: absolute address of the FHIR bases."""
    item = seen.item
    task: Json = {
        "resourceType": "Task",
        "id": str(item.pk),
        "meta": {"versionId": str(item.version), "lastUpdated": instant(item.entered_at)},
        "extension": [*list_possible_verbs(seen)],
        "identifier": list_identifiers(item),
        "status": status_of(item.kind, item.state),
        "statusReason": find_reason(seen),
        "businessStatus": concept(STATE_SYSTEM, item.state),
        "intent": "order",
        "priority": PRIORITY_BY_URGENCY[item.urgency],
        "code": concept(KIND_SYSTEM, item.kind),
        "focus": {"reference": f"ServiceRequest/{item.pk}"},
        "for": refer_patient(seen),
        "authoredOn": instant(item.sent_at),
        "lastModified": instant(item.entered_at),
        "requester": refer_hospital(item.sender),
        "owner": refer_hospital(item.owner),
        "restriction": {} if item.closed_at else {"period": {"end": instant(item.due_at)}},
        "input": [*list_inputs(seen, root)] if seen.opens else [],
        "output": [*list_outputs(seen)] if seen.opens else [],
    }
    return {name: value for name, value in task.items() if value}


def list_possible_verbs(seen: SeenItem) -> Iterator[Json]:
    """What somebody of the reader's hospital can do with it now, and which text it needs."""
    item = seen.item
    side = Side.SENDER if seen.hospital_id == item.sender_id else Side.RECEIVER
    for move in table_of_item(item).moves_from(item.state):
        if move.side is side and move.permission is not None:
            yield {
                "url": POSSIBLE_URL,
                "extension": [
                    {"url": "verb", "valueCode": move.verb},
                    *({"url": "needs", "valueCode": need.value} for need in move.needs),
                ],
            }


def find_reason(seen: SeenItem) -> Json:
    """Why it is as it is, where the verb that led there needed a reason."""
    last = seen.last
    if last is None or not last.note or not seen.opens:
        return {}
    moves = table_of_item(seen.item).moves
    reasoned = any(
        m.verb == last.verb and m.state == last.from_state and REASON_NEEDS & set(m.needs)
        for m in moves
    )
    return {"text": last.note} if reasoned else {}


def list_inputs(seen: SeenItem, root: str) -> Iterator[Json]:
    item = seen.item
    for name, text in (
        ("question", item.question),
        ("transport", item.transport),
        ("wish", item.wish),
    ):
        if text:
            yield {"type": concept(PART_SYSTEM, name), "valueString": text}
    for reference in list_document_references(seen, root):
        yield {"type": concept(PART_SYSTEM, "document"), "valueReference": reference}


def list_document_references(seen: SeenItem, root: str) -> Iterator[Json]:
    """In the stores that hold them, by version; each is read through the gate."""
    for d in seen.item.documents.all():
        address = f"{root}/{d.hospital.code}/{d.type_name}/{d.fhir_id}"
        yield {"reference": f"{address}/_history/{d.version}" if d.version else address}


def list_outputs(seen: SeenItem) -> Iterator[Json]:
    item = seen.item
    if item.arrangement:
        yield {"type": concept(PART_SYSTEM, "arrangement"), "valueString": item.arrangement}
    if item.arranged_for:
        yield {
            "type": concept(PART_SYSTEM, "arranged-for"),
            "valueDateTime": instant(item.arranged_for),
        }
    if seen.plan and seen.plan.note:
        yield {"type": concept(PART_SYSTEM, "plan"), "valueString": seen.plan.note}
    if seen.is_signed:
        reference = {"reference": f"Composition/{item.pk}"}
        yield {"type": concept(PART_SYSTEM, "opinion"), "valueReference": reference}
    if item.outcome:
        yield {"type": concept(PART_SYSTEM, "outcome"), "valueString": item.outcome}
