"""Counts and sums of the ledger by day: kept in the transaction that changes it, so that comparing
a year reads some hundred rows and no record.
"""

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

from django.db import connection

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal
from records.sync.fingerprint import MODULUS
from records.sync.ledger import LedgerRow
from records.sync.together import Write

PARTS = 64  # of a day: each stream adds to its own, and waits for no other
Bucket = tuple[str, str, str]  # source, type, day


class BucketLevel(StrEnum):
    YEAR = "year"
    MONTH = "month"
    DAY = "day"


LENGTHS = {BucketLevel.YEAR: 4, BucketLevel.MONTH: 7, BucketLevel.DAY: 10}  # characters of a day
# index: record_sync_digest_pkey
ADD = f"""
INSERT INTO record_sync_digest AS d (hospital, source, type, day, part, count, sum)
SELECT %(hospital)s, source, type, day, %(part)s, count, sum
FROM unnest(%(sum_sources)s::text[], %(sum_types)s::text[], %(sum_days)s::text[],
  %(sum_counts)s::bigint[], %(sums)s::numeric[]) AS k(source, type, day, count, sum)
ORDER BY source COLLATE "C", type COLLATE "C", day COLLATE "C"
ON CONFLICT (hospital, source, type, day, part)
DO UPDATE SET count = d.count + excluded.count, sum = mod(d.sum + excluded.sum, {MODULUS})
"""
SUM = f"""
SELECT type, left(day, %(length)s) AS bucket, sum(count)::bigint, mod(sum(sum), {MODULUS})
FROM record_sync_digest WHERE hospital = %(hospital)s AND source = %(source)s
  AND (%(types)s::text[] IS NULL OR type = ANY(%(types)s::text[]))
  AND (%(buckets)s::text[] IS NULL OR left(day, %(within)s) = ANY(%(buckets)s::text[]))
GROUP BY 1, 2 ORDER BY 1, 2
"""


def list_digest_writes(
    hospital_id: int,
    stream_id: int,
    changes: Iterable[tuple[LedgerRow | None, LedgerRow]],
) -> list[Write]:
    """changes: (row before, row after). In the transaction that changes them."""
    deltas: defaultdict[Bucket, list[int]] = defaultdict(lambda: [0, 0])
    for before, after in changes:
        for row, sign in ((before, -1), (after, 1)):
            if row is not None and (number := row.fingerprint) is not None:
                delta = deltas[row.source, row.type, row.day]
                delta[0] += sign
                delta[1] = (delta[1] + sign * number) % MODULUS
    listed = [(bucket, count, total) for bucket, (count, total) in deltas.items() if count or total]
    if not listed:
        return []
    columns = {
        "hospital": hospital_id,
        "part": stream_id % PARTS,
        "sum_sources": text_array_literal(b[0] for b, _, _ in listed),
        "sum_types": text_array_literal(b[1] for b, _, _ in listed),
        "sum_days": text_array_literal(b[2] for b, _, _ in listed),
        "sum_counts": unquoted_array_literal(c for _, c, _ in listed),
        "sums": unquoted_array_literal(s for _, _, s in listed),
    }
    return [Write("summed", ADD, columns)]


def sum_digests(
    hospital_id: int,
    source: str,
    level: BucketLevel,
    *,
    types: Iterable[str] | None = None,
    within: tuple[BucketLevel, Iterable[str]] | None = None,
) -> dict[str, dict[str, tuple[int, str]]]:
    """{type: {bucket: (count, sum in 32 hex digits)}} of a source; empty buckets are left out.
    within: only days below these buckets of a higher level.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            SUM,
            {
                "hospital": hospital_id,
                "source": source,
                "length": LENGTHS[level],
                "types": None if types is None else list(types),
                "within": LENGTHS[within[0]] if within else 0,
                "buckets": list(within[1]) if within else None,
            },
        )
        rows = cursor.fetchall()
    sums: dict[str, dict[str, tuple[int, str]]] = {}
    for type_name, bucket, count, total in rows:
        if count or total:
            sums.setdefault(type_name, {})[bucket] = (count, f"{int(total):032x}")
    return sums
