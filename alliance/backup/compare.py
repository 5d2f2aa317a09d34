"""A restored copy against the live database, as of the moment that was restored. What a
transaction wrote is there whole or not at all, so versions and audit lines are compared by
transaction: one that the copy knows as committed and whose rows it does not hold, or holds
otherwise, is a loss.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psycopg

from consent.sql import log
from records.sql import versions

Row = tuple[int, str, int]  # number of a transaction, hospital and type or "log", how many
# Rows of transactions whose number had been given when the copy was opened.
BY_TRANSACTION_SQL = (
    f"SELECT * FROM ({versions.BY_TRANSACTION} UNION ALL {log.BY_TRANSACTION}) t ORDER BY x, kind"
)
BODIES_SQL = f"""SELECT rid, version, hospital || '/' || type, substr(body, 1, 7), sha256(body)
FROM {versions.VERSIONS} v
WHERE xid < %s::text::xid8 AND mod(hashint8(rid)::bigint, %s) = 0 ORDER BY rid, version"""
# Numbers are the server's own and what the newest epoch adds to them (docs/adr/0041); what is not
# above that is of an earlier numbering, and long ended.
TRANSACTION_STATUS_SQL = """SELECT x,
  CASE WHEN x > added THEN coalesce(pg_xact_status((x - added)::text::xid8), 'old') ELSE 'old' END
FROM unnest(%s::bigint[]) x, (SELECT added FROM alliance_epoch ORDER BY number DESC LIMIT 1) e"""
UNENDED = ("aborted", "in progress")
MAX_SHOWN_BODIES = 5
FETCH_SIZE = 20_000  # rows at a time


def begin_snapshot(link: "psycopg.Connection[Any]") -> None:
    """One snapshot for all that is asked, however long the other side takes."""
    link.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    link.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def stream_rows(
    link: "psycopg.Connection[Any]", name: str, question: str, about: Any
) -> Iterator[Any]:
    with link.cursor(name=name) as cursor:
        cursor.itersize = FETCH_SIZE
        yield from cursor.execute(question, about)


def diff_sorted_streams(
    left: Iterator[Row], right: Iterator[Row]
) -> Iterator[tuple[int, str, int, int]]:
    """(transaction, kind, here, there) wherever two sorted streams are not the same."""
    a, b = next(left, None), next(right, None)
    while a or b:
        if b is None or (a and a[:2] < b[:2]):
            assert a
            yield *a[:2], a[2], 0
            a = next(left, None)
        elif a is None or b[:2] < a[:2]:
            yield *b[:2], 0, b[2]
            b = next(right, None)
        else:
            if a[2] != b[2]:
                yield *a[:2], a[2], b[2]
            a, b = next(left, None), next(right, None)


def find_losses(
    live: "psycopg.Connection[Any]", copy: "psycopg.Connection[Any]", horizon: int, share: int
) -> tuple[list[str], int]:
    """(what does not match, bodies compared). share: of how many resources one has its bodies
    compared; 1: all.
    """
    about = {"horizon": horizon}
    found = list(
        diff_sorted_streams(
            stream_rows(live, "ours", BY_TRANSACTION_SQL, about),
            stream_rows(copy, "theirs", BY_TRANSACTION_SQL, about),
        )
    )
    # One that the copy never saw the end of was under way at its last moment: it is after that
    # moment.
    late = {
        x
        for x, status in copy.execute(TRANSACTION_STATUS_SQL, [sorted({f[0] for f in found})])
        if status in UNENDED
    }
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for xid, kind, here, there in found:
        if there or xid not in late:
            sums[kind][0] += here
            sums[kind][1] += there
    says = [
        f"{'audit lines' if kind == 'log' else f'versions of hospital/type {kind}'}: {here} in the"
        f" database, {there} in the copy, of transactions that the copy knows as committed"
        for kind, (here, there) in sorted(sums.items())
    ]
    bodies, compared = find_altered_bodies(live, copy, horizon, share)
    return says + bodies, compared


def find_altered_bodies(
    live: "psycopg.Connection[Any]", copy: "psycopg.Connection[Any]", horizon: int, share: int
) -> tuple[list[str], int]:
    """Bodies that are others. Those that another key or dictionary has sealed anew since are
    another text, and are opened by the examination.
    """
    says: list[str] = []
    ours, count = stream_rows(live, "live_bodies", BODIES_SQL, [horizon, share]), 0
    mine = next(ours, None)
    for rid, version, kind, made, digest in stream_rows(
        copy, "copy_bodies", BODIES_SQL, [horizon, share]
    ):
        while mine and (mine[0], mine[1]) < (rid, version):
            mine = next(ours, None)
        if mine and (mine[0], mine[1]) == (rid, version) and mine[3] == made:
            count += 1
            if mine[4] != digest and len(says) < MAX_SHOWN_BODIES:
                says.append(
                    f"a body of hospital/type {kind} is another one in the copy (row {rid}, version"
                    f" {version})"
                )
    return says, count
