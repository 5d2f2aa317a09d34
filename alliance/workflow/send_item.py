"""Send work to another hospital: the item with what goes along, its first timers, and access for
the receiver, in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import Hospital, WorkDocument, WorkItem, WorkTransition
from alliance.workflow.deadlines import RANK_BY_URGENCY
from alliance.workflow.move_item import append_work_event, database_now, enter_state, make_timers
from alliance.workflow.registry import MOVE_EFFECTS, RIGHTS_KEEPERS, STATE_TABLES, MoveDone
from alliance.workflow.state_table import Move, Side
from consent.audit.event import EventCode


@dataclass(frozen=True, slots=True)
class NewItem:
    """person, source_patient: home and number of the sender's own registration of the patient."""

    kind: WorkItem.Kind
    person: UUID
    source_patient: int
    receiver: Hospital
    urgency: str
    reason: str
    department: str = ""
    question: str = ""
    transport: str = ""
    wish: str = ""


@dataclass(frozen=True, slots=True)
class NewDocument:
    hospital_id: int
    type_name: str
    fhir_id: str
    version: str
    digest: str


@transaction.atomic
def do_send(
    new: NewItem,
    documents: Sequence[NewDocument],
    *,
    acting: Principal,
    brought: tuple[object, ...] = (),
) -> WorkItem:
    """The caller has looked up that the registration is the acting one's hospital's. brought: what
    an effect of sending takes, as with every verb. Raises Forbidden, ValidationError.
    """
    table = STATE_TABLES[new.kind]
    check_permission(acting, table.sends, "Your role does not send this.")
    if new.receiver.pk == acting.hospital_id or not new.receiver.active:
        raise ValidationError(_("Choose another hospital that takes part."))
    if not new.reason.strip():
        raise ValidationError(_("Say why."))
    now = database_now()
    first = table.first
    item = WorkItem(
        kind=new.kind,
        person=new.person,
        source_patient=new.source_patient,
        sender_id=acting.hospital_id,
        sender_staff_id=int(acting.id),
        receiver=new.receiver,
        department=new.department,
        urgency=new.urgency,
        rank=RANK_BY_URGENCY[WorkItem.Urgency(new.urgency)],
        version=1,
        reason=new.reason,
        question=new.question,
        transport=new.transport,
        wish=new.wish,
        sent_at=now,
    )
    enter_state(item, first, now)
    item.save()
    make_timers(item, first, now)
    transition = WorkTransition.objects.create(
        item=item,
        version=1,
        verb="send",
        to_state=first,
        staff_id=int(acting.id),
        role=acting.role,
        hospital_id=acting.hospital_id,
        at=now,
    )
    WorkDocument.objects.bulk_create(
        WorkDocument(
            item=item,
            hospital_id=d.hospital_id,
            type_name=d.type_name,
            fhir_id=d.fhir_id,
            version=d.version,
            digest=d.digest,
        )
        for d in documents
    )
    sent = Move("", "send", Side.SENDER, table.sends, first)
    for effect in MOVE_EFFECTS:
        effect(MoveDone(item, sent, transition, brought, acting, now))
    RIGHTS_KEEPERS[0].open_for_receiver(item, now)
    append_work_event(item, EventCode.WORK_SEND, acting, new.kind.value)
    return item
