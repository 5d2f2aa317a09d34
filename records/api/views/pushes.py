"""A push, after it was acknowledged: polling, what came of it, cancelling (FHIR R5
async-bundle.html).
"""

import datetime as dt
from email.utils import format_datetime

from django.http import HttpRequest, HttpResponse

from records.api.fhir_view import FhirView
from records.api.http_response import FHIR_JSON_UTF8, build_accepted_response
from records.pushes import push
from records.requests.fhir_request import FhirRequest
from records.requests.interaction import Interaction


class PushView(FhirView):
    @Interaction("push-status", "read", statuses=(200, 202))
    def get(self, request: HttpRequest, fhir_request: FhirRequest, push_id: str) -> HttpResponse:
        """Ask how many are to be done before it; once it is done, what came of it."""
        found = push.get_push_status(fhir_request, push_id)
        if not found.answer:
            return build_accepted_response(
                {
                    "X-Progress": f"{found.ahead} before it",
                    "Retry-After": str(found.seconds),
                    "Cache-Control": "no-store",
                }
            )
        response = HttpResponse(
            found.answer, content_type=FHIR_JSON_UTF8, headers={"Cache-Control": "no-store"}
        )
        if found.until:
            response["Expires"] = format_datetime(found.until.astimezone(dt.UTC), usegmt=True)
        return response

    @Interaction("push-delete", "write", statuses=(202,), gives="")
    def delete(self, request: HttpRequest, fhir_request: FhirRequest, push_id: str) -> HttpResponse:
        """Cancel it, or delete what came of it."""
        push.cancel_push(fhir_request, push_id)
        return build_accepted_response({})
