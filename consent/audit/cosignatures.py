"""Read what witnesses have co-signed of the log, with the proof that it goes on from there: for
whoever believes neither the platform nor one of its members alone.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from alliance.models import Client
from consent.audit.checkpoint import BadCosignature, build_checkpoint_body, check_cosignature
from consent.audit.inclusion_proofs import build_consistency_path
from consent.audit.tree_head import TreeHead

# Of each system the newest over a head that is not beyond this one.
# index: consent_audit_cosignature_newest
NEWEST_SQL = """
SELECT c.hospital, c.size, c.root, c.line, c.key, w.client
FROM (SELECT unnest(%(clients)s::text[]) AS client) w CROSS JOIN LATERAL (
  SELECT * FROM consent_audit_cosignature c
  WHERE c.client = w.client AND NOT c.contradicts AND c.size <= %(size)s AND c.origin = %(origin)s
  ORDER BY c.id DESC LIMIT 1) c
ORDER BY w.client
"""


@dataclass(frozen=True, slots=True)
class WitnessEvidence:
    """A witness's newest co-signature, and the proof from its head to the one of the export.
    system, hospital: as they are called.
    """

    system: str
    hospital: str
    name: str
    key: bytes
    size: int
    root: bytes
    at: int
    line: str
    consistency: tuple[bytes, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "hospital": self.hospital,
            "key": self.key.hex(),
            "size": self.size,
            "root": self.root.hex(),
            "at": self.at,
            "line": self.line,
            "consistency": [n.hex() for n in self.consistency],
        }


def list_cosignatures(head: TreeHead, origin: str) -> list[WitnessEvidence]:
    """Of all members' systems that have enrolled a key; what proves nothing is left out."""
    systems = {
        c.client_id: c
        for c in Client.objects.filter(witness_key__isnull=False).select_related("hospital")
    }
    with connection.cursor() as cursor:
        cursor.execute(
            NEWEST_SQL, {"clients": sorted(systems), "size": head.size, "origin": origin}
        )
        rows = cursor.fetchall()
        found = []
        for code, size, root, line, key, client in rows:
            body = build_checkpoint_body(origin, size, bytes(root))
            try:
                signed = check_cosignature(line, bytes(key), body)
            except BadCosignature:
                continue
            system = systems[client]
            path = build_consistency_path(cursor, size, head.size)
            found.append(
                WitnessEvidence(
                    system.name,
                    system.hospital.name if system.hospital.code == code else code,
                    signed.name,
                    bytes(key),
                    size,
                    bytes(root),
                    signed.at,
                    signed.line,
                    tuple(path),
                )
            )
    return found
