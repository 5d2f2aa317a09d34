"""TABLE kind of work, state -> Task.status (FHIR R4 task.html, valueset-task-status); the state
itself is Task.businessStatus (HL7 BSeR, IHE 360X). A state has one status in every kind.
tests/contracts/test_work_faces.py: no state of any table is left out.
"""

from alliance.models.work_item import WorkItem

STATE_SYSTEM = "urn:xinglin:codesystem:work-state"
KIND_SYSTEM = "urn:xinglin:codesystem:work-kind"
VERB_SYSTEM = "urn:xinglin:codesystem:work-verb"
PART_SYSTEM = "urn:xinglin:codesystem:work-part"
NUMBER_SYSTEM = "urn:xinglin:work"

BEFORE_ARRIVAL = {
    "sent": "requested",
    "info-requested": "received",
    "accepted": "accepted",
    "cancel-requested": "on-hold",
    "no-show": "on-hold",
}
HOME_AND_ENDS = {
    "home-confirmed": "in-progress",
    "followed-up": "in-progress",
    "closed": "completed",
    "declined": "rejected",
    "cancelled": "cancelled",
}
TO_A_HOSPITAL = {
    **BEFORE_ARRIVAL,
    "arrived": "in-progress",
    "admitted": "in-progress",
    "treated": "in-progress",
    "returned": "in-progress",
    **HOME_AND_ENDS,
}
CONSULTATION = {
    "sent": "requested",
    "info-requested": "received",
    "arranged": "accepted",
    "in-session": "in-progress",
    "not-held": "on-hold",
    "writing": "in-progress",
    "asked-back": "on-hold",
    "cancel-requested": "on-hold",
    "delivered": "in-progress",
    "acknowledged": "in-progress",
    "closed": "completed",
    "declined": "rejected",
    "cancelled": "cancelled",
}
STATUS_BY_STATE: dict[str, dict[str, str]] = {
    WorkItem.Kind.UP: TO_A_HOSPITAL,
    WorkItem.Kind.SIDEWAYS: TO_A_HOSPITAL,
    WorkItem.Kind.DOWN: {**BEFORE_ARRIVAL, **HOME_AND_ENDS},
    **{kind: CONSULTATION for kind in WorkItem.Kind if kind in WorkItem.CONSULTATIONS},
}
# What the ServiceRequest has become, by the Task's status (valueset-request-status).
REQUEST_STATUS = {
    "completed": "completed",
    "rejected": "revoked",
    "cancelled": "revoked",
    "failed": "revoked",
}
PRIORITY_BY_URGENCY = {
    WorkItem.Urgency.EMERGENCY.value: "stat",
    WorkItem.Urgency.URGENT.value: "urgent",
    WorkItem.Urgency.ROUTINE.value: "routine",
}
URGENCY_BY_PRIORITY = {p: u for u, p in PRIORITY_BY_URGENCY.items()}


def status_of(kind: str, state: str) -> str:
    return STATUS_BY_STATE[kind][state]


def request_status_of(kind: str, state: str) -> str:
    return REQUEST_STATUS.get(status_of(kind, state), "active")
