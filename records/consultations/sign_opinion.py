"""Sign an opinion's document with the key of the expert's hospital: a detached JWS (RFC 7515
appendix F, EdDSA of RFC 8037) over its canonical bytes, whose header names signer, moment, how they
proved themselves, and the digest of each part; and the line in the audit log that holds digest and
signature, in the same transaction.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Hospital
from consent.audit.append import append_event
from consent.audit.canonical_line import encode_canonical_json
from consent.audit.event import AuditEvent, EventCode
from records.consultations.hospital_keys import PublicKey, use_signing_key
from records.consultations.opinion_document import digest_parts, encode_document
from records.consultations.opinion_parties import Doctor
from records.consultations.signature_header import encode_part, read_header

STEP_UP_LASTS = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class StepUp:
    """How the signer proved who they are, last: methods as RFC 8176 names them (pwd, otp…), and
    when.
    """

    methods: tuple[str, ...]
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class DocumentSignature:
    """A signature beside its document. jws: detached, as header..signature."""

    jws: str
    key: PublicKey
    signed_at: dt.datetime
    signer: Doctor
    digest: str

    @property
    def header(self) -> dict[str, Any]:
        return read_header(self.jws)


@transaction.atomic
def sign_document(
    document: Mapping[str, Any],
    signer: Doctor,
    step_up: StepUp,
    *,
    acting: Principal,
    person: UUID,
    work_item: int,
) -> DocumentSignature:
    """Sign in the name of the signer, who is the acting one and one of the document's experts.
    Raises Forbidden for anybody else, and where they have not proved themselves within the last
    quarter of an hour.
    """
    check_signer(document, signer, step_up, acting, database_clock())
    hospital = Hospital.objects.get(pk=acting.hospital_id)
    key, private = use_signing_key(hospital, acting)
    signed = make_signature(document, signer, step_up, key, private, database_clock())
    event = AuditEvent.from_principal(
        acting,
        EventCode.OPINION_SIGN,
        person=person,
        target=f"work/{work_item}",
        detail=f"sha256:{signed.digest} · {key.mark} · {signed.jws.rpartition('.')[2]}",
    )
    # The line goes along with the document; from where it was signed stands in the line of the verb
    append_event(event.with_changes(address=""))
    return signed


def make_signature(
    document: Mapping[str, Any],
    signer: Doctor,
    step_up: StepUp,
    key: PublicKey,
    private: Ed25519PrivateKey,
    now: dt.datetime,
) -> DocumentSignature:
    """Pure."""
    data = encode_document(document)
    digest = hashlib.sha256(data).hexdigest()
    header = build_header(document, signer, step_up, key, now, digest)
    signature = private.sign(sign_input(header, data))
    jws = f"{encode_part(encode_canonical_json(header))}..{encode_part(signature)}"
    return DocumentSignature(jws, key, now, signer, digest)


def database_clock() -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: dt.datetime = cursor.fetchone()[0]
    return now


def check_signer(
    document: Mapping[str, Any],
    signer: Doctor,
    step_up: StepUp,
    acting: Principal,
    now: dt.datetime,
) -> None:
    themselves = (acting.id, acting.hospital) == (str(signer.staff_id), signer.hospital.code)
    if acting.kind != "staff" or acting.client or not themselves:
        raise Forbidden("signer", "Everybody signs for themselves, signed in.")
    if str(signer.staff_id) not in list_expert_numbers(document):
        raise Forbidden("not_expert", "This opinion is signed by the experts that it names.")
    if not step_up.methods or not now - STEP_UP_LASTS <= step_up.at <= now + STEP_UP_LASTS:
        raise Forbidden("step_up", "Prove once more who you are, then sign.")


def list_expert_numbers(document: Mapping[str, Any]) -> list[str]:
    """Staff numbers of the document's experts, the lead first."""
    return [
        str(entry["resource"]["identifier"][0]["value"])
        for entry in document["entry"]
        if entry["resource"]["resourceType"] == "Practitioner"
        and entry["resource"]["id"] != "asking-doctor"
    ]


def build_header(
    document: Mapping[str, Any],
    signer: Doctor,
    step_up: StepUp,
    key: PublicKey,
    now: dt.datetime,
    digest: str,
) -> dict[str, Any]:
    """The protected header. sigT as JAdES (ETSI TS 119 182-1) names the moment; the others are
    ours, and a program that does not know them verifies the signature all the same.
    """
    return {
        "alg": "EdDSA",
        "cty": "application/fhir+json",
        "kid": key.mark,
        "keyName": key.name,
        "sigT": write_instant(now),
        "document": document["identifier"]["value"],
        "sha256": digest,
        "parts": digest_parts(document),
        "signer": {
            "staff": str(signer.staff_id),
            "name": signer.name,
            "hospital": signer.hospital.code,
            "role": str(signer.role),
        },
        "proved": {"by": list(step_up.methods), "at": write_instant(step_up.at)},
    }


def write_instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def sign_input(header: dict[str, Any], data: bytes) -> bytes:
    return f"{encode_part(encode_canonical_json(header))}.{encode_part(data)}".encode()
