"""For the operator's commands: bodies that another key or dictionary wrote are written anew, in
batches beside the running site. Nothing leaves the store, no version is made.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db import connection

from alliance.database.locks import brief_lock_timeout, retry_on_lock
from alliance.sql.hospitals import COLUMN_KEYS
from records.store import dictionaries, keys
from records.store.codec import (
    PLAIN_FORMAT,
    RowIdentity,
    UnreadableBody,
    decrypt_bodies,
    encrypt_bodies,
    parse_body_header,
)

BATCH = 1000
FIELDS = "rid, version, body, hospital, type, fhir_id, last_updated"
# index: record_resource_pkey, record_history_pkey
NEXT = """
SELECT {fields} FROM {table} WHERE (rid, version) > (%s, %s) AND octet_length(body) > 1
  AND hospital = %s
ORDER BY rid, version LIMIT %s FOR NO KEY UPDATE
"""
PUT = "UPDATE {table} SET body = %s WHERE rid = %s AND version = %s"


def reencode_hospital(hospital_id: int, unreadable: list[str] | None = None) -> Iterator[int]:
    """Yields how many of the hospital's bodies were looked at, after each committed batch; may
    be broken off and begun again. What does not open is left as it is and told in `unreadable`.
    """
    done = 0
    for table in ("record_history", "record_resource"):
        position = (0, 0)
        while True:
            batch = retry_on_lock(partial(reencode_batch, hospital_id, table, position, unreadable))
            if not batch:
                break
            position, done = batch[-1][:2], done + len(batch)
            yield done


def reencode_batch(
    hospital_id: int, table: str, position: tuple[int, int], unreadable: list[str] | None
) -> list[tuple[Any, ...]]:
    with brief_lock_timeout(), connection.cursor() as cursor:
        cursor.execute(NEXT.format(fields=FIELDS, table=table), [*position, hospital_id, BATCH])
        rows = cursor.fetchall()
        current_format = (
            dictionaries.get_current_dictionary(),
            keys.get_current_key(hospital_id)[0],
        )
        outdated = [r for r in rows if parse_body_header(bytes(r[2])) != current_format]
        readable = [
            (r, identity, body)
            for r in outdated
            for identity in [RowIdentity(*r[3:6], r[1], r[6])]
            for body in open_if_readable(bytes(r[2]), identity, unreadable)
        ]
        encrypted = encrypt_bodies([(body, identity) for _, identity, body in readable])
        cursor.executemany(
            PUT.format(table=table),
            [
                (body, r[0], r[1])
                for body, (r, _, _) in zip(encrypted, readable, strict=True)
                if body != PLAIN_FORMAT
            ],
        )
        return rows  # type: ignore[no-any-return]


def open_if_readable(
    stored: bytes, identity: RowIdentity, unreadable: list[str] | None
) -> list[bytes]:
    try:
        return decrypt_bodies([(stored, identity)])
    except UnreadableBody as error:
        if unreadable is not None:
            unreadable.append(str(error))
        return []


def retire_unused_keys(hospital_id: int) -> int:
    """Mark the keys that no body of the hospital names any longer; how many. They are kept: old
    backups need them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_key SET retired_at = now() WHERE hospital = %s AND retired_at IS NULL"
            " AND id < (SELECT max(id) FROM record_key WHERE hospital = %s)",
            [hospital_id, hospital_id],
        )
        return cursor.rowcount


def sample_bodies(count: int) -> list[tuple[bytes, RowIdentity]]:
    """About `count` bodies, each row as likely as every other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_resource")
        share = min(100.0, 100 * count / max(1, cursor.fetchone()[0]))
        cursor.execute(
            f"SELECT {FIELDS} FROM record_resource TABLESAMPLE BERNOULLI (%s) REPEATABLE (1) WHERE"
            " octet_length(body) > 1",
            [share],
        )
        stored_bodies = [(bytes(r[2]), RowIdentity(*r[3:6], r[1], r[6])) for r in cursor.fetchall()]
    return [
        (body, identity)
        for stored, identity in stored_bodies
        for body in open_if_readable(stored, identity, None)
    ]


def rewrap_rows(master: bytes) -> int:
    """Wrap all keys and dictionaries with another master key, inside the caller's transaction;
    how many.
    """
    done = 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"LOCK TABLE record_key, record_dictionary, {COLUMN_KEYS} IN SHARE ROW EXCLUSIVE MODE"
        )
        for table, key, owner, column, name in (
            ("record_key", "id", "hospital", "wrapped", "hospital/{1}"),
            ("record_dictionary", "version", "version", "content", "dictionary/{0}"),
            (COLUMN_KEYS, "id", "id", "wrapped", "column/{0}"),
        ):
            cursor.execute(f"SELECT {key}, {owner}, {column} FROM {table} ORDER BY 1 FOR UPDATE")
            for row in cursor.fetchall():
                purpose = name.format(*row)
                cursor.execute(
                    f"UPDATE {table} SET {column} = %s WHERE {key} = %s",
                    [keys.wrap_key(master, keys.unwrap_key(row[2], purpose), purpose), row[0]],
                )
                done += 1
    return done
