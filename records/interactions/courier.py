"""The courier: reads the stores' feeds, notes what each subscriber is to be told, and tells him: at least once, in order for each patient,
again and again for three days, and never more than he may see at that moment."""

import http.client
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.services.clients import standing
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Refused
from records.fhir.json import parse
from records.fhir.types import NAMES
from records.interactions.ask import Ask, resource_request
from records.interactions.filing import Item, file, now
from records.interactions.notification import Call, Told, event, handshake
from records.interactions.subscribing import Wish, allowed, wish
from records.interactions.write import request
from records.models import FeedPosition, Notification, SubscriptionState
from records.store import changes
from records.store import read as store
from records.store import write as writer
from records.store.codec import Place, unseal

log = logging.getLogger("xinglin.courier")
State = SubscriptionState.State
BATCH = 500
TIMEOUT = 10.0  # seconds that a subscriber has to answer
AT_ONCE = 8
WAITS = (2, 10, 30, 120, 600, 1800, 3600, 3 * 3600)  # seconds between tries; the last one again and again
GIVE_UP = timedelta(days=3)
TRIES = 5  # of a handshake
BEAT = timedelta(seconds=5)


def round_() -> int:
    """One look at everything; how much there was to do."""
    return shake_hands() + match() + deliver()


# --- what is to be told -------------------------------------------------------------------------------------------------------------


def match() -> int:
    """Note for each active subscription the changes that it asks for. The position moves in the same transaction, so that a change is
    noted once, whatever happens."""
    done = 0
    if not SubscriptionState.objects.filter(state__in=(State.ACTIVE, State.ERROR)).exists():
        return keep_up()
    live = [(s, w) for s in SubscriptionState.objects.filter(state__in=(State.ACTIVE, State.ERROR)) if (w := wish_of(s.rid)) is not None]
    for hospital in changes.hospitals():
        with transaction.atomic():
            at, new = FeedPosition.objects.select_for_update().get_or_create(hospital_id=hospital, defaults={"xid": changes.now()})
            found = [] if new else changes.since(hospital, at.xid, at.rid, at.version, BATCH)
            if found:
                note(hospital, found, live)
                at.xid, at.rid, at.version = found[-1].xid, found[-1].rid, found[-1].version
            if found or timezone.now() - at.beat_at > BEAT:
                at.save()
        done += len(found)
    return done


def keep_up() -> int:
    """Nobody asks: stand at the end of each feed."""
    known = dict(FeedPosition.objects.values_list("hospital_id", "beat_at"))
    for hospital in changes.hospitals():
        if hospital not in known or timezone.now() - known[hospital] > BEAT:
            FeedPosition.objects.update_or_create(hospital_id=hospital, defaults={"xid": changes.now(), "rid": 0, "version": 0})
    return 0


def note(hospital: int, found: list[changes.Change], live: list[tuple[SubscriptionState, Wish]]) -> None:
    people = changes.people(sorted({p for c in found for p in (c.patient, *c.others) if p}))
    out = []
    for subscription, asked in live:
        for c in chosen(hospital, found, subscription, asked, people):
            person = people.get(c.patient, ("", set()))[0]
            out.append(Notification(subscription=subscription, line=person or f"row/{c.rid}", hospital_id=hospital, type=c.type, fhir_id=c.fhir_id,
                                    version=c.version, deleted=c.deleted, changed_at=c.at))
    Notification.objects.bulk_create(out)


def chosen(hospital: int, found: list[changes.Change], subscription: SubscriptionState, asked: Wish, people: dict[int, tuple[str, set[int]]]) -> list[changes.Change]:
    own = hospital == subscription.hospital_id
    if not asked.topic:
        if not own:
            return []
        some = [c for c in found if NAMES[c.type] == asked.type_name and not c.deleted]
        fits = changes.fitting(hospital, asked.plan(hospital), [c.rid for c in some]) if some else set()
        return [c for c in some if c.rid in fits]
    only = changes.person_of(subscription.hospital_id, asked.patient) if asked.patient else None
    if asked.patient and only is None:
        return []
    return [c for c in found if c.patient in people and subscription.hospital_id in people[c.patient][1] and only in (None, people[c.patient][0])]


# --- telling it ---------------------------------------------------------------------------------------------------------------------


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
    try:
        tell(Notification.objects.select_related("subscription").get(pk=key))
    except Exception:
        log.exception("HOOK500 a notification could not be made")
        Notification.objects.filter(pk=key).update(due_at=timezone.now() + timedelta(seconds=WAITS[-1]))
    finally:
        connection.close()


