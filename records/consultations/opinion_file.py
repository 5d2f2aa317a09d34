"""Write a signed opinion as one file that is verified without this site (docs/implementation/
opinion.md): document, signatures, public keys, the log's line of each signature with its proof.
"""

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

from alliance.models import Hospital
from consent.audit import canonical_line
from consent.audit.signing_lines import find_signing_line
from consent.audit.tree_head import TreeHead, load_newest_head
from records.consultations.hospital_keys import PublicKey, list_public_keys
from records.consultations.opinion_provenance import build_provenance
from records.consultations.signature_header import read_header

KIND = "xinglin-signed-opinion"


class UnknownKey(ValueError):
    """A signature names a key that no hospital's register holds."""


def build_opinion_file(document: bytes, signatures: Iterable[str]) -> bytes:
    """document: the bytes that were signed; signatures: detached JWS. Lines of the log that are not
    sealed yet are left out. Raises UnknownKey, LogDamaged.
    """
    content = json.loads(document)
    head = load_newest_head()
    entries = [build_entry(content, jws, head) for jws in signatures]
    proved = head is not None and any(e["line"] for e in entries)
    file = {
        "v": 1,
        "kind": KIND,
        "document": content,
        "signatures": entries,
        "head": head.as_json() if head and proved else None,
    }
    return canonical_line.encode_canonical_json(file)


def build_entry(document: dict[str, Any], jws: str, head: TreeHead | None) -> dict[str, Any]:
    key = find_key_of(jws)
    return {
        "jws": jws,
        "key": key.key.hex(),
        "pem": key.pem,
        "provenance": build_provenance(document, jws),
        "line": find_sealed_line(jws, head) if head else None,
    }


def find_key_of(jws: str) -> PublicKey:
    """Raises UnknownKey."""
    header = read_header(jws)
    hospital = Hospital.with_sandboxes.filter(code=header["signer"]["hospital"]).first()
    for key in list_public_keys(hospital) if hospital else ():
        if key.mark == header["kid"]:
            return key
    raise UnknownKey(f"{header['kid']} is no key of {header['signer']['hospital']}")


def find_sealed_line(jws: str, head: TreeHead) -> dict[str, Any] | None:
    """The line of a signature with its proof under the head."""
    header = read_header(jws)
    at = dt.datetime.fromisoformat(header["sigT"])
    return find_signing_line(jws.rpartition(".")[2], header["signer"]["staff"], at, head)
