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

MODES = ("create", "update", "delete", "profile")


def check(ask: Ask, type_name: str, body: Any) -> Answer:
    """200 with an OperationOutcome, whatever it says; takes the resource itself, or Parameters with it."""
    known_type(type_name)
    append(gate.enter(request(ask, EventCode.RECORD_VALIDATE, f"{type_name}/$validate")).event)
    resource = body
    if isinstance(body, dict) and body.get("resourceType") == "Parameters":
        parts = {p.get("name"): p for p in body.get("parameter") or [] if isinstance(p, dict)}
        if parts.get("mode", {}).get("valueCode", "create") not in MODES:
            raise Malformed(Issue("value", f"mode is one of {', '.join(MODES)}.", "Parameters.parameter"))
        resource = parts.get("resource", {}).get("resource")
    try:
        valid(type_name, resource)
        missing = [i for i in patients_about(resource) if i not in sources.look_up(ask.hospital_id or 0, [i])]
    except Problem as problem:
        return Answer(200, dump(outcome.outcome(*problem.issues)))
    if missing:
        return Answer(200, dump(outcome.outcome(*(Issue("not-found", f"Patient/{i} is not in this store: send the Patient first.", type_name) for i in missing))))
    return Answer(200, dump(outcome.outcome(Issue("informational", "This would be taken.", severity="information"))))
