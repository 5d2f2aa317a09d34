"""A patient came without a referral: the receiver says so, and the hospital that they came from
confirms it with a referral of its own, or refuses it. What the receiver alone says opens nothing
(docs/adr/0030).
"""

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import Hospital, WorkArrival, WorkItem
from alliance.roles import Permission
from alliance.workflow.deadlines import find_due_time
from alliance.workflow.move_item import PERSON_SQL, database_now
from alliance.workflow.new_item import NewItem
from alliance.workflow.send_item import do_send
from alliance.workflow.work_settings import load_work_settings
from consent import from_records
from consent.audit.append import append_event_about
from consent.audit.event import AuditEvent, EventCode

State = WorkArrival.State


@dataclass(frozen=True, slots=True)
class Registration:
    """Home and number of a hospital's own registration of the patient."""

    person: UUID
    source_patient: int


class ArrivalAnswered(AlreadyDone):
    def __init__(self) -> None:
        super().__init__("moved", "This has been moved on meanwhile. Nothing was changed by you.")


@transaction.atomic
def do_report_arrival(
    of: Registration, sender: Hospital, note: str, *, acting: Principal
) -> WorkArrival:
    """The caller has looked up that the registration is the acting one's hospital's. Raises
    Forbidden, ValidationError.
    """
    check_permission(acting, Permission.REFERRAL_ARRANGE, "Your role does not do this.")
    if sender.pk == acting.hospital_id or not sender.active:
        raise ValidationError(_("Choose another hospital that takes part."))
    if not note.strip():
        raise ValidationError(_("Say why."))
    now = database_now()
    arrival = WorkArrival.objects.create(
        receiver_id=acting.hospital_id,
        sender=sender,
        person=of.person,
        source_patient=of.source_patient,
        reported_by_id=int(acting.id),
        reported_at=now,
        note=note,
        due_at=find_due_time("papers", WorkItem.Urgency.EMERGENCY, now, None, load_work_settings()),
        state=State.REPORTED,
    )
    append_arrival_event(arrival, acting, "report")
    return arrival


@transaction.atomic
def do_confirm_arrival(
    arrival_id: int, of: Registration, kind: str, reason: str, *, acting: Principal
) -> WorkArrival:
    """By the sender: with its own registration of the patient, whose person the caller has looked
    up to be the same. Sent as an emergency, whose papers are owed. Raises Forbidden,
    ArrivalAnswered, ValidationError.
    """
    arrival = lock_arrival(arrival_id)
    if arrival.sender_id != acting.hospital_id:
        raise Forbidden("other_hospital", "The hospital that the patient came from confirms it.")
    receiver = Hospital.objects.get(pk=arrival.receiver_id)
    new = NewItem(
        WorkItem.Kind(kind),
        of.person,
        of.source_patient,
        receiver,
        WorkItem.Urgency.EMERGENCY,
        reason,
    )
    arrival.item = do_send(new, (), acting=acting, papers_later=True)
    close_arrival(arrival, State.CONFIRMED, "", acting)
    return arrival


@transaction.atomic
def do_end_arrival(arrival_id: int, answer: str, *, acting: Principal) -> WorkArrival:
    """Refused by the sender, or taken back by the receiver, with a reason. Raises Forbidden,
    ArrivalAnswered, ValidationError.
    """
    arrival = lock_arrival(arrival_id)
    check_permission(acting, Permission.REFERRAL_ARRANGE, "Your role does not do this.")
    if acting.hospital_id not in (arrival.sender_id, arrival.receiver_id):
        raise Forbidden("other_hospital", "This is between two other hospitals.")
    if not answer.strip():
        raise ValidationError(_("Say why."))
    is_sender = acting.hospital_id == arrival.sender_id
    close_arrival(arrival, State.REFUSED if is_sender else State.WITHDRAWN, answer, acting)
    return arrival


def lock_arrival(arrival_id: int) -> WorkArrival:
    arrival = WorkArrival.objects.select_for_update(of=("self",)).get(pk=arrival_id)
    if arrival.state != State.REPORTED:
        raise ArrivalAnswered
    return arrival


def close_arrival(
    arrival: WorkArrival, state: WorkArrival.State, answer: str, acting: Principal
) -> None:
    arrival.state, arrival.answer = state, answer
    arrival.closed_at, arrival.closed_by_id = database_now(), int(acting.id)
    arrival.save(update_fields=["state", "answer", "closed_at", "closed_by", "item"])
    append_arrival_event(arrival, acting, state.value)


def append_arrival_event(arrival: WorkArrival, acting: Principal, detail: str) -> None:
    """About the patient, as the index has them today."""
    append_event_about(
        AuditEvent.from_principal(
            acting, EventCode.WORK_ARRIVAL, target=f"work-arrival/{arrival.pk}", detail=detail
        ),
        PERSON_SQL.format(registrations=from_records.asked.registrations),
        {"work_source": arrival.source_patient},
    )
