"""The courier's second half: tells each subscriber, in order for each patient, again and again for three days, and never more than he may see
at that moment."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.config import beat
from alliance.config.away import passing
from alliance.services.clients import standing
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Refused
from records.fhir.types import NAMES
from records.interactions.ask import Ask, resource_request
from records.interactions.notification import Told, event
from records.interactions.subscribing import Wish, must_cover_wish
from records.interactions.subscription import AT_ONCE, WAITS, State, reference, root, send, settle, wish_of
from records.models import Notification, SubscriptionState
from records.store import changes
from records.store import read as store

log = logging.getLogger("xinglin.courier")
BATCH = 500  # notifications
GIVE_UP = timedelta(days=3)


def deliver() -> int:
    """Tell what is due, the oldest of each line; lines side by side. How many were told, dropped or put off."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": timezone.now(), "each": AT_ONCE, "limit": BATCH})
        due = [i for (i,) in cursor.fetchall()]
    if due:
        with ThreadPoolExecutor(min(AT_ONCE, len(due))) as pool:
            list(pool.map(one, due))
    return len(due)


# Of each subscription a few at a time: one that answers slowly must not keep the others waiting.
# index: notification_line
DUE = """
SELECT id FROM (
  SELECT id, row_number() OVER (PARTITION BY subscription_id ORDER BY id) AS place FROM (
    SELECT DISTINCT ON (n.subscription_id, n.line) n.id, n.subscription_id, n.due_at FROM records_notification n
    JOIN records_subscriptionstate s ON s.rid = n.subscription_id AND s.state = 'active' ORDER BY n.subscription_id, n.line, n.id
  ) first WHERE due_at <= %(now)s
) due WHERE place <= %(each)s ORDER BY place, id LIMIT %(limit)s
"""


def one(key: int) -> None:
    """Raises what says that the database is away: the line stays as due as it was."""
    beat.beat()
    try:
        tell(Notification.objects.select_related("subscription").get(pk=key))
    except Exception as error:
        if passing(error):
            raise
        log.exception("HOOK500 a notification could not be made")
        put_off(key)
    finally:
        connection.close()


def put_off(key: int) -> None:
    """By seconds at first, and longer each time that it fails again."""
    tries = Notification.objects.filter(pk=key).values_list("tries", flat=True).first() or 0
    Notification.objects.filter(pk=key).update(tries=tries + 1, due_at=timezone.now() + timedelta(seconds=WAITS[min(tries, len(WAITS) - 1)]))


def tell(n: Notification) -> None:
    state = n.subscription
    asked, acting = wish_of(state.rid), standing(state.client, f"courier-{n.pk}", state.scopes)
    if asked is None or not acting.active:
        SubscriptionState.objects.filter(pk=state.pk).update(state=State.OFF)
        Notification.objects.filter(subscription=state).delete()
        return
    told = visible(n, acting, asked)
    if told is None:
        n.delete()  # not to be seen by him now: then not to be told
        return
    fault = send(event(reference(state), asked, numbered(n), told), asked)
    if not fault:
        n.delete()
        return
    failed = n.first_failed_at or timezone.now()
    if fault == "410" or timezone.now() - failed > GIVE_UP:
        settle(state, "error", f"The endpoint does not take notifications: {fault}. What is still to be told waits for seven days until the Subscription is requested again.")
    again = timezone.now() + timedelta(seconds=WAITS[min(n.tries, len(WAITS) - 1)])
    Notification.objects.filter(pk=n.pk).update(tries=n.tries + 1, first_failed_at=failed, due_at=again)
    if not fault.isdecimal():  # nobody is there: none of the others would arrive either
        Notification.objects.filter(subscription=state, due_at__lt=again).update(due_at=again)


def numbered(n: Notification) -> int:
    """The event's number, the same at every try. Given only to what may be told, so that a gap tells of nothing hidden."""
    if n.number is None:
        with transaction.atomic():
            state = SubscriptionState.objects.select_for_update().get(pk=n.subscription_id)
            state.told += 1
            state.save(update_fields=["told"])
            n.number = state.told
            Notification.objects.filter(pk=n.pk).update(number=n.number)
    return n.number


def visible(n: Notification, acting: Principal, asked: Wish) -> Told | None:
    """The change as this subscriber may see it now, by the consents and by the scopes that the Subscription was written with, as far as its system has them
    still; None where he may not. Each look is in the audit log."""
    type_name = NAMES[n.type]
    code = changes.code_of(n.hospital_id)
    ask = Ask(acting, code, n.hospital_id, root())
    try:
        must_cover_wish(acting, asked)
        scope = gate.enter(resource_request(ask, EventCode.RECORD_NOTIFY, type_name, n.fhir_id))
    except (Refused, Forbidden):
        return None
    row = store.one(scope, n.hospital_id, type_name, n.fhir_id)
    if row is not None and row.deleted and not ask.own:
        # what a deletion was of must be visible itself: the tombstone no longer says how sensitive it was
        row = row if store.version(scope, n.hospital_id, type_name, n.fhir_id, row.version - 1) else None
    return Told(f"{root()}/{code}/{type_name}/{n.fhir_id}", row.body, row.last_updated, n.version == 1) if row else None
