"""The heartbeat of a member's agent (docs/sync.md, Heartbeat). It shows no record and changes none,
so that it leaves no line in the audit log; a refused one does, as everywhere.
"""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from records.api.sync.read_body import read_body
from records.api.sync.sync_view import SyncView, build_response
from records.fhir.json_codec import InvalidJson, parse_json
from records.requests.fhir_request import FhirRequest
from records.sync.heartbeat import list_next_numbers, parse_heartbeat, write_heartbeat
from records.sync.sync_error import SyncError

LARGEST_BODY = 16 * 1024


class HeartbeatView(SyncView):
    def post(self, request: HttpRequest, fhir_request: FhirRequest) -> HttpResponse:
        """Tell how the agent is, and hear which batches are expected."""
        data = read_body(request)
        if len(data) > LARGEST_BODY:
            raise SyncError("bytes", most=1)
        try:
            told = parse_json(data)
        except InvalidJson as error:
            raise SyncError("json", line=1, detail="") from error
        principal = fhir_request.principal
        write_heartbeat(principal.id, principal.hospital_id, parse_heartbeat(told))
        return build_response(
            {
                "next": list_next_numbers(principal.id),
                "time": timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
