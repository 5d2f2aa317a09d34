"""The ledger: what of each record of a hospital's source systems stands in its store, one row a
record.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal
from records.sync.fingerprint import compute_fingerprint
from records.sync.together import Write

RecordKey = tuple[str, str, str]  # source, type, record


class RecordState(StrEnum):
    STORED = "stored"
    DELETED = "deleted"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """hash: in hex, "" without one."""

    source: str
    type: str
    record: str
    version: int | None
    hash: str
    fhir_id: str
    day: str
    state: RecordState

    @property
    def key(self) -> RecordKey:
        return self.source, self.type, self.record

    @property
    def fingerprint(self) -> int | None:
        """None: it is in no sum."""
        if self.state is not RecordState.STORED:
            return None
        return compute_fingerprint(self.source, self.type, self.record, self.version, self.hash)


# The last row says whether a letter of the hospital is open or waits: most have none, and nothing
# is looked up for them.
# index: record_sync_ledger_pkey, record_sync_dead_letter_listed
LOCK = """
WITH held AS (
SELECT l.source, l.type, l.record, l.version, encode(l.hash, 'hex'), l.fhir_id, l.day, l.state
FROM unnest(%(sources)s::text[], %(types)s::text[], %(records)s::text[]) AS k(source, type, record)
JOIN record_sync_ledger l ON l.hospital = %(hospital)s AND l.source = k.source COLLATE "C"
  AND l.type = k.type COLLATE "C" AND l.record = k.record COLLATE "C"
ORDER BY l.source, l.type, l.record FOR UPDATE OF l)
SELECT * FROM held UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  CASE WHEN EXISTS (SELECT FROM record_sync_dead_letter
      WHERE hospital = %(hospital)s AND state = 'open')
    OR EXISTS (SELECT FROM record_sync_dead_letter
      WHERE hospital = %(hospital)s AND state = 'waiting') THEN 'letters' END
"""
ROWS = """
unnest(%({rows}_sources)s::text[], %({rows}_types)s::text[], %({rows}_records)s::text[],
  %({rows}_versions)s::bigint[], %({rows}_hashes)s::text[], %({rows}_fingerprints)s::text[],
  %({rows}_ids)s::text[], %({rows}_days)s::text[], %({rows}_states)s::text[])
  AS k(source, type, record, version, hash, fingerprint, fhir_id, day, state)
"""
INSERT = f"""
INSERT INTO record_sync_ledger (hospital, source, type, record, version, hash, fingerprint, fhir_id,
  day, state, stream, number, client)
SELECT %(hospital)s, source, type, record, version, decode(hash, 'hex'), decode(fingerprint, 'hex'),
  fhir_id, day, state, %(stream)s, %(number)s, %(client)s FROM {ROWS.format(rows="new")}
"""
UPDATE = f"""
UPDATE record_sync_ledger l SET version = k.version, hash = decode(k.hash, 'hex'),
  fingerprint = decode(k.fingerprint, 'hex'), day = k.day, state = k.state, stream = %(stream)s,
  number = %(number)s, client = %(client)s, changed_at = clock_timestamp()
FROM {ROWS.format(rows="changed")}
WHERE l.hospital = %(hospital)s AND l.source = k.source COLLATE "C"
  AND l.type = k.type COLLATE "C" AND l.record = k.record COLLATE "C"
"""


def lock_ledger_rows(
    hospital_id: int, keys: Collection[RecordKey]
) -> tuple[dict[RecordKey, LedgerRow], bool]:
    """(those that exist, locked until the transaction ends; whether any letter of the hospital is
    open or waits).
    """
    if not keys:
        return {}, False
    with connection.cursor() as cursor:
        cursor.execute(
            LOCK,
            {
                "hospital": hospital_id,
                "sources": text_array_literal(k[0] for k in keys),
                "types": text_array_literal(k[1] for k in keys),
                "records": text_array_literal(k[2] for k in keys),
            },
        )
        *found, last = cursor.fetchall()
    rows = [LedgerRow(*row[:4], row[4] or "", *row[5:7], RecordState(row[7])) for row in found]
    return {row.key: row for row in rows}, last[7] is not None


def list_ledger_writes(
    hospital_id: int,
    new: Sequence[LedgerRow],
    changed: Sequence[LedgerRow],
    *,
    stream_id: int,
    number: int,
    client: str,
) -> list[Write]:
    """new: raises IntegrityError where another transaction has made one of them since. changed:
    rows that the caller has locked.
    """
    about = {"hospital": hospital_id, "stream": stream_id, "number": number, "client": client}
    return [
        Write(name, statement, about | columns_of_rows(name, rows))
        for name, statement, rows in (("new", INSERT, new), ("changed", UPDATE, changed))
        if rows
    ]


def columns_of_rows(name: str, listed: Sequence[LedgerRow]) -> dict[str, str]:
    prints = [row.fingerprint for row in listed]
    columns = {
        "sources": text_array_literal(r.source for r in listed),
        "types": text_array_literal(r.type for r in listed),
        "records": text_array_literal(r.record for r in listed),
        "versions": unquoted_array_literal(r.version for r in listed),
        "hashes": text_array_literal(r.hash or None for r in listed),
        "fingerprints": text_array_literal(
            None if found is None else f"{found:032x}" for found in prints
        ),
        "ids": text_array_literal(r.fhir_id for r in listed),
        "days": text_array_literal(r.day for r in listed),
        "states": text_array_literal(r.state.value for r in listed),
    }
    return {f"{name}_{column}": values for column, values in columns.items()}
