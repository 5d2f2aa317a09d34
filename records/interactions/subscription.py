"""One Subscription as the courier handles it: what it asks, the calls to its endpoint, its status in the store."""

import http.client
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from alliance.auth.scopes import FREE
from alliance.config import beat
from alliance.services.clients import standing
from consent import gate
from consent.audit.event import EventCode
from records.fhir.json import parse
from records.interactions.ask import Ask
from records.interactions.filing import file
from records.interactions.item import Item
from records.interactions.notification import Call, handshake
from records.interactions.subscribing import Wish, allowed, wish
from records.interactions.write import request
from records.models import Notification, SubscriptionState
from records.store import changes
from records.store import write as writer
from records.store.codec import Place, unseal

State = SubscriptionState.State
AT_ONCE = 8
TIMEOUT = 10.0  # seconds that a subscriber has to answer
WAITS = (2, 10, 30, 120, 600, 1800, 3600, 3 * 3600)  # seconds between tries; the last one again and again
TRIES = 5  # of a handshake


def shake_hands() -> int:
    """Try those that were asked for; active once somebody answers."""
    waiting = list(SubscriptionState.objects.filter(state=State.REQUESTED, due_at__lte=timezone.now()).order_by("due_at")[:AT_ONCE])
    for state in waiting:
        beat.beat()
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


def settle(state: SubscriptionState, status: str, error: str = "", to: State | None = None) -> None:
    """Write the new status into the resource, as its own system, and go on accordingly; to: as what, where the status alone does not say it."""
    acting = standing(state.client, f"courier-{state.pk}", state.scopes)
    if not acting.active:
        SubscriptionState.objects.filter(pk=state.pk).update(state=State.OFF)
        Notification.objects.filter(subscription=state).delete()
        return
    ask = Ask(acting, acting.hospital, acting.hospital_id, root())
    with gate.writing(request(ask, EventCode.RECORD_UPDATE, f"Subscription/{state.fhir_id}", FREE)) as (scope, written):
        current = writer.lock(scope, [("Subscription", state.fhir_id)]).get(("Subscription", state.fhir_id))
        if current is None or current[2]:
            return
        resource: dict[str, Any] = parse(writer.held(scope, current[0])) | {"status": status}
        resource.pop("error", None)
        if error:
            resource["error"] = error
        file(scope, written, [Item(resource, state.fhir_id, current[1] + 1, current[0])], settled=True)
        SubscriptionState.objects.filter(pk=state.pk).update(state=to or (State.ACTIVE if status == "active" else State.ERROR), tries=0, due_at=timezone.now())
        if to == State.LOST:
            Notification.objects.filter(subscription=state).delete()
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
