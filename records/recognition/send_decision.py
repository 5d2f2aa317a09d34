"""$recognition-decision as a system sends it: what its doctor decided on a prompt of
$recognition-check (docs/adr/0085).
"""

from typing import Any

from django.core.exceptions import ValidationError

from alliance.auth.scope_check import check_token_scopes
from records.fhir.issues import Issue, NotFound, Unprocessable
from records.fhir.json_codec import dump_json
from records.fhir.parameters_resource import parse_parameters
from records.recognition.ask_check import check_shared_base
from records.recognition.decisions import Decision, do_decide, find_prompt
from records.recognition.recognition_check import NEED
from records.requests.fhir_request import FhirRequest, FhirResponse, parse_uuid

TEXTS = ("prompt", "decision", "result", "reason", "note", "key")
FORMS: dict[str, type] = dict.fromkeys(TEXTS, str) | {"told": bool, "quoted": bool}


def keep_recognition_decision(fhir_request: FhirRequest, fhir_id: str, body: Any) -> FhirResponse:
    """201 with what was kept; 200 where it had been already."""
    check_shared_base(fhir_request, "$recognition-decision")
    check_token_scopes(fhir_request.principal, NEED)
    given = read_decision_parameters(body)
    person, prompt_id = parse_uuid(fhir_id), parse_uuid(str(given.pop("prompt", "")))
    prompt = (
        find_prompt(prompt_id, person, fhir_request.principal.hospital_id)
        if person and prompt_id
        else None
    )
    if prompt is None:
        raise NotFound(
            Issue("not-found", "Your hospital has no such prompt about this patient.", "prompt")
        )
    before = prompt.decisions.count()
    try:
        kept = do_decide(prompt, Decision(**given), acting=fhir_request.principal)
    except ValidationError as error:
        field, faults = next(iter(error.message_dict.items()))
        raise Unprocessable(Issue("invalid", f"{field}: {' '.join(faults)}", field)) from error
    answer = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "prompt", "valueId": str(prompt.pk)},
            {"name": "decision", "valueCode": kept.decision},
            {"name": "kept", "valueInstant": kept.decided_at.isoformat(timespec="milliseconds")},
        ],
    }
    return FhirResponse(201 if prompt.decisions.count() > before else 200, dump_json(answer))


def read_decision_parameters(body: Any) -> dict[str, Any]:
    """Raises Unprocessable for one that is not known, or has another form."""
    found: dict[str, Any] = {}
    for name, value in parse_parameters(body):
        form = FORMS.get(name)
        if form and isinstance(value, form):
            found[name] = value
        else:
            raise Unprocessable(
                Issue("invalid", f"Parameter {name[:60]!r}: not known, or of another form.", name)
            )
    return {"decision": "", **found}
