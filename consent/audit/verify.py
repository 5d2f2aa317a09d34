"""Re-derive every leaf, root and signature from the raw lines and say what does not fit. Shares only canonical with seal."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, transaction

from consent.audit import canonical
from consent.audit.keys import public_bytes


@dataclass(slots=True)
class Report:
    """What a check found; `faults` empty means intact."""

    lines: int = 0
    sealed: int = 0
    unsealed: int = 0
    heads: int = 0
    root: str = ""
    faults: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        return not self.faults


def stream(sql: str) -> Iterator[tuple]:  # type: ignore[type-arg]
    connection.ensure_connection()
    with connection.connection.cursor(name="audit_verify") as cursor:  # server side: the log may be larger than memory
        cursor.itersize = 5000
        cursor.execute(sql)
        yield from cursor


def verify() -> Report:
    """Check the whole log in one snapshot."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        report = Report()
        heads = read_heads(report)
        check_lines(report, heads)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM consent_audit_event")
            report.lines = cursor.fetchone()[0]
            cursor.execute("SELECT count(*) FROM consent_audit_event e WHERE NOT EXISTS "
                           "(SELECT 1 FROM consent_audit_leaf l WHERE l.event_id = e.id)")
            report.unsealed = cursor.fetchone()[0]
    return report


def read_heads(report: Report) -> dict[int, bytes]:
    """{size: root} of all heads whose signature holds under this installation's key."""
    key = Ed25519PublicKey.from_public_bytes(public_bytes())
    heads = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, root, sealed_at, signature FROM consent_audit_head ORDER BY size")
        for size, root, sealed_at, signature in cursor.fetchall():
            try:
                key.verify(bytes(signature), canonical.head_message(size, bytes(root), sealed_at))
            except InvalidSignature:
                report.faults.append(f"tree head {size} of {sealed_at}: its signature does not fit (head changed, or signed by another key)")
            heads[size] = bytes(root)
    report.heads = len(heads)
    return heads


LINES = f"""
SELECT l.position, l.event_id, l.hash, e.id IS NOT NULL, e.*
FROM consent_audit_leaf l LEFT JOIN (SELECT {canonical.SELECT} FROM consent_audit_event) e ON e.id = l.event_id
ORDER BY l.position
"""


def check_lines(report: Report, heads: dict[int, bytes]) -> None:
    nodes: list[tuple[int, bytes]] = []  # (height, hash): an own way to the root, not the sealer's
    size, good_until = 0, 0
    suspects: list[str] = []
    for position, event_id, stored, present, *row in stream(LINES):
        if position != size:
            report.faults.append(f"leaves {size} to {position - 1} are missing from the tree")
            size = position
        if not present:
            suspects.append(f"audit line {event_id} (leaf {position}) was deleted")
        else:
            actual = canonical.leaf_hash(canonical.encode(canonical.as_object(tuple(row))))
            if actual != bytes(stored):
                suspects.append(f"audit line {event_id} (leaf {position}, {row[1]}) was changed after it was sealed")
        push(nodes, bytes(stored))
        size += 1
        if size in heads:
            if fold(nodes) != heads[size]:
                report.faults.append(f"leaves {good_until} to {size - 1}: their hashes do not lead to the signed root of size {size}")
            else:
                good_until = size
                report.root = heads[size].hex()
    report.sealed = size
    report.faults = suspects + report.faults
    for extra in [s for s in heads if s > size]:
        report.faults.append(f"the signed head of size {extra} covers leaves that are gone: the log was cut to {size}")
    if size and size not in heads:
        report.faults.append(f"leaves {good_until} to {size - 1} have no signed head")


def push(nodes: list[tuple[int, bytes]], leaf: bytes) -> None:
    item = (0, leaf)
    while nodes and nodes[-1][0] == item[0]:
        height, left = nodes.pop()
        item = (height + 1, canonical.node_hash(left, item[1]))
    nodes.append(item)


def fold(nodes: list[tuple[int, bytes]]) -> bytes:
    root = nodes[-1][1]
    for _, left in reversed(nodes[:-1]):
        root = canonical.node_hash(left, root)
    return root
