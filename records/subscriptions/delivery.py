"""Deliver notifications: to each subscriber in order for each patient, retried for three days,
and never more than the subscriber may see at that moment.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.platform import heartbeat
from alliance.platform.counters import notification_counter
from alliance.platform.database_away import find_retryable_cause
from alliance.services.clients import client_principal
from alliance.workflow.move_item import append_work_event
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Refused
from records.fhir.resource_types import TYPE_NAMES
from records.ingest.subscription_request import SubscriptionRequest, check_subscription_scopes
from records.models import Notification, SubscriptionState
from records.requests.fhir_request import FhirRequest, request_resource_access
from records.store import changes, resource_query
from records.subscriptions.enqueue_work import OF_THE_ALLIANCE
from records.subscriptions.notification import VisibleChange, build_event
from records.subscriptions.subscription_state import (
    MOST_AT_ONCE,
    RETRY_SECONDS,
    State,
    build_subscription_url,
    get_fhir_root_url,
    load_subscription,
    send_webhook,
    write_subscription_status,
)
from records.work_faces import read_work

log = logging.getLogger("xinglin.courier")
BATCH = 500  # notifications
NO_BODY = b"{}"  # of a Task, which is told without its contents
GIVE_UP_AFTER = timedelta(days=3)


def deliver_notifications() -> int:
    """Tell what is due, the oldest of each line; lines side by side. How many were told, dropped
    or put off.
    """
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": timezone.now(), "each": MOST_AT_ONCE, "limit": BATCH})
        due = [i for (i,) in cursor.fetchall()]
    if due:
        with ThreadPoolExecutor(min(MOST_AT_ONCE, len(due))) as pool:
            list(pool.map(deliver_in_thread, due))
    return len(due)


# Of each subscription a few at a time: one that answers slowly must not keep the others waiting.
# index: notification_line
DUE = """
SELECT id FROM (
  SELECT id, row_number() OVER (PARTITION BY subscription_id ORDER BY id) AS place FROM (
    SELECT DISTINCT ON (n.subscription_id, n.line) n.id, n.subscription_id, n.due_at
      FROM records_notification n
    JOIN records_subscriptionstate s ON s.rid = n.subscription_id AND s.state = 'active'
      ORDER BY n.subscription_id, n.line, n.id
  ) first WHERE due_at <= %(now)s
) due WHERE place <= %(each)s ORDER BY place, id LIMIT %(limit)s
"""


def deliver_in_thread(key: int) -> None:
    """Raises what says that the database is away: the line stays as due as it was."""
    heartbeat.send_heartbeat()
    try:
        send_notification(Notification.objects.select_related("subscription").get(pk=key))
    except Exception as error:
        if find_retryable_cause(error):
            raise
        log.exception("HOOK500 a notification could not be made")
        postpone_notification(key)
    finally:
        connection.close()


def postpone_notification(key: int) -> None:
    """By seconds at first, and longer each time that it fails again."""
    tries = Notification.objects.filter(pk=key).values_list("tries", flat=True).first() or 0
    Notification.objects.filter(pk=key).update(
        tries=tries + 1,
        due_at=timezone.now()
        + timedelta(seconds=RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)]),
    )


def send_notification(notification: Notification) -> None:
    state = notification.subscription
    subscription, acting = (
        load_subscription(state.rid),
        client_principal(state.client, f"courier-{notification.pk}", state.scopes),
    )
    if subscription is None or not acting.active:
        SubscriptionState.objects.filter(pk=state.pk).update(state=State.OFF)
        Notification.objects.filter(subscription=state).delete()
        return
    change = (
        load_moved_task(notification, acting, subscription)
        if notification.hospital_id == OF_THE_ALLIANCE
        else load_visible_change(notification, acting, subscription)
    )
    if change is None:
        notification.delete()  # the subscriber may not see it now, so it is not told
        return
    fault = send_webhook(
        build_event(
            build_subscription_url(state), subscription, assign_event_number(notification), change
        ),
        subscription,
    )
    notification_counter.labels("failed" if fault else "told").inc()
    if not fault:
        notification.delete()
        return
    failed = notification.first_failed_at or timezone.now()
    if fault == "410" or timezone.now() - failed > GIVE_UP_AFTER:
        write_subscription_status(
            state,
            "error",
            f"The endpoint does not take notifications: {fault}. What is still to be told waits for"
            " seven days until the Subscription is requested again.",
        )
    again = timezone.now() + timedelta(
        seconds=RETRY_SECONDS[min(notification.tries, len(RETRY_SECONDS) - 1)]
    )
    Notification.objects.filter(pk=notification.pk).update(
        tries=notification.tries + 1, first_failed_at=failed, due_at=again
    )
    if not fault.isdecimal():  # nobody is there: none of the others would arrive either
        Notification.objects.filter(subscription=state, due_at__lt=again).update(due_at=again)


def assign_event_number(notification: Notification) -> int:
    """The event's number, the same at every try. Given only to what may be told, so that a gap
    tells of nothing hidden.
    """
    if notification.number is None:
        with transaction.atomic():
            state = SubscriptionState.objects.select_for_update().get(
                pk=notification.subscription_id
            )
            state.told += 1
            state.save(update_fields=["told"])
            notification.number = state.told
            Notification.objects.filter(pk=notification.pk).update(number=notification.number)
    return notification.number


def load_moved_task(
    notification: Notification, acting: Principal, subscription: SubscriptionRequest
) -> VisibleChange | None:
    """That a Task of work between hospitals has moved, while the subscriber is one of the two and
    its system may read it; nothing of the patient.
    """
    try:
        check_subscription_scopes(acting, subscription)
        read_work.authorize_work(acting, "r", "Task")
    except Forbidden:
        return None
    item = read_work.find_item(int(notification.fhir_id), acting.hospital_id)
    if item is None:
        return None
    append_work_event(item, EventCode.RECORD_NOTIFY, acting)
    return VisibleChange(
        f"{get_fhir_root_url()}/alliance/Task/{item.pk}",
        NO_BODY,
        notification.changed_at,
        notification.version == 1,
    )


def load_visible_change(
    notification: Notification, acting: Principal, subscription: SubscriptionRequest
) -> VisibleChange | None:
    """The change as this subscriber may see it now, by the consents and by the scopes that the
    Subscription was written with, as far as its system has them still; None where they may not.
    Each look is in the audit log.
    """
    type_name = TYPE_NAMES[notification.type]
    code = changes.fetch_hospital_code(notification.hospital_id)
    fhir_request = FhirRequest(acting, code, notification.hospital_id, get_fhir_root_url())
    try:
        check_subscription_scopes(acting, subscription)
        scope = gate.authorize_access(
            request_resource_access(
                fhir_request, EventCode.RECORD_NOTIFY, type_name, notification.fhir_id
            )
        )
    except (Refused, Forbidden):
        return None
    row = resource_query.fetch_current(
        scope, notification.hospital_id, type_name, notification.fhir_id
    )
    if row is not None and row.deleted and not fhir_request.is_own_base:
        # what a deletion was of must be visible itself: the tombstone no longer says how sensitive
        # it was
        row = (
            row
            if resource_query.fetch_version(
                scope, notification.hospital_id, type_name, notification.fhir_id, row.version - 1
            )
            else None
        )
    return (
        VisibleChange(
            f"{get_fhir_root_url()}/{code}/{type_name}/{notification.fhir_id}",
            row.body,
            row.last_updated,
            notification.version == 1,
        )
        if row
        else None
    )
