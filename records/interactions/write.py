"""create, update and delete in a member's own store (FHIR R4 http.html#create, #update, #delete)."""

import os
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from alliance.auth.errors import Forbidden
from alliance.auth.scopes import Need
from alliance.roles import Permission
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Refused, Scope
from records.fhir.issues import Conflict, Gone, Issue, Malformed, NotFound
from records.fhir.references import ID
from records.fhir.validate import validate
from records.interactions import plausible
from records.interactions.about import doubts
from records.interactions.ask import Answer, Ask, known_type, own_request
from records.interactions.condition import if_none_exist, matching
from records.interactions.filing import file, remove
from records.interactions.integrity import check_referrers
from records.interactions.item import Item
from records.interactions.lifetimes import warnings
from records.interactions.preconditions import NONE, Preconditions, must_hold
from records.interactions.read import read
from records.interactions.references import settle
from records.interactions.subscribing import make_criteria_relative
from records.search.terms import Index
from records.store import find
from records.store import write as store
from records.store.rows import Current, Draft

THERE = Issue("informational", "It is there already. Nothing was stored.", severity="information")
TAKEN = Issue("conflict", "The condition fits nothing, but the id is another resource's: leave the id out, or correct one of them.")


def answer(ask: Ask, status: int, d: Draft, warned: Sequence[Issue] = ()) -> Answer:
    return Answer(status, d.body, d.version, d.last_updated, f"{ask.root}/{ask.base}/{d.type_name}/{d.fhir_id}/_history/{d.version}", tuple(warned))


def valid(ask: Ask, type_name: str, resource: Any) -> None:
    """Raises Problem unless it is a resource of just this type that the base takes."""
    judge(ask, type_name, resource)
    settle(resource, ask.address)


def judge(ask: Ask, type_name: str, resource: Any) -> None:
    """The same without its references."""
    found = validate(resource)
    if found != type_name:
        raise Malformed(Issue("structure", f"The body is of type {found}, the address says {type_name}: make them agree.", "resourceType"))
    if found == "Subscription":
        make_criteria_relative(resource, ask.address)
    plausible.check(resource)


def new_ids(count: int) -> list[str]:
    """Random UUIDs, as random as uuid4's, from one call to the system's source."""
    bits = os.urandom(16 * count)
    return [str(uuid.UUID(bytes=bits[16 * i : 16 * i + 16], version=4)) for i in range(count)]


def good_id(fhir_id: str) -> None:
    if not ID.fullmatch(fhir_id):
        raise Malformed(Issue("value", "An id has 1 to 64 letters (A-Z, a-z), digits, hyphens or dots.", "Resource.id"))


def agree(type_name: str, fhir_id: str, resource: Any) -> None:
    if isinstance(resource, dict) and resource.get("id") != fhir_id:
        raise Malformed(Issue("value", f"The body's id and the address must agree: put \"id\": \"{fhir_id}\" into the body.", f"{type_name}.id"))


def request(ask: Ask, code: EventCode, target: str, need: Need):  # type: ignore[no-untyped-def]
    return own_request(ask, code, target, permission=Permission.RECORD_WRITE, writing=True, need=need)


def create(ask: Ask, type_name: str, resource: Any, condition: str | None = None, holds: Preconditions = NONE, *, warn: bool = False) -> Answer:
    """condition: as If-None-Exist says it; warn: look for what is odd but taken, which costs one statement more."""
    known_type(type_name)
    with gate.writing(request(ask, EventCode.RECORD_CREATE, type_name, Need("c", (type_name,)))) as (scope, written):
        valid(ask, type_name, resource)
        must_hold(holds, None)
        there = None if condition is None else matching(scope, type_name, if_none_exist(ask, type_name, condition), ask.address)
        if there:
            written.persons |= find.persons(scope, {(type_name, there)})  # that it is there tells of somebody, too
        else:
            item = Item(resource, str(uuid.uuid4()))
            [made] = file(scope, written, [item])
            told = warned(scope, item, warn)
    return found(ask, type_name, there) if there else answer(ask, 201, made, told)


def found(ask: Ask, type_name: str, fhir_id: str) -> Answer:
    """What a conditional create found, as a read of its own shows it; of what may not be read no more than that it is there."""
    location = f"{ask.root}/{ask.base}/{type_name}/{fhir_id}"
    try:
        seen = read(ask, type_name, fhir_id)
    except (NotFound, Gone, Refused, Forbidden):
        return Answer(200, location=location, warnings=(THERE,))
    return replace(seen, location=f"{location}/_history/{seen.version}", warnings=(THERE,))


def update(ask: Ask, type_name: str, fhir_id: str, resource: Any, holds: Preconditions = NONE, *, warn: bool = False) -> Answer:
    """Also creates, with the id that the client chose. warn: as in create."""
    known_type(type_name)
    good_id(fhir_id)
    with gate.writing(request(ask, EventCode.RECORD_UPDATE, f"{type_name}/{fhir_id}", Need("u", (type_name,)))) as (scope, written):
        agree(type_name, fhir_id, resource)
        valid(ask, type_name, resource)
        return put(ask, scope, written, type_name, fhir_id, resource, holds, warn=warn)


def put(ask: Ask, scope: Scope, written: gate.Ledger, type_name: str, fhir_id: str, resource: Any, holds: Preconditions, *, new: bool = False, warn: bool = False) -> Answer:
    """The next version of a valid resource, or its first one; inside the writer's transaction. new: nobody else may have the id."""
    current = store.lock(scope, [(type_name, fhir_id)]).get((type_name, fhir_id))
    if new and current and not current[2]:
        raise Conflict(TAKEN)
    must_hold(holds, current)
    item = Item(resource, fhir_id, current.version + 1 if current else 1, current.rid if current else 0)
    [made] = file(scope, written, [item])
    return answer(ask, 200 if current and not current.deleted else 201, made, warned(scope, item, warn))


def warned(scope: Scope, item: Item, looked_for: bool) -> list[Issue]:
    """Of an item that was just stored: that it is about nobody here, and what is odd but taken, where that is looked for."""
    kind = item.resource["resourceType"]
    return [*doubts([item]).get(kind, []), *(warnings(scope, [(kind, item.resource)]).get(kind, []) if looked_for else [])]


def delete(ask: Ask, type_name: str, fhir_id: str, holds: Preconditions = NONE) -> Answer:
    """A soft delete: a new version without a body; the history stays. Deleting twice changes nothing, nor does deleting what never was."""
    known_type(type_name)
    good_id(fhir_id)
    with gate.writing(request(ask, EventCode.RECORD_DELETE, f"{type_name}/{fhir_id}", Need("d", (type_name,)))) as (scope, written):
        return bury(scope, written, type_name, fhir_id, holds)


def bury(scope: Scope, written: gate.Ledger, type_name: str, fhir_id: str, holds: Preconditions) -> Answer:
    """The tombstone of a resource; inside the writer's transaction."""
    current = store.lock(scope, [(type_name, fhir_id)], deleting=True).get((type_name, fhir_id))
    must_hold(holds, current)
    if current is None or current.deleted:
        return Answer(204, version=current.version if current else None)
    gone = tombstone(type_name, fhir_id, current)
    remove(scope, written, [gone])
    check_referrers(scope, [gone])
    return Answer(204, version=gone.version)


def tombstone(type_name: str, fhir_id: str, current: Current) -> Draft:
    return Draft(type_name, fhir_id, current.version + 1, current.patient, None, 0, Index(), b"", deleted=True, rid=current.rid)
