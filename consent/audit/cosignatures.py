"""Read what witnesses have co-signed of the log, with the proof that it goes on from there: for
whoever believes neither the platform nor one of its members alone.
"""

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.db import connection

from alliance.models import Client, Hospital
from consent.audit.browser_witnesses import select_witnesses
from consent.audit.checkpoint import BadCosignature, build_checkpoint_body, check_cosignature
from consent.audit.merkle_tree import is_consistent_tree
from consent.audit.subtrees import prove_consistency, range_root
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
    """A witness's newest co-signature, and the proof from its head to the one that is asked for.
    system, hospital: as they are called; browser: it is one of the hospital's staff.
    """

    system: str
    hospital: str
    browser: bool
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


@dataclass(frozen=True, slots=True)
class KnownWitness:
    """Of whose key co-signatures are: a system or a browser of a member. hospital, code: of it."""

    name: str
    hospital: str
    code: str
    browser: bool
    key: bytes


def list_known_witnesses() -> dict[str, KnownWitness]:
    """{code: witness}, of all members; those that have ended, too, for what they saw stays seen."""
    found = {
        c.client_id: KnownWitness(
            c.name, c.hospital.name, c.hospital.code, False, bytes(c.witness_key)
        )
        for c in Client.objects.filter(witness_key__isnull=False).select_related("hospital")
        if c.witness_key
    }
    hospitals = Hospital.objects.in_bulk()
    for w in select_witnesses("(accepted_at IS NOT NULL) = %s", True):
        at = hospitals[w.hospital_id]
        found[w.code] = KnownWitness(w.name, at.name, at.code, True, w.key)
    return found


def list_cosignatures(head: TreeHead, origin: str) -> list[WitnessEvidence]:
    """Of all members' witnesses that have enrolled a key; what proves nothing is left out."""
    known = list_known_witnesses()
    paths: dict[int, tuple[bytes, ...]] = {}
    with connection.cursor() as cursor:
        root_of = cache(partial(range_root, cursor))  # proofs to one head share most of their nodes
        cursor.execute(NEWEST_SQL, {"clients": sorted(known), "size": head.size, "origin": origin})
        rows = cursor.fetchall()
        found = []
        for code, size, root, line, key, client in rows:
            body = build_checkpoint_body(origin, size, bytes(root))
            try:
                signed = check_cosignature(line, bytes(key), body)
            except BadCosignature:
                continue
            witness = known[client]
            if size not in paths:
                path = prove_consistency(size, head.size, root_of)
                if not is_consistent_tree(size, bytes(root), head.size, head.root, path):
                    of_leaves = partial(
                        range_root, cursor, kept=False
                    )  # kept subtrees may be damaged
                    path = prove_consistency(size, head.size, of_leaves)
                paths[size] = tuple(path)
            found.append(
                WitnessEvidence(
                    witness.name,
                    witness.hospital if witness.code == code else code,
                    witness.browser,
                    signed.name,
                    bytes(key),
                    size,
                    bytes(root),
                    signed.at,
                    signed.line,
                    paths[size],
                )
            )
    return found
