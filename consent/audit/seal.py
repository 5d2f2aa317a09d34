"""The single writer that seals new audit lines into the tree and signs its head, every few seconds (RFC 6962, ADR 0005).

Lines commit out of the order of their numbers; only those of transactions older than every running one are taken, so that
no line can slip in behind the sealed front. After a restore into a new cluster, whose transaction numbers begin anew, lines that are
seen have numbers that are still to come; the search starts from the front again and the leaf table keeps any line from being sealed
twice. Over a cut it does not go on.
"""

from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from alliance.config import beat
from consent.audit import canonical, keys, memory
from consent.audit.head import COLUMNS, Head
from consent.audit.tree import Frontier

LOCK = 0x58494E47  # "XING": the advisory lock of the one sealer
BATCH = 5000
ROUNDS = 2000  # that are remembered to tell how far the log is whole

# index: consent_audit_event_xid
NEW_LINES = f"""
SELECT xid::text, {canonical.SELECT} FROM consent_audit_event e
WHERE (e.xid, e.id) > (%s::xid8, %s) AND (e.xid < pg_snapshot_xmin(pg_current_snapshot()) OR e.xid >= pg_snapshot_xmax(pg_current_snapshot()))
  AND NOT EXISTS (SELECT 1 FROM consent_audit_leaf l WHERE l.event_id = e.id)
ORDER BY e.xid, e.id LIMIT {BATCH}
"""
MOMENT = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"+00:00\"')"
NOW = f"""
SELECT {MOMENT.format("statement_timestamp()")}, pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() s
"""
BEAT = """
INSERT INTO consent_audit_sealer (checked_at, refused) VALUES (now(), %s)
ON CONFLICT (one) DO UPDATE SET checked_at = excluded.checked_at, refused = excluded.refused
"""
rounds: list[tuple[str, int]] = []  # (moment, first transaction number that was not given then), oldest first
seen_whole: set[Path] = set()  # by this process


class Cut(Exception):
    """The log does not hold what its newest head, or this machine, remembers: sealing on would cover it up."""


def seal_once(*, from_the_front: bool = False) -> int:
    """Seal what is ready; returns how many lines. Another sealer at work means 0. from_the_front: also what lies behind the last sealed transaction, where
    earlier releases could leave a line. Raises Cut."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(f"SELECT {COLUMNS}, frontier, last_xid::text, last_id, pg_current_xact_id()::text FROM consent_audit_head ORDER BY size DESC LIMIT 1")
        row = cursor.fetchone()
        head, frontier, last_xid, last_id = (Head.of_row(row[:7]), Frontier(row[0], [bytes(n) for n in row[7]]), row[8], row[9]) if row else (None, Frontier(), "0", 0)
        must_hold(cursor, head, frontier)
        if from_the_front or (row and int(row[10]) < int(last_xid)):
            last_xid, last_id = "0", 0
        whole = whole_until(cursor)
        cursor.execute(NEW_LINES, [last_xid, last_id])
        rows = cursor.fetchall()
        if rows:
            before = head.through or "" if head else ""
            head = write(cursor, frontier, rows, head.size if head else 0, before if len(rows) == BATCH else max(before, whole))
            transaction.on_commit(partial(memory.remember, head))
        cursor.execute(BEAT, [""])
    return len(rows)


def must_hold(cursor: Any, head: Head | None, frontier: Frontier) -> None:
    """Raises Cut where the tree ends elsewhere than its newest head says, has gaps (looked for once), or does not lead to the head that this machine remembers."""
    size, place = head.size if head else 0, memory.place()
    cursor.execute("SELECT coalesce(max(position) + 1, 0) FROM consent_audit_leaf")
    if (leaves := cursor.fetchone()[0]) != size:
        raise Cut(f"the newest signed head covers {size} lines, and the tree has {leaves}")
    if head and frontier.root() != head.root:
        raise Cut(f"the newest signed head, of {size} lines, has another root than the tree")
    if head and (why := head.fault(keys.own())):
        raise Cut(f"the newest signed head, of {size} lines: {why}")
    if place not in seen_whole:
        cursor.execute("SELECT count(*) FROM consent_audit_leaf")
        if (leaves := cursor.fetchone()[0]) != size:
            raise Cut(f"{size - leaves} leaves are missing from the tree")
        seen_whole.add(place)
    known = memory.recall()
    if known is None and head:  # what this machine sees first it believes
        transaction.on_commit(partial(memory.remember, head))
    if known is None or (head and (known.size, known.root) == (head.size, head.root)):
        return
    if known.size > size:
        raise Cut(f"this machine has sealed {known.size} lines ({known.sealed_at}), and the log has {size}: it was cut, emptied or rolled back")
    cursor.execute("SELECT root FROM consent_audit_head WHERE size = %s", [known.size])
    if (found := cursor.fetchone()) is None or bytes(found[0]) != known.root:
        raise Cut(f"the log does not lead to the head of {known.size} lines that this machine has sealed ({known.sealed_at}): it was cut or built anew")


def whole_until(cursor: Any) -> str:
    """The newest moment before which every line is ready now; "" where none is known yet. At each moment no transaction has got a number from the first
    free one on; once all below that one have ended, whatever is still to come was written later: however long transactions last."""
    cursor.execute(NOW)
    now, ended, free = cursor.fetchone()
    past = [r for r in rounds if r[1] <= ended]
    rounds[:] = [*past[-1:], *rounds[len(past):]]
    if len(rounds) >= ROUNDS:
        del rounds[1::2]
    rounds.append((now, free))
    return past[-1][0] if past else ""


def write(cursor: Any, frontier: Frontier, rows: list[tuple[Any, ...]], previous: int, through: str) -> Head:
    leaves = []
    for row in rows:
        leaf = canonical.leaf_hash(canonical.encode(canonical.as_object(row[1:])))
        leaves.append((frontier.size, row[1], leaf))
        frontier.add(leaf)
    cursor.executemany("INSERT INTO consent_audit_leaf (position, event_id, hash) VALUES (%s, %s, %s)", leaves)
    cursor.execute(f"SELECT {MOMENT.format('clock_timestamp()')}")  # the database's clock, as in the lines
    head = Head.signed(frontier.size, frontier.root(), cursor.fetchone()[0], previous, through)
    cursor.execute(
        f"INSERT INTO consent_audit_head ({COLUMNS}, frontier, last_xid, last_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::xid8, %s)",
        [head.size, head.root, head.sealed_at, head.signature, head.key, head.previous, head.through, frontier.nodes, rows[-1][0], rows[-1][1]],
    )
    return head


def seal_all() -> int:
    """Seal until nothing is ready. Raises Cut."""
    total = 0
    while n := seal_once():
        beat.beat()
        total += n
    return total


def refuse(reason: str) -> None:
    """Say where readyz looks that the sealer lives, and why it does not go on."""
    with connection.cursor() as cursor:
        cursor.execute(BEAT, [reason])



def accept(there: Head | None) -> None:
    """Go on from the log as it is, after a restore that its operator knows of."""
    if there:
        memory.remember(there)
    else:
        memory.place().unlink(missing_ok=True)