def tell(n: Notification) -> None:
    state = n.subscription
    asked, acting = wish_of(state.rid), standing(state.client, f"courier-{n.pk}")
    if asked is None or not acting.active:
        SubscriptionState.objects.filter(pk=state.pk).update(state=State.OFF)
        Notification.objects.filter(subscription=state).delete()
        return
    told = visible(n, acting)
    if told is None:
        n.delete()  # not to be seen by him now: then not to be told
        return
    fault = send(event(reference(state), asked, numbered(n), told), asked)
    if not fault:
        n.delete()
        return
    failed = n.first_failed_at or timezone.now()
    if fault == "410" or timezone.now() - failed > GIVE_UP:
        settle(state, "error", f"The endpoint does not take notifications: {fault}. What is still to be told waits until the Subscription is requested again.")
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


def visible(n: Notification, acting: Principal) -> Told | None:
    """The change as this subscriber may see it now; None where he may not. Each look is in the audit log."""
    type_name = NAMES[n.type]
    code = changes.code_of(n.hospital_id)
    ask = Ask(acting, code, n.hospital_id, root())
    try:
        scope = gate.enter(resource_request(ask, EventCode.RECORD_NOTIFY, type_name, n.fhir_id))
    except Refused:
        return None
    row = store.one(scope, n.hospital_id, type_name, n.fhir_id)
    if row is not None and row.deleted and not ask.own:
        # what a deletion was of must be visible itself: the tombstone no longer says how sensitive it was
        row = row if store.version(scope, n.hospital_id, type_name, n.fhir_id, row.version - 1) else None
    return Told(f"{root()}/{code}/{type_name}/{n.fhir_id}", row.body, row.last_updated, n.version == 1) if row else None


def send(call: Call, asked: Wish) -> str:
    """"" where it arrived, else what went wrong. Redirects are not followed: they would lead past the operator's list."""
    if not allowed(call.url):
        return "the address is no longer on the operator's list"
    at = urlsplit(call.url)
    kind = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    link = kind(at.hostname or "", at.port, timeout=TIMEOUT)
    try:
        headers = {name: value for name, value in asked.headers} | ({"Content-Type": call.media} if call.media else {})
        link.request(call.method, at.path + (f"?{at.query}" if at.query else "") or "/", call.body, headers)
        status = link.getresponse().status
        return "" if 200 <= status < 300 else str(status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        link.close()


# --- the subscription itself --------------------------------------------------------------------------------------------------------


def shake_hands() -> int:
    """Try those that were asked for; active once somebody answers."""
    waiting = list(SubscriptionState.objects.filter(state=State.REQUESTED, due_at__lte=timezone.now()).order_by("due_at")[:AT_ONCE])
    for state in waiting:
        asked = wish_of(state.rid)
        if asked is None:
            state.delete()
            continue
        fault = send(handshake(reference(state), asked), asked)
        if not fault:
            settle(state, "active")
        elif state.tries + 1 >= TRIES:
            settle(state, "error", f"The endpoint does not answer: {fault}.")
        else:
            SubscriptionState.objects.filter(pk=state.pk).update(tries=state.tries + 1, due_at=timezone.now() + timedelta(seconds=WAITS[state.tries]))
    return len(waiting)


def settle(state: SubscriptionState, status: str, error: str = "") -> None:
    """Write the new status into the resource, as its own system, and go on accordingly."""
    acting = standing(state.client, f"courier-{state.pk}")
    if not acting.active:
        SubscriptionState.objects.filter(pk=state.pk).update(state=State.OFF)
        return
    ask = Ask(acting, acting.hospital, acting.hospital_id, root())
    with gate.writing(request(ask, EventCode.RECORD_UPDATE, f"Subscription/{state.fhir_id}")) as (scope, written):
        current = writer.lock(scope, [("Subscription", state.fhir_id)]).get(("Subscription", state.fhir_id))
        if current is None or current[2]:
            return
        resource: dict[str, Any] = parse(writer.held(scope, current[0])) | {"status": status}
        resource.pop("error", None)
        if error:
            resource["error"] = error
        file(scope, written, [Item(resource, state.fhir_id, current[1] + 1, current[0])], now(), settled=True)
        SubscriptionState.objects.filter(pk=state.pk).update(state=State.ACTIVE if status == "active" else State.ERROR, tries=0)
        if status == "active":
            Notification.objects.filter(subscription=state).update(first_failed_at=None, tries=0, due_at=timezone.now())


def wish_of(rid: int) -> Wish | None:
    """What a Subscription asks, as it stands in the store."""
    row = changes.subscription(rid)
    if row is None:
        return None
    *place, body = row
    return wish(parse(unseal([(bytes(body), Place(*place))])[0]))


def reference(state: SubscriptionState) -> str:
    return f"{root()}/{changes.code_of(state.hospital_id)}/Subscription/{state.fhir_id}"


def root() -> str:
    return f"{settings.PUBLIC_URL or settings.LOCAL_URL}/fhir"

