"""Enqueue notifications of work between hospitals: to those of the two hospitals that subscribe to
it, each transition once, in order for each item (docs/adr/0090).
"""

from django.db import transaction

from alliance.models import WorkItem
from alliance.workflow.registry import table_of_item
from alliance.workflow.state_table import Side
from records.fhir.resource_types import TYPES
from records.ingest.subscription_request import SubscriptionRequest
from records.models import Notification, SubscriptionState, WorkTopicNotice

BATCH = 500  # transitions
OF_THE_ALLIANCE = 0  # no hospital's store holds what has changed


def enqueue_work(live: list[tuple[SubscriptionState, SubscriptionRequest]]) -> int:
    """How many transitions there were. They go in the transaction in which they are noted for
    whoever asks for them.
    """
    with transaction.atomic():
        notices = list(
            WorkTopicNotice.objects.select_for_update(skip_locked=True).order_by("pk")[:BATCH]
        )
        items = WorkItem.objects.select_related("sender", "receiver").in_bulk(
            {n.item_id for n in notices}
        )
        Notification.objects.bulk_create(
            Notification(
                subscription=subscription,
                line=f"work/{n.item_id}",
                hospital_id=OF_THE_ALLIANCE,
                type=TYPES["Task"].number,
                fhir_id=str(n.item_id),
                version=n.version,
                deleted=False,
                changed_at=n.at,
            )
            for n in notices
            for subscription, request in live
            if asks_for(subscription, request, items[n.item_id], n.state)
        )
        WorkTopicNotice.objects.filter(pk__in=[n.pk for n in notices]).delete()
    return len(notices)


def asks_for(
    subscription: SubscriptionState, request: SubscriptionRequest, item: WorkItem, state: str
) -> bool:
    """state: in which the transition led; whose turn it was then, its table says."""
    if subscription.hospital_id not in (item.sender_id, item.receiver_id):
        return False
    turn = table_of_item(item).state(state).owner
    owner = item.sender if turn is Side.SENDER else item.receiver
    return request.owner in ("", owner.code)
