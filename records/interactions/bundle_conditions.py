"""Which resources the conditions of a transaction's entries mean; one resource, one entry (FHIR R4 http.html#trules)."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from consent.terms import Scope
from records.fhir.base_address import spelled
from records.fhir.issues import Issue, Malformed, NotFound, Problem, TooLarge, Unprocessable, first
from records.fhir.limits import CONDITIONS, ISSUES
from records.fhir.links import TEMPORARY
from records.interactions.bundle_entries import READING, Entry
from records.interactions.condition import canonical, forms, matching, numbers


def identify(scope: Scope, address: str, entries: list[Entry], urls: Mapping[str, Entry]) -> None:
    """Give each entry with a condition the resource that it means. A condition may name other entries by their fullUrl; those are identified first.
    Raises Problem where entries mean the same resource."""
    left = [e for e in entries if e.condition and e.method not in READING]
    must_be_few(len(left))
    while left:
        waiting = {id(e) for e in left}
        ready = [e for e in left if not any(id(urls[name]) in waiting and urls[name] is not e for name in named_in(e, urls))]
        if not ready:
            raise Unprocessable(Issue("processing", "The conditions of these entries wait for each other: give one of them an id or another condition.", f"{left[0].place}.request"))
        for e in ready:
            e.condition = urlencode([(k, filled(v, urls, e)) for k, v in parse_qsl(e.condition, keep_blank_values=True)])
        for e in sorted(ready, key=lambda e: canonical(e.type_name, e.condition, address)):
            find(scope, e, address)  # in one order, so that two writers with the same conditions never wait in a circle
        done = {id(e) for e in ready}
        left = [e for e in left if id(e) not in done]
    distinct(entries, address)


def must_be_few(conditions: int) -> None:
    """Raises TooLarge: each is a search."""
    if conditions > CONDITIONS:
        raise TooLarge(Issue("too-costly", f"The Bundle has more than {CONDITIONS} conditions and conditional references: send it in parts."))


def named_in(e: Entry, urls: Mapping[str, Entry]) -> list[str]:
    """The fullUrls of entries that a condition names."""
    return [name for _, value in parse_qsl(e.condition, keep_blank_values=True) for part in value.split(",") if (name := spelled(part)) in urls]


def filled(value: str, urls: Mapping[str, Entry], e: Entry) -> str:
    """A parameter's value with the resolved id in place of each fullUrl. Raises Unprocessable for a temporary address that no entry has."""
    parts = value.split(",")
    for part in map(spelled, parts):
        if part not in urls and part.startswith(TEMPORARY) and "|" not in part:  # with a bar it is the system of an identifier or code
            raise Unprocessable(Issue("not-found", "No entry of this Bundle has the fullUrl that the condition names: add the entry, or correct the condition.", f"{e.place}.request"))
        if part in urls and urls[part] is e:
            raise Unprocessable(Issue("processing", "The condition names its own entry, whose id it is to find: take that out.", f"{e.place}.request"))
    return ",".join("/".join(urls[name].key) if (name := spelled(part)) in urls else part for part in parts)


def find(scope: Scope, e: Entry, address: str) -> None:
    """Give an entry with a condition the resource that it means."""
    try:
        there = matching(scope, e.type_name, e.condition, address)
    except Problem as problem:
        raise problem.at(f"{e.place}.request") from problem
    if there is None:
        if e.method == "PATCH":
            raise NotFound(Issue("not-found", f"No {e.type_name} fits the condition.", f"{e.place}.request.url"))
        e.new = e.method == "PUT"
        return
    if e.method == "POST":
        e.there = True
    elif e.method == "PUT" and e.resource.get("id") not in (None, there):
        raise Malformed(Issue("value", f"The condition finds {e.type_name}/{there}, the resource has another id: leave it out, or correct it.", f"{e.place}.resource.id"))
    e.fhir_id = there


def distinct(entries: list[Entry], address: str) -> None:
    """One resource, one entry, whether an id or a condition names it; one fullUrl, one entry; what is not there yet is made once (FHIR R4: else the transaction fails)."""
    seen: dict[str, str] = {}
    issues = []
    for e in entries:
        if e.method in READING:
            continue
        made = canonical(e.type_name, e.condition, address) if e.condition and e.method in ("POST", "PUT") and not e.there else ""
        for key in filter(None, (spelled(e.full_url), made, "/".join(e.key))):
            if key in seen and seen[key] != e.place:
                issues.append(Issue("duplicate", f"{seen[key]} means the same resource: a transaction may name each only once.", e.place))
            seen.setdefault(key, e.place)
    if issues:
        raise Malformed(*first(issues, ISSUES))


def alone(entries: list[Entry]) -> None:
    """What a condition has not found, and so is written, is the only one that it will find: another entry that brings the same number would be its twin, and both would
    stand in each other's way the next time. Looked at by identifiers. Raises Malformed."""
    issues, brought = [], dict[tuple[str, str], list[Entry]]()
    for e in entries:
        for number in forms(e.resource) if e.writes else ():
            brought.setdefault((e.type_name, number), []).append(e)
    for e in entries:
        wanted = numbers(e.condition) if e.condition and e.writes and (e.new or e.method == "POST") else None
        others = {id(o): o for number in wanted or () for o in brought.get((e.type_name, number), ()) if o is not e}
        for other in others.values():
            if len(issues) < ISSUES:
                issues.append(Issue("duplicate", f"The condition of {e.place} fits this one, too: a transaction may name each only once.", other.place))
    if issues:
        raise Malformed(*first(issues, ISSUES))
