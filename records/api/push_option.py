"""Take a write as a push, where its sender prefers not to wait for it: 202 once it is stored (FHIR
R5 async-bundle.html).
"""

from django.http import HttpRequest, HttpResponse

from records.api import negotiate
from records.api.binary import read_resource_body
from records.api.http_response import build_accepted_response
from records.api.request_parameters import read_query_string
from records.pushes import push
from records.requests.fhir_request import FhirRequest


def start_push(
    request: HttpRequest, fhir_request: FhirRequest, type_name: str = "", fhir_id: str = ""
) -> HttpResponse:
    """No type: a Bundle. A PUT of a type: a conditional update."""
    method = request.method or ""
    condition = None
    if not type_name:
        resource = negotiate.read_json_body(request)
    elif method == "PUT" and not fhir_id:
        resource = negotiate.read_json_body(request)
        condition = read_query_string(request)
    elif method == "PUT":
        resource = read_resource_body(request, type_name, fhir_id)
    else:
        resource = read_resource_body(request, type_name)
        condition = negotiate.read_header(request, "If-None-Exist")
    headers = {
        name: value
        for name in push.CONDITION_HEADERS
        if (value := request.headers.get(name)) is not None
    }
    path = [part for part in (type_name, fhir_id) if part]
    key = push.store_push(
        fhir_request, push.PushedRequest(method, path, condition, headers, resource)
    )
    return build_accepted_response(
        {
            "Content-Location": f"{fhir_request.base_url}/_async/{key}",
            "Retry-After": "1",
            "Preference-Applied": "respond-async",
            "Cache-Control": "no-store",
        }
    )
