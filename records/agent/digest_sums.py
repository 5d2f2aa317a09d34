"""Counts and sums of what the outbox knows to stand on the platform, by day, month and year
(docs/sync.md, Compare). Pure.
"""

from __future__ import annotations

import hashlib
from typing import Any, Dict, Iterable, Tuple

MODULUS = 2**128
LENGTHS = {"year": 4, "month": 7, "day": 10}
Sum = Tuple[int, int]  # count, sum
Days = Dict[str, Dict[str, Sum]]  # type -> bucket -> sum
STANDS = "stored"


def fingerprint(source: str, type: str, record: str, version: int | None, hash: str) -> bytes:
    text = "\n".join((source, type, record, "" if version is None else str(version), hash))
    return hashlib.sha256(text.encode()).digest()[:16]


def sum_days(source: str, digests: Iterable[tuple[str, str, int, str, str, str, str]]) -> Days:
    """digests: as Outbox.list_digests gives them; what does not stand there is in no sum."""
    days: Days = {}
    for type, record, version, hash, day, state, _ in digests:
        if state == STANDS:
            number = int.from_bytes(fingerprint(source, type, record, version, hash), "big")
            of_type = days.setdefault(type, {})
            count, total = of_type.get(day, (0, 0))
            of_type[day] = (count + 1, (total + number) % MODULUS)
    return days


def sum_buckets(days: Days, level: str) -> Days:
    out: Days = {}
    for type, of_type in days.items():
        for day, (count, total) in of_type.items():
            bucket = day[: LENGTHS[level]]
            before = out.setdefault(type, {}).get(bucket, (0, 0))
            out[type][bucket] = (before[0] + count, (before[1] + total) % MODULUS)
    return out


def encode_sums(sums: Days) -> dict[str, dict[str, list[Any]]]:
    return {
        type: {bucket: [count, f"{total:032x}"] for bucket, (count, total) in sorted(of.items())}
        for type, of in sorted(sums.items())
    }


def find_differing(own: Days, told: dict[str, dict[str, list[Any]]], within: int) -> Days:
    """Our sums of the buckets that differ from what the platform told: of those that it named, and
    of ours that lie in the same bucket above (its first `within` characters).
    """
    out: Days = {}
    for type, buckets in told.items():
        mine = own.get(type, {})
        above = {bucket[:within] for bucket in buckets}
        for bucket in set(buckets) | {b for b in mine if b[:within] in above}:
            count, total = mine.get(bucket, (0, 0))
            if [count, f"{total:032x}"] != list(buckets.get(bucket, [0, "0" * 32])):
                out.setdefault(type, {})[bucket] = (count, total)
    return out
