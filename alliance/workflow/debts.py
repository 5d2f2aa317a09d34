"""What a sender owes of work that went first, and settles afterwards: papers (补录), approval. What
was sent stays as it was; what comes later stands behind it in the course.
"""

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import WorkDebt, WorkDocument, WorkItem, WorkTransition
from alliance.roles import Permission
from alliance.workflow.deadlines import find_due_time
from alliance.workflow.move_item import (
    MovedMeanwhile,
    append_work_event,
    database_now,
    last_transition,
)
from alliance.workflow.new_item import NewDocument, make_documents
from alliance.workflow.registry import table_of_item
from alliance.workflow.work_settings import load_work_settings
from consent.audit.event import EventCode


def owe(item: WorkItem, kind: WorkDebt.Kind, now: dt.datetime) -> None:
    due = find_due_time(kind.value, item.urgency, now, None, load_work_settings())
    WorkDebt.objects.create(item=item, kind=kind, due_at=due)


@transaction.atomic
def do_add_papers(
    item_id: int, text: str, documents: Sequence[NewDocument], *, acting: Principal
) -> WorkItem:
    """Raises Forbidden for whoever does not send for the hospital, MovedMeanwhile where they are
    not owed any more, ValidationError where nothing is said.
    """
    item = lock_of_sender(item_id, acting)
    check_permission(acting, table_of_item(item).sends, "Your role does not do this.")
    if not text.strip():
        raise ValidationError(_("Say why."))
    settle(item, WorkDebt.Kind.PAPERS, "papers", text, acting)
    WorkDocument.objects.bulk_create(make_documents(item, documents))
    return item


@transaction.atomic
def do_approve_afterwards(item_id: int, *, acting: Principal) -> WorkItem:
    """Of what went first, by another than who sent it. Raises Forbidden, MovedMeanwhile."""
    item = lock_of_sender(item_id, acting)
    check_permission(acting, Permission.REFERRAL_APPROVE, "Your role does not approve this.")
    if item.sender_staff_id == int(acting.id):
        raise Forbidden("own_work", "Somebody else than who wrote it approves it.")
    settle(item, WorkDebt.Kind.APPROVAL, "approve", "", acting)
    return item


def lock_of_sender(item_id: int, acting: Principal) -> WorkItem:
    item = WorkItem.objects.select_for_update(of=("self",)).get(pk=item_id)
    if item.sender_id != acting.hospital_id:
        raise Forbidden("other_hospital", "The hospital that sent it does this.")
    return item


def settle(item: WorkItem, kind: WorkDebt.Kind, verb: str, text: str, acting: Principal) -> None:
    """The item's state, turn and timers stay as they are."""
    now = database_now()
    settled = WorkDebt.objects.filter(item=item, kind=kind, settled_at=None).update(
        settled_at=now, settled_by_id=int(acting.id)
    )
    if not settled:
        raise MovedMeanwhile(last_transition(item))
    item.version += 1
    item.save(update_fields=["version"])
    WorkTransition.objects.create(
        item=item,
        version=item.version,
        verb=verb,
        from_state=item.state,
        to_state=item.state,
        staff_id=int(acting.id),
        role=acting.role,
        hospital_id=acting.hospital_id,
        at=now,
        note=text,
    )
    append_work_event(item, EventCode.WORK_MOVE, acting, verb)


def list_debts(items: Sequence[WorkItem]) -> dict[int, list[WorkDebt]]:
    """{item: what is still owed of it}. index: work_debt_once"""
    found: dict[int, list[WorkDebt]] = {}
    owed = WorkDebt.objects.filter(item__in=[i.pk for i in items], settled_at=None)
    for debt in owed.order_by("due_at", "pk"):
        found.setdefault(debt.item_id, []).append(debt)
    return found
