"""The entries of a transaction, understood: what is to be done with which resource under which id (FHIR R4 http.html#trules)."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from records.fhir.issues import Issue, Malformed, NotSupported, Problem, TooLarge, Unprocessable
from records.fhir.limits import ISSUES
from records.fhir.types import TYPES
from records.interactions.ask import Answer, Ask
from records.interactions.condition import if_none_exist
from records.interactions.entry_address import asked_for
from records.interactions.item import Item
from records.interactions.preconditions import NONE, Preconditions, of_entry
from records.interactions.write import good_id
from records.store.rows import Draft

METHODS = ("POST", "PUT", "PATCH", "DELETE", "GET", "HEAD")
READING = ("GET", "HEAD")


@dataclass(slots=True)
class Entry:
    """One entry of the bundle, understood: what to do with which resource under which id."""

    place: str
    method: str
    type_name: str
    fhir_id: str
    resource: Any = None
    full_url: str = ""
    condition: str = ""
    holds: Preconditions = NONE
    there: bool = False  # a conditional create found it, so there is nothing to do
    new: bool = False  # a conditional update found nothing
    item: Item | None = None
    draft: Draft | None = None
    answer: Answer | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.type_name, self.fhir_id

    @property
    def writes(self) -> bool:
        """Whether a version of the resource comes of it."""
        return self.method in ("POST", "PUT", "PATCH") and not self.there


def entries_of(bundle: Any) -> list[Any]:
    """The raw entries. Raises Malformed, TooLarge."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise Malformed(Issue("structure", "POST to a base takes a Bundle of type transaction or batch.", "resourceType"))
    found = bundle.get("entry", [])
    if not isinstance(found, list):
        raise Malformed(Issue("structure", "entry is a JSON array.", "Bundle.entry"))
    if len(found) > settings.FHIR_MAX_ENTRIES:
        raise TooLarge(Issue("too-long", f"The Bundle has {len(found)} entries; at most {settings.FHIR_MAX_ENTRIES} are taken: send it in parts.", "Bundle.entry"))
    return found


def every(things: list[Any], do: Any) -> list[Any]:
    """do(thing, place) for all, gathering the problems of all."""
    out, issues = [], []
    worst: type[Problem] = Unprocessable
    for i, thing in enumerate(things):
        try:
            out.append(do(thing, f"Bundle.entry[{i}]"))
        except Problem as problem:
            issues += problem.at(f"Bundle.entry[{i}]").issues if not problem.issues[0].where.startswith("Bundle.") else problem.issues
            worst = Malformed if problem.kind in ("malformed", "invalid") else worst
        if len(issues) >= ISSUES:
            issues = [*issues[:ISSUES], Issue("informational", "The entries behind this one were not looked at: mend these first.", f"Bundle.entry[{i}]", "information")]
            break
    if issues:
        raise worst(*issues)
    return out


def understand(ask: Ask, raw: Any, place: str) -> Entry:
    asked = raw.get("request") if isinstance(raw, dict) else None
    if not isinstance(asked, dict) or not isinstance(asked.get("method"), str) or not isinstance(asked.get("url"), str):
        raise Malformed(Issue("required", "Each entry has a request with a method and a url.", f"{place}.request"))
    method = asked["method"]
    if method not in METHODS:
        raise NotSupported(Issue("not-supported", f"A transaction takes {', '.join(METHODS)}.", f"{place}.request.method"))
    try:
        holds = of_entry(asked)
    except Problem as problem:
        raise problem.at(f"{place}.request") from problem
    try:
        parts, query = asked_for(asked["url"], ask.address)
    except Problem as problem:
        raise problem.at(place) from problem
    if method in READING:
        return Entry(place, method, "", "", condition=asked["url"], holds=holds)
    if not parts or parts[0] not in TYPES or len(parts) > 2 or (query and (method == "POST" or len(parts) != 1)):
        raise NotSupported(Issue("not-supported", "The url is Type for POST, Type/id or Type?condition for PUT, PATCH and DELETE, of a hosted type.", f"{place}.request.url"))
    resource = raw.get("resource")
    if method != "DELETE" and not isinstance(resource, dict):
        raise Malformed(Issue("required", f"{method} needs a resource.", f"{place}.resource"))
    full_url = raw.get("fullUrl") if isinstance(raw.get("fullUrl"), str) else ""
    if method == "POST":
        if len(parts) != 1:
            raise Malformed(Issue("value", "POST goes to a type, without an id: use PUT to choose the id.", f"{place}.request.url"))
        condition = asked.get("ifNoneExist")
        return Entry(place, method, parts[0], "", resource, full_url, "" if condition is None else if_none_exist(ask, parts[0], condition), holds)
    if query:
        fhir_id = str((resource.get("id") if method == "PUT" else None) or "")
        if fhir_id:
            good_id(fhir_id)
        return Entry(place, method, parts[0], fhir_id, resource, full_url, condition=query, holds=holds)
    if len(parts) != 2:
        raise Malformed(Issue("value", f"{method} goes to Type/id or Type?condition.", f"{place}.request.url"))
    good_id(parts[1])
    if method == "PUT" and resource.get("id") != parts[1]:
        raise Malformed(Issue("value", "The resource's id and the url must agree.", f"{place}.resource.id"))
    return Entry(place, method, parts[0], parts[1], resource, full_url, holds=holds)
