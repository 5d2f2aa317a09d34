"""Conditional update, delete and patch: on the one resource that fits a condition (FHIR R4 http.html#cond-update). Of writers with the
same condition each sees what the one before it wrote."""

import uuid
from typing import Any

from alliance.auth.scopes import Need
from consent import gate
from consent.audit.event import EventCode
from records.fhir.issues import Issue, Malformed, NotFound
from records.interactions.ask import Answer, Ask, known_type
from records.interactions.condition import matching
from records.interactions.patch import changed, patched
from records.interactions.preconditions import NONE, Preconditions, must_hold
from records.interactions.write import bury, good_id, put, request, valid


def update(ask: Ask, type_name: str, condition: str, resource: Any, holds: Preconditions = NONE) -> Answer:
    """No match: created, with the id that the body names, if any. Raises PreconditionFailed for several matches, Conflict where that
    id belongs to a resource that does not fit."""
    known_type(type_name)
    with gate.writing(request(ask, EventCode.RECORD_UPDATE, type_name, Need("us", (type_name,)))) as (scope, written):
        valid(ask, type_name, resource)
        there, named = matching(scope, type_name, condition, ask.address), resource.get("id")
        if there and named and there != named:
            raise Malformed(Issue("value", f"The condition finds {type_name}/{there}, the body says {named}: leave the id out, or correct one of them.", f"{type_name}.id"))
        fhir_id = there or named or str(uuid.uuid4())
        good_id(fhir_id)
        return put(ask, scope, written, type_name, fhir_id, resource, holds, new=not there)


def delete(ask: Ask, type_name: str, condition: str, holds: Preconditions = NONE) -> Answer:
    """No match: nothing to delete, and no error. Raises PreconditionFailed for several matches."""
    known_type(type_name)
    with gate.writing(request(ask, EventCode.RECORD_DELETE, type_name, Need("ds", (type_name,)))) as (scope, written):
        there = matching(scope, type_name, condition, ask.address)
        if there is None:
            must_hold(holds, None)
            return Answer(204)
        return bury(scope, written, type_name, there, holds)


def patch(ask: Ask, type_name: str, condition: str, operations: Any, holds: Preconditions = NONE) -> Answer:
    known_type(type_name)
    with gate.writing(request(ask, EventCode.RECORD_PATCH, type_name, Need("rus", (type_name,)))) as (scope, written):
        there = matching(scope, type_name, condition, ask.address)
        if there is None:
            raise NotFound(Issue("not-found", f"No {type_name} fits the condition."))
        return changed(ask, scope, written, type_name, there, lambda body: patched(type_name, there, body, operations), holds)
