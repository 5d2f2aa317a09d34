"""Chunks of bulk files: compressed, sealed with the key of the hospital whose system asked,
bound to their place in the job.
"""

import os
import struct
from collections.abc import Iterator
from uuid import UUID

import zstandard
from cryptography.exceptions import InvalidTag
from django.db import connection

from records.store import keys
from records.store.codec import UnreadableBody

HEAD = struct.Struct(">cI")
MARK = b"\x01"
LEVEL = 3
DIRECTORY, PATIENTS, REST, ERRORS = -1, 0, 1, 2  # the files of an import
LATER, ROUNDS = (
    10,
    5,
)  # the first file of what waits for other lines, and how many there are: one after the other


def encrypt_content(content: bytes, hospital_id: int, place: str) -> bytes:
    key, cipher = keys.get_current_key(hospital_id)
    nonce = os.urandom(12)
    return (
        HEAD.pack(MARK, key)
        + nonce
        + cipher.encrypt(
            nonce, zstandard.ZstdCompressor(level=LEVEL).compress(content), place.encode()
        )
    )


def decrypt_content(stored: bytes, place: str) -> bytes:
    if len(stored) < (ciphertext_start := HEAD.size + 12):
        raise UnreadableBody(f"what is stored as {place} was altered")
    _, key = HEAD.unpack_from(stored)
    try:
        return zstandard.ZstdDecompressor().decompress(
            keys.get_cipher(key).decrypt(
                stored[HEAD.size : ciphertext_start], stored[ciphertext_start:], place.encode()
            )
        )
    except InvalidTag as error:
        raise UnreadableBody(f"what is stored as {place} was altered") from error


def insert_chunk(
    job_id: UUID, hospital_id: int, file: int, seq: int, start: int, length: int, content: bytes
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_bulk_chunk (job, file, seq, start, length, content) VALUES (%s, %s,"
            " %s, %s, %s, %s)",
            [
                job_id,
                file,
                seq,
                start,
                length,
                encrypt_content(content, hospital_id, f"{job_id}/{file}/{seq}"),
            ],
        )


def read_chunks(job_id: UUID, file: int, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """(first byte, content) of the chunks of a file from the one that holds the byte `start` on,
    fetched one at a time.
    """
    seq = -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT seq, start, content FROM record_bulk_chunk WHERE job = %s AND file = %s AND"
                " seq > %s AND start + length > %s ORDER BY seq LIMIT 1",
                [job_id, file, seq, start],
            )
            row = cursor.fetchone()
        if row is None:
            return
        seq = row[0]
        yield row[1], decrypt_content(bytes(row[2]), f"{job_id}/{file}/{seq}")


def claim_chunk(job_id: UUID) -> tuple[int, int, bytes] | None:
    """(file, seq, content) of an import's next chunk that nobody works on, locked until the
    transaction ends; each file is done before the next one. None: nothing to claim now.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT file, seq, content FROM record_bulk_chunk c WHERE job = %(job)s AND file <>"
            " %(errors)s AND good IS NULL AND NOT EXISTS (SELECT FROM record_bulk_chunk p WHERE"
            " p.job = %(job)s AND p.file < c.file AND p.file <> %(errors)s AND p.good IS NULL)"
            " ORDER BY file, seq FOR UPDATE SKIP LOCKED LIMIT 1",
            {"job": job_id, "errors": ERRORS},
        )
        row = cursor.fetchone()
    return (
        (row[0], row[1], decrypt_content(bytes(row[2]), f"{job_id}/{row[0]}/{row[1]}"))
        if row
        else None
    )


def lock_chunks(job_id: UUID) -> None:
    """Wait until nobody works on a chunk of an import; nobody can begin one before the
    transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM record_bulk_chunk WHERE job = %s AND file <> %s ORDER BY file, seq FOR"
            " UPDATE",
            [job_id, ERRORS],
        )


def finish_chunk(
    job_id: UUID, file: int, seq: int, taken: int, refused: int, moved_on: int = 0
) -> None:
    """moved_on: how many of its lines went to another chunk."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_bulk_chunk SET good = %s, bad = %s, length = length - %s, content = ''"
            " WHERE job = %s AND file = %s AND seq = %s",
            [taken, refused, moved_on, job_id, file, seq],
        )


def fetch_import_progress(job_id: UUID) -> tuple[int, int, int, int]:
    """(chunks not done, lines, lines taken, lines refused) of an import."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE good IS NULL), coalesce(sum(length), 0)::bigint,"
            " coalesce(sum(good), 0)::bigint, coalesce(sum(bad), 0)::bigint FROM record_bulk_chunk"
            " WHERE job = %s AND file <> %s",
            [job_id, ERRORS],
        )
        return cursor.fetchone()  # type: ignore[no-any-return]


def delete_chunks(job_id: UUID, file: int | None = None) -> None:
    """Forget the chunks of a job, or of one of its files."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM record_bulk_chunk WHERE job = %s AND (%s::int IS NULL OR file = %s)",
            [job_id, file, file],
        )


def fetch_next_transaction() -> str:
    """The number that the next transaction will get."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT alliance_next()::text")
        return str(cursor.fetchone()[0])


def is_settled(transaction: str) -> bool:
    """No transaction below this one is still running."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT alliance_horizon() >= %s::text::xid8", [transaction])
        return bool(cursor.fetchone()[0])
