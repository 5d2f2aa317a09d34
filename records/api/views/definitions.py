"""/fhir/definitions: what our own extensions, codes and operation mean, for everyone who meets
them.
"""

from django.http import HttpRequest, HttpResponseBase

from records.api import negotiate
from records.api.definitions import answer_definitions
from records.api.fhir_view import FhirView, find_root, split_path
from records.api.http_response import build_http_response
from records.api.request_parameters import parse_query_pairs
from records.fhir import own_definitions


class DefinitionsView(FhirView):
    """Only read, by whatever address: nobody needs a token, and no store is asked."""

    def answer(
        self, request: HttpRequest, base_code: str = own_definitions.BASE, **about: str
    ) -> HttpResponseBase:
        root, pairs = find_root(request), parse_query_pairs(request)
        parts = split_path(about.get("path", ""))
        negotiate.check_accepts_json(request, pairs)
        request.interaction = "definitions"  # type: ignore[attr-defined]
        return build_http_response(
            request, answer_definitions(request.method or "", parts, pairs, root)
        )
