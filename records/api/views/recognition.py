"""Operations of mutual recognition, at the shared base: $recognition-check before an order,
$recognition-decision after (docs/adr/0085).
"""

from django.http import HttpRequest
from django.utils import translation

from records.api import negotiate
from records.api.fhir_view import FhirView
from records.api.request_parameters import check_no_parameters, parse_operation_pairs
from records.recognition import ask_check, send_decision
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.requests.interaction import Interaction, Operation


class RecognitionCheckView(FhirView):
    operation = Operation(
        "recognition-check",
        "urn:xinglin:operation:recognition-check",
        at_shared_base=True,
        at_own_base=False,
    )

    @Interaction("$recognition-check", "search")
    def get(self, request: HttpRequest, fhir_request: FhirRequest, fhir_id: str) -> FhirResponse:
        """Find results of a patient that count for an item at a date."""
        with translation.override(translation.get_language_from_request(request)):
            return ask_check.answer_recognition_check(
                fhir_request, fhir_id, parse_operation_pairs(request)
            )

    post = get


class RecognitionDecisionView(FhirView):
    operation = Operation(
        "recognition-decision",
        "urn:xinglin:operation:recognition-decision",
        at_shared_base=True,
        at_own_base=False,
    )

    @Interaction("$recognition-decision", "write", takes=negotiate.JSON_IN, statuses=(200, 201))
    def post(self, request: HttpRequest, fhir_request: FhirRequest, fhir_id: str) -> FhirResponse:
        """Keep whether a result was adopted or the test repeated, and why."""
        check_no_parameters(request)
        return send_decision.keep_recognition_decision(
            fhir_request, fhir_id, negotiate.read_json_body(request)
        )
