"""State in a Consent how it was given, and compare Consents without that."""

import base64
import datetime as dt
import hashlib
from typing import Any

CIRCUMSTANCE_FIELDS = frozenset({"dateTime", "performer", "verification", "sourceAttachment"})


def strip_circumstances(consent: dict[str, Any]) -> dict[str, Any]:
    """What a Consent says, without how and when it was given."""
    return {k: v for k, v in consent.items() if k not in CIRCUMSTANCE_FIELDS}


def build_circumstances(
    now: dt.datetime, evidence: str, guardian: str, image: tuple[bytes, str] | None
) -> dict[str, Any]:
    """How it was given, as the Consent says it: when, by whom, verified, and where the signed
    paper or image lies (PIPL 14, 31).
    """
    at = now.isoformat(timespec="seconds")
    source: dict[str, Any] = {"title": evidence} if evidence else {}
    if image:  # its digest is what FHIR's Attachment has a place for
        digest = base64.b64encode(hashlib.sha1(image[0], usedforsecurity=False).digest()).decode()
        source |= {"contentType": image[1], "size": len(image[0]), "hash": digest}
    return {
        "dateTime": at,
        "performer": [
            {"type": "RelatedPerson", "display": guardian} if guardian else {"type": "Patient"}
        ],
        "verification": [{"verified": True, "verificationDate": at}],
        **({"sourceAttachment": source} if source else {}),
    }
