"""Seal new audit lines into the tree and sign its head, every few seconds, as the single writer
(RFC 6962, ADR 0005).

Lines commit out of the order of their numbers; only those of transactions older than every running
one are taken, so that no line can slip in behind the sealed front. Numbers do not begin anew with a
restore (ADR 0041). Over a cut, or a database that was rolled back without a word, it does not go
on; where the log leads to what this machine remembers it keeps the epochs, for nobody else can tell
a promoted copy from a restored one.
"""

import logging
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from alliance.database import epoch
from alliance.platform import heartbeat
from consent.audit import canonical_line, local_head, signing_keys
from consent.audit.log_report import stream_log_rows
from consent.audit.merkle_tree import Frontier
from consent.audit.subtrees import extend_subtrees
from consent.audit.tree_head import COLUMNS, WIDTH, TreeHead

log = logging.getLogger("xinglin.sealer")
SEALER_LOCK = 0x58494E47  # "XING": the advisory lock of the one sealer
BATCH = 5000
ROUNDS = 2000  # that are remembered to tell how far the log is whole

# index: consent_audit_event_xid
NEW_LINES = f"""
SELECT xid::text, {canonical_line.SELECT} FROM consent_audit_event e
WHERE (e.xid, e.id) > (%s::xid8, %s) AND e.xid < alliance_horizon()
  AND NOT EXISTS (SELECT 1 FROM consent_audit_leaf l WHERE l.event_id = e.id)
ORDER BY e.xid, e.id LIMIT {BATCH}
"""
COPY_LEAVES_SQL = "COPY consent_audit_leaf (position, event_id, hash) FROM STDIN"
MOMENT = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"+00:00\"')"
NOW_SQL = f"""
SELECT {MOMENT.format("statement_timestamp()")}, alliance_horizon()::text::bigint,
  alliance_next()::text::bigint
"""
BEAT_SQL = """
INSERT INTO consent_audit_sealer (checked_at, refused) VALUES (now(), %s)
ON CONFLICT (one) DO UPDATE SET checked_at = excluded.checked_at, refused = excluded.refused
"""
rounds: list[
    tuple[str, int]
] = []  # (moment, first transaction number that was not given then), oldest first
seen_whole: set[Path] = set()  # by this process


class LogCut(Exception):
    """The log does not hold what its newest head, or this machine, remembers: sealing on would
    cover it up.
    """


