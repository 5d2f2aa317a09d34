"""What a Subscription may ask (FHIR R4 subscription.html; Subscriptions R5 Backport IG 1.1):
changes of the own store by criteria, or of the record of persons whom the hospital knows, wherever
they were written, by the topic.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings

from alliance.auth.principal import Principal
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ScopeNeed
from records.fhir.issues import Issue, Problem
from records.fhir.resource_types import TYPES
from records.requests.search_conditions import parse_search_conditions
from records.requests.token_coverage import check_parameter_scopes
from records.search.own_addresses import make_addresses_relative
from records.search.search_plan import SearchPlan, plan_search

TOPIC = "urn:xinglin:topic:patient-record-changed"
WORK_TOPIC = "urn:xinglin:topic:work-moved"  # between hospitals: docs/adr/0090
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
FILTER_EXTENSION, CONTENT_EXTENSION = (
    BACKPORT + "backport-filter-criteria",
    BACKPORT + "backport-payload-content",
)
CONTENT_LEVELS = ("empty", "id-only", "full-resource")
WORK_CONTENT_LEVELS = ("empty", "id-only")
REFUSED_HEADERS = ("host", "content-length", "transfer-encoding", "connection", "content-type")


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """A Subscription, understood. types and query: of criteria; patient: of the topic's filter,
    an id in the own store ("" for all whom the hospital knows). work: of work between hospitals;
    owner: of its filter, the code of the own hospital ("" for whosever turn it is). bundle: told as
    a Bundle of the Backport IG; content: how much of the changed resource.
    """

    topic: bool
    type_name: str
    pairs: tuple[tuple[str, str], ...]
    patient: str
    endpoint: str
    headers: tuple[tuple[str, str], ...]
    bundle: bool
    content: str
    work: bool = False
    owner: str = ""

    @property
    def canonical(self) -> str:
        """Of its topic, "" where it has criteria."""
        return WORK_TOPIC if self.work else TOPIC if self.topic else ""

    def plan(self, hospital_id: int) -> SearchPlan:
        return plan_search(
            parse_search_conditions([self.type_name], list(self.pairs), ""), hospital_id, None
        )


def check_subscription_scopes(acting: Principal, subscription: SubscriptionRequest) -> None:
    """Raises Forbidden where the criteria are about a type, or lead over one, that the token may
    not read and search. Of the topic those changes are told that it may read.
    """
    if subscription.work:
        check_token_scopes(acting, ScopeNeed("rs", ("Task",)))
    elif not subscription.topic:
        check_token_scopes(acting, ScopeNeed("rs", (subscription.type_name,)))
        check_parameter_scopes(
            acting, (subscription.type_name,), [k for k, _ in subscription.pairs]
        )


def find_extensions(node: Any, url: str) -> list[dict[str, Any]]:
    return [e for e in (node or {}).get("extension", []) if e.get("url") == url]


def parse_subscription(resource: dict[str, Any]) -> SubscriptionRequest:
    """Of a valid Subscription, where an extension may stand for what is required; raises Problem
    where it asks what cannot be.
    """
    criteria, channel = str(resource.get("criteria") or ""), resource["channel"]
    topic, work = criteria in (TOPIC, WORK_TOPIC), criteria == WORK_TOPIC
    type_name, _, query = criteria.partition("?")
    filters = [
        str(e.get("valueString"))
        for e in find_extensions(resource.get("_criteria"), FILTER_EXTENSION)
    ]
    filter_pairs = [
        p for f in filters for p in parse_qsl(f.partition("?")[2] or f, keep_blank_values=True)
    ]
    content = next(
        (
            str(e.get("valueCode"))
            for e in find_extensions(channel.get("_payload"), CONTENT_EXTENSION)
        ),
        "",
    )
    patient = next((v.removeprefix("Patient/") for k, v in filter_pairs if k == "patient"), "")
    owner = next((v.removeprefix("Organization/") for k, v in filter_pairs if k == "owner"), "")
    return SubscriptionRequest(
        topic,
        "" if topic else type_name,
        () if topic else tuple(parse_qsl(query, keep_blank_values=True)),
        patient,
        str(channel.get("endpoint") or ""),
        tuple(
            (name.strip(), value.strip())
            for name, _, value in ((h or "").partition(":") for h in channel.get("header", []))
        ),
        topic or bool(content),
        content or ("full-resource" if channel.get("payload") else "empty"),
        work,
        owner if work else "",
    )


def make_criteria_relative(resource: dict[str, Any], address: str) -> None:
    """Write own absolute addresses in the criteria and the topic's filters as the store keeps
    references, so that they stay true wherever the base is reached. address: of the base.
    """
    type_name, mark, query = str(resource.get("criteria") or "").partition("?")
    if type_name in TYPES and mark:
        resource["criteria"] = f"{type_name}?{make_query_relative(type_name, query, address)}"
    for extension in find_extensions(resource.get("_criteria"), FILTER_EXTENSION):
        head, mark, query = str(extension.get("valueString") or "").rpartition("?")
        if query:
            extension["valueString"] = (
                head + mark + make_query_relative("Observation", query, address)
            )


def make_query_relative(type_name: str, query: str, address: str) -> str:
    """The query as it was where there is nothing to change in it."""
    pairs = parse_qsl(query, keep_blank_values=True)
    relative_pairs = make_addresses_relative([type_name], pairs, address)
    return query if relative_pairs == pairs else urlencode(relative_pairs, safe=":/|,$")


def list_subscription_faults(resource: dict[str, Any]) -> list[Issue]:
    """What is wrong with a valid Subscription, each with its mend."""
    issues: list[Issue] = []
    channel = resource["channel"]
    if channel.get("type") != "rest-hook":
        return [
            Issue(
                "not-supported",
                "Only the channel rest-hook is served.",
                "Subscription.channel.type",
            )
        ]
    subscription = parse_subscription(resource)
    if not subscription.topic and subscription.type_name not in TYPES:
        issues.append(
            Issue(
                "value",
                f"The criteria are Type?parameters of a hosted type, or the topic {TOPIC} or"
                f" {WORK_TOPIC}.",
                "Subscription.criteria",
            )
        )
    elif not subscription.topic:
        try:
            request = parse_search_conditions(
                [subscription.type_name], list(subscription.pairs), ""
            )
            if (
                request.includes
                or request.counting
                or any(k in ("_sort", "_count", "_cursor") for k, _ in subscription.pairs)
            ):
                issues.append(
                    Issue(
                        "value",
                        "The criteria choose resources: leave _include, _sort, _count and _summary"
                        " out.",
                        "Subscription.criteria",
                    )
                )
        except Problem as problem:
            issues += [Issue(i.code, i.says, "Subscription.criteria") for i in problem.issues]
    wanted, example = (
        ("owner", "owner=Organization/<own code>")
        if subscription.work
        else ("patient", "patient=Patient/<id in the own store>")
    )
    for extension in find_extensions(resource.get("_criteria"), FILTER_EXTENSION):
        if not subscription.topic or [
            k
            for k, _ in parse_qsl(
                str(extension.get("valueString")).partition("?")[2]
                or str(extension.get("valueString"))
            )
        ] != [wanted]:
            issues.append(
                Issue("value", f"The topic has one filter, {example}.", "Subscription.criteria")
            )
    levels = WORK_CONTENT_LEVELS if subscription.work else CONTENT_LEVELS
    if subscription.content not in levels:
        issues.append(
            Issue(
                "value",
                f"The payload's content is one of {', '.join(levels)}.",
                "Subscription.channel.payload",
            )
        )
    if channel.get("payload") not in (None, "application/fhir+json", "application/json"):
        issues.append(
            Issue(
                "value",
                "The payload is application/fhir+json, or left out.",
                "Subscription.channel.payload",
            )
        )
    if not is_allowed_endpoint(subscription.endpoint):
        issues.append(
            Issue(
                "business-rule",
                "The endpoint is not on the list of addresses that this installation may call: ask"
                " its operator to add its origin to XINGLIN_HOOKS.",
                "Subscription.channel.endpoint",
            )
        )
    for i, (name, value) in enumerate(subscription.headers):
        if (
            not name.replace("-", "").isalnum()
            or not value
            or name.lower() in REFUSED_HEADERS
            or any(c in value for c in "\r\n")
        ):
            issues.append(
                Issue(
                    "value",
                    "A header is Name: value, and none that HTTP itself sets.",
                    f"Subscription.channel.header[{i}]",
                )
            )
    return issues


def is_allowed_endpoint(endpoint: str) -> bool:
    """Only origins (scheme, host and port) that the operator has listed are ever called."""
    try:
        split_url = urlsplit(endpoint)
        port = split_url.port or {"https": 443, "http": 80}[split_url.scheme]
        origin = f"{split_url.scheme}://{split_url.hostname}:{port}"
    except (ValueError, KeyError):
        return False
    return (
        not split_url.username
        and not split_url.password
        and not split_url.fragment
        and origin in settings.HOOKS
    )
