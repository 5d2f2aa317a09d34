"""Re-derive every leaf, root and signature from the raw lines and say what does not fit. Shares
only canonical with seal.

What the database says of itself is held against what its forger does not have: pinned keys, heads
that were kept elsewhere, and what this machine remembers (consent.audit.local_head); and against
what does not depend on a key: times beside times, numbers beside their sequence
(consent.audit.order_checks).
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from django.db import connection, transaction

from consent.audit import canonical_line, local_head, restore_lines, signing_keys
from consent.audit.archived_months import DetachedLines
from consent.audit.check_archives import check_archives
from consent.audit.kept_head import KeptHead
from consent.audit.log_report import LineRuns, LogReport, shift_time, stream_log_rows
from consent.audit.order_checks import (
    PATIENCE,
    check_line_numbers,
    check_log_age,
    check_unsealed_lines,
)
from consent.audit.restore_lines import RecordedRestore
from consent.audit.signing_keys import PinnedKey
from consent.audit.sm2_report import count_sm2_heads, list_sm2_notices
from consent.audit.thinning_statement import ThinningStatement, read_thinnings
from consent.audit.tree_head import COLUMNS, TreeHead
from consent.audit.verified_mark import VerifiedMark

BACK = dt.timedelta(
    seconds=-10
    # between the clock's reading and the number of a transaction lies no more, on the busiest
    # machine
)
AHEAD = dt.timedelta(
    seconds=60
)  # heads of earlier releases took the sealer's clock, not the database's


def verify_log(
    kept: Sequence[KeptHead] = (),
    pinned_keys: Sequence[PinnedKey] | None = None,
    archives: Path | None = None,
    since: VerifiedMark | None = None,
) -> LogReport:
    """Check the whole log in one snapshot, under the pinned keys (this installation's, unless
    given), and against kept heads. archives: a folder; without one, of lines that stand in archives
    alone only their leaves are checked. since: what an earlier run has verified is not read again.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return verify_log_in_transaction(kept, pinned_keys, archives, since)


def verify_log_in_transaction(
    kept: Sequence[KeptHead] = (),
    pinned_keys: Sequence[PinnedKey] | None = None,
    archives: Path | None = None,
    since: VerifiedMark | None = None,
) -> LogReport:
    """Check the log as verify_log does, in the caller's transaction."""
    report = LogReport()
    pinned_keys = signing_keys.load_own_pins() if pinned_keys is None else pinned_keys
    detached = check_archives(report, pinned_keys, archives)
    outside = [
        *kept,
        *(KeptHead(m.head, f"the archive of {m.month:%Y-%m} was signed under") for m in detached),
    ]
    if kept_local := local_head.load_local_head():
        outside.append(KeptHead(kept_local, "this machine remembers"))
    for k in outside:
        if fault := k.head.find_fault(pinned_keys):
            report.faults.append(f"the head of {k.head.size} lines that {k.keeper_phrase}: {fault}")
    thinnings = read_thinnings()
    heads = read_tree_heads(report, pinned_keys, thinnings)
    restores = restore_lines.load_recorded_restores()
    report.restores = [str(r) for r in restores]
    lost = {k: r for k in outside if (r := restore_lines.find_covering_restore(k, restores))}
    check_sealed_lines(
        report,
        heads,
        outside,
        lost,
        {t.below for t in thinnings.values()},
        DetachedLines(detached),
        since,
    )
    first = check_line_numbers(
        report, [run for m in detached for run in m.runs], since.number if since else 0
    )
    check_unsealed_lines(report)
    check_log_age(report, first, min((m.first for m in detached), key=lambda p: p.id, default=None))
    check_stray_persons(report)
    return report


