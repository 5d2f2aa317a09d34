"""Run one pass of the subscription worker: handshake, enqueue, deliver, end queues that nobody
empties (docs/adr/0012), tell of work between hospitals (docs/adr/0092).
"""

from records.subscriptions.delivery import deliver_notifications
from records.subscriptions.enqueue import enqueue_changes
from records.subscriptions.overdue import end_stale_subscriptions
from records.subscriptions.subscription_state import send_handshakes
from records.subscriptions.work_notices import deliver_work_notices


def run_subscription_round() -> int:
    """One look at everything; how much there was to do."""
    return (
        send_handshakes()
        + enqueue_changes()
        + deliver_notifications()
        + end_stale_subscriptions()
        + deliver_work_notices()
    )
