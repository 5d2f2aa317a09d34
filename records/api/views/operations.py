"""Operations of any resource: $validate, $meta, $meta-add, $meta-delete; and $status of a
Subscription.
"""

from django.http import HttpRequest

from records.api import negotiate
from records.api.fhir_view import FhirView
from records.api.request_parameters import check_no_operation_parameters, check_no_parameters
from records.operations import meta, subscription_status, validation
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.requests.interaction import HL7, Interaction, Operation


class ValidateView(FhirView):
    operation = Operation("validate", HL7 + "Resource-validate")

    @Interaction("$validate", "write", takes=negotiate.JSON_IN)
    def post(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str, fhir_id: str = ""
    ) -> FhirResponse:
        """Say whether a resource would be stored; nothing is."""
        return validation.run_validation(
            fhir_request, type_name, negotiate.read_json_body(request), fhir_id
        )


class MetaView(FhirView):
    operation = Operation("meta", HL7 + "Resource-meta")

    @Interaction("$meta", "read")
    def get(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str, fhir_id: str
    ) -> FhirResponse:
        """Read a resource's profiles, labels and tags."""
        check_no_operation_parameters(request, "$meta")
        return meta.read_meta(fhir_request, type_name, fhir_id)

    post = get


class TypeMetaView(FhirView):
    operation = MetaView.operation

    @Interaction("$meta", "search")
    def get(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str = ""
    ) -> FhirResponse:
        """Unite the profiles, labels and tags of a type's resources, or of all."""
        check_no_operation_parameters(request, "$meta")
        return meta.read_meta_of_type(fhir_request, type_name)

    post = get


class MetaAddView(FhirView):
    operation = Operation("meta-add", HL7 + "Resource-meta-add")

    @Interaction("$meta-add", "write", takes=negotiate.JSON_IN)
    def post(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str, fhir_id: str
    ) -> FhirResponse:
        """Add profiles, labels and tags."""
        check_no_parameters(request)
        return meta.add_meta(fhir_request, type_name, fhir_id, negotiate.read_json_body(request))


class MetaDeleteView(FhirView):
    operation = Operation("meta-delete", HL7 + "Resource-meta-delete")

    @Interaction("$meta-delete", "write", takes=negotiate.JSON_IN)
    def post(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str, fhir_id: str
    ) -> FhirResponse:
        """Take profiles, labels and tags off."""
        check_no_parameters(request)
        return meta.delete_meta(fhir_request, type_name, fhir_id, negotiate.read_json_body(request))


class SubscriptionStatusView(FhirView):
    operation = Operation(
        "status",
        "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status",
    )

    @Interaction("$status", "read")
    def get(self, request: HttpRequest, fhir_request: FhirRequest, fhir_id: str) -> FhirResponse:
        """Read how a subscription stands."""
        check_no_operation_parameters(request, "$status")
        return subscription_status.read_subscription_status(fhir_request, fhir_id)

    post = get
