"""Chunks of bulk files: compressed, sealed with the key of the hospital whose system asked, bound to their place in the job."""

import os
import struct
from collections.abc import Iterator
from uuid import UUID

import zstandard
from cryptography.exceptions import InvalidTag
from django.db import connection

from records.store import keys
from records.store.codec import Unreadable

HEAD = struct.Struct(">cI")
MARK = b"\x01"
LEVEL = 3
DIRECTORY, PATIENTS, REST, ERRORS = -1, 0, 1, 2  # the files of an import
LATER, ROUNDS = 10, 5  # the first file of what waits for other lines, and how many there are: one after the other


def seal(content: bytes, hospital: int, place: str) -> bytes:
    key, cipher = keys.current(hospital)
    nonce = os.urandom(12)
    return HEAD.pack(MARK, key) + nonce + cipher.encrypt(nonce, zstandard.ZstdCompressor(level=LEVEL).compress(content), place.encode())


def unseal(stored: bytes, place: str) -> bytes:
    _, key = HEAD.unpack_from(stored)
    at = HEAD.size + 12
    try:
        return zstandard.ZstdDecompressor().decompress(keys.named(key).decrypt(stored[HEAD.size : at], stored[at:], place.encode()))
    except InvalidTag as error:
        raise Unreadable(f"bulk chunk {place} was altered") from error


def put(job: UUID, hospital: int, file: int, seq: int, start: int, length: int, content: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO record_bulk_chunk (job, file, seq, start, length, content) VALUES (%s, %s, %s, %s, %s, %s)",
                       [job, file, seq, start, length, seal(content, hospital, f"{job}/{file}/{seq}")])


def read(job: UUID, file: int, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """(first byte, content) of the chunks of a file from the one that holds the byte `start` on, fetched one at a time."""
    seq = -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT seq, start, content FROM record_bulk_chunk WHERE job = %s AND file = %s AND seq > %s AND start + length > %s ORDER BY seq LIMIT 1",
                           [job, file, seq, start])
            row = cursor.fetchone()
        if row is None:
            return
        seq = row[0]
        yield row[1], unseal(bytes(row[2]), f"{job}/{file}/{seq}")


def claim(job: UUID) -> tuple[int, int, bytes] | None:
    """(file, seq, content) of an import's next chunk that nobody works on, locked until the transaction ends; each file is
    done before the next one. None: nothing to claim now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT file, seq, content FROM record_bulk_chunk c WHERE job = %(job)s AND file <> %(errors)s AND good IS NULL "
            "AND NOT EXISTS (SELECT FROM record_bulk_chunk p WHERE p.job = %(job)s AND p.file < c.file AND p.file <> %(errors)s AND p.good IS NULL) "
            "ORDER BY file, seq FOR UPDATE SKIP LOCKED LIMIT 1", {"job": job, "errors": ERRORS})
        row = cursor.fetchone()
    return (row[0], row[1], unseal(bytes(row[2]), f"{job}/{row[0]}/{row[1]}")) if row else None


def hold(job: UUID) -> None:
    """Wait until nobody works on a chunk of an import; nobody can begin one before the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM record_bulk_chunk WHERE job = %s AND file <> %s ORDER BY file, seq FOR UPDATE", [job, ERRORS])


def finish(job: UUID, file: int, seq: int, good: int, bad: int, later: int = 0) -> None:
    """later: how many of its lines went to another chunk."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_bulk_chunk SET good = %s, bad = %s, length = length - %s, content = '' WHERE job = %s AND file = %s AND seq = %s", [good, bad, later, job, file, seq])


def progress(job: UUID) -> tuple[int, int, int, int]:
    """(chunks not done, lines, lines taken, lines refused) of an import."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FILTER (WHERE good IS NULL), coalesce(sum(length), 0)::bigint, coalesce(sum(good), 0)::bigint, coalesce(sum(bad), 0)::bigint "
                       "FROM record_bulk_chunk WHERE job = %s AND file <> %s", [job, ERRORS])
        return cursor.fetchone()  # type: ignore[no-any-return]


def drop(job: UUID, file: int | None = None) -> None:
    """Forget the chunks of a job, or of one of its files."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM record_bulk_chunk WHERE job = %s AND (%s::int IS NULL OR file = %s)", [job, file, file])


def newest_transaction() -> str:
    """The number that the next transaction will get."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        return str(cursor.fetchone()[0])


def settled(transaction: str) -> bool:
    """No transaction below this one is still running."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::text::xid8", [transaction])
        return bool(cursor.fetchone()[0])
