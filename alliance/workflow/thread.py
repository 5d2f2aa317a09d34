"""Say something about a work item beside its verbs: to the other hospital, in words that stay. It
moves nothing, and changes nobody's turn.
"""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import WorkItem, WorkMessage
from alliance.roles import Permission
from alliance.workflow.move_item import append_work_event, database_now, side_of
from consent.audit.event import EventCode

# index: work_message_sight_once
SEEN_SQL = """
INSERT INTO alliance_workmessagesight (item_id, staff_id, last) VALUES (%s, %s, %s)
ON CONFLICT (item_id, staff_id) DO UPDATE SET last = excluded.last
  WHERE alliance_workmessagesight.last < excluded.last
"""
# index: work_message_item, work_message_sight_once
UNREAD_SQL = """
SELECT m.item_id, count(*) FROM alliance_workmessage m
LEFT JOIN alliance_workmessagesight s ON s.item_id = m.item_id AND s.staff_id = %s
WHERE m.item_id = ANY(%s) AND m.hospital_id <> %s AND m.id > coalesce(s.last, 0)
GROUP BY m.item_id
"""


@transaction.atomic
def do_write_message(item_id: int, text: str, *, acting: Principal) -> WorkMessage:
    """Raises Forbidden for another hospital or role; ValidationError where it says nothing, or the
    item has ended.
    """
    item = WorkItem.objects.select_for_update(of=("self",)).get(pk=item_id)
    side_of(item, acting)
    check_permission(acting, Permission.REFERRAL_ARRANGE, "Your role does not do this.")
    if item.closed_at is not None:
        raise ValidationError(_("It has ended: nothing more is said about it here."))
    if not text.strip():
        raise ValidationError(_("Write what you ask or answer."))
    message = WorkMessage.objects.create(
        item=item,
        staff_id=int(acting.id),
        hospital_id=acting.hospital_id,
        at=database_now(),
        text=text,
    )
    append_work_event(item, EventCode.WORK_MESSAGE, acting)
    return message


def list_messages(item: WorkItem) -> list[WorkMessage]:
    return list(item.messages.select_related("staff", "hospital").order_by("pk"))


def mark_messages_seen(item: WorkItem, messages: Sequence[WorkMessage], acting: Principal) -> None:
    """Of those that the acting one has before them, in the order of their numbers."""
    if messages:
        with connection.cursor() as cursor:
            cursor.execute(SEEN_SQL, [item.pk, int(acting.id), messages[-1].pk])


def count_unread(items: Sequence[WorkItem], acting: Principal) -> dict[int, int]:
    """{item: how many messages of the other hospital the acting one has not had before them}."""
    with connection.cursor() as cursor:
        cursor.execute(UNREAD_SQL, [int(acting.id), [i.pk for i in items], acting.hospital_id])
        return dict(cursor.fetchall())
