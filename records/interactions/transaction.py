"""transaction: all entries or none, with internal, conditional and literal references resolved (FHIR R4 http.html#transaction)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir.issues import Conflict, Issue, Malformed, NotFound, NotSupported, Problem, TooLarge, Unprocessable
from records.fhir.json import dump, parse
from records.fhir.references import rewrite, target
from records.fhir.types import TYPES
from records.fhir.validate import validate
from records.interactions import plausible
from records.interactions.ask import Answer, Ask
from records.interactions.fetch import get
from records.interactions.filing import Item, file, now, remove
from records.interactions.patch import patched
from records.interactions.write import TAKEN, canonical, good_id, matching, new_ids, request, tombstone, unchanged_since
from records.store import write as store
from records.store.find import existing
from records.store.rows import Draft

METHODS = ("POST", "PUT", "PATCH", "DELETE", "GET")
CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?(.+)")


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
    if_match: str = ""
    there: bool = False  # a conditional create found it, so there is nothing to do
    new: bool = False  # a conditional update found nothing
    item: Item | None = None
    draft: Draft | None = None
    answer: Answer | None = None  # of a GET


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


def transaction(ask: Ask, bundle: Any) -> Answer:
    """Raises one Problem with the issues of all faulty entries, each naming its entry; then nothing is stored."""
    with gate.writing(request(ask, EventCode.BUNDLE, "transaction")) as (scope, written):
        raw = entries_of(bundle)
        entries = every(raw, understand)
        for e, fhir_id in zip(entries, new_ids(len(entries)), strict=True):
            e.fhir_id = e.fhir_id or fhir_id
        resolve(scope, entries)
        every(entries, check)
        apply(scope, written, entries)
        for e in entries:
            if e.method == "GET":
                e.answer = got(ask, e)
    return Answer(200, response(entries))


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
    if issues:
        raise worst(*issues[:200])
    return out


def understand(raw: Any, place: str) -> Entry:
    asked = raw.get("request") if isinstance(raw, dict) else None
    if not isinstance(asked, dict) or not isinstance(asked.get("method"), str) or not isinstance(asked.get("url"), str):
        raise Malformed(Issue("required", "Each entry has a request with a method and a url.", f"{place}.request"))
    method, url = asked["method"], urlsplit(asked["url"])
    if method not in METHODS:
        raise NotSupported(Issue("not-supported", f"A transaction takes {', '.join(METHODS)}.", f"{place}.request.method"))
    if method == "GET":
        return Entry(place, method, "", "", condition=asked["url"])
    parts = [p for p in url.path.split("/") if p]
    if not parts or parts[0] not in TYPES or len(parts) > 2 or (url.query and (method == "POST" or len(parts) != 1)):
        raise NotSupported(Issue("not-supported", "The url is Type for POST, Type/id or Type?condition for PUT, PATCH and DELETE, of a hosted type.", f"{place}.request.url"))
    resource = raw.get("resource")
    if method != "DELETE" and not isinstance(resource, dict):
        raise Malformed(Issue("required", f"{method} needs a resource.", f"{place}.resource"))
    full_url = raw.get("fullUrl") if isinstance(raw.get("fullUrl"), str) else ""
    if method == "POST":
        if len(parts) != 1:
            raise Malformed(Issue("value", "POST goes to a type, without an id: use PUT to choose the id.", f"{place}.request.url"))
        return Entry(place, method, parts[0], "", resource, full_url, condition=asked.get("ifNoneExist") or "")
    if url.query:
        fhir_id = str((resource.get("id") if method == "PUT" else None) or "")
        if fhir_id:
            good_id(fhir_id)
        return Entry(place, method, parts[0], fhir_id, resource, full_url, condition=url.query, if_match=asked.get("ifMatch") or "")
    if len(parts) != 2:
        raise Malformed(Issue("value", f"{method} goes to Type/id or Type?condition.", f"{place}.request.url"))
    good_id(parts[1])
    if method == "PUT" and resource.get("id") != parts[1]:
        raise Malformed(Issue("value", "The resource's id and the url must agree.", f"{place}.resource.id"))
    return Entry(place, method, parts[0], parts[1], resource, full_url, if_match=asked.get("ifMatch") or "")


def distinct(entries: list[Entry]) -> None:
    """One resource, one entry; one fullUrl, one entry; what is not there yet is made once (FHIR R4: else the transaction fails)."""
    seen: dict[str, str] = {}
    issues = []
    for e in entries:
        if e.method == "GET":
            continue
        made = canonical(e.type_name, e.condition) if e.condition and e.method in ("POST", "PUT") and not e.there else ""
        for key in filter(None, (e.full_url, made, "" if e.there else f"{e.type_name}/{e.fhir_id}")):
            if key in seen and seen[key] != e.place:
                issues.append(Issue("duplicate", f"{seen[key]} means the same resource: a transaction may name each only once.", e.place))
            seen.setdefault(key, e.place)
    if issues:
        raise Malformed(*issues[:50])


def find(scope: Scope, e: Entry) -> None:
    """Give an entry with a condition the resource that it means."""
    try:
        there = matching(scope, e.type_name, e.condition)
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


def resolve(scope: Scope, entries: list[Entry]) -> None:
    """Give conditions their match, and rewrite references: urn:uuid and full urls to Type/id, conditions to what
    they find. Literal references must exist, here or in the bundle."""
    for e in sorted((e for e in entries if e.condition and e.method != "GET"), key=lambda e: canonical(e.type_name, e.condition)):
        find(scope, e)  # in one order, so that two writers with the same conditions never wait in a circle
    distinct(entries)
    urls = {e.full_url: f"{e.type_name}/{e.fhir_id}" for e in entries if e.full_url}
    coming = {(e.type_name, e.fhir_id) for e in entries if e.method not in ("DELETE", "GET")}
    literal: dict[tuple[str, str], Callable[[], str]] = {}
    cache: dict[str, str] = {}
    issues: list[Issue] = []

    def change(text: str, where: Callable[[], str]) -> str:
        if text.startswith("#"):
            return text
        base, _, version = text.partition("/_history/")
        if base in urls:
            return urls[base] + (f"/_history/{version}" if version else "")
        if text.startswith(("urn:uuid:", "urn:oid:")):
            issues.append(Issue("not-found", "No entry of this Bundle has this fullUrl: add the entry, or correct the reference.", where()))
        elif m := CONDITIONAL.fullmatch(text):
            return conditional(m, text, where)
        elif (key := target(text)) and key not in coming:
            literal.setdefault(key, where)
        return text

    def conditional(m: re.Match[str], text: str, where: Callable[[], str]) -> str:
        if text not in cache:
            found = matching(scope, m.group(1), m.group(2)) if m.group(1) in TYPES else None
            if found is None:
                issues.append(Issue("not-found", f"No {m.group(1)} in this store fits the condition: send it first.", where()))
                return text
            cache[text] = f"{m.group(1)}/{found}"
        return cache[text]

    for e in entries:
        if isinstance(e.resource, dict) and "resourceType" in e.resource:
            prefix = f"{e.place}.resource"
            rewrite(e.resource, lambda text, where, prefix=prefix: change(text, lambda: f"{prefix}.{where().partition('.')[2]}"))
    for key in set(literal) - existing(scope, list(literal)):
        issues.append(Issue("not-found", f"{'/'.join(key)} is not in this store and not in this Bundle: send it first, or in this Bundle.", literal[key]()))
    if issues:
        raise Unprocessable(*issues[:200])


def check(e: Entry, place: str) -> None:
    if e.method in ("DELETE", "GET", "PATCH"):
        return
    try:
        found = validate(e.resource)
        if found != e.type_name:
            raise Malformed(Issue("structure", f"The resource is a {found}, the url says {e.type_name}.", "resourceType"))
        plausible.check(e.resource)
    except Problem as problem:
        raise problem.inside(f"{place}.resource") from problem


def apply(scope: Scope, written: gate.Ledger, entries: list[Entry]) -> None:
    """FHIR's order: deletes, creates, updates and patches."""
    at = now()
    named = sorted({(e.type_name, e.fhir_id) for e in entries if e.method not in ("POST", "GET")})
    current = store.lock(scope, named)
    gone = []
    for e in entries:
        if e.method == "GET":
            continue
        row = current.get((e.type_name, e.fhir_id)) if e.method != "POST" else None
        if e.method != "POST":
            try:
                unchanged_since(row, e.if_match)
                if e.new and row and not row[2]:
                    raise Conflict(TAKEN)
            except Problem as problem:
                raise problem.at(e.place) from problem
        if e.method == "DELETE":
            if row and not row[2]:
                e.draft = tombstone(e.type_name, e.fhir_id, row)
                gone.append(e.draft)
        elif not e.there:
            if e.method == "PATCH":
                patch(scope, e, row)
            e.item = Item(e.resource, e.fhir_id, row[1] + 1 if row else 1, row[0] if row else 0, place=f"{e.place}.resource")
    if gone:
        remove(scope, written, gone)
    coming = [e for e in entries if e.item]
    for e, d in zip(coming, file(scope, written, [e.item for e in coming if e.item], at), strict=True):
        e.draft = d


