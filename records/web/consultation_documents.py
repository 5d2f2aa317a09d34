"""The records that go along with a consultation, each fixed in the version that is sent: by the
SHA-256 of what its store holds.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.workflow.send_item import NewDocument
from consent.terms import Refused
from records.fhir.issues import Gone, NotFound
from records.fhir.json_codec import parse_json
from records.interactions.read import read_version
from records.meaning.value_text import drop_nulls
from records.requests.fhir_request import build_fhir_request
from records.web.referral_documents import Offered, digest_resource


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
