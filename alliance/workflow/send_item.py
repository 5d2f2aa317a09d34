"""Send work to another hospital: the item with what goes along, its first timers, and access for
the receiver, in one transaction.
"""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import WorkDebt, WorkDocument, WorkItem, WorkTransition
from alliance.roles import Permission
from alliance.workflow.approval import needs_approval
from alliance.workflow.deadlines import RANK_BY_URGENCY
from alliance.workflow.debts import owe
from alliance.workflow.move_item import append_work_event, database_now, enter_state, make_timers
from alliance.workflow.new_item import NewDocument, NewItem, make_documents
from alliance.workflow.registry import MOVE_EFFECTS, RIGHTS_KEEPERS, STATE_TABLES, MoveDone
from alliance.workflow.state_table import Move, Side
from consent.audit.event import EventCode

__all__ = ["NewDocument", "NewItem", "do_send"]


@transaction.atomic
def do_send(
    new: NewItem,
    documents: Sequence[NewDocument],
    *,
    acting: Principal,
    brought: tuple[object, ...] = (),
    approver: Principal | None = None,
    papers_later: bool = False,
) -> WorkItem:
    """The caller has looked up that the registration is the acting one's hospital's. brought: what
    an effect of sending takes, as with every verb; approver: who lets it go where the hospital
    wants that; papers_later: an emergency goes first, and its papers are owed. Raises Forbidden,
    ValidationError.
    """
    table = STATE_TABLES[new.kind]
    check_permission(acting, table.sends, "Your role does not send this.")
    is_emergency = new.urgency == WorkItem.Urgency.EMERGENCY
    approves = approver is None and needs_approval(acting.hospital_id, new.kind)
    if approver is not None:
        check_approver(approver, acting)
    if approves and not is_emergency:
        raise ValidationError(_("Your hospital approves this before it is sent."))
    if papers_later and not is_emergency:
        raise ValidationError(_("Only an emergency goes before its papers."))
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
        follows_id=new.follows,
        sent_at=now,
    )
    enter_state(item, first, now)
    item.save()
    make_timers(item, first, now)
    by = approver or acting
    transition = WorkTransition.objects.create(
        item=item,
        version=1,
        verb="send" if approver is None else "approve",
        to_state=first,
        staff_id=int(by.id),
        role=by.role,
        hospital_id=by.hospital_id,
        at=now,
    )
    WorkDocument.objects.bulk_create(make_documents(item, documents))
    for kind, is_owed in ((WorkDebt.Kind.PAPERS, papers_later), (WorkDebt.Kind.APPROVAL, approves)):
        if is_owed:
            owe(item, kind, now)
    sent = Move("", "send", Side.SENDER, table.sends, first)
    for effect in MOVE_EFFECTS:
        effect(MoveDone(item, sent, transition, brought, acting, now))
    RIGHTS_KEEPERS[0].open_for_receiver(item, now)
    append_work_event(item, EventCode.WORK_SEND, by, new.kind.value)
    return item


def check_approver(approver: Principal, author: Principal) -> None:
    """Raises Forbidden: who approves is another one of the same hospital."""
    check_permission(approver, Permission.REFERRAL_APPROVE, "Your role does not approve this.")
    if approver.hospital_id != author.hospital_id:
        raise Forbidden("other_hospital", "The hospital that sends it approves it.")
    if approver.id == author.id:
        raise Forbidden("own_work", "Somebody else than who wrote it approves it.")
