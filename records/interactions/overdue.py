"""The courier's third part: a queue that nobody empties ends. Its subscriber is told, in his Subscription, from when on he has to read again."""

import time
from datetime import timedelta

from django.db import connection

from records.interactions.subscription import State, settle
from records.models import SubscriptionState

MOST = 100_000  # changes to tell one subscriber
KEPT = timedelta(days=7)  # for which those of one in error wait for him
EVERY = 60.0  # seconds between looks
looked = -EVERY
# index: subscription_state, notification_line
OVERDUE = """
SELECT s.rid, s.state = 'error' AND s.due_at < now() - %(kept)s, (SELECT min(n.changed_at) FROM records_notification n WHERE n.subscription_id = s.rid) AS oldest
FROM records_subscriptionstate s WHERE s.state IN ('active', 'error') AND (
  s.state = 'error' AND s.due_at < now() - %(kept)s AND EXISTS (SELECT FROM records_notification n WHERE n.subscription_id = s.rid)
  OR EXISTS (SELECT FROM records_notification n WHERE n.subscription_id = s.rid OFFSET %(most)s))
"""


def look() -> int:
    """end_overdue, once a minute."""
    global looked
    if time.monotonic() - looked < EVERY:
        return 0
    looked = time.monotonic()
    return end_overdue()


def end_overdue() -> int:
    """How many were ended."""
    with connection.cursor() as cursor:
        cursor.execute(OVERDUE, {"kept": KEPT, "most": MOST})
        found = cursor.fetchall()
    for rid, late, oldest in found:
        why = f"For {KEPT.days} days the endpoint has taken nothing" if late else f"More than {MOST} changes wait to be told"
        since = oldest.isoformat(timespec="milliseconds")
        settle(SubscriptionState.objects.get(pk=rid), "error", f"{why}: what waited was deleted, and no more is collected. Write requested into the Subscription; "
               f"once it is active, read again what changed since {since}.", State.LOST)
    return len(found)
