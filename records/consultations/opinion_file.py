"""Write a signed opinion as one file that is verified without this site (docs/implementation/
opinion.md): document, signatures, public keys, the log's line of each signature with its proof.
"""

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

from django.db import connection

from alliance.models import Hospital
from consent.audit import canonical_line
from consent.audit.event import EventCode
from consent.audit.inclusion_proofs import InclusionProver
from consent.audit.tree_head import TreeHead, load_newest_head
from records.consultations.hospital_keys import PublicKey, list_public_keys
from records.consultations.opinion_provenance import build_provenance
from records.consultations.signature_header import read_header

KIND = "xinglin-signed-opinion"
AROUND = dt.timedelta(minutes=10)  # of a signature, in which its line was recorded

# index: consent_audit_event_actor, consent_audit_leaf_event_id_key
LINE_SQL = f"""
SELECT e.*, l.position, l.hash FROM (
  SELECT {canonical_line.SELECT} FROM consent_audit_event
  WHERE actor_kind = 'staff' AND actor = %(staff)s AND recorded >= %(start)s
    AND recorded < %(end)s AND code = %(code)s AND strpos(detail, %(signature)s) > 0) e
  JOIN consent_audit_leaf l ON l.event_id = e.id
WHERE l.position < %(size)s ORDER BY l.position LIMIT 1
"""


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
    """The line of a signature with its proof under the head; None where it is not sealed yet, or
    lies in an archive.
    """
    header, signature = read_header(jws), jws.rpartition(".")[2]
    at = dt.datetime.fromisoformat(header["sigT"])
    with connection.cursor() as cursor:
        cursor.execute(
            LINE_SQL,
            {
                "staff": header["signer"]["staff"],
                "start": at - AROUND,
                "end": at + AROUND,
                "code": str(EventCode.OPINION_SIGN),
                "signature": signature,
                "size": head.size,
            },
        )
        row = cursor.fetchone()
        if row is None:
            return None
        *fields, position, leaf = row
        path = InclusionProver(cursor, head.size, head.root).path(position)
    line = canonical_line.line_from_row(tuple(fields))
    return {
        "id": line["id"],
        "line": line,
        "leaf": bytes(leaf).hex(),
        "position": position,
        "path": [node.hex() for node in path],
    }
