"""Thin old tree heads: of each hour one stays. A busy log gets a head every two seconds, for
ever; what a head proves of the lines, any later one proves as well (RFC 6962 2.1.2), and every root
can be derived from the leaves again.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from consent.audit.sealer import SEALER_LOCK
from consent.audit.thinning_statement import COLUMNS, ThinningStatement
from consent.audit.tree_head import COLUMNS as HEAD_COLUMNS
from consent.audit.tree_head import TreeHead

KEEP = dt.timedelta(days=30)  # for which every head stays
BATCH = 5000  # heads looked at in one round
HOUR = len("2026-11-29T23")
# index: consent_audit_head_pkey
OLD_HEADS_SQL = f"""SELECT {HEAD_COLUMNS} FROM consent_audit_head
  WHERE size > %s AND sealed_at < %s
  ORDER BY size LIMIT {BATCH}"""
INSERT = f"INSERT INTO consent_audit_thinning ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"


def thin_heads_once(after: int = 0, keep: dt.timedelta = KEEP) -> int:
    """Thin the next old heads, those of whole hours; the size to go on from, `after` itself
    where nothing is left or another sealer is at work. after: size of the greatest head that was
    looked at.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s), now(), (SELECT coalesce(max(below), 0) FROM"
            " consent_audit_thinning)",
            [SEALER_LOCK],
        )
        free, now, done = cursor.fetchone()
        if not free:
            return after
        after = max(after, done)
        cursor.execute(
            OLD_HEADS_SQL, [after, (now - keep).astimezone(dt.UTC).strftime("%Y-%m-%dT%H")]
        )  # sealed_at begins so; heads of that hour are not all old enough
        hours = group_heads_by_hour([TreeHead.from_row(row) for row in cursor.fetchall()])
        if len(hours) > 1 and sum(map(len, hours)) == BATCH:
            hours.pop()  # it may go on
        for hour in hours:
            above, after = after, hour[-1].size
            if len(hour) > 1:
                record_thinning(
                    cursor,
                    ThinningStatement.create_signed(
                        above,
                        after,
                        hour[:-1],
                        now.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
                    ),
                )
    return after


def group_heads_by_hour(heads: Iterable[TreeHead]) -> list[list[TreeHead]]:
    hours: list[list[TreeHead]] = []
    for head in heads:
        if hours and hours[-1][-1].sealed_at[:HOUR] == head.sealed_at[:HOUR]:
            hours[-1].append(head)
        else:
            hours.append([head])
    return hours


def record_thinning(cursor: Any, thinning: ThinningStatement) -> None:
    """Write the statement before heads are taken out: the table lets no head go that none
    covers.
    """
    cursor.execute(
        INSERT,
        [
            thinning.above,
            thinning.below,
            thinning.last,
            thinning.heads,
            thinning.digest,
            thinning.thinned_at,
            thinning.signature,
            thinning.key,
        ],
    )
    cursor.execute(
        "DELETE FROM consent_audit_head WHERE size > %s AND size < %s",
        [thinning.above, thinning.below],
    )
