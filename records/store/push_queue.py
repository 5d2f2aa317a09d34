"""The rows of pushes: sealed like the chunks of bulk files, in the order in which each system
sent them, and worked on by one process at a time.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from records.store.chunks import decrypt_content, encrypt_content

# The first that waits of each system: a step through the index for each system, however many wait.
# index: record_push_waiting
FIRST = """WITH RECURSIVE first AS (
  (SELECT client, number FROM record_push WHERE done_at IS NULL ORDER BY client, number LIMIT 1)
  UNION ALL SELECT n.* FROM first f, LATERAL (SELECT client, number FROM record_push
      WHERE done_at IS NULL AND client > f.client ORDER BY client, number LIMIT 1) n)
"""
# index: record_push_waiting, record_push_lying
LYING = """
SELECT * FROM (SELECT count(*), coalesce(sum(size), 0)::bigint FROM record_push
    WHERE client = %(client)s AND done_at IS NULL) of_system,
  (SELECT count(*), coalesce(sum(size), 0)::bigint FROM record_push
      WHERE hospital = %(hospital)s) of_hospital
"""
# Of several that may be next, small ones come first, and of these the hospital's that has waited
# longest since one of its was done, however many systems it has. That it was begun once more is no
# loss where a crash forgets it: so it need not wait for the disk. index: record_push_lying
BEGIN = (
    FIRST
    + """
UPDATE record_push SET tries = tries + 1 WHERE number = (
  SELECT number FROM record_push p WHERE number IN (SELECT number FROM first) AND done_at IS NULL
  ORDER BY size > %(large)s, (SELECT max(d.done_at) FROM record_push d
      WHERE d.hospital = p.hospital AND d.done_at IS NOT NULL) NULLS FIRST, number LIMIT 1
    FOR UPDATE SKIP LOCKED)
RETURNING number, tries, set_config('synchronous_commit', 'off', true)
"""
)


@dataclass(frozen=True, slots=True)
class Push:
    """sealed: what was sent, or what came of it once done_at is set; see `opened`."""

    number: int
    id: UUID
    hospital: int
    client: str
    scopes: str
    taken_at: dt.datetime
    done_at: dt.datetime | None
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies here: of one system what waits, of its hospital what waits and what came of what
    was done, as numbers of pushes and their bytes.
    """

    waiting: int
    waiting_bytes: int
    all: int
    all_bytes: int


def lying(client: str, hospital: int) -> Lying:
    with connection.cursor() as cursor:
        cursor.execute(LYING, {"client": client, "hospital": hospital})
        return Lying(*cursor.fetchone())


def insert_push(id: UUID, hospital: int, client: str, scopes: str, content: bytes) -> None:
    stored = encrypt_content(
        content, hospital, build_encryption_context(id, hospital, client, scopes, done=False)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_push (id, hospital, client, scopes, size, content) VALUES (%s, %s,"
            " %s, %s, %s, %s)",
            [id, hospital, client, scopes, len(content), stored],
        )


def count_push_lines() -> int:
    """Of how many systems something waits."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST + "SELECT count(*) FROM first")
        return int(cursor.fetchone()[0])


def begin_push(large: int) -> tuple[int, int] | None:
    """(number, how often it has been begun) of the one to do next, of which no process holds the
    line; smaller ones first. None: there is none now.
    """
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, {"large": large})
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None


def lock_push(number: int) -> Push | None:
    """Locked until the transaction ends; None where another process has it, or it is done or
    gone.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, id, hospital, client, scopes, taken_at, done_at, content FROM"
            " record_push WHERE number = %s AND done_at IS NULL FOR UPDATE SKIP LOCKED",
            [number],
        )
        row = cursor.fetchone()
    return Push(*row) if row else None


def load_push(id: UUID, hospital: int) -> Push | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, id, hospital, client, scopes, taken_at, done_at, content FROM"
            " record_push WHERE id = %s AND hospital = %s",
            [id, hospital],
        )
        row = cursor.fetchone()
    return Push(*row) if row else None


def push_from_row(push: Push) -> bytes:
    """Raises Unreadable where it, or the row around it, is not what was written."""
    return decrypt_content(
        bytes(push.sealed),
        build_encryption_context(
            push.id, push.hospital, push.client, push.scopes, done=push.done_at is not None
        ),
    )


def build_encryption_context(
    id: UUID, hospital: int, client: str, scopes: str, *, done: bool
) -> str:
    """What the seal is bound to: nobody who can change the row has it done by another system,
    with other scopes, or once more; or takes what was sent for what came of it, or another
    hospital's for theirs. None of what is bound has a line break in it, so that no two rows are
    bound alike.
    """
    return "\n".join(("push", str(id), str(hospital), client, scopes, "done" if done else "sent"))


def count_pushes_ahead(push: Push) -> int:
    """How many of its system are to be done before it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM record_push WHERE client = %s AND done_at IS NULL AND number"
            " < %s",
            [push.client, push.number],
        )
        return int(cursor.fetchone()[0])


def finish_push(push: Push, content: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_push SET done_at = clock_timestamp(), size = %s, content = %s WHERE"
            " number = %s",
            [
                len(content),
                encrypt_content(
                    content,
                    push.hospital,
                    build_encryption_context(
                        push.id, push.hospital, push.client, push.scopes, done=True
                    ),
                ),
                push.number,
            ],
        )


def delete_push(push: Push) -> None:
    """Waits for whoever does it just now."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM record_push WHERE number = %s", [push.number])


def delete_pushes_done(before: dt.datetime) -> int:
    """Forget what was done before this; how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM record_push WHERE done_at < %s", [before])
        return int(cursor.rowcount)
