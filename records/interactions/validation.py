"""$validate: would this be taken? Nothing is stored (FHIR R4 resource-operation-validate)."""

from typing import Any

from consent import gate
from consent.audit.append import append
from consent.audit.event import EventCode
from records.fhir import outcome
from records.fhir.issues import Issue, Malformed, Problem
from records.fhir.json import dump
from records.interactions.ask import Answer, Ask, known_type
from records.interactions.filing import patients_about
from records.interactions.write import request, valid
from records.mpi import sources

MODES = ("create", "update")  # both are checked alike


def check(ask: Ask, type_name: str, body: Any) -> Answer:
    """200 with an OperationOutcome, whatever it says; takes the resource itself, or Parameters with it."""
    known_type(type_name)
    append(gate.enter(request(ask, EventCode.RECORD_VALIDATE, f"{type_name}/$validate")).event)
    resource = body
    if isinstance(body, dict) and body.get("resourceType") == "Parameters":
        resource = unwrapped(body.get("parameter"))
    try:
        valid(type_name, resource)
        about = patients_about(resource)
        known = sources.look_up(ask.hospital_id or 0, about)
        missing = [i for i in about if i not in known]
    except Problem as problem:
        return Answer(200, dump(outcome.outcome(*problem.issues)))
    if missing:
        return Answer(200, dump(outcome.outcome(*(Issue("not-found", f"Patient/{i} is not in this store: send the Patient first.", type_name) for i in missing))))
    return Answer(200, dump(outcome.outcome(Issue("informational", "This would be taken.", severity="information"))))


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
