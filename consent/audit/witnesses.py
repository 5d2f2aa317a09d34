"""Keep what members' machines co-sign as witnesses of the log, and find where they have seen
another log than this one (docs/adr/0063).

A co-signature over a head that the log does not lead to is evidence: it is kept, whatever else, and
tells the operator until somebody has explained it.
"""

import datetime as dt
import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection

from alliance.models import Client
from consent.audit import merkle_tree
from consent.audit.append import append_event
from consent.audit.checkpoint import (
    BadCosignature,
    Cosignature,
    build_checkpoint_body,
    check_cosignature,
    sign_checkpoint,
)
from consent.audit.cosignatures import WitnessEvidence, list_cosignatures
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.restore_lines import load_recorded_restores
from consent.audit.restore_statement import RestoreStatement
from consent.audit.signing_keys import fingerprint_of_key, own_public_key_bytes
from consent.audit.subtrees import prove_consistency, range_root
from consent.audit.tree_head import TreeHead, load_newest_head

log = logging.getLogger("xinglin.witness")
USUAL_ORIGIN = "xinglin/log"
KEEP_EVERY = "10 minutes"  # of one witness, as long as it agrees
MOST_CONTRADICTIONS = 100  # of one witness that are kept: one is evidence, more fill the disk
# index: consent_audit_cosignature_size, consent_audit_cosignature_newest
INSERT_SQL = f"""
WITH given AS (SELECT %(client)s::text AS client, %(hospital)s::text AS hospital,
  %(origin)s::text AS origin, %(size)s::bigint AS size, %(root)s::bytea AS root,
  %(line)s::text AS line, %(key)s::bytea AS key, %(contradicts)s::boolean AS contradicts,
  %(restore)s::bigint AS restore)
INSERT INTO consent_audit_cosignature
  (client, hospital, origin, size, root, line, key, contradicts, restore)
SELECT g.* FROM given g WHERE NOT EXISTS (SELECT FROM consent_audit_cosignature c
    WHERE c.client = g.client AND c.contradicts = g.contradicts AND c.size = g.size
      AND c.root = g.root AND (g.contradicts OR c.received > clock_timestamp() - interval '1 hour'))
  AND (g.contradicts OR NOT coalesce((SELECT c.received > clock_timestamp()
      - interval '{KEEP_EVERY}' FROM consent_audit_cosignature c
    WHERE c.client = g.client AND NOT c.contradicts ORDER BY c.id DESC LIMIT 1), false))
  AND NOT (g.contradicts AND (SELECT count(*) FROM consent_audit_cosignature c
    WHERE c.client = g.client AND c.contradicts) >= {MOST_CONTRADICTIONS})
"""


@dataclass(frozen=True, slots=True)
class SeenHead:
    """What a witness has seen last. origin: the log's name then; "" for today's; at: when, as it
    says itself.
    """

    size: int
    root: bytes
    origin: str = ""
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """Who asks. code: its name in signature lines; key: the one that it enrolled, None: it has none
    that counts.
    """

    code: str
    hospital: str
    key: bytes | None


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """checkpoint: the newest head as a signed note; consistency: the proof from what was seen;
    contradicts: the log does not lead to that; restored: a restore on record is why; others: what
    other witnesses co-signed last, each with the proof from there.
    """

    checkpoint: str
    consistency: list[bytes]
    key: bytes
    contradicts: bool
    restored: RestoreStatement | None = None
    others: tuple[WitnessEvidence, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "checkpoint": self.checkpoint,
            "consistency": [node.hex() for node in self.consistency],
            "key": f"SHA256:{fingerprint_of_key(self.key)}",
            "public_key": self.key.hex(),
            "contradicts": self.contradicts,
            "restored": self.restored.as_json() if self.restored else None,
            "witnesses": [
                {**one.as_json(), "system": one.system, "browser": one.browser}
                for one in self.others
            ],
        }


class NoHead(Exception):
    """Nothing is sealed yet."""


def find_origin() -> str:
    """The log's name in its checkpoints: the platform's public address without its scheme."""
    return (settings.PUBLIC_URL or "").partition("://")[2].rstrip("/") or USUAL_ORIGIN


