"""Dead letters: items that were refused, or wait for what they refer to; sealed with their
resource, told with rule, place, value, reason and mend.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connection

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal
from records.fhir.hashes import reference_hash
from records.sync.batch_lines import SyncItem, parse_item
from records.sync.ledger import RecordKey
from records.sync.sealed_content import open_content
from records.sync.together import Write, execute_together

COLUMNS = """
id, hospital, client, scopes, d.stream, number, item, source, type, record, version, day, state,
  rule, field, tries, made_at, settled_at, settled_by, reason, content,
  (SELECT name FROM record_sync_stream s WHERE s.id = d.stream)
"""


class LetterState(StrEnum):
    OPEN = "open"
    WAITING = "waiting"
    MENDED = "mended"
    REPLAYED = "replayed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A letter as it lies there; sealed: b"" once it is settled, and where it was not kept."""

    id: int
    hospital_id: int
    client: str
    scopes: str
    stream_id: int
    number: int
    place: int
    source: str
    type: str
    record: str
    version: int | None
    day: str
    state: LetterState
    rule: str
    field: str
    tries: int
    made_at: dt.datetime
    settled_at: dt.datetime | None
    settled_by: str
    reason: str
    sealed: bytes
    stream: str

    @property
    def key(self) -> RecordKey:
        return self.source, self.type, self.record

    @property
    def is_unkept(self) -> bool:
        """Whether its content was not kept, for its system had reached its quota."""
        return self.state is LetterState.OPEN and not self.sealed

    def open_item(self) -> SyncItem:
        """What was sent. Raises UnreadableBody."""
        _, line, body = split_content(self.sealed_bytes())
        return parse_item(line, 1, body)

    def sealed_bytes(self) -> bytes:
        return open_content(
            self.sealed, self.hospital_id, "letter", self.stream_id, self.number, self.place
        )


def split_content(content: bytes) -> tuple[bytes, bytes, bytes]:
    """(head, item line, resource line) of what is sealed; none of them has a line break."""
    head, _, rest = content.partition(b"\n")
    line, _, body = rest.partition(b"\n")
    return head, line, body


# index: record_sync_dead_letter_record
SETTLE = """
UPDATE record_sync_dead_letter d SET state = %(settled)s, settled_at = clock_timestamp(),
  content = ''
FROM unnest(%(settled_sources)s::text[], %(settled_types)s::text[], %(settled_records)s::text[],
  %(settled_versions)s::bigint[]) AS k(source, type, record, version)
WHERE d.hospital = %(hospital)s AND d.source = k.source COLLATE "C"
  AND d.type = k.type COLLATE "C" AND d.record = k.record COLLATE "C"
  AND d.state IN ('open', 'waiting')
  AND (d.version IS NULL OR k.version IS NULL OR d.version <= k.version)
"""
# index: record_sync_dead_letter_waits
WAITERS = """
SELECT id FROM record_sync_dead_letter WHERE state = 'waiting' AND hospital = %(hospital)s
  AND waits && %(hashes)s::bigint[] ORDER BY id LIMIT %(most)s
"""
LOCK = f"""
SELECT {COLUMNS} FROM record_sync_dead_letter d WHERE hospital = %(hospital)s AND id = ANY(%(ids)s)
  AND state IN ('open', 'waiting') ORDER BY id FOR UPDATE SKIP LOCKED
"""
LIST = f"""
SELECT {COLUMNS} FROM record_sync_dead_letter d WHERE hospital = %(hospital)s AND id > %(after)s
  AND (%(state)s = '' OR state = %(state)s) AND (%(rule)s = '' OR rule = %(rule)s)
  AND (%(source)s = '' OR source = %(source)s) AND (%(type)s = '' OR type = %(type)s)
  AND (%(number)s = 0 OR number = %(number)s)
  AND (%(stream)s = '' OR stream IN (SELECT id FROM record_sync_stream
    WHERE hospital = %(hospital)s AND name = %(stream)s))
  AND (%(types)s::text[] IS NULL OR type = ANY(%(types)s::text[]) OR (client = %(client)s
    AND (%(own_types)s::text[] IS NULL OR type = ANY(%(own_types)s::text[]))))
ORDER BY id LIMIT %(most)s
"""
OF_BATCH = f"""
SELECT {COLUMNS} FROM record_sync_dead_letter d WHERE stream = %s AND number = %s ORDER BY item
"""


def letter_from_row(row: Sequence[Any]) -> DeadLetter:
    return DeadLetter(*row[:12], LetterState(row[12]), *row[13:20], bytes(row[20]), row[21] or "")


def hash_waits(waits: Collection[tuple[str, str]]) -> str | None:
    return (
        unquoted_array_literal(sorted(reference_hash(f"{t}/{i}") for t, i in waits))
        if waits
        else None
    )


def list_settling_writes(
    hospital_id: int, records: Iterable[tuple[str, str, str, int | None]], state: LetterState
) -> list[Write]:
    """Those of these records, up to these versions."""
    listed = list(records)
    if not listed:
        return []
    columns = {
        "hospital": hospital_id,
        "settled": state.value,
        "settled_sources": text_array_literal(r[0] for r in listed),
        "settled_types": text_array_literal(r[1] for r in listed),
        "settled_records": text_array_literal(r[2] for r in listed),
        "settled_versions": unquoted_array_literal(r[3] for r in listed),
    }
    return [Write("settled", SETTLE, columns)]


def settle_letters(
    hospital_id: int, records: Iterable[tuple[str, str, str, int | None]], state: LetterState
) -> None:
    """At once."""
    execute_together(list_settling_writes(hospital_id, records, state))


def find_waiters(hospital_id: int, stored: Collection[tuple[str, str]], most: int) -> list[int]:
    """Ids of letters that wait for one of these (type, id) among others."""
    if not stored:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            WAITERS, {"hospital": hospital_id, "hashes": hash_waits(stored), "most": most}
        )
        return [row[0] for row in cursor.fetchall()]


def lock_letters(hospital_id: int, ids: Collection[int]) -> list[DeadLetter]:
    """Those that are not settled and that nobody else works on, locked."""
    return fetch(LOCK, {"hospital": hospital_id, "ids": list(ids)})


def list_letters(
    hospital_id: int,
    *,
    after: int = 0,
    most: int = 100,
    state: str = "",
    rule: str = "",
    source: str = "",
    type: str = "",
    stream: str = "",
    number: int = 0,
    client: str = "",
    types: Collection[str] | None = None,
    own_types: Collection[str] | None = None,
) -> list[DeadLetter]:
    """In the order in which they came: of these types, and those that `client` sent of own_types;
    None: of all.
    """
    return fetch(
        LIST,
        {
            "hospital": hospital_id,
            "after": after,
            "most": most,
            "state": state,
            "rule": rule,
            "source": source,
            "type": type,
            "stream": stream,
            "number": number,
            "client": client,
            "types": None if types is None else list(types),
            "own_types": None if own_types is None else list(own_types),
        },
    )


def letters_of_batch(stream_id: int, number: int) -> list[DeadLetter]:
    return fetch(OF_BATCH, [stream_id, number])


def fetch(statement: str, parameters: Any) -> list[DeadLetter]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [letter_from_row(row) for row in cursor.fetchall()]
