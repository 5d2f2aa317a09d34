"""What a base serves, told to everyone without a token, for it holds nothing of a patient: as
FHIR's CapabilityStatement, and as OpenAPI for tools that know no FHIR.
"""

from django.http import HttpResponse

from records.api.fhir_view import PublicView
from records.api.openapi import describe_base
from records.capability import capability_statement
from records.fhir.json_codec import dump_json
from records.requests.fhir_request import FhirResponse
from records.requests.interaction import THE_BASE, Interaction

JSON = "application/json"


class CapabilitiesView(PublicView):
    @Interaction("capabilities", "read", at_shared_base=(THE_BASE,))
    def get(self, base: str, root: str) -> FhirResponse:
        """Read the CapabilityStatement."""
        return FhirResponse(200, capability_statement(base, root))


class OpenApiView(PublicView):
    @Interaction("openapi", "read", at_shared_base=(THE_BASE,), gives=JSON)
    def get(self, base: str, root: str) -> HttpResponse:
        """Read this description."""
        return HttpResponse(dump_json(describe_base(base, root)), content_type=JSON)
