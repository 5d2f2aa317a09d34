"""create, update and delete in a member's own store (FHIR R4 http.html#create, #update, #delete)."""

import os
import re
import uuid
from typing import Any
from urllib.parse import parse_qsl

from alliance.roles import Permission
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir.issues import Conflict, Issue, Malformed, NotFound, PreconditionFailed
from records.fhir.outcome import ABSENT
from records.fhir.references import ID
from records.fhir.validate import validate
from records.interactions import plausible
from records.interactions.ask import Answer, Ask, known_type, own_request
from records.interactions.filing import Item, file, now, remove
from records.search.parse import parse
from records.search.plan import plan
from records.search.terms import Index
from records.store import find
from records.store import write as store
from records.store.rows import Draft

TAKEN = Issue("conflict", "The condition fits nothing, but the id is another resource's: leave the id out, or correct one of them.")
NUMBER = re.compile(r"[^|,\\]+\|[^|,\\]+")
ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')


def answer(ask: Ask, status: int, d: Draft) -> Answer:
    return Answer(status, d.body, d.version, d.last_updated, f"{ask.root}/{ask.base}/{d.type_name}/{d.fhir_id}/_history/{d.version}")


def valid(type_name: str, resource: Any) -> None:
    """Raises Problem unless it is a valid, plausible resource of just this type."""
    found = validate(resource)
    if found != type_name:
        raise Malformed(Issue("structure", f"The body is a {found}, the address says {type_name}: make them agree.", "resourceType"))
    plausible.check(resource)


def new_ids(count: int) -> list[str]:
    """Random UUIDs, as random as uuid4's, from one call to the system's source."""
    bits = os.urandom(16 * count)
    return [str(uuid.UUID(bytes=bits[16 * i : 16 * i + 16], version=4)) for i in range(count)]


def good_id(fhir_id: str) -> None:
    if not ID.fullmatch(fhir_id):
        raise Malformed(Issue("value", "An id has 1 to 64 letters (A-Z, a-z), digits, hyphens or dots.", "Resource.id"))


def request(ask: Ask, code: EventCode, target: str):  # type: ignore[no-untyped-def]
    return own_request(ask, code, target, permission=Permission.RECORD_WRITE, writing=True)


def canonical(type_name: str, query: str) -> str:
    """One text for one condition, in whatever order its parameters stand."""
    return f"{type_name}?{'&'.join(sorted(f'{k}={v}' for k, v in parse_qsl(query, keep_blank_values=True)))}"


def matching(scope: Scope, type_name: str, query: str) -> str | None:
    """The id of the one resource that fits a condition, or None. Raises PreconditionFailed where several do.

    Of sealed records only by one number alone (identifier=system|value): who has given it may send again without writing a twin, and learns nothing
    of what they say."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if not pairs:
        raise Malformed(Issue("value", "The condition is empty: write for example identifier=system|value."))
    number = len(pairs) == 1 and pairs[0][0] == "identifier" and bool(NUMBER.fullmatch(pairs[0][1]))
    found = find.matches(scope, plan(parse([type_name], pairs), scope.whole, None), canonical(type_name, query), sealed=number)
    if len(found) > 1:
        raise PreconditionFailed(Issue("multiple-matches", f"More than one {type_name} fits the condition: make it narrower."))
    return found[0] if found else None


def create(ask: Ask, type_name: str, resource: Any, if_none_exist: str = "") -> Answer:
    known_type(type_name)
    with gate.writing(request(ask, EventCode.RECORD_CREATE, type_name)) as (scope, written):
        valid(type_name, resource)
        if if_none_exist:
            there = matching(scope, type_name, if_none_exist)
            if there:
                return Answer(200, b"", None, None, f"{ask.root}/{ask.base}/{type_name}/{there}")
        [made] = file(scope, written, [Item(resource, str(uuid.uuid4()))], now())
    return answer(ask, 201, made)


def update(ask: Ask, type_name: str, fhir_id: str, resource: Any, if_match: str = "") -> Answer:
    """Also creates, with the id that the client chose."""
    known_type(type_name)
    good_id(fhir_id)
    with gate.writing(request(ask, EventCode.RECORD_UPDATE, f"{type_name}/{fhir_id}")) as (scope, written):
        if isinstance(resource, dict) and resource.get("id") != fhir_id:
            raise Malformed(Issue("value", f"The body's id and the address must agree: put \"id\": \"{fhir_id}\" into the body.", f"{type_name}.id"))
        valid(type_name, resource)
        return put(ask, scope, written, type_name, fhir_id, resource, if_match)


def put(ask: Ask, scope: Scope, written: gate.Ledger, type_name: str, fhir_id: str, resource: Any, if_match: str, new: bool = False) -> Answer:
    """The next version of a valid resource, or its first one; inside the writer's transaction. new: nobody else may have the id."""
    current = store.lock(scope, [(type_name, fhir_id)]).get((type_name, fhir_id))
    if new and current and not current[2]:
        raise Conflict(TAKEN)
    unchanged_since(current, if_match)
    [made] = file(scope, written, [Item(resource, fhir_id, current[1] + 1 if current else 1, current[0] if current else 0)], now())
    return answer(ask, 200 if current and not current[2] else 201, made)


def unchanged_since(current: tuple[int, int, bool, int] | None, if_match: str) -> None:
    """Raises PreconditionFailed unless the current version is the one that the client saw."""
    if not if_match:
        return
    m = ETAG.fullmatch(if_match.strip())
    if not m:
        raise Malformed(Issue("value", 'If-Match holds the ETag that a read gave, such as W/"3".'))
    if current is None or current[1] != int(m.group(1)):
        raise PreconditionFailed(Issue("conflict", "The resource has changed since you read it: read it again, then update."))


def delete(ask: Ask, type_name: str, fhir_id: str, if_match: str = "") -> Answer:
    """A soft delete: a new version without a body; the history stays. Deleting twice changes nothing."""
    known_type(type_name)
    good_id(fhir_id)
    with gate.writing(request(ask, EventCode.RECORD_DELETE, f"{type_name}/{fhir_id}")) as (scope, written):
        return bury(scope, written, type_name, fhir_id, if_match)


def bury(scope: Scope, written: gate.Ledger, type_name: str, fhir_id: str, if_match: str) -> Answer:
    """The tombstone of a resource; inside the writer's transaction."""
    current = store.lock(scope, [(type_name, fhir_id)]).get((type_name, fhir_id))
    if current is None:
        raise NotFound(ABSENT)
    unchanged_since(current, if_match)
    if current[2]:
        return Answer(204, version=current[1])
    gone = tombstone(type_name, fhir_id, current)
    remove(scope, written, [gone])
    return Answer(204, version=gone.version)


def tombstone(type_name: str, fhir_id: str, current: tuple[int, int, bool, int]) -> Draft:
    rid, version, _, patient = current
    return Draft(type_name, fhir_id, version + 1, now(), patient, None, 0, Index(), b"", deleted=True, rid=rid)
