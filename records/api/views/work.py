"""Operations of work between hospitals, at the shared base: Task/$send, Task/<id>/$move, and the
document of a signed opinion (docs/adr/0090).
"""

from django.http import HttpRequest

from records.api import negotiate
from records.api.fhir_view import FhirView
from records.api.request_parameters import check_no_parameters
from records.interactions.preconditions import preconditions_from_headers
from records.operations import send_work
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.requests.interaction import Interaction, Operation
from records.work_faces import move_task, read_opinion


class SendView(FhirView):
    operation = Operation(
        "send", "urn:xinglin:operation:work-send", at_shared_base=True, at_own_base=False
    )

    @Interaction("$send", "write", takes=negotiate.JSON_IN, statuses=(200, 201))
    def post(self, request: HttpRequest, fhir_request: FhirRequest) -> FhirResponse:
        """Refer a patient to another hospital in a doctor's name."""
        check_no_parameters(request)
        return send_work.send_task(fhir_request, negotiate.read_json_body(request))


class MoveView(FhirView):
    operation = Operation(
        "move", "urn:xinglin:operation:work-move", at_shared_base=True, at_own_base=False
    )

    @Interaction("$move", "write", takes=negotiate.JSON_IN, headers=("If-Match",))
    def post(self, request: HttpRequest, fhir_request: FhirRequest, fhir_id: str) -> FhirResponse:
        """Accept, ask, answer, decline, …: a verb on a referral in a doctor's name."""
        check_no_parameters(request)
        versions = preconditions_from_headers(request.headers).match
        return move_task.move_task(
            fhir_request, fhir_id, negotiate.read_json_body(request), versions
        )


class OpinionDocumentView(FhirView):
    operation = Operation(
        "document",
        "http://hl7.org/fhir/OperationDefinition/Composition-document",
        at_shared_base=True,
        at_own_base=False,
    )

    @Interaction("$document", "read")
    def get(self, request: HttpRequest, fhir_request: FhirRequest, fhir_id: str) -> FhirResponse:
        """The signed opinion of a consultation, as the document that was signed."""
        check_no_parameters(request)
        return read_opinion.read_opinion_document(fhir_request, fhir_id)
