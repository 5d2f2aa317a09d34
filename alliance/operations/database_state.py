"""What the database says of itself and of the parts beside the site, in a few statements:
numbers alone, and the operators' own names of copies.
"""

import re
import time
from typing import Any

from alliance.database import release
from alliance.database.index_version import VERSION
from alliance.operations.backup_ages import fetch_backup_ages
from consent.audit.partitions import PARENTS, list_missing_spans
from consent.sql import log
from records.sql import parts

COUNTED = 10_000  # at most, of what waits: "10000" says that or more
LabelledValues = list[list[Any]]
SERVER = """
SELECT extract(epoch FROM clock_timestamp())::float8 AS clock,
  pg_is_in_recovery()::int AS database_in_recovery,
  (SELECT sum(numbackends) FROM pg_stat_database)::int AS database_connections,
  (current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int) AS database_connections_max,
  pg_database_size(current_database()) AS database_bytes,
  (SELECT max(age(datfrozenxid)) FROM pg_database) AS transaction_id_age,
  (SELECT max(mxid_age(datminmxid)) FROM pg_database) AS multixact_id_age
"""
LOG = log.measures(COUNTED)
QUEUES = f"""
SELECT
  (SELECT extract(epoch FROM clock_timestamp() - max(last_heartbeat))
    FROM procrastinate_workers)::float8 AS worker,
  extract(epoch FROM clock_timestamp() - {log.SEALER_LOOKED})::float8 AS sealer,
  extract(epoch FROM clock_timestamp() - {parts.COURIER_BEAT})::float8 AS courier,
  {parts.measures(COUNTED)},
  (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed') AS housekeeping_jobs_failed
"""
STATE = (
    "SELECT sees, writer_seconds, transaction_seconds, data, standbys, slots FROM"
    " alliance_server_state()"
)
SUBSCRIPTIONS, BULK = (
    ("requested", "active", "error", "off", "lost"),
    ("taking", "waiting", "running"),
)
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")


def fetch_database_numbers(cursor: Any) -> tuple[dict[str, float], dict[str, LabelledValues], str]:
    """(value by metric, [label, value] pairs by metric, the server's data directory where it may
    be known), by a cursor of psycopg; what is not known is not in it. Raises psycopg.Error.
    """
    said = fetch_row_dict(cursor, SERVER)
    values = (
        {k: v for k, v in said.items() if k != "clock"}
        | {"database_clock_skew_seconds": said["clock"] - time.time()}
        | fetch_row_dict(cursor, LOG)
    )
    queues = fetch_row_dict(cursor, QUEUES)
    pairs: dict[str, LabelledValues] = {
        "part_beat_age_seconds": [
            [part, queues.pop(part)] for part in ("worker", "courier", "sealer")
        ],
        "subscriptions": count_pairs(queues.pop("subscriptions"), SUBSCRIPTIONS),
        "bulk_jobs": count_pairs(queues.pop("bulk_jobs"), BULK),
    }
    values |= queues | {
        "index_version_wanted": VERSION,
        "audit_partitions_missing": sum(
            len(list_missing_spans(cursor, parent)) for parent in PARENTS
        ),
    }
    if found := release.fetch_recorded_release(cursor):
        values |= {"release_number": found[0], "release_served_since": found[1]}
    cursor.execute(STATE)
    sees, writer, oldest, data, standbys, slots = cursor.fetchone()
    values["server_state_visible"] = int(sees)
    if sees:
        values |= {
            "feed_horizon_seconds": writer,
            "oldest_transaction_seconds": oldest,
            "standbys": len(standbys),
        }
        pairs |= {
            "replication_lag_seconds": [[label_from_name(s[0]), s[2]] for s in standbys],
            "replication_lag_bytes": [[label_from_name(s[0]), s[3]] for s in standbys],
            "replication_slot_retained_bytes": [[label_from_name(s[0]), s[2]] for s in slots],
            "replication_slot_active": [[label_from_name(s[0]), int(s[1])] for s in slots],
        }
    values |= fetch_backup_ages(cursor)
    return (
        {k: float(v) for k, v in values.items() if v is not None},
        {k: [[n, float(v)] for n, v in found if v is not None] for k, found in pairs.items()},
        data or "",
    )


def fetch_data_directory(cursor: Any) -> str:
    """Of the server; "" where the owner of the tables may not know it."""
    cursor.execute(STATE)
    return cursor.fetchone()[3] or ""


def fetch_row_dict(cursor: Any, statement: str) -> dict[str, Any]:
    cursor.execute(statement)
    return dict(zip([c.name for c in cursor.description], cursor.fetchone(), strict=True))


def count_pairs(found: dict[str, int] | None, words: tuple[str, ...]) -> LabelledValues:
    return [[word, (found or {}).get(word, 0)] for word in words]


def label_from_name(said: str) -> str:
    """An operator's name of a copy, as a label."""
    return NOT_IN_NAMES.sub("_", said)[:40]