def answer_witness(
    acting: Any, witness: Witness, seen: SeenHead | None, cosignature: str
) -> WitnessAnswer:
    """Prove that the log goes on from what whoever asks has seen, and from what others have, and
    keep the co-signature of that. Raises NoHead, BadCosignature.
    """
    head = load_newest_head()
    if head is None:
        raise NoHead
    contradicts, path = (False, []) if seen is None else compare_with_log(seen, head)
    origin = find_origin()
    restored = find_restore(seen, origin) if seen is not None and contradicts else None
    if seen is not None and cosignature:
        keep_cosignature(witness, seen, cosignature, contradicts=contradicts, restored=restored)
    if seen is not None and contradicts:
        report_contradiction(acting, witness, seen, restored)
    return WitnessAnswer(
        sign_checkpoint(origin, head.size, head.root),
        path,
        own_public_key_bytes(),
        contradicts,
        restored,
        tuple(list_cosignatures(head, origin)),
    )


def find_restore(seen: SeenHead, origin: str) -> RestoreStatement | None:
    """The newest restore on record by which that head was lost."""
    for restore in reversed(load_recorded_restores()):
        if restore.explains(seen.size, seen.at):
            with connection.cursor() as cursor:
                left = range_root(cursor, 0, restore.size_left) if restore.size_left else b""
            return RestoreStatement(restore, origin, left)
    return None


def compare_with_log(seen: SeenHead, head: TreeHead) -> tuple[bool, list[bytes]]:
    """(whether the log does not lead to what was seen, the proof). Where it does not, the proof is
    the log's own, which then does not fit what was seen.
    """
    if seen.size > head.size:
        return True, []
    with connection.cursor() as cursor:
        root_of = partial(range_root, cursor)
        path = prove_consistency(seen.size, head.size, root_of)
        if leads_to_head(seen, head, path):
            return False, path
        if leads_to_head(SeenHead(seen.size, root_of(0, seen.size)), head, path):
            return True, path
        log.error("WITNESS002 the kept subtrees of the log are damaged: it is read whole")
        path = prove_consistency(seen.size, head.size, partial(range_root, cursor, kept=False))
    return not leads_to_head(seen, head, path), path


def leads_to_head(seen: SeenHead, head: TreeHead, path: list[bytes]) -> bool:
    return merkle_tree.is_consistent_tree(seen.size, seen.root, head.size, head.root, path)


def find_client_witness(acting: Any) -> Witness:
    """A member's system as witness."""
    key = Client.objects.filter(client_id=acting.id).values_list("witness_key", flat=True).first()
    return Witness(acting.id, acting.hospital, bytes(key) if key else None)


def keep_cosignature(
    witness: Witness,
    seen: SeenHead,
    line: str,
    *,
    contradicts: bool,
    restored: RestoreStatement | None = None,
) -> None:
    """Raises BadCosignature where it proves nothing."""
    if witness.key is None:
        raise BadCosignature("这个系统没有登记见证密钥", "this system has enrolled no witness key")
    origin = seen.origin or find_origin()
    signed: Cosignature = check_cosignature(
        line, witness.key, build_checkpoint_body(origin, seen.size, seen.root)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_SQL,
            {
                "client": witness.code,
                "hospital": witness.hospital,
                "origin": origin,
                "size": seen.size,
                "root": seen.root,
                "line": signed.line,
                "key": witness.key,
                "contradicts": contradicts,
                "restore": restored.restore.line if restored else None,
            },
        )


def report_contradiction(
    acting: Any, witness: Witness, seen: SeenHead, restored: RestoreStatement | None
) -> None:
    if restored:
        log.warning(
            "WITNESS003 the witness %s of %s has seen a head of %d lines that was lost by %s",
            witness.code,
            witness.hospital,
            seen.size,
            restored.restore,
        )
    else:
        log.error(
            "WITNESS001 the witness %s of %s has seen a head of %d lines that this log does not"
            " lead to: it was cut, rolled back or forked, or there are two of them",
            witness.code,
            witness.hospital,
            seen.size,
        )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.AUDIT_WITNESS,
            outcome=AuditOutcome.FAILED,
            reason="restored" if restored else "contradicts",
            target=f"head/{seen.size}",
            detail=seen.root.hex(),
        )
    )
