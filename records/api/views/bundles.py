"""The base itself: a transaction or batch, and a search of all types (FHIR R4
http.html#transaction).
"""

from django.http import HttpRequest

from records.api import negotiate
from records.api.fhir_view import FhirView
from records.api.request_parameters import is_lenient, parse_query_pairs
from records.interactions import batch, search, transaction
from records.pushes.push import check_bundle_type
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.requests.interaction import THE_BASE, Interaction


class BaseView(FhirView):
    @Interaction("search-system", "search", at_shared_base=(THE_BASE,))
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> FhirResponse:
        """Search all types, or those of _type."""
        return search.search_resources(
            fhir_request, "", parse_query_pairs(request), is_lenient(request)
        )

    @Interaction(
        "transaction",
        "transaction",
        asks_proviso=True,
        async_option=True,
        also=("batch",),
        headers=("Prefer",),
        takes=negotiate.JSON_IN,
    )
    def post(self, request: HttpRequest, fhir_request: FhirRequest) -> FhirResponse:
        """Do a Bundle: as a transaction all of it or nothing, as a batch each entry by itself."""
        bundle = negotiate.read_json_body(request)
        return (
            batch.process_batch(fhir_request, bundle)
            if check_bundle_type(bundle) == "batch"
            else transaction.process_transaction(fhir_request, bundle)
        )
