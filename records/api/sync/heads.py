"""`POST /sync/<hospital>/heads`: the log's newest signed head with the proof that it goes on from
the one that the caller has seen; the caller's co-signature of that (docs/sync.md, Witness).
"""

import datetime as dt
import re
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from consent.audit.append import append_event
from consent.audit.checkpoint import ORIGIN, BadCosignature
from consent.audit.event import AuditEvent, EventCode
from consent.audit.signing_keys import fingerprint_of_key
from consent.audit.witnesses import NoHead, SeenHead, answer_witness
from records.api.sync.json_body import read_json_body
from records.api.sync.sync_view import SyncView, build_response
from records.requests.fhir_request import FhirRequest
from records.sync.sync_error import SyncError

ROOT = re.compile(r"[0-9a-f]{64}")
MOST_LINES = 2**62
LATEST_SECOND = 2**37  # of the years that a date can name


class HeadsView(SyncView):
    def post(self, request: HttpRequest, fhir_request: FhirRequest) -> HttpResponseBase:
        caller = fhir_request.principal
        asked = read_json_body(request, '{"seen": {"size": …, "root": "…"}, "cosignature": "…"}')
        seen, cosignature = read_seen(asked), asked.get("cosignature") or ""
        if not isinstance(cosignature, str) or len(cosignature) > 500:
            raise SyncError("cosignature", detail_zh="应为一行文字", detail_en="it is one line")
        append_event(AuditEvent.from_principal(caller, EventCode.AUDIT_WITNESS, target="head"))
        try:
            found = answer_witness(caller, seen, cosignature)
        except NoHead as error:
            raise SyncError("no-head", seconds=10) from error
        except BadCosignature as fault:
            raise SyncError("cosignature", detail_zh=fault.zh, detail_en=fault.en) from fault
        return build_response(
            {
                "checkpoint": found.checkpoint,
                "consistency": [node.hex() for node in found.consistency],
                "key": f"SHA256:{fingerprint_of_key(found.key)}",
                "contradicts": found.contradicts,
                "restored": found.restored.as_json() if found.restored else None,
            }
        )


def read_seen(asked: dict[str, Any]) -> SeenHead | None:
    """Raises SyncError."""
    said = asked.get("seen")
    if said is None:
        return None
    size, root, origin, at = (
        (said.get("size"), said.get("root"), said.get("origin", ""), said.get("at"))
        if isinstance(said, dict)
        else (None, None, None, None)
    )
    if (
        isinstance(size, int)
        and not isinstance(size, bool)
        and 0 < size < MOST_LINES
        and isinstance(root, str)
        and ROOT.fullmatch(root)
        and isinstance(origin, str)
        and (not origin or ORIGIN.fullmatch(origin))
        and (at is None or (type(at) is int and 0 <= at < LATEST_SECOND))
    ):
        seen_at = dt.datetime.fromtimestamp(at, dt.UTC) if at else None
        return SeenHead(size, bytes.fromhex(root), origin, seen_at)
    raise SyncError("seen")
