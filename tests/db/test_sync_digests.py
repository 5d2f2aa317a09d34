"""Sums of the ledger: kept with every change, equal to what is summed anew, to the last bucket."""

import hashlib
from collections import defaultdict
from typing import Any

import pytest
from django.db import connection

from records.sync.digests import BucketLevel, list_digest_writes, sum_digests
from records.sync.fingerprint import compute_fingerprint
from records.sync.ledger import LedgerRow, RecordState, list_ledger_writes, lock_ledger_rows
from records.sync.together import execute_together

HOSPITAL = 987_654


def row(record: str, version: int | None = 1, **more: Any) -> LedgerRow:
    known: dict[str, Any] = {
        "type": "Observation",
        "day": "2026-05-03",
        "state": RecordState.STORED,
        "hash": hashlib.sha256(record.encode()).hexdigest(),
        **more,
    }
    return LedgerRow(
        "his",
        known["type"],
        record,
        version,
        known["hash"],
        f"his-{record}",
        known["day"],
        known["state"],
    )


def write(*rows: LedgerRow, stream: int = 1) -> None:
    before, _ = lock_ledger_rows(HOSPITAL, [r.key for r in rows])
    written = list_ledger_writes(
        HOSPITAL,
        [r for r in rows if r.key not in before],
        [r for r in rows if r.key in before],
        stream_id=stream,
        number=1,
        client="c",
    )
    summed = list_digest_writes(HOSPITAL, stream, [(before.get(r.key), r) for r in rows])
    execute_together([*written, *summed])


def summed_anew(length: int) -> dict[str, dict[str, tuple[int, str]]]:
    """From the ledger, by a program of its own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, type, record, version, encode(hash, 'hex'), day FROM"
            " record_sync_ledger WHERE hospital = %s AND state = 'stored'",
            [HOSPITAL],
        )
        rows = cursor.fetchall()
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for source, type_name, record, version, digest, day in rows:
        text = f"{source}\n{type_name}\n{record}\n{'' if version is None else version}\n{digest}"
        mark = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
        bucket = sums[type_name, day[:length]]
        bucket[0] += 1
        bucket[1] = (bucket[1] + mark) % 2**128
    out: dict[str, dict[str, tuple[int, str]]] = {}
    for (type_name, bucket_name), (count, total) in sums.items():
        out.setdefault(type_name, {})[bucket_name] = (count, f"{total:032x}")
    return out


def held() -> None:
    for level, length in ((BucketLevel.YEAR, 4), (BucketLevel.MONTH, 7), (BucketLevel.DAY, 10)):
        assert sum_digests(HOSPITAL, "his", level) == summed_anew(length), level


@pytest.mark.django_db
def test_sums_follow_every_change(world: None) -> None:
    write(*(row(f"r{i}", day=f"2026-0{1 + i % 9}-1{i % 3}") for i in range(60)))
    write(*(row(f"q{i}", day="", type="Patient", version=None) for i in range(7)), stream=2)
    held()
    write(row("r1", 2, day="2025-12-31"), row("r2", 2), stream=67)
    write(row("r3", 2, state=RecordState.DELETED, hash=""), row("q1", None, type="Patient", day=""))
    write(row("r4", 2, state=RecordState.RECALLED, hash=""), stream=3)
    held()
    write(row("r3", 3), stream=3)
    held()
    whole = sum_digests(HOSPITAL, "his", BucketLevel.YEAR)
    assert whole["Patient"][""][0] == 7 and whole["Observation"]["2025"][0] == 1
    assert sum_digests(HOSPITAL, "lis", BucketLevel.YEAR) == {}
    narrowed = sum_digests(
        HOSPITAL,
        "his",
        BucketLevel.MONTH,
        types=["Observation"],
        within=(BucketLevel.YEAR, ["2025"]),
    )
    assert list(narrowed) == ["Observation"] and list(narrowed["Observation"]) == ["2025-12"]


@pytest.mark.django_db
def test_the_sum_of_what_is_taken_out_is_nothing(world: None) -> None:
    many = [row(f"t{i}") for i in range(20)]
    write(*many)
    write(*(row(r.record, 2, state=RecordState.DELETED, hash="") for r in many), stream=5)
    assert sum_digests(HOSPITAL, "his", BucketLevel.DAY).get("Observation", {}) == {}


def test_a_fingerprint_is_what_the_page_says() -> None:
    text = b"his\nPatient\n00012345\n3\n" + b"ab" * 32
    assert compute_fingerprint("his", "Patient", "00012345", 3, "ab" * 32) == int(
        hashlib.sha256(text).hexdigest()[:32], 16
    )
    assert compute_fingerprint("his", "Patient", "1", None, "") == int(
        hashlib.sha256(b"his\nPatient\n1\n\n").hexdigest()[:32], 16
    )
