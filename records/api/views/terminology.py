"""Operations of terminology: $expand, $validate-code, $lookup, $subsumes, $translate (FHIR R4
terminology-service.html).
"""

from django.http import HttpRequest

from records.api.fhir_view import FhirView
from records.api.request_parameters import parse_query_pairs, read_parameters_resource
from records.operations import (
    code_lookup,
    code_validation,
    concept_translation,
    value_set_expansion,
)
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.requests.interaction import HL7, Interaction, Operation


class ExpandView(FhirView):
    operation = Operation("expand", HL7 + "ValueSet-expand")

    @Interaction("$expand", "read")
    def get(
        self, request: HttpRequest, fhir_request: FhirRequest, fhir_id: str = ""
    ) -> FhirResponse:
        """List the codes of a value set."""
        return value_set_expansion.expand_value_set(
            fhir_request, fhir_id, parse_query_pairs(request), read_parameters_resource(request)
        )

    post = get


class ValidateCodeView(FhirView):
    operation = Operation("validate-code", HL7 + "ValueSet-validate-code")

    @Interaction("$validate-code", "read")
    def get(
        self, request: HttpRequest, fhir_request: FhirRequest, kind: str, fhir_id: str = ""
    ) -> FhirResponse:
        """Say whether a code is in a value set or code system."""
        return code_validation.validate_code(
            fhir_request,
            kind,
            fhir_id,
            parse_query_pairs(request),
            read_parameters_resource(request),
        )

    post = get


class LookupView(FhirView):
    operation = Operation("lookup", HL7 + "CodeSystem-lookup")

    @Interaction("$lookup", "read")
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> FhirResponse:
        """Say what a code means."""
        return code_lookup.lookup_code(
            fhir_request, parse_query_pairs(request), read_parameters_resource(request)
        )

    post = get


class SubsumesView(FhirView):
    operation = Operation("subsumes", HL7 + "CodeSystem-subsumes")

    @Interaction("$subsumes", "read")
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> FhirResponse:
        """Say whether one code includes another."""
        return code_lookup.compare_codes(
            fhir_request, parse_query_pairs(request), read_parameters_resource(request)
        )

    post = get


class TranslateView(FhirView):
    operation = Operation("translate", HL7 + "ConceptMap-translate")

    @Interaction("$translate", "read")
    def get(
        self, request: HttpRequest, fhir_request: FhirRequest, fhir_id: str = ""
    ) -> FhirResponse:
        """Find what a code is in another code system."""
        return concept_translation.translate_code(
            fhir_request, fhir_id, parse_query_pairs(request), read_parameters_resource(request)
        )

    post = get
