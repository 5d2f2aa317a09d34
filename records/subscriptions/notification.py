"""Build the notification of a subscriber: a Bundle of the Backport IG, or what plain R4 says (FHIR
R4 subscription.html#rest-hook). Pure.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from records.fhir.json_codec import dump_json
from records.ingest.subscription_request import BACKPORT, SubscriptionRequest

STATUS_PROFILE, NOTIFICATION_PROFILE = (
    BACKPORT + "backport-subscription-status-r4",
    BACKPORT + "backport-subscription-notification-r4",
)
MEDIA = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One HTTP request to a subscriber."""

    method: str
    url: str
    body: bytes
    media: str


@dataclass(frozen=True, slots=True)
class VisibleChange:
    """A change as the subscriber may see it: the url of the resource, and its body, b"" where it
    was deleted.
    """

    url: str
    body: bytes
    at: dt.datetime
    created: bool


def build_status(
    reference: str,
    subscription: SubscriptionRequest,
    kind: str,
    number: int,
    change: VisibleChange | None,
) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": "subscription", "valueReference": {"reference": reference}},
        {"name": "status", "valueCode": "requested" if kind == "handshake" else "active"},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(number)},
    ]
    if subscription.topic:
        parameters.insert(1, {"name": "topic", "valueCanonical": subscription.canonical})
    if change is not None:
        event: list[dict[str, Any]] = [
            {"name": "event-number", "valueString": str(number)},
            {"name": "timestamp", "valueInstant": change.at.isoformat(timespec="milliseconds")},
        ]
        if subscription.content != "empty":
            event.append({"name": "focus", "valueReference": {"reference": change.url}})
        parameters.append({"name": "notification-event", "part": event})
    return {
        "resourceType": "Parameters",
        "id": str(uuid.uuid4()),
        "meta": {"profile": [STATUS_PROFILE]},
        "parameter": parameters,
    }


def build_status_entry(state: dict[str, Any], **parts: dict[str, Any]) -> dict[str, Any]:
    """The status is made for this Bundle alone: its fullUrl is a uuid of its own, as each entry
    of a history or searchset has one (FHIR R4 bundle.html, bdl-7).
    """
    return {"fullUrl": f"urn:uuid:{state['id']}", "resource": state, **parts}


def build_handshake(reference: str, subscription: SubscriptionRequest) -> WebhookRequest:
    """Asked before a subscription becomes active: does anybody listen there?"""
    if not subscription.bundle:
        return WebhookRequest("POST", subscription.endpoint, b"", "")
    return WebhookRequest(
        "POST",
        subscription.endpoint,
        build_notification_bundle(
            reference, build_status(reference, subscription, "handshake", 0, None), []
        ),
        MEDIA,
    )


def build_event(
    reference: str, subscription: SubscriptionRequest, number: int, change: VisibleChange
) -> WebhookRequest:
    """number: of this event since the subscription began."""
    if subscription.bundle:
        entries = (
            [] if subscription.content == "empty" else [build_focus_entry(subscription, change)]
        )
        return WebhookRequest(
            "POST",
            subscription.endpoint,
            build_notification_bundle(
                reference,
                build_status(reference, subscription, "event-notification", number, change),
                entries,
            ),
            MEDIA,
        )
    if subscription.content == "full-resource":
        return WebhookRequest(
            "PUT",
            f"{subscription.endpoint.rstrip('/')}/{'/'.join(change.url.split('/')[-2:])}",
            change.body,
            MEDIA,
        )
    return WebhookRequest("POST", subscription.endpoint, b"", "")


def build_focus_entry(subscription: SubscriptionRequest, change: VisibleChange) -> bytes:
    path = "/".join(change.url.split("/")[-2:])
    method = "DELETE" if not change.body else "POST" if change.created else "PUT"
    entry = b'{"fullUrl":' + dump_json(change.url)
    if subscription.content == "full-resource" and change.body:
        entry += b',"resource":' + change.body
    return (
        entry
        + b',"request":'
        + dump_json({"method": method, "url": path.partition("/")[0] if method == "POST" else path})
        + b',"response":'
        + dump_json({"status": {"DELETE": "204", "POST": "201", "PUT": "200"}[method]})
        + b"}"
    )


def build_notification_bundle(reference: str, state: dict[str, Any], entries: list[bytes]) -> bytes:
    head = {
        "resourceType": "Bundle",
        "meta": {"profile": [NOTIFICATION_PROFILE]},
        "type": "history",
        "timestamp": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
    }
    first = dump_json(
        build_status_entry(
            state,
            request={"method": "GET", "url": f"{reference}/$status"},
            response={"status": "200"},
        )
    )
    return dump_json(head)[:-1] + b',"entry":[' + b",".join([first, *entries]) + b"]}"
