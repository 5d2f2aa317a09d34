"""`POST /sync/<hospital>/heads`: the log's newest signed head with the proof that it goes on from
the one that the caller has seen; the caller's co-signature of that (docs/sync.md, Witness).
"""

from typing import Any

from django.http import HttpRequest, HttpResponseBase

from consent.audit.append import append_event
from consent.audit.checkpoint import BadCosignature
from consent.audit.event import AuditEvent, EventCode
from consent.audit.witness_question import parse_cosignature, parse_seen
from consent.audit.witnesses import NoHead, SeenHead, answer_witness, find_client_witness
from records.api.sync.json_body import read_json_body
from records.api.sync.sync_view import SyncView, build_response
from records.requests.fhir_request import FhirRequest
from records.sync.sync_error import SyncError


class HeadsView(SyncView):
    def post(self, request: HttpRequest, fhir_request: FhirRequest) -> HttpResponseBase:
        caller = fhir_request.principal
        asked = read_json_body(request, '{"seen": {"size": …, "root": "…"}, "cosignature": "…"}')
        seen, cosignature = read_question(asked)
        append_event(AuditEvent.from_principal(caller, EventCode.AUDIT_WITNESS, target="head"))
        try:
            found = answer_witness(caller, find_client_witness(caller), seen, cosignature)
        except NoHead as error:
            raise SyncError("no-head", seconds=10) from error
        except BadCosignature as fault:
            raise SyncError("cosignature", detail_zh=fault.zh, detail_en=fault.en) from fault
        return build_response(found.as_json())


def read_question(asked: dict[str, Any]) -> tuple[SeenHead | None, str]:
    """Raises SyncError."""
    try:
        seen = parse_seen(asked.get("seen"))
    except ValueError as error:
        raise SyncError("seen") from error
    try:
        return seen, parse_cosignature(asked.get("cosignature"))
    except ValueError as error:
        raise SyncError(
            "cosignature", detail_zh="应为一行文字", detail_en="it is one line"
        ) from error
