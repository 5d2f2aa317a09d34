"""$validate: would this be taken? Nothing is stored (FHIR R4 resource-operation-validate)."""

from typing import Any

from django.db import transaction

from alliance.auth.scopes import Need
from consent import gate
from consent.audit.append import append
from consent.audit.event import EventCode
from records.fhir import outcome
from records.fhir.issues import Issue, Malformed, Problem
from records.fhir.json import dump
from records.interactions.about import doubts, find_patients
from records.interactions.ask import Answer, Ask, known_type
from records.interactions.filing import read
from records.interactions.integrity import check_targets
from records.interactions.item import Item
from records.interactions.lifetimes import warnings
from records.interactions.unread import unread_named
from records.interactions.write import agree, good_id, request, valid

MODES = ("create", "update")  # both are checked alike


def check(ask: Ask, type_name: str, body: Any, fhir_id: str = "") -> Answer:
    """200 with an OperationOutcome, whatever it says; takes the resource itself, or Parameters with it. fhir_id: of the one that it would replace."""
    known_type(type_name)
    scope = gate.enter(request(ask, EventCode.RECORD_VALIDATE, f"{type_name}/{fhir_id}/$validate" if fhir_id else f"{type_name}/$validate", Need("c", (type_name,))))
    append(scope.event)
    resource = body
    if isinstance(body, dict) and body.get("resourceType") == "Parameters":
        resource = unwrapped(body.get("parameter"))
    try:
        if fhir_id:
            good_id(fhir_id)
            agree(type_name, fhir_id, resource)
        valid(ask, type_name, resource)
        with unread_named([("", resource)], lambda r: read(r, scope.principal.hospital)):
            read(resource, scope.principal.hospital)
        item = Item(resource, str(resource.get("id") or ""))
        with transaction.atomic():
            check_targets(scope, [item])
            find_patients(scope, [item])
    except Problem as problem:
        return Answer(200, dump(outcome.outcome(*problem.issues)))
    odd = [*warnings(scope, [(type_name, resource)]).get(type_name, []), *doubts([item]).get(type_name, [])]
    return Answer(200, dump(outcome.outcome(Issue("informational", "This would be taken.", severity="information"), *odd)))


def unwrapped(given: Any) -> Any:
    """The resource in Parameters. Raises Malformed for what is asked besides and would not be looked at."""
    resource = None
    for i, part in enumerate(given if isinstance(given, list) else []):
        name = part.get("name") if isinstance(part, dict) else None
        if name == "resource":
            resource = part.get("resource")
        elif name != "mode" or part.get("valueCode") not in MODES:
            raise Malformed(Issue("not-supported", f"$validate takes a resource and a mode ({' or '.join(MODES)}): leave this out.", f"Parameters.parameter[{i}]"))
    return resource
