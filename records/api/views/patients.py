"""Operations about one patient, or by which one is found: $everything, $summary, $lastn, $match,
$ihe-pix.
"""

from django.http import HttpRequest

from records.api import negotiate
from records.api.fhir_view import FhirView
from records.api.request_parameters import parse_operation_pairs
from records.identity import persons
from records.interactions import everything
from records.operations import lastn, match_operation, patient_summary
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.requests.interaction import HL7, Interaction, Operation


class EverythingView(FhirView):
    operation = Operation("everything", HL7 + "Patient-everything", at_shared_base=True)

    @Interaction("$everything", "search")
    def get(self, request: HttpRequest, fhir_request: FhirRequest, fhir_id: str) -> FhirResponse:
        """Read all that is about a patient."""
        return everything.read_everything(fhir_request, fhir_id, parse_operation_pairs(request))

    post = get


class SummaryView(FhirView):
    operation = Operation(
        "summary", "http://hl7.org/fhir/uv/ips/OperationDefinition/summary", at_shared_base=True
    )

    @Interaction("$summary", "search")
    def get(self, request: HttpRequest, fhir_request: FhirRequest, fhir_id: str) -> FhirResponse:
        """Build the International Patient Summary."""
        return patient_summary.read_patient_summary(
            fhir_request, fhir_id, parse_operation_pairs(request)
        )

    post = get


class LastnView(FhirView):
    operation = Operation("lastn", HL7 + "Observation-lastn", at_shared_base=True)

    @Interaction("$lastn", "search")
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> FhirResponse:
        """Find a patient's last observations of each code."""
        return lastn.read_last_observations(fhir_request, parse_operation_pairs(request))

    post = get


class MatchView(FhirView):
    operation = Operation("match", HL7 + "Patient-match", at_shared_base=True)

    @Interaction("$match", "search", takes=negotiate.JSON_IN)
    def post(self, request: HttpRequest, fhir_request: FhirRequest) -> FhirResponse:
        """Find the patients who may be the one described."""
        return match_operation.find_matching_patients(
            fhir_request, negotiate.read_json_body(request)
        )


class PixView(FhirView):
    operation = Operation(
        "ihe-pix",
        "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
        at_shared_base=True,
    )

    @Interaction("$ihe-pix", "search")
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> FhirResponse:
        """Find under which other identifiers a patient is known (IHE PIXm)."""
        return persons.crossreference_identifiers(fhir_request, parse_operation_pairs(request))

    post = get
