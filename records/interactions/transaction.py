"""transaction: all entries or none, with internal, conditional and literal references resolved (FHIR R4 http.html#transaction)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from alliance.auth.errors import Forbidden
from alliance.auth.scope_check import must_cover
from alliance.auth.scopes import FREE, Need
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir.issues import Conflict, Issue, NotFound, Problem, first
from records.fhir.json import dump
from records.fhir.limits import ISSUES
from records.interactions.about import doubts
from records.interactions.ask import Answer, Ask
from records.interactions.bundle_conditions import alone, identify
from records.interactions.bundle_entries import READING, Entry, entries_of, every, understand
from records.interactions.bundle_references import full_urls, resolve_references
from records.interactions.entries import row
from records.interactions.fetch import Reads
from records.interactions.filing import file, remove
from records.interactions.integrity import check_referrers
from records.interactions.item import Item
from records.interactions.lifetimes import warnings
from records.interactions.patch import patched
from records.interactions.preconditions import must_hold
from records.interactions.references import settle
from records.interactions.write import TAKEN, THERE, answer, found, judge, new_ids, request, tombstone, valid
from records.store import write as store
from records.store.find import persons, versions
from records.store.rows import Current


def transaction(ask: Ask, bundle: Any) -> Answer:
    """Raises one Problem with the issues of all faulty entries, each naming its entry; then nothing is stored."""
    with gate.writing(request(ask, EventCode.BUNDLE, "transaction", FREE)) as (scope, written):
        raw = entries_of(bundle)
        entries = every(raw, lambda thing, place: understand(ask, thing, place))
        must_cover_all(ask, entries)
        for e, fhir_id in zip(entries, new_ids(len(entries)), strict=True):
            e.fhir_id = e.fhir_id or fhir_id
        current = resolved(ask, scope, entries)
        written.persons |= persons(scope, {e.key for e in entries if e.there})
        every(entries, lambda e, place: settled(ask, e))
        apply(ask, scope, written, entries, current)
        warned = warnings(scope, [(f"{e.place}.resource", e.item.resource) for e in entries if e.item])
        for where, issues in doubts([e.item for e in entries if e.item]).items():
            warned[where] = [*warned.get(where, []), *issues]
        reads = Reads(ask)
        for e in entries:
            if e.method in READING:
                e.answer = got(reads, e)
        said(ask, scope, entries, warned)
    return Answer(200, response(ask, entries))


def resolved(ask: Ask, scope: Scope, entries: list[Entry]) -> dict[tuple[str, str], Current]:
    """The rows that the entries replace, locked; each entry is looked at, knows its id, and refers to what is meant. Raises Problem with the faults of resources and of
    references together."""
    faults: list[Problem] = []
    try:
        every(entries, lambda e, place: check(ask, e, place))
    except Problem as problem:
        faults.append(problem)
    try:
        urls = full_urls(entries)
        identify(scope, ask.address, entries, urls)
        current = store.lock(scope, sorted({e.key for e in entries if e.method not in ("POST", *READING)}), deleting=any(e.method == "DELETE" for e in entries))
        resolve_references(scope, ask.address, entries, urls, current)
    except Problem as problem:
        faults.append(problem)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise type(faults[0])(*first([i for f in faults for i in f.issues], ISSUES))
    return current


LETTERS = {"POST": "c", "PUT": "u", "PATCH": "ru", "DELETE": "d"}  # the scopes that an entry takes; what its conditions take, `matching` asks for


def must_cover_all(ask: Ask, entries: list[Entry]) -> None:
    """Raises Forbidden naming the first entry that the token's scopes do not cover. GETs ask for theirs."""
    for e in entries:
        try:
            must_cover(ask.principal, Need(LETTERS[e.method], (e.type_name,)) if e.method in LETTERS else FREE)
        except Forbidden as refusal:
            raise Forbidden(refusal.code, f"{e.place}: {refusal}") from refusal


def check(ask: Ask, e: Entry, place: str) -> None:
    """Of its own resource, before anything is looked up. Raises Problem."""
    if e.method in ("POST", "PUT"):
        try:
            judge(ask, e.type_name, e.resource)
        except Problem as problem:
            raise problem.inside(f"{place}.resource") from problem