def read_tree_heads(
    report: LogReport,
    pinned_keys: Sequence[PinnedKey],
    thinnings: Mapping[tuple[int, int], ThinningStatement],
) -> list[TreeHead]:
    """Read all heads, smallest first; what is wrong with them, or with what was thinned out
    between them, goes into the report.
    """
    for thinning in thinnings.values():
        if fault := thinning.find_fault(pinned_keys):
            report.faults.append(
                f"the statement that {thinning.heads} tree heads between {thinning.above} and"
                f" {thinning.below} were thinned out ({thinning.thinned_at}): {fault}"
            )
        report.thinned += thinning.heads
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM consent_audit_head ORDER BY size")
        heads = [TreeHead.from_row(row) for row in cursor.fetchall()]
    previous: TreeHead | None = None
    for head in heads:
        if fault := head.find_fault(pinned_keys):
            report.faults.append(f"tree head {head.size} of {head.sealed_at}: {fault}")
        at = previous.size if previous else 0
        thinned = thinnings.get((at, head.size))
        if head.previous is not None and head.previous != (thinned.last if thinned else at):
            report.faults.append(
                f"tree head {head.size} of {head.sealed_at} follows one of {head.previous} lines;"
                f" the heads between {at} and {head.size} are gone"
            )
        if previous and shift_time(head.sealed_at, AHEAD) < shift_time(previous.sealed_at):
            report.faults.append(
                f"tree head {head.size} of {head.sealed_at} is signed before the smaller one of"
                f" {previous.size} lines ({previous.sealed_at})"
            )
        previous = head
    report.heads, report.newest = len(heads), previous
    report.sm2_heads = count_sm2_heads(heads)
    report.notices += list_sm2_notices(heads, pinned_keys)
    return heads


SEALED_LINES_SQL = f"""
SELECT l.position, l.event_id, l.hash, e.id IS NOT NULL, e.*
FROM consent_audit_leaf l
LEFT JOIN (SELECT {canonical_line.SELECT} FROM consent_audit_event) e ON e.id = l.event_id
WHERE l.position >= {{size}}
ORDER BY l.position
"""


# index: consent_audit_event_pkey
STRAY_PERSONS_SQL = """SELECT p.event, count(*) FROM consent_audit_person p
  WHERE NOT EXISTS (SELECT FROM consent_audit_event e
    WHERE e.id = p.event AND e.recorded = p.written)
  GROUP BY 1 ORDER BY 1 LIMIT 100"""


def check_stray_persons(report: LogReport) -> None:
    with connection.cursor() as cursor:
        cursor.execute(STRAY_PERSONS_SQL)
        report.faults += [
            f"audit line {event} is gone, and {n} persons whom it was about are still there"
            for event, n in cursor.fetchall()
        ]


