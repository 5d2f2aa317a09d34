"""One Subscription as the subscription worker handles it: what it asks, the calls to its endpoint,
its status in the store.
"""

import http.client
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from alliance.auth.scopes import NO_SCOPE_NEED
from alliance.platform import heartbeat
from alliance.services.clients import client_principal
from consent import gate
from consent.audit.event import EventCode
from records.fhir.json_codec import parse_json
from records.ingest.incoming_resource import IncomingResource
from records.ingest.store_resources import store_resources
from records.ingest.subscription_request import (
    SubscriptionRequest,
    is_allowed_endpoint,
    parse_subscription,
)
from records.interactions.write import request_write_access
from records.models import Notification, SubscriptionState
from records.requests.fhir_request import FhirRequest
from records.store import changes, resource_writer
from records.store.codec import RowIdentity, decrypt_bodies
from records.subscriptions.notification import WebhookRequest, build_handshake

State = SubscriptionState.State
MOST_AT_ONCE = 8
WEBHOOK_TIMEOUT = 10.0  # seconds that a subscriber has to answer
RETRY_SECONDS = (
    2,
    10,
    30,
    120,
    600,
    1800,
    3600,
    3 * 3600,
)  # seconds between tries; the last one again and again
HANDSHAKE_TRIES = 5  # of a handshake


def send_handshakes() -> int:
    """Send the handshake to each requested subscription that is due; it is active once its endpoint
    answers.
    """
    waiting = list(
        SubscriptionState.objects.filter(
            state=State.REQUESTED, due_at__lte=timezone.now()
        ).order_by("due_at")[:MOST_AT_ONCE]
    )
    for state in waiting:
        heartbeat.send_heartbeat()
        subscription = load_subscription(state.rid)
        if subscription is None:
            state.delete()
            continue
        fault = send_webhook(
            build_handshake(build_subscription_url(state), subscription), subscription
        )
        if not fault:
            write_subscription_status(state, "active")
        elif state.tries + 1 >= HANDSHAKE_TRIES:
            write_subscription_status(state, "error", f"The endpoint does not answer: {fault}.")
        else:
            SubscriptionState.objects.filter(pk=state.pk).update(
                tries=state.tries + 1,
                due_at=timezone.now() + timedelta(seconds=RETRY_SECONDS[state.tries]),
            )
    return len(waiting)


def send_webhook(call: WebhookRequest, subscription: SubscriptionRequest) -> str:
    """ "" where it arrived, else what went wrong."""
    headers = {name: value for name, value in subscription.headers} | (
        {"Content-Type": call.media} if call.media else {}
    )
    return call_endpoint(call.method, call.url, call.body, headers)


def call_endpoint(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> str:
    """ "" where it arrived, else what went wrong. Redirects are not followed: they would lead
    past the operator's list.
    """
    if not is_allowed_endpoint(url):
        return "the address is no longer on the operator's list"
    split_url = urlsplit(url)
    kind = (
        http.client.HTTPSConnection if split_url.scheme == "https" else http.client.HTTPConnection
    )
    link = kind(split_url.hostname or "", split_url.port, timeout=WEBHOOK_TIMEOUT)
    try:
        link.request(
            method,
            split_url.path + (f"?{split_url.query}" if split_url.query else "") or "/",
            body,
            headers,
        )
        status = link.getresponse().status
        return "" if 200 <= status < 300 else str(status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        link.close()


def write_subscription_status(
    state: SubscriptionState, status: str, error: str = "", to: State | None = None
) -> None:
    """Write the new status into the resource, as its own system, and go on accordingly; to: as
    what, where the status alone does not say it.
    """
    acting = client_principal(state.client, f"courier-{state.pk}", state.scopes)
    if not acting.active:
        SubscriptionState.objects.filter(pk=state.pk).update(state=State.OFF)
        Notification.objects.filter(subscription=state).delete()
        return
    fhir_request = FhirRequest(acting, acting.hospital, acting.hospital_id, get_fhir_root_url())
    with gate.audited_write(
        request_write_access(
            fhir_request, EventCode.RECORD_UPDATE, f"Subscription/{state.fhir_id}", NO_SCOPE_NEED
        )
    ) as (scope, ledger):
        current = resource_writer.lock_rows(scope, [("Subscription", state.fhir_id)]).get(
            ("Subscription", state.fhir_id)
        )
        if current is None or current[2]:
            return
        resource: dict[str, Any] = parse_json(
            resource_writer.read_locked_body(scope, current[0])
        ) | {"status": status}
        resource.pop("error", None)
        if error:
            resource["error"] = error
        store_resources(
            scope,
            ledger,
            [IncomingResource(resource, state.fhir_id, current[1] + 1, current[0])],
            from_worker=True,
        )
        SubscriptionState.objects.filter(pk=state.pk).update(
            state=to or (State.ACTIVE if status == "active" else State.ERROR),
            tries=0,
            due_at=timezone.now(),
        )
        if to == State.LOST:
            Notification.objects.filter(subscription=state).delete()
        if status == "active":
            Notification.objects.filter(subscription=state).update(
                first_failed_at=None, tries=0, due_at=timezone.now()
            )


def load_subscription(resource_id: int) -> SubscriptionRequest | None:
    """What a Subscription asks, as it stands in the store."""
    row = changes.load_subscription_row(resource_id)
    if row is None:
        return None
    *place, body = row
    return parse_subscription(parse_json(decrypt_bodies([(bytes(body), RowIdentity(*place))])[0]))


def build_subscription_url(state: SubscriptionState) -> str:
    hospital = changes.fetch_hospital_code(state.hospital_id)
    return f"{get_fhir_root_url()}/{hospital}/Subscription/{state.fhir_id}"


def get_fhir_root_url() -> str:
    return f"{settings.PUBLIC_URL or settings.LOCAL_URL}/fhir"
