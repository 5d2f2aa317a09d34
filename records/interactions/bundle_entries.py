"""The entries of a transaction, understood: what is to be done with which resource under which
id (FHIR R4 http.html#trules).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings

from records.fhir.issues import Issue, Malformed, NotSupported, Problem, TooLarge, Unprocessable
from records.fhir.limits import ISSUES
from records.fhir.resource_types import TYPES
from records.ingest.incoming_resource import IncomingResource
from records.interactions.condition import parse_if_none_exist
from records.interactions.entry_url import parse_entry_url
from records.interactions.preconditions import (
    NO_PRECONDITIONS,
    Preconditions,
    preconditions_from_entry,
)
from records.interactions.write import check_id_form
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.store.rows import Draft

BUNDLE_METHODS = ("POST", "PUT", "PATCH", "DELETE", "GET", "HEAD")
READ_METHODS = ("GET", "HEAD")
Entry = TypeVar("Entry")
Result = TypeVar("Result")


@dataclass(slots=True)
class BundleEntry:
    """One entry of the bundle, understood: what to do with which resource under which id."""

    place: str
    method: str
    type_name: str
    fhir_id: str
    resource: Any = None
    full_url: str = ""
    condition: str = ""
    preconditions: Preconditions = NO_PRECONDITIONS
    already_exists: bool = False  # a conditional create found it, so there is nothing to do
    matched_nothing: bool = False  # a conditional update found nothing
    incoming: IncomingResource | None = None
    draft: Draft | None = None
    fhir_response: FhirResponse | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.type_name, self.fhir_id

    @property
    def writes(self) -> bool:
        """Whether a version of the resource comes of it."""
        return self.method in ("POST", "PUT", "PATCH") and not self.already_exists


def extract_bundle_entries(bundle: Any) -> list[Any]:
    """The raw entries. Raises Malformed, TooLarge."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise Malformed(
            Issue(
                "structure",
                "POST to a base takes a Bundle of type transaction or batch.",
                "resourceType",
            )
        )
    raw_entries = bundle.get("entry", [])
    if not isinstance(raw_entries, list):
        raise Malformed(Issue("structure", "entry is a JSON array.", "Bundle.entry"))
    if len(raw_entries) > settings.FHIR_MAX_ENTRIES:
        raise TooLarge(
            Issue(
                "too-long",
                f"The Bundle has {len(raw_entries)} entries; at most {settings.FHIR_MAX_ENTRIES}"
                " are"
                " taken: send it in parts.",
                "Bundle.entry",
            )
        )
    return raw_entries


def map_entries(entries: Sequence[Entry], handle: Callable[[Entry, str], Result]) -> list[Result]:
    """Handle each entry with its place, gathering the problems of all."""
    results: list[Result] = []
    issues: list[Issue] = []
    problem_class: type[Problem] = Unprocessable
    for i, entry in enumerate(entries):
        try:
            results.append(handle(entry, f"Bundle.entry[{i}]"))
        except Problem as problem:
            issues += (
                problem.with_path_prefix(f"Bundle.entry[{i}]").issues
                if not problem.issues[0].where.startswith("Bundle.")
                else problem.issues
            )
            problem_class = Malformed if problem.kind in ("malformed", "invalid") else problem_class
        if len(issues) >= ISSUES:
            issues = [
                *issues[:ISSUES],
                Issue(
                    "informational",
                    "The entries behind this one were not looked at: mend these first.",
                    f"Bundle.entry[{i}]",
                    "information",
                ),
            ]
            break
    if issues:
        raise problem_class(*issues)
    return results


def parse_entry(fhir_request: FhirRequest, raw_entry: Any, place: str) -> BundleEntry:
    request = raw_entry.get("request") if isinstance(raw_entry, dict) else None
    if (
        not isinstance(request, dict)
        or not isinstance(request.get("method"), str)
        or not isinstance(request.get("url"), str)
    ):
        raise Malformed(
            Issue(
                "required", "Each entry has a request with a method and a url.", f"{place}.request"
            )
        )
    method = request["method"]
    if method not in BUNDLE_METHODS:
        raise NotSupported(
            Issue(
                "not-supported",
                f"A transaction takes {', '.join(BUNDLE_METHODS)}.",
                f"{place}.request.method",
            )
        )
    try:
        preconditions = preconditions_from_entry(request)
    except Problem as problem:
        raise problem.with_path_prefix(f"{place}.request") from problem
    try:
        parts, query = parse_entry_url(request["url"], fhir_request.base_url)
    except Problem as problem:
        raise problem.with_path_prefix(place) from problem
    if method in READ_METHODS:
        return BundleEntry(
            place, method, "", "", condition=request["url"], preconditions=preconditions
        )
    if (
        not parts
        or parts[0] not in TYPES
        or len(parts) > 2
        or (query and (method == "POST" or len(parts) != 1))
    ):
        raise NotSupported(
            Issue(
                "not-supported",
                "The url is Type for POST, Type/id or Type?condition for PUT, PATCH and DELETE, of"
                " a hosted type.",
                f"{place}.request.url",
            )
        )
    resource = raw_entry.get("resource")
    if method != "DELETE" and not isinstance(resource, dict):
        raise Malformed(Issue("required", f"{method} needs a resource.", f"{place}.resource"))
    full_url = raw_entry.get("fullUrl") if isinstance(raw_entry.get("fullUrl"), str) else ""
    if method == "POST":
        if len(parts) != 1:
            raise Malformed(
                Issue(
                    "value",
                    "POST goes to a type, without an id: use PUT to choose the id.",
                    f"{place}.request.url",
                )
            )
        condition = request.get("ifNoneExist")
        return BundleEntry(
            place,
            method,
            parts[0],
            "",
            resource,
            full_url,
            "" if condition is None else parse_if_none_exist(fhir_request, parts[0], condition),
            preconditions,
        )
    if query:
        fhir_id = str((resource.get("id") if method == "PUT" else None) or "")
        if fhir_id:
            check_id_form(fhir_id)
        return BundleEntry(
            place,
            method,
            parts[0],
            fhir_id,
            resource,
            full_url,
            condition=query,
            preconditions=preconditions,
        )
    if len(parts) != 2:
        raise Malformed(
            Issue("value", f"{method} goes to Type/id or Type?condition.", f"{place}.request.url")
        )
    check_id_form(parts[1])
    if method == "PUT" and resource.get("id") != parts[1]:
        raise Malformed(
            Issue("value", "The resource's id and the url must agree.", f"{place}.resource.id")
        )
    return BundleEntry(
        place, method, parts[0], parts[1], resource, full_url, preconditions=preconditions
    )
