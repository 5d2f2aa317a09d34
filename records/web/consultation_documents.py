"""The records that went along with a consultation, in the very version that was sent: read through
the gate from the history of the store that holds them, and compared with the SHA-256 of sending.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from alliance.auth.principal import Principal
from alliance.models import Hospital, WorkDocument
from alliance.workflow.send_item import NewDocument
from consent.terms import Refused
from records.fhir.issues import Gone, NotFound
from records.fhir.json_codec import parse_json
from records.interactions.read import read_version
from records.meaning.patient_details import traits_of_patient
from records.meaning.value_text import drop_nulls
from records.operations.shared_record import ShownResource
from records.requests.fhir_request import build_fhir_request
from records.web.referral_documents import Offered, digest_resource
from records.web.resource_display import DisplayLine, build_display_line
from records.web.result_display import ResultLine, build_result_lines

RESULT = "Observation"


@dataclass(frozen=True, slots=True)
class FixedRecord:
    """As its reader may see it: line None where the gate or the store has nothing for them; fits:
    whether it is what was sent, byte for byte of its canonical JSON.
    """

    line: DisplayLine | None = None
    results: tuple[ResultLine, ...] = ()
    text: str = ""
    digest: str = ""
    fits: bool = False


def read_sent_version(
    hospital: Hospital, type_name: str, fhir_id: str, version: str, acting: Principal
) -> dict[str, Any] | None:
    """None where the acting one may not see it, or it is not there."""
    try:
        reply = read_version(
            build_fhir_request(acting, hospital.code, "/fhir"), type_name, fhir_id, version
        )
    except (Refused, NotFound, Gone):
        return None
    return drop_nulls(parse_json(reply.body))


def fix_documents(
    chosen: Iterable[Offered], hospitals: dict[int, Hospital], acting: Principal
) -> list[NewDocument]:
    """With the sum of the stored version, as its readers will compare it: what stands on pages has
    other resources joined to it.
    """
    fixed = []
    for o in chosen:
        d = o.document
        sent = read_sent_version(
            hospitals[d.hospital_id], d.type_name, d.fhir_id, d.version, acting
        )
        if sent is not None:
            fixed.append(replace(d, digest=digest_resource(sent)))
    return fixed


def open_fixed(document: WorkDocument, acting: Principal) -> FixedRecord:
    d = document
    sent = read_sent_version(d.hospital, d.type_name, d.fhir_id, d.version, acting)
    if sent is None:
        return FixedRecord()
    digest = digest_resource(sent)
    shown = ShownResource(sent, d.hospital, "")
    results = build_result_lines(shown, traits_of_patient({})) if d.type_name == RESULT else []
    return FixedRecord(
        build_display_line(shown),
        tuple(results),
        json.dumps(sent, ensure_ascii=False, indent=2),
        digest,
        digest == d.digest,
    )
