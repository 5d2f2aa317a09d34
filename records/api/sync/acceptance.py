"""GET /sync/<hospital>/acceptance: what this system has shown in the sandbox (docs/sync.md,
Sandbox).
"""

from django.http import HttpRequest, HttpResponse

from records.api.sync.sync_view import SyncView, build_response
from records.requests.fhir_request import FhirRequest
from records.sync.acceptance import describe_acceptance
from records.sync.sync_error import SyncError


class AcceptanceView(SyncView):
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> HttpResponse:
        """What it has shown, and what is missing."""
        if not fhir_request.principal.sandbox:
            raise SyncError("not-sandbox")
        return build_response(describe_acceptance(fhir_request.principal))