def seal_once(*, from_the_front: bool = False) -> int:
    """Seal what is ready; returns how many lines. Another sealer at work means 0.
    from_the_front: also what lies behind the last sealed transaction, where earlier releases could
    leave a line. Raises LogCut.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(
            f"SELECT {COLUMNS}, frontier, last_xid::text, last_id FROM consent_audit_head ORDER BY"
            " size DESC LIMIT 1"
        )
        row = cursor.fetchone()
        head, frontier, last_xid, last_id = (
            (
                TreeHead.from_row(row[:WIDTH]),
                Frontier(row[0], [bytes(n) for n in row[WIDTH]]),
                row[WIDTH + 1],
                row[WIDTH + 2],
            )
            if row
            else (None, Frontier(), "0", 0)
        )
        if unknown := epoch.find_epoch_fault(cursor):
            raise LogCut(unknown.removesuffix("."))
        require_unbroken_log(cursor, head, frontier)
        if epoch.advance_epoch(cursor):
            log.warning(
                "SEAL003 a copy of the database was promoted, and the log leads to what this"
                " machine remembers: a new epoch begins"
            )
        if from_the_front:
            last_xid, last_id = "0", 0
        horizon = complete_until(cursor)
        cursor.execute(NEW_LINES, [last_xid, last_id])
        rows = cursor.fetchall()
        if rows:
            sealed_through = head.through or "" if head else ""
            head = write_leaves_and_head(
                cursor,
                frontier,
                rows,
                head.size if head else 0,
                sealed_through if len(rows) == BATCH else max(sealed_through, horizon),
            )
            transaction.on_commit(partial(local_head.store_local_head, head))
        extend_subtrees(cursor, head.size if head else 0)
        cursor.execute(BEAT_SQL, [""])
    return len(rows)


def require_unbroken_log(cursor: Any, head: TreeHead | None, frontier: Frontier) -> None:
    """Check that the log goes on. Raises LogCut where the tree ends elsewhere than its newest head
    says, has gaps (looked for once), or does not lead to the head that this machine remembers.
    """
    size, place = head.size if head else 0, local_head.local_head_path()
    cursor.execute("SELECT coalesce(max(position) + 1, 0) FROM consent_audit_leaf")
    if (leaves := cursor.fetchone()[0]) != size:
        raise LogCut(f"the newest signed head covers {size} lines, and the tree has {leaves}")
    if head and frontier.root() != head.root:
        raise LogCut(f"the newest signed head, of {size} lines, has another root than the tree")
    if head and (fault := head.find_fault(signing_keys.load_own_pins())):
        raise LogCut(f"the newest signed head, of {size} lines: {fault}")
    if place not in seen_whole:
        cursor.execute("SELECT count(*) FROM consent_audit_leaf")
        if (leaves := cursor.fetchone()[0]) != size:
            raise LogCut(f"{size - leaves} leaves are missing from the tree")
        seen_whole.add(place)
    kept_local = local_head.load_local_head()
    if kept_local is None and head:  # what this machine sees first it believes
        transaction.on_commit(partial(local_head.store_local_head, head))
    if kept_local is None or (
        head and (kept_local.size, kept_local.root) == (head.size, head.root)
    ):
        return
    if kept_local.size > size:
        raise LogCut(
            f"this machine has sealed {kept_local.size} lines ({kept_local.sealed_at}), and the"
            " log has"
            f" {size}: it was cut, emptied or rolled back"
        )
    if root_at_size(cursor, kept_local.size) != kept_local.root:
        raise LogCut(
            f"the log does not lead to the head of {kept_local.size} lines that this machine has"
            " sealed"
            f" ({kept_local.sealed_at}): it was cut or built anew"
        )


def root_at_size(cursor: Any, size: int) -> bytes:
    """Return the root of the tree as it was at that size: as its head says it or, where that was
    thinned out, from its leaves.
    """
    cursor.execute("SELECT root FROM consent_audit_head WHERE size = %s", [size])
    if found := cursor.fetchone():
        return bytes(found[0])
    tree = Frontier()
    for (leaf,) in stream_log_rows(
        f"SELECT hash FROM consent_audit_leaf WHERE position < {int(size)} ORDER BY position"
    ):
        heartbeat.send_heartbeat()
        tree.add(bytes(leaf))
    return tree.root()


def complete_until(cursor: Any) -> str:
    """The newest moment before which every line is ready now; "" where none is known yet. At
    each moment no transaction has got a number from the first free one on; once all below that one
    have ended, whatever is still to come was written later: however long transactions last.
    """
    cursor.execute(NOW_SQL)
    now, ended, free = cursor.fetchone()
    past = [r for r in rounds if r[1] <= ended]
    rounds[:] = [*past[-1:], *rounds[len(past) :]]
    if len(rounds) >= ROUNDS:
        del rounds[1::2]
    rounds.append((now, free))
    return past[-1][0] if past else ""


def write_leaves_and_head(
    cursor: Any, frontier: Frontier, rows: list[tuple[Any, ...]], previous: int, through: str
) -> TreeHead:
    leaves = []
    for row in rows:
        leaf = canonical_line.leaf_hash(
            canonical_line.encode_canonical_json(canonical_line.line_from_row(row[1:]))
        )
        leaves.append((frontier.size, row[1], leaf))
        frontier.add(leaf)
    with cursor.copy(COPY_LEAVES_SQL) as copy:
        for row in leaves:
            copy.write_row(row)
    cursor.execute(
        f"SELECT {MOMENT.format('clock_timestamp()')}"
    )  # the database's clock, as in the lines
    head = TreeHead.create_signed(
        frontier.size, frontier.root(), cursor.fetchone()[0], previous, through
    )
    cursor.execute(
        f"INSERT INTO consent_audit_head ({COLUMNS}, frontier, last_xid, last_id) VALUES (%s, %s,"
        " %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::xid8, %s)",
        [*head.as_row(), frontier.nodes, rows[-1][0], rows[-1][1]],
    )
    return head


def seal_all() -> int:
    """Seal until nothing is ready. Raises LogCut."""
    total = 0
    while n := seal_once():
        heartbeat.send_heartbeat()
        total += n
    return total


def report_sealer_refusal(reason: str) -> None:
    """Record, where readyz looks, that the sealer lives, and why it does not go on."""
    with connection.cursor() as cursor:
        cursor.execute(BEAT_SQL, [reason])


def accept_log(head: TreeHead | None) -> None:
    """Go on from the log as it is, after a restore that its operator knows of."""
    if head:
        local_head.store_local_head(head)
    else:
        local_head.local_head_path().unlink(missing_ok=True)
