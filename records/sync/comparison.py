"""Compare what a hospital's source says it has with what stands in its store: by year, month, day,
down to the records that differ (docs/sync.md, Compare).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db import connection

from records.sync.digests import BucketLevel, sum_digests

Sum = tuple[int, str]  # count, sum in 32 hexadecimal digits
Sums = dict[str, dict[str, Sum]]  # {type: {bucket: …}}
NOTHING: Sum = (0, "0" * 32)
BELOW = {BucketLevel.YEAR: BucketLevel.MONTH, BucketLevel.MONTH: BucketLevel.DAY}
PRINT = 12  # hexadecimal digits of a fingerprint by which a client names what it has
# Those that stand there, and those that came and do not.
# index: record_sync_ledger_day, record_sync_dead_letter_listed
RECORDS_SQL = """
SELECT type, day, record, version, encode(fingerprint, 'hex'), 'stored',
    CASE WHEN hash IS NULL THEN client ELSE '' END
  FROM record_sync_ledger WHERE hospital = %(hospital)s AND source = %(source)s AND type = %(type)s
    AND day = ANY(%(days)s) AND state = 'stored'
UNION ALL
SELECT type, day, record, version, '', CASE state WHEN 'open' THEN 'refused' ELSE state END,
    ''
  FROM record_sync_dead_letter WHERE hospital = %(hospital)s AND state IN ('open', 'waiting')
    AND source = %(source)s AND type = %(type)s AND day = ANY(%(days)s)
ORDER BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class ComparedRecord:
    """version None: the source has none; fingerprint: of one that is stored; state: stored, refused
    or waiting; changed_by: who has written it otherwise than by sync since.
    """

    type_name: str
    day: str
    record: str
    version: int | None
    fingerprint: str
    state: str
    changed_by: str = ""


@dataclass(slots=True)
class RecordDifference:
    """records: {type: {day: what the platform has, or, of a day whose prints were named, what the
    client has not}}; absent: {type: {day: prints that the platform has not}}.
    """

    records: dict[str, dict[str, list[ComparedRecord]]] = field(default_factory=dict)
    absent: dict[str, dict[str, list[str]]] = field(default_factory=dict)


def find_differing(
    hospital_id: int, source: str, level: BucketLevel, said: Sums, types: Collection[str] | None
) -> Sums:
    """The platform's sums one level below of the buckets that differ, with those that it lacks as
    NOTHING. Of years all types count, named or not; further down what was named.
    """
    named = None if level is BucketLevel.YEAR else said.keys()
    if types is not None:
        named = set(types) & set(named) if named is not None else set(types)
    there = sum_digests(
        hospital_id,
        source,
        level,
        types=named,
        within=None if level is BucketLevel.YEAR else (level, list_buckets(said)),
    )
    differing = compare_sums(said, there, all_buckets=level is BucketLevel.YEAR)
    below = sum_digests(
        hospital_id,
        source,
        BELOW.get(level, BucketLevel.DAY),
        types=differing.keys(),
        within=(level, sorted({b for buckets in differing.values() for b in buckets})),
    )
    length = {BucketLevel.YEAR: 4, BucketLevel.MONTH: 7, BucketLevel.DAY: 10}[level]
    found: Sums = {}
    for type_name, buckets in sorted(differing.items()):
        inside = {b: s for b, s in below.get(type_name, {}).items() if b[:length] in buckets}
        lacking = {b: NOTHING for b in buckets if b not in {i[:length] for i in inside}}
        found[type_name] = dict(sorted((inside | lacking).items()))
    return found


def list_buckets(said: Sums) -> list[str]:
    return sorted({bucket for buckets in said.values() for bucket in buckets})


def compare_sums(said: Sums, there: Sums, *, all_buckets: bool) -> dict[str, set[str]]:
    """{type: buckets that differ}. all_buckets: those that nobody named, too."""
    out: dict[str, set[str]] = {}
    for type_name in said.keys() | (there.keys() if all_buckets else set()):
        mine, yours = there.get(type_name, {}), said.get(type_name, {})
        differing = {
            bucket
            for bucket in yours.keys() | (mine.keys() if all_buckets else set())
            if mine.get(bucket, NOTHING) != yours.get(bucket, NOTHING)
        }
        if differing:
            out[type_name] = differing
    return out


def find_differing_records(
    hospital_id: int,
    source: str,
    said: Sums,
    prints: Mapping[str, Mapping[str, Collection[str]]],
    types: Collection[str] | None,
) -> RecordDifference:
    """Of the days that differ. prints: of a type and day the beginnings of the fingerprints that
    the client has.
    """
    named = said.keys() if types is None else said.keys() & set(types)
    there = sum_digests(
        hospital_id,
        source,
        BucketLevel.DAY,
        types=named,
        within=(BucketLevel.DAY, list_buckets(said)),
    )
    found = RecordDifference()
    differing = compare_sums({t: said[t] for t in named}, there, all_buckets=False)
    for type_name, days in sorted(differing.items()):
        rows = fetch_records(hospital_id, source, type_name, days)
        for day in sorted(days):
            of_day = [r for r in rows if r.day == day]
            has = prints.get(type_name, {}).get(day)
            if has is not None:
                stands = {r.fingerprint[:PRINT] for r in of_day if r.fingerprint}
                found.absent.setdefault(type_name, {})[day] = sorted(set(has) - stands)
                of_day = [r for r in of_day if r.fingerprint[:PRINT] not in set(has)]
            found.records.setdefault(type_name, {})[day] = of_day
    return found


def fetch_records(
    hospital_id: int, source: str, type_name: str, days: Iterable[str]
) -> list[ComparedRecord]:
    with connection.cursor() as cursor:
        cursor.execute(
            RECORDS_SQL,
            {"hospital": hospital_id, "source": source, "type": type_name, "days": sorted(days)},
        )
        return [ComparedRecord(*row) for row in cursor.fetchall()]
