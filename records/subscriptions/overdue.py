"""End queues of notifications that no subscriber empties, and all of them after the store was
restored. The Subscription then tells its subscriber from which time on to read again.
"""

import time
from datetime import timedelta

from django.db import connection

from alliance.models import Epoch
from records.models import Notification, SubscriptionState
from records.subscriptions.subscription_state import State, write_subscription_status

MOST = 100_000  # changes to tell one subscriber
KEPT = timedelta(days=7)  # for which those of one in error wait for their subscriber
EVERY = 60.0  # seconds between looks
looked = -EVERY
# index: subscription_state, notification_line
OVERDUE = """
SELECT s.rid, s.state = 'error' AND s.due_at < now() - %(kept)s,
  (SELECT min(n.changed_at) FROM records_notification n WHERE n.subscription_id = s.rid) AS oldest
FROM records_subscriptionstate s WHERE s.state IN ('active', 'error') AND (
  s.state = 'error' AND s.due_at < now() - %(kept)s
    AND EXISTS (SELECT FROM records_notification n WHERE n.subscription_id = s.rid)
  OR EXISTS (SELECT FROM records_notification n WHERE n.subscription_id = s.rid OFFSET %(most)s))
"""


def end_stale_subscriptions() -> int:
    """end_rolled_back; and end_overdue, once a minute."""
    global looked
    if ended := end_rolled_back():
        return ended
    if time.monotonic() - looked < EVERY:
        return 0
    looked = time.monotonic()
    return end_overdue()


def end_overdue() -> int:
    """How many were ended."""
    with connection.cursor() as cursor:
        cursor.execute(OVERDUE, {"kept": KEPT, "most": MOST})
        rows = cursor.fetchall()
    for resource_id, late, oldest in rows:
        reason = (
            f"For {KEPT.days} days the endpoint has taken nothing"
            if late
            else f"More than {MOST} changes wait to be told"
        )
        since = oldest.isoformat(timespec="milliseconds")
        write_subscription_status(
            SubscriptionState.objects.get(pk=resource_id),
            "error",
            f"{reason}: what waited was deleted, and no more is collected. Write requested into the"
            f" Subscription; once it is active, read again what changed since {since}.",
            State.LOST,
        )
    return len(rows)


def end_rolled_back() -> int:
    """How many were ended, for what they were told may have been taken back by a restore. Each
    once: what is recorded as told is done.
    """
    ended = 0
    for epoch in Epoch.objects.filter(subscribers_told=False).order_by("number"):
        since = (
            f"what changed since {epoch.lost_from.isoformat(timespec='milliseconds')}"
            if epoch.lost_from
            else "all that you hold"
        )
        for state in SubscriptionState.objects.filter(
            state__in=(State.REQUESTED, State.ACTIVE, State.ERROR)
        ):
            Notification.objects.filter(subscription=state).delete()
            write_subscription_status(
                state,
                "error",
                "This store was restored from a backup: changes that you were told of may have"
                " been taken back, and numbers of events are given anew. No more is collected."
                f" Write requested into the Subscription; once it is active, read again {since}.",
                State.LOST,
            )
            ended += 1
        Epoch.objects.filter(pk=epoch.pk).update(subscribers_told=True)
    return ended
