"""The single writer that seals new audit lines into the tree and signs its head, every few seconds (RFC 6962, ADR 0005).

Lines commit out of the order of their numbers; only those of transactions older than every running one are taken, so that
no line can slip in behind the sealed front. After a restore into a new cluster, whose transaction numbers begin anew, the
search starts from the front again and the leaf table keeps any line from being sealed twice.
"""

from django.db import connection, transaction
from django.utils import timezone

from consent.audit import canonical
from consent.audit.keys import public_bytes, signing_key
from consent.audit.tree import Frontier

LOCK = 0x58494E47  # "XING": the advisory lock of the one sealer
BATCH = 5000

# index: consent_audit_event_xid
NEW_LINES = f"""
SELECT xid::text, {canonical.SELECT} FROM consent_audit_event e
WHERE (xid, id) > (%s::xid8, %s) AND (xid < pg_snapshot_xmin(pg_current_snapshot()) OR xid > pg_current_xact_id())
  AND NOT EXISTS (SELECT 1 FROM consent_audit_leaf l WHERE l.event_id = e.id)
ORDER BY xid, id LIMIT {BATCH}
"""


def seal_once() -> int:
    """Seal what is ready; returns how many lines. Another sealer at work means 0."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("SELECT size, frontier, last_xid::text, last_id, pg_current_xact_id()::text FROM consent_audit_head "
                       "ORDER BY size DESC LIMIT 1")
        head = cursor.fetchone()
        size, nodes, last_xid, last_id = (head[0], [bytes(n) for n in head[1]], head[2], head[3]) if head else (0, [], "0", 0)
        if head and int(head[4]) < int(last_xid):
            last_xid, last_id = "0", 0
        cursor.execute(NEW_LINES, [last_xid, last_id])
        rows = cursor.fetchall()
        if rows:
            write(cursor, Frontier(size, nodes), rows)
        cursor.execute("INSERT INTO consent_audit_sealer (checked_at) VALUES (now()) "
                       "ON CONFLICT (one) DO UPDATE SET checked_at = excluded.checked_at")
    return len(rows)


def write(cursor, frontier: Frontier, rows: list[tuple]) -> None:  # type: ignore[no-untyped-def, type-arg]
    leaves = []
    for row in rows:
        leaf = canonical.leaf_hash(canonical.encode(canonical.as_object(row[1:])))
        leaves.append((frontier.size, row[1], leaf))
        frontier.add(leaf)
    cursor.executemany("INSERT INTO consent_audit_leaf (position, event_id, hash) VALUES (%s, %s, %s)", leaves)
    sealed_at = timezone.now().isoformat(timespec="milliseconds")
    signature = signing_key().sign(canonical.head_message(frontier.size, frontier.root(), sealed_at))
    cursor.execute(
        "INSERT INTO consent_audit_head (size, root, sealed_at, signature, key, frontier, last_xid, last_id) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s::xid8, %s)",
        [frontier.size, frontier.root(), sealed_at, signature, public_bytes(), frontier.nodes, rows[-1][0], rows[-1][1]],
    )


def seal_all() -> int:
    """Seal until nothing is ready."""
    total = 0
    while n := seal_once():
        total += n
    return total