def check_sealed_lines(
    report: LogReport,
    heads: Sequence[TreeHead],
    outside: Sequence[KeptHead],
    lost: Mapping[KeptHead, RecordedRestore],
    thinned: Collection[int],
    detached: DetachedLines,
    since: VerifiedMark | None = None,
) -> None:
    """lost: kept heads that a recorded restore rolled back. thinned: sizes of heads before which
    others were taken out: such a head tells to the hour when its lines were sealed, and not how
    long they waited. detached: lines that stand in archives alone.
    """
    # (height, hash): an own way to the root, not the sealer's
    nodes: list[tuple[int, bytes]] = list(since.nodes) if since else []
    size = good_until = report.verified_to = since.size if since else 0
    require_verified_part(report, size)
    outside = [k for k in outside if k.head.size >= size]
    suspects: list[str] = []
    early, late = (
        LineRuns("was added when all lines of its time were sealed: dated back"),
        LineRuns("is dated later than its seal: dated ahead, or the clock was set back"),
    )
    waited = LineRuns(
        "was sealed more than ten minutes after its time: the sealer stood still, a transaction was"
        " long open, or it was dated back"
    )
    roots: dict[int, bytes] = {size: fold_to_root(nodes)} if nodes else {}
    kept_sizes = {k.head.size for k in outside}
    heads_by_size = {h.size: h for h in heads}
    sealing = iter(heads)
    covering, latest, usual = (
        next(sealing, None),
        "",
        "",
    )  # the head that covers the line, and the moments that go with it
    floors = sorted(
        [
            (h.size, shift_time(h.through, BACK))
            for h in [*heads, *(k.head for k in outside)]
            if h.through
        ],
        reverse=True,
    )
    floor = ""
    for position, event_id, stored, present, *row in stream_log_rows(
        SEALED_LINES_SQL.format(size=size)
    ):
        if position == size - 1:
            continue  # two lines of one number: check_numbers names them
        if position != size:
            report.faults.append(f"leaves {size} to {position - 1} are missing from the tree")
            size = position
        stored = bytes(stored)
        if not present and detached.find_month(position):
            report.archived += 1
        elif not present:
            suspects.append(f"audit line {event_id} (leaf {position}) was deleted")
        else:
            actual = canonical_line.leaf_hash(
                canonical_line.encode_canonical_json(canonical_line.line_from_row(tuple(row)))
            )
            if actual != stored:
                suspects.append(
                    f"audit line {event_id} (leaf {position}, {row[1]}) was changed after it was"
                    " sealed"
                )
            while floors and floors[-1][0] <= position:
                floor = max(floor, floors.pop()[1])
            early.add_line(row[1] < floor, event_id, row[1])
            while covering and covering.size <= position:
                covering, latest = next(sealing, None), ""
            if covering:
                latest, usual = (
                    (latest, usual)
                    if latest
                    else (
                        shift_time(covering.sealed_at, AHEAD),
                        shift_time(covering.sealed_at, PATIENCE),
                    )
                )
                late.add_line(row[1] > latest, event_id, row[1])
                waited.add_line(row[1] < usual and covering.size not in thinned, event_id, row[1])
        for k in outside:
            if (
                k.leaves
                and k.leaves.get(position, stored) != stored
                and not (k in lost and position >= lost[k].size_left)
            ):
                suspects.append(
                    f"leaf {position} (now audit line {event_id}) is another one than"
                    f" {k.keeper_phrase}"
                )
        push_leaf(nodes, stored)
        size += 1
        if size in heads_by_size or size in kept_sizes:
            roots[size] = fold_to_root(nodes)
            if size in heads_by_size and roots[size] != heads_by_size[size].root:
                report.faults.append(
                    f"leaves {good_until} to {size - 1}: their hashes do not lead to the signed"
                    f" root of size {size}"
                )
            elif size in heads_by_size:
                good_until = size
                report.root = roots[size].hex()
    report.sealed, report.nodes = size, nodes
    known = heads_by_size.get(since.size) if since else None
    if since and known and known.root != roots.get(since.size):
        report.faults.append(
            f"the signed head of size {since.size} has another root than this machine has verified"
        )
    report.faults = suspects + early.found + late.found + report.faults
    report.notices += waited.found
    for extra in [s for s in heads_by_size if s > size]:
        report.faults.append(
            f"the signed head of size {extra} covers leaves that are gone: the log was cut to"
            f" {size}"
        )
    if size and size not in heads_by_size:
        report.faults.append(f"leaves {good_until} to {size - 1} have no signed head")
    for k in outside:
        if k.head.size <= size and (not k.head.size or roots.get(k.head.size) == k.head.root):
            continue
        if k in lost:
            report.rolled_back.append(
                f"the head of {k.head.size} lines ({k.head.sealed_at}) that {k.keeper_phrase} was"
                f" rolled back by {lost[k]}"
            )
        elif k.head.size > size:
            report.faults.append(
                f"the head of {k.head.size} lines ({k.head.sealed_at}) that {k.keeper_phrase}"
                f" covers more than there is: the log was cut, emptied or rolled back to {size}"
            )
        else:
            report.faults.append(
                f"the first {k.head.size} lines do not lead to the head ({k.head.sealed_at}) that"
                f" {k.keeper_phrase}: lines before it were changed, taken out or put in, and the"
                " tree was built anew"
            )


def require_verified_part(report: LogReport, size: int) -> None:
    """Report a log that is shorter than what an earlier run has verified."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(position) + 1, 0) FROM consent_audit_leaf")
        if (leaves := cursor.fetchone()[0]) < size:
            report.faults.append(
                f"this machine has verified {size} lines, and the log has {leaves}: it was cut,"
                " emptied or rolled back"
            )


def push_leaf(nodes: list[tuple[int, bytes]], leaf: bytes) -> None:
    item = (0, leaf)
    while nodes and nodes[-1][0] == item[0]:
        height, left = nodes.pop()
        item = (height + 1, canonical_line.node_hash(left, item[1]))
    nodes.append(item)


def fold_to_root(nodes: list[tuple[int, bytes]]) -> bytes:
    root = nodes[-1][1]
    for _, left in reversed(nodes[:-1]):
        root = canonical_line.node_hash(left, root)
    return root
