"""Streams and their batches: the number that comes next, what waits for its turn, and the answers
that were given, which stay as they were.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from records.sync.sealed_content import open_content, seal_content
from records.sync.together import Write

MOST_STREAMS = 64  # of a system
NEW_STREAM = 740_612  # any number, for the lock of a system that begins a stream
SLOTS = 7_406_127_400  # any number that nobody else locks: the places of batches done in requests
# index: record_sync_stream_client_name_key, record_sync_batch_pkey
FIND = """
SELECT s.id, s.hospital, s.client, s.name, s.next, s.done, s.taken_at FROM record_sync_stream s
WHERE s.client = %(client)s AND s.name = %(name)s {lock}
"""
FIND_BATCH = """
SELECT stream, number, hospital, client, scopes, items, root, tries, done_at, content
FROM record_sync_batch WHERE stream = %s AND number = %s
"""
TAKE_NUMBER = """
UPDATE record_sync_stream SET next = %(number)s + 1, taken_at = clock_timestamp(),
  done = CASE WHEN %(is_done)s THEN %(number)s ELSE done END WHERE id = %(stream)s
"""
INSERT_BATCH = """
INSERT INTO record_sync_batch (stream, number, hospital, client, scopes, items, root, refused,
  waiting, size, done_at, content)
VALUES (%(stream)s, %(number)s, %(hospital)s, %(client)s, %(scopes)s, %(items)s, %(root)s,
  %(refused)s, %(waiting)s, %(size)s, CASE WHEN %(is_done)s THEN clock_timestamp() END, %(content)s)
"""
TURN_STREAM = "UPDATE record_sync_stream SET done = %(number)s WHERE id = %(stream)s"
FINISH_BATCH = """
UPDATE record_sync_batch SET done_at = clock_timestamp(), refused = %(refused)s,
  waiting = %(waiting)s, content = %(content)s WHERE stream = %(stream)s AND number = %(number)s
"""
# Of the streams where batches wait, the one whose first was begun least often and came first.
# index: record_sync_stream_waiting, record_sync_batch_pkey
BEGIN = """
UPDATE record_sync_batch b SET tries = b.tries + 1 FROM (
  SELECT s.id, s.done + 1 AS number FROM record_sync_stream s
  JOIN record_sync_batch f ON f.stream = s.id AND f.number = s.done + 1
  WHERE s.done < s.next - 1 ORDER BY f.tries, f.taken_at LIMIT 1 FOR UPDATE OF s SKIP LOCKED) n
WHERE b.stream = n.id AND b.number = n.number
RETURNING b.stream, b.number, b.tries
"""
# index: record_sync_batch_waiting
QUEUE = """
SELECT count(*), coalesce(sum(size), 0)::bigint FROM record_sync_batch
WHERE hospital = %s AND done_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Stream:
    """next: the number that is expected; done: the last one that was done."""

    id: int
    hospital_id: int
    client: str
    name: str
    next: int
    done: int
    taken_at: dt.datetime | None

    @property
    def waits(self) -> bool:
        """Whether batches of it wait for their turn."""
        return self.done < self.next - 1


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch that was taken. sealed: what was sent or, once done, the answer."""

    stream_id: int
    number: int
    hospital_id: int
    client: str
    scopes: str
    items: int
    root: bytes
    tries: int
    done_at: dt.datetime | None
    sealed: bytes

    @property
    def content(self) -> bytes:
        """Raises UnreadableBody."""
        return open_content(
            self.sealed,
            self.hospital_id,
            "batch",
            self.stream_id,
            self.number,
            self.client,
            self.scopes,
            "sent" if self.done_at is None else "done",
        )


@dataclass(frozen=True, slots=True)
class BatchRow:
    """What is written of a batch. content: what was sent or, where it is_done, the answer."""

    stream: Stream
    number: int
    scopes: str
    items: int
    root: str
    size: int
    content: bytes
    is_done: bool
    refused: int = 0
    waiting: int = 0


def find_stream(client: str, name: str, *, lock: bool = False) -> Stream | None:
    """lock: nobody else takes or does a batch of it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            FIND.format(lock="FOR UPDATE" if lock else ""), {"client": client, "name": name}
        )
        row = cursor.fetchone()
    return Stream(*row) if row else None


def create_stream(hospital_id: int, client: str, name: str) -> Stream | None:
    """Locked; None where the system has as many as it may."""
    with connection.cursor() as cursor:
        cursor.execute(  # one after the other, or many at once would all be counted as the last
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [NEW_STREAM, client]
        )
        cursor.execute("SELECT count(*) FROM record_sync_stream WHERE client = %s", [client])
        if cursor.fetchone()[0] >= MOST_STREAMS:
            return None
        cursor.execute(
            "INSERT INTO record_sync_stream (hospital, client, name) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [hospital_id, client, name],
        )
    return find_stream(client, name, lock=True)


def lock_stream(stream_id: int) -> Stream | None:
    """None where somebody else has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, hospital, client, name, next, done, taken_at FROM record_sync_stream"
            " WHERE id = %s FOR UPDATE SKIP LOCKED",
            [stream_id],
        )
        row = cursor.fetchone()
    return Stream(*row) if row else None


def find_batch(stream_id: int, number: int) -> StoredBatch | None:
    with connection.cursor() as cursor:
        cursor.execute(FIND_BATCH, [stream_id, number])
        row = cursor.fetchone()
    return StoredBatch(*row[:6], bytes(row[6]), *row[7:]) if row else None


def list_batch_writes(row: BatchRow, client: str, *, is_new: bool) -> list[Write]:
    """A new one, or one that waited; its stream is locked."""
    hospital_id = row.stream.hospital_id
    content = seal_content(
        row.content,
        hospital_id,
        "batch",
        row.stream.id,
        row.number,
        client,
        row.scopes,
        "done" if row.is_done else "sent",
    )
    parameters = {
        "stream": row.stream.id,
        "number": row.number,
        "hospital": hospital_id,
        "client": client,
        "scopes": row.scopes,
        "items": row.items,
        "root": bytes.fromhex(row.root),
        "refused": row.refused,
        "waiting": row.waiting,
        "size": row.size,
        "is_done": row.is_done,
        "content": content,
    }
    return [
        Write("turned", TAKE_NUMBER if is_new else TURN_STREAM, parameters),
        Write("batch", INSERT_BATCH if is_new else FINISH_BATCH, parameters),
    ]


def begin_waiting_batch() -> tuple[int, int, int] | None:
    """(stream, number, how often it was begun) of one to do next; None: there is none now."""
    with connection.cursor() as cursor:
        cursor.execute(BEGIN)
        row = cursor.fetchone()
    return (row[0], row[1], row[2]) if row else None


def count_waiting_streams() -> int:
    """In how many streams batches wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_sync_stream WHERE done < next - 1")
        return int(cursor.fetchone()[0])


def measure_queue(hospital_id: int) -> tuple[int, int]:
    """(batches of a hospital that wait, their bytes)."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, [hospital_id])
        count, size = cursor.fetchone()
    return count, size


def take_slot(count: int) -> bool:
    """One of so many places for batches that are done at once, until the transaction ends; False
    where all are taken. Outside of one it only says whether there is one.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM generate_series(1, %s) i WHERE pg_try_advisory_xact_lock(%s + i)"
            " LIMIT 1",
            [count, SLOTS],
        )
        return cursor.fetchone() is not None
