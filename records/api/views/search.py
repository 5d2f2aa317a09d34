"""Searches by form, and of a compartment (FHIR R4 search.html, compartmentdefinition.html)."""

from django.http import HttpRequest

from records.api.fhir_view import FhirView
from records.api.request_parameters import (
    FORM,
    is_lenient,
    parse_form_pairs,
    parse_query_pairs,
)
from records.interactions import directory, search
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.requests.interaction import EVERY_TYPE, THE_BASE, Interaction
from records.work_faces import read_work


class BaseSearchView(FhirView):
    @Interaction("search-system", "search", at_shared_base=(THE_BASE,), takes=(FORM,))
    def post(self, request: HttpRequest, fhir_request: FhirRequest) -> FhirResponse:
        """Search all types by a form."""
        return search.search_resources(
            fhir_request, "", parse_form_pairs(request), is_lenient(request)
        )


class TypeSearchView(FhirView):
    @Interaction(
        "search-type",
        "search",
        at_shared_base=(EVERY_TYPE, "AuditEvent", *read_work.FACES, *directory.FACES),
        takes=(FORM,),
    )
    def post(self, request: HttpRequest, fhir_request: FhirRequest, type_name: str) -> FhirResponse:
        """Search a type by a form."""
        return search.search_resources(
            fhir_request, type_name, parse_form_pairs(request), is_lenient(request)
        )


class CompartmentView(FhirView):
    @Interaction("search-compartment", "search", at_shared_base=("Patient",))
    def get(
        self,
        request: HttpRequest,
        fhir_request: FhirRequest,
        type_name: str,
        fhir_id: str,
        types: str,
    ) -> FhirResponse:
        """Search a type, or by * every type, in somebody's compartment."""
        return search.search_compartment(
            fhir_request, type_name, fhir_id, types, parse_query_pairs(request), is_lenient(request)
        )


class CompartmentSearchView(FhirView):
    @Interaction("search-compartment", "search", at_shared_base=("Patient",), takes=(FORM,))
    def post(
        self,
        request: HttpRequest,
        fhir_request: FhirRequest,
        type_name: str,
        fhir_id: str,
        types: str,
    ) -> FhirResponse:
        """Search in somebody's compartment by a form."""
        return search.search_compartment(
            fhir_request, type_name, fhir_id, types, parse_form_pairs(request), is_lenient(request)
        )
