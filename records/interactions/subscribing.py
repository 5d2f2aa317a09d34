"""What a Subscription may ask (FHIR R4 subscription.html; Subscriptions R5 Backport IG 1.1): changes of the own store by criteria, or of the
record of persons whom the hospital knows, wherever they were written, by the topic."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings

from alliance.auth.principal import Principal
from alliance.auth.scope_check import must_cover
from alliance.auth.scopes import Need
from records.fhir.issues import Issue, Problem
from records.fhir.types import TYPES
from records.interactions.asked import asked
from records.interactions.covering import must_cover_ways
from records.search.addresses import made_relative
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
        return plan(asked([self.type_name], list(self.pairs), ""), hospital, None)


def must_cover_wish(acting: Principal, wish: Wish) -> None:
    """Raises Forbidden where the criteria are about a type, or lead over one, that the token may not read and search. Of the topic those changes are told
    that it may read."""
    if not wish.topic:
        must_cover(acting, Need("rs", (wish.type_name,)))
        must_cover_ways(acting, (wish.type_name,), [k for k, _ in wish.pairs])


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
                tuple((name.strip(), value.strip()) for name, _, value in ((h or "").partition(":") for h in channel.get("header", []))), topic or bool(content),
                content or ("full-resource" if channel.get("payload") else "empty"))


def make_criteria_relative(resource: dict[str, Any], address: str) -> None:
    """Write own absolute addresses in the criteria and the topic's filters as the store keeps references, so that they stay true wherever the base is reached. address: of
    the base."""
    kind, mark, query = str(resource.get("criteria") or "").partition("?")
    if kind in TYPES and mark:
        resource["criteria"] = f"{kind}?{settled(kind, query, address)}"
    for e in extensions(resource.get("_criteria"), FILTER):
        head, mark, query = str(e.get("valueString") or "").rpartition("?")
        if query:
            e["valueString"] = head + mark + settled("Observation", query, address)


def settled(kind: str, query: str, address: str) -> str:
    """The query as it was where there is nothing to change in it."""
    pairs = parse_qsl(query, keep_blank_values=True)
    made = made_relative([kind], pairs, address)
    return query if made == pairs else urlencode(made, safe=":/|,$")


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
            request = asked([found.type_name], list(found.pairs), "")
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