def settled(ask: Ask, e: Entry) -> None:
    """Every reference that is left speaks of this store, of what the resource contains, or of what is elsewhere. Raises Problem."""
    if e.method in ("POST", "PUT") and not e.there:
        try:
            settle(e.resource, ask.address)
        except Problem as problem:
            raise problem.inside(f"{e.place}.resource") from problem


def apply(ask: Ask, scope: Scope, written: gate.Ledger, entries: list[Entry], current: Mapping[tuple[str, str], Current]) -> None:
    """FHIR's order: deletes, creates, updates and patches. current: the rows that they replace, locked."""
    gone = []
    for e in entries:
        if e.method in READING:
            continue
        row = current.get(e.key) if e.method != "POST" else None
        if not e.there:
            try:
                must_hold(e.holds, row)
                if e.new and row and not row.deleted:
                    raise Conflict(TAKEN)
            except Problem as problem:
                raise problem.at(e.place) from problem
        if e.method == "DELETE":
            if row and not row.deleted:
                e.draft = tombstone(e.type_name, e.fhir_id, row)
                gone.append(e.draft)
        elif not e.there:
            if e.method == "PATCH":
                patch(ask, scope, e, row)
            e.item = Item(e.resource, e.fhir_id, row.version + 1 if row else 1, row.rid if row else 0, place=f"{e.place}.resource")
    alone(entries)
    if gone:
        remove(scope, written, gone)
    coming = [e for e in entries if e.item]
    for e, d in zip(coming, file(scope, written, [e.item for e in coming if e.item]), strict=True):
        e.draft = d
    check_referrers(scope, gone)


def patch(ask: Ask, scope: Scope, e: Entry, row: Current | None) -> None:
    """Put what the patch makes of the locked resource in its place."""
    try:
        if row is None or row.deleted:
            raise NotFound(Issue("not-found", f"{e.type_name}/{e.fhir_id} is not in this store, or was deleted.", "request.url"))
        made = patched(e.type_name, e.fhir_id, store.held(scope, row.rid), e.resource)
    except Problem as problem:
        raise problem.at(e.place) from problem
    try:
        valid(ask, e.type_name, made)
    except Problem as problem:
        raise problem.inside(f"{e.place}.resource") from problem
    e.resource = made


def got(reads: Reads, e: Entry) -> Answer:
    """A GET sees what the transaction wrote, and a thing that is not there makes it fail as a whole."""
    try:
        return reads.answer(e.method, e.condition, e.holds)
    except Problem as problem:
        raise problem.at(e.place) from problem


def said(ask: Ask, scope: Scope, entries: list[Entry], warned: Mapping[str, list[Issue]]) -> None:
    """Give each write its answer; warned: by the place of a resource."""
    there = versions(scope, [(e.type_name, e.fhir_id) for e in entries if e.there])
    for e in entries:
        if e.there:
            e.answer = found(ask, e.type_name, e.fhir_id) if ask.returns == "representation" else met(ask, e, there.get((e.type_name, e.fhir_id)))
        elif e.draft is None:
            e.answer = e.answer or Answer(204)
        elif e.draft.deleted:
            e.answer = Answer(204, version=e.draft.version, last_updated=e.draft.last_updated)
        else:
            status = 201 if e.method == "POST" or (e.method == "PUT" and e.draft.version == 1) else 200
            e.answer = answer(ask, status, e.draft, warned.get(f"{e.place}.resource", ()))


def met(ask: Ask, e: Entry, version: tuple[int, dt.datetime] | None) -> Answer:
    """A conditional create that found something, without its body."""
    location = f"{ask.root}/{ask.base}/{e.type_name}/{e.fhir_id}"
    if version is None:
        return Answer(200, location=location, warnings=(THERE,))
    return Answer(200, b"", *version, f"{location}/_history/{version[0]}", (THERE,))


def response(ask: Ask, entries: list[Entry]) -> bytes:
    out: dict[str, Any] = {"resourceType": "Bundle", "type": "transaction-response"}
    if entries:
        out["entry"] = [row(ask, e.method, e.answer) for e in entries if e.answer]
    return dump(out)
