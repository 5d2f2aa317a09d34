"""`GET /sync/<hospital>/checkpoint`: the log's head as a signed note, for other people's tools
(docs/sync.md, Witness).
"""

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.published_checkpoint import build_published_note
from consent.audit.witnesses import NoHead
from records.api.sync.sync_view import SyncView
from records.requests.fhir_request import FhirRequest
from records.sync.sync_error import SyncError


class CheckpointView(SyncView):
    def get(self, request: HttpRequest, fhir_request: FhirRequest) -> HttpResponseBase:
        append_event(
            AuditEvent.from_principal(
                fhir_request.principal, EventCode.AUDIT_WITNESS, target="checkpoint"
            )
        )
        try:
            note = build_published_note(cosigned=request.GET.get("cosigned") == "true")
        except NoHead as error:
            raise SyncError("no-head", seconds=10) from error
        return HttpResponse(note, content_type="text/plain; charset=utf-8")
