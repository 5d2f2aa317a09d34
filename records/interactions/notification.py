"""What a subscriber is told: a Bundle of the Backport IG, or what plain R4 says (FHIR R4 subscription.html#rest-hook). Pure."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from records.fhir.json import dump
from records.interactions.subscribing import BACKPORT, TOPIC, Wish

STATUS, NOTIFICATION = BACKPORT + "backport-subscription-status-r4", BACKPORT + "backport-subscription-notification-r4"
MEDIA = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to a subscriber."""

    method: str
    url: str
    body: bytes
    media: str


@dataclass(frozen=True, slots=True)
class Told:
    """A change as the subscriber may see it: the url of the resource, and its body, b"" where it was deleted."""

    url: str
    body: bytes
    at: dt.datetime
    created: bool


def status(reference: str, wish: Wish, kind: str, number: int, told: Told | None) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": "subscription", "valueReference": {"reference": reference}}, {"name": "status", "valueCode": "requested" if kind == "handshake" else "active"},
        {"name": "type", "valueCode": kind}, {"name": "events-since-subscription-start", "valueString": str(number)}]
    if wish.topic:
        parameters.insert(1, {"name": "topic", "valueCanonical": TOPIC})
    if told is not None:
        event: list[dict[str, Any]] = [{"name": "event-number", "valueString": str(number)}, {"name": "timestamp", "valueInstant": told.at.isoformat(timespec="milliseconds")}]
        if wish.content != "empty":
            event.append({"name": "focus", "valueReference": {"reference": told.url}})
        parameters.append({"name": "notification-event", "part": event})
    return {"resourceType": "Parameters", "id": str(uuid.uuid4()), "meta": {"profile": [STATUS]}, "parameter": parameters}


def status_entry(state: dict[str, Any], **parts: dict[str, Any]) -> dict[str, Any]:
    """The status is made for this Bundle alone: its fullUrl is a uuid of its own, as each entry of a history or searchset has one (FHIR R4 bundle.html, bdl-7)."""
    return {"fullUrl": f"urn:uuid:{state['id']}", "resource": state, **parts}


def handshake(reference: str, wish: Wish) -> Call:
    """Asked before a subscription becomes active: does anybody listen there?"""
    if not wish.bundle:
        return Call("POST", wish.endpoint, b"", "")
    return Call("POST", wish.endpoint, bundle(reference, status(reference, wish, "handshake", 0, None), []), MEDIA)


def event(reference: str, wish: Wish, number: int, told: Told) -> Call:
    """number: of this event since the subscription began."""
    if wish.bundle:
        entries = [] if wish.content == "empty" else [focus(wish, told)]
        return Call("POST", wish.endpoint, bundle(reference, status(reference, wish, "event-notification", number, told), entries), MEDIA)
    if wish.content == "full-resource":
        return Call("PUT", f"{wish.endpoint.rstrip('/')}/{'/'.join(told.url.split('/')[-2:])}", told.body, MEDIA)
    return Call("POST", wish.endpoint, b"", "")


def focus(wish: Wish, told: Told) -> bytes:
    path = "/".join(told.url.split("/")[-2:])
    method = "DELETE" if not told.body else "POST" if told.created else "PUT"
    out = b'{"fullUrl":' + dump(told.url)
    if wish.content == "full-resource" and told.body:
        out += b',"resource":' + told.body
    return out + b',"request":' + dump({"method": method, "url": path.partition("/")[0] if method == "POST" else path}) + b',"response":' + dump(
        {"status": {"DELETE": "204", "POST": "201", "PUT": "200"}[method]}) + b"}"


def bundle(reference: str, state: dict[str, Any], entries: list[bytes]) -> bytes:
    head = {"resourceType": "Bundle", "meta": {"profile": [NOTIFICATION]}, "type": "history", "timestamp": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")}
    first = dump(status_entry(state, request={"method": "GET", "url": f"{reference}/$status"}, response={"status": "200"}))
    return dump(head)[:-1] + b',"entry":[' + b",".join([first, *entries]) + b"]}"
