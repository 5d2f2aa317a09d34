"""What a Subscription may ask (FHIR R4 subscription.html; Subscriptions R5 Backport IG 1.1): changes of the own store by criteria, or of the
record of persons whom the hospital knows, wherever they were written, by the topic."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from records.fhir.issues import Issue, Problem
from records.fhir.types import TYPES
from records.search.parse import parse
from records.search.plan import Plan, plan

TOPIC = "urn:xinglin:topic:patient-record-changed"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
FILTER, CONTENT = BACKPORT + "backport-filter-criteria", BACKPORT + "backport-payload-content"
CONTENTS = ("empty", "id-only", "full-resource")
REFUSED_HEADERS = ("host", "content-length", "transfer-encoding", "connection", "content-type")


@dataclass(frozen=True, slots=True)
class Wish:
    """A Subscription, understood. types and query: of criteria; patient: of the topic's filter, an id in the own store ("" for all whom the
    hospital knows). bundle: told as a Bundle of the Backport IG; content: how much of the changed resource."""

    topic: bool
    type_name: str
    pairs: tuple[tuple[str, str], ...]
    patient: str
    endpoint: str
    headers: tuple[tuple[str, str], ...]
    bundle: bool
    content: str

    def plan(self, hospital: int) -> Plan:
        return plan(parse([self.type_name], self.pairs), hospital, None)


def extensions(node: Any, url: str) -> list[dict[str, Any]]:
    return [e for e in (node or {}).get("extension", []) if e.get("url") == url]


def wish(resource: dict[str, Any]) -> Wish:
    """Of a valid Subscription, where an extension may stand for what is required; raises Problem where it asks what cannot be."""
    criteria, channel = str(resource.get("criteria") or ""), resource["channel"]
    topic = criteria == TOPIC
    kind, _, query = criteria.partition("?")
    filters = [str(e.get("valueString")) for e in extensions(resource.get("_criteria"), FILTER)]
    asked = [p for f in filters for p in parse_qsl(f.partition("?")[2] or f, keep_blank_values=True)]
    content = next((str(e.get("valueCode")) for e in extensions(channel.get("_payload"), CONTENT)), "")
    patient = next((v.removeprefix("Patient/") for k, v in asked if k == "patient"), "")
    return Wish(topic, "" if topic else kind, () if topic else tuple(parse_qsl(query, keep_blank_values=True)), patient, str(channel.get("endpoint") or ""),
                tuple((h.partition(":")[0].strip(), h.partition(":")[2].strip()) for h in channel.get("header", [])), topic or bool(content),
                content or ("full-resource" if channel.get("payload") else "empty"))


def faults(resource: dict[str, Any]) -> list[Issue]:
    """What is wrong with a valid Subscription, each with its mend."""
    out: list[Issue] = []
    channel = resource["channel"]
    if channel.get("type") != "rest-hook":
        return [Issue("not-supported", "Only the channel rest-hook is served.", "Subscription.channel.type")]
    found = wish(resource)
    if not found.topic and found.type_name not in TYPES:
        out.append(Issue("value", f"The criteria are Type?parameters of a hosted type, or the topic {TOPIC}.", "Subscription.criteria"))
    elif not found.topic:
        try:
            request = parse([found.type_name], found.pairs)
            if request.includes or request.counting or any(k in ("_sort", "_count", "_cursor") for k, _ in found.pairs):
                out.append(Issue("value", "The criteria choose resources: leave _include, _sort, _count and _summary out.", "Subscription.criteria"))
        except Problem as problem:
            out += [Issue(i.code, i.says, "Subscription.criteria") for i in problem.issues]
    for e in extensions(resource.get("_criteria"), FILTER):
        if not found.topic or [k for k, _ in parse_qsl(str(e.get("valueString")).partition("?")[2] or str(e.get("valueString")))] != ["patient"]:
            out.append(Issue("value", "The topic has one filter, patient=Patient/<id in the own store>.", "Subscription.criteria"))
    if found.content not in CONTENTS:
        out.append(Issue("value", f"The payload's content is one of {', '.join(CONTENTS)}.", "Subscription.channel.payload"))
    if channel.get("payload") not in (None, "application/fhir+json", "application/json"):
        out.append(Issue("value", "The payload is application/fhir+json, or left out.", "Subscription.channel.payload"))
    if not allowed(found.endpoint):
        out.append(Issue("business-rule", "The endpoint is not on the list of addresses that this installation may call: ask its operator to add its origin to "
                         "XINGLIN_HOOKS.", "Subscription.channel.endpoint"))
    for i, (name, value) in enumerate(found.headers):
        if not name.replace("-", "").isalnum() or not value or name.lower() in REFUSED_HEADERS or any(c in value for c in "\r\n"):
            out.append(Issue("value", "A header is Name: value, and none that HTTP itself sets.", f"Subscription.channel.header[{i}]"))
    return out


def allowed(endpoint: str) -> bool:
    """Only origins (scheme, host and port) that the operator has listed are ever called."""
    try:
        at = urlsplit(endpoint)
        origin = f"{at.scheme}://{at.hostname}:{at.port or {'https': 443, 'http': 80}[at.scheme]}"
    except (ValueError, KeyError):
        return False
    return not at.username and not at.password and not at.fragment and origin in settings.HOOKS
