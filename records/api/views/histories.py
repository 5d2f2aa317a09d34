"""The history of a resource, of a type, and of the base as a feed (FHIR R4 http.html#history)."""

from django.http import HttpRequest

from records.api.fhir_view import FhirView
from records.api.request_parameters import parse_query_pairs
from records.interactions import history
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.requests.interaction import Interaction


class ResourceHistoryView(FhirView):
    @Interaction("history-instance", "read")
    def get(
        self, request: HttpRequest, fhir_request: FhirRequest, type_name: str, fhir_id: str
    ) -> FhirResponse:
        """List the versions of a resource, the newest first."""
        return history.read_history(fhir_request, type_name, fhir_id, parse_query_pairs(request))


class TypeHistoryView(FhirView):
    @Interaction("history-type", "search")
    def get(self, request: HttpRequest, fhir_request: FhirRequest, type_name: str) -> FhirResponse:
        """List the versions of a type's resources, the newest first."""
        return history.read_history(fhir_request, type_name, None, parse_query_pairs(request))


class FeedView(FhirView):
    @Interaction("history-system", "search")
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> FhirResponse:
        """Read all changes as a feed, the oldest first."""
        return history.read_change_feed(fhir_request, parse_query_pairs(request))