def patch(scope: Scope, e: Entry, row: tuple[int, int, bool, int] | None) -> None:
    """Put what the patch makes of the locked resource in its place."""
    try:
        if row is None or row[2]:
            raise NotFound(Issue("not-found", f"{e.type_name}/{e.fhir_id} is not in this store, or was deleted.", "request.url"))
        made = patched(e.type_name, e.fhir_id, store.held(scope, row[0]), e.resource)
    except Problem as problem:
        raise problem.at(e.place) from problem
    e.resource = made
    check(Entry(e.place, "PUT", e.type_name, e.fhir_id, made), e.place)


def got(ask: Ask, e: Entry) -> Answer:
    """A GET sees what the transaction wrote, and a thing that is not there makes it fail as a whole."""
    try:
        return get(ask, e.condition)
    except Problem as problem:
        raise problem.at(e.place) from problem


STATUS = {"POST": "201 Created", "PUT": "200 OK", "PATCH": "200 OK", "DELETE": "204 No Content"}


def response(entries: list[Entry]) -> bytes:
    rows: list[dict[str, Any]] = []
    for e in entries:
        d = e.draft
        if e.answer:
            rows.append({"resource": parse(e.answer.body), "response": {"status": "200 OK"}})
            continue
        if e.there:
            row: dict[str, str] = {"status": "200 OK", "location": f"{e.type_name}/{e.fhir_id}"}
        elif d is None:
            row = {"status": "204 No Content"}
        else:
            status = "201 Created" if e.method == "PUT" and d.version == 1 else STATUS[e.method]
            row = {"status": status, "etag": f'W/"{d.version}"', "lastModified": d.last_updated.isoformat(timespec="milliseconds")}
            if not d.deleted:
                row["location"] = f"{e.type_name}/{e.fhir_id}/_history/{d.version}"
        rows.append({"response": row})
    out: dict[str, Any] = {"resourceType": "Bundle", "type": "transaction-response"}
    if rows:
        out["entry"] = rows
    return dump(out)
