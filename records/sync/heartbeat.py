"""Keep how the agent of a system is, as it tells each minute: counts alone (docs/sync.md,
Heartbeat).
"""

import re
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from records.sync.batch_lines import CONTROL
from records.sync.sync_error import SyncError

SOURCE = re.compile(r"[a-z0-9]{1,16}")
MOST_SOURCES = 64
LONGEST_VERSION = 40
LARGEST, LARGEST_SECONDS = 2**63 - 1, 2**31 - 1
# index: record_sync_heartbeat_pkey
WRITE = """
INSERT INTO record_sync_heartbeat AS known (client, hospital, version, backlog, oldest, refused,
  clock, free, disk_full, compared_at, compared_records, compared_days)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp() - make_interval(secs => %s), %s, %s)
ON CONFLICT (client) DO UPDATE SET hospital = excluded.hospital, version = excluded.version,
  backlog = excluded.backlog, oldest = excluded.oldest, refused = excluded.refused,
  clock = excluded.clock, free = excluded.free, disk_full = excluded.disk_full,
  compared_at = coalesce(excluded.compared_at, known.compared_at),
  compared_records = coalesce(excluded.compared_records, known.compared_records),
  compared_days = coalesce(excluded.compared_days, known.compared_days), at = clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class LastComparison:
    """ago: seconds since both sides were compared; days: of a type, that differed."""

    ago: int
    records: int
    days: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """oldest: seconds that the oldest waits; clock: seconds that ours is ahead; free: bytes;
    compared: None where the agent says nothing of it, and what it said before stays.
    """

    version: str = ""
    backlog: int = 0
    oldest: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    clock: int = 0
    free: int = 0
    full: bool = False
    compared: LastComparison | None = None


def parse_heartbeat(told: Any) -> Heartbeat:
    """Raises SyncError, which names the part. What is not known is left aside."""
    if not isinstance(told, dict):
        raise SyncError("object", line=1)
    version = told.get("version", "")
    if not isinstance(version, str) or len(version) > LONGEST_VERSION or CONTROL.search(version):
        raise refuse_part(
            "version",
            "最多 40 个字符，不含控制字符",
            "at most 40 characters without control characters",
        )
    full = told.get("full", False)
    if not isinstance(full, bool):
        raise refuse_part("full", "true 或 false", "true or false")
    return Heartbeat(
        version,
        read_count(told, "backlog", 0, LARGEST),
        read_count(told, "oldest", 0, LARGEST_SECONDS),
        read_refused(told.get("refused", {})),
        read_count(told, "clock", -LARGEST_SECONDS, LARGEST_SECONDS),
        read_count(told, "free", 0, LARGEST),
        full,
        read_comparison(told.get("compared")),
    )


def read_comparison(told: Any) -> LastComparison | None:
    if told is None:
        return None
    if not isinstance(told, dict):
        raise refuse_part("compared", "对象：ago、records、days", "an object: ago, records, days")
    return LastComparison(
        read_count(told, "ago", 0, LARGEST_SECONDS),
        read_count(told, "records", 0, LARGEST),
        read_count(told, "days", 0, LARGEST_SECONDS),
    )


def read_count(told: dict[str, Any], name: str, least: int, most: int) -> int:
    number = told.get(name, 0)
    if type(number) is not int or not least <= number <= most:
        raise refuse_part(name, f"{least} 到 {most} 的整数", f"a whole number, {least} to {most}")
    return number


def read_refused(told: Any) -> dict[str, int]:
    if (
        not isinstance(told, dict)
        or len(told) > MOST_SOURCES
        or not all(SOURCE.fullmatch(source) for source in told)
    ):
        raise refuse_part("refused", "各来源的条数", "counts by source")
    return {source: read_count(told, source, 0, LARGEST) for source in told}


def refuse_part(name: str, form_zh: str, form_en: str) -> SyncError:
    return SyncError("query", name=name, form_zh=form_zh, form_en=form_en)


def write_heartbeat(client: str, hospital_id: int, heartbeat: Heartbeat) -> None:
    compared = heartbeat.compared
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            [
                client,
                hospital_id,
                heartbeat.version,
                heartbeat.backlog,
                heartbeat.oldest,
                Jsonb(heartbeat.refused),
                heartbeat.clock,
                heartbeat.free,
                heartbeat.full,
                compared and compared.ago,
                compared and compared.records,
                compared and compared.days,
            ],
        )


def list_next_numbers(client: str) -> dict[str, int]:
    """Of each stream of a system, the number that its next batch must have."""
    with connection.cursor() as cursor:
        # index: record_sync_stream_client_name_key
        cursor.execute(
            "SELECT name, next FROM record_sync_stream WHERE client = %s ORDER BY name", [client]
        )
        return dict(cursor.fetchall())
