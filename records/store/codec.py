"""A body at rest: canonical JSON, compressed with a trained dictionary and encrypted with its
hospital's key (AES-256-GCM).

Format 1: 1 byte format, 2 bytes dictionary, 4 bytes key, 12 bytes nonce, ciphertext with its tag. A
body names all that opens it, and is bound to its hospital, type, id and version: bytes moved to
another row do not open. What the row's columns say anyway (id, version, time) is left out and put
back. Format 0, the JSON itself, is what releases before this one wrote.
"""

import datetime as dt
import os
import struct
import threading
from collections.abc import Sequence
from typing import NamedTuple

import zstandard
from cryptography.exceptions import InvalidTag

from records.fhir.resource_types import TYPE_NAMES
from records.store import dictionaries, keys

PLAIN_FORMAT, ENCRYPTED_FORMAT = b"\x00", b"\x01"
HEAD = struct.Struct(">cHI")
NONCE = 12
LEVEL = 3

local = threading.local()  # compressors are not for two threads at once


class UnreadableBody(Exception):
    """A stored body does not open: it, or the key, is not what was written."""


class RowIdentity(NamedTuple):
    """The row that a body belongs to."""

    hospital_id: int
    type_number: int
    fhir_id: str
    version: int
    last_updated: dt.datetime

    @property
    def associated_data(self) -> bytes:
        return f"{self.hospital_id}/{self.type_number}/{self.fhir_id}/{self.version}".encode()

    def __str__(self) -> str:
        return f"{self.hospital_id}/{TYPE_NAMES[self.type_number]}/{self.fhir_id}/{self.version}"

    @property
    def head_and_meta(self) -> tuple[bytes, bytes]:
        """How the canonical JSON begins, and how its meta ends (`untimed`)."""
        at = (
            self.last_updated.astimezone(dt.UTC)
            .isoformat(timespec="milliseconds")
            .removesuffix("+00:00")
        )
        return (
            f'{{"resourceType":"{TYPE_NAMES[self.type_number]}","id":"{self.fhir_id}","meta":{{'.encode(),
            f'"versionId":"{self.version}","lastUpdated":"{at}Z"}}'.encode(),
        )


HEAD_OUT, META_OUT = b"\x02", b"\x03"  # stand for what is left out; no JSON holds these bytes


def strip_row_columns(body: bytes, identity: RowIdentity) -> bytes:
    head, meta = identity.head_and_meta
    meta_start = body.find(meta)
    if meta_start < 0 or not body.startswith(head):
        return body
    return HEAD_OUT + body[len(head) : meta_start] + META_OUT + body[meta_start + len(meta) :]


def join_unstamped_body(meta: bytes, elements: bytes) -> bytes:
    """The canonical JSON of a resource that the store has not stamped yet, as it is kept: without
    what the row's columns will say. meta, elements: its meta without version and time, and its
    other elements, as objects.
    """
    before, after = meta[1:-1], elements[1:-1]
    return HEAD_OUT + before + b"," * bool(before) + META_OUT + b"," * bool(after) + after + b"}"


def restore_row_columns(body: bytes, identity: RowIdentity) -> bytes:
    if not body.startswith(HEAD_OUT):
        return body
    head, meta = identity.head_and_meta
    before, _, after = body[1:].partition(META_OUT)
    return head + before + meta + after


def get_compressor(dictionary: int) -> zstandard.ZstdCompressor:
    compressors = local.__dict__.setdefault("out", {})
    if dictionary not in compressors:
        compressors[dictionary] = zstandard.ZstdCompressor(
            level=LEVEL,
            dict_data=dictionaries.load_dictionary(dictionary),
            write_checksum=False,
            write_dict_id=False,
        )
    return compressors[dictionary]  # type: ignore[no-any-return]


def get_decompressor(dictionary: int) -> zstandard.ZstdDecompressor:
    decompressors = local.__dict__.setdefault("in", {})
    if dictionary not in decompressors:
        decompressors[dictionary] = zstandard.ZstdDecompressor(
            dict_data=dictionaries.load_dictionary(dictionary)
        )
    return decompressors[dictionary]  # type: ignore[no-any-return]


def encrypt_bodies(bodies: Sequence[tuple[bytes, RowIdentity]]) -> list[bytes]:
    """What is stored, of bodies of one hospital. A deletion has no body and nothing to hide.

    All at once: each call that leaves the interpreter hands it to another thread, and coming back
    costs more than the work itself.
    """
    nonempty = [(body, identity) for body, identity in bodies if body]
    if not nonempty:
        return [PLAIN_FORMAT] * len(bodies)
    dictionary, (key_number, cipher) = (
        dictionaries.get_current_dictionary(),
        keys.get_current_key(nonempty[0][1].hospital_id),
    )
    compressed = compress_bodies(
        get_compressor(dictionary), [strip_row_columns(*b) for b in nonempty]
    )
    nonces = os.urandom(NONCE * len(nonempty))
    head = HEAD.pack(ENCRYPTED_FORMAT, dictionary, key_number)
    encrypted = iter(
        [
            head
            + (nonce := nonces[NONCE * i : NONCE * (i + 1)])
            + cipher.encrypt(nonce, compressed[i], identity.associated_data)
            for i, (_, identity) in enumerate(nonempty)
        ]
    )
    return [next(encrypted) if body else PLAIN_FORMAT for body, _ in bodies]


def decrypt_bodies(stored: Sequence[tuple[bytes, RowIdentity]]) -> list[bytes]:
    """The canonical JSON of each; b"" of a deletion. Raises Unreadable. All at once, as seal."""
    bodies = [body[1:] for body, _ in stored]
    compressed_by_dictionary: dict[int, list[tuple[int, bytes]]] = {}
    for i, (body, identity) in enumerate(stored):
        if body[:1] != PLAIN_FORMAT:
            dictionary, compressed = decrypt_packed_body(body, identity)
            compressed_by_dictionary.setdefault(dictionary, []).append((i, compressed))
    try:
        for dictionary, parts in compressed_by_dictionary.items():
            for (i, _), body in zip(
                parts,
                decompress_bodies(
                    get_decompressor(dictionary), [compressed for _, compressed in parts]
                ),
                strict=True,
            ):
                bodies[i] = restore_row_columns(body, stored[i][1])
    except zstandard.ZstdError as error:
        raise UnreadableBody("a body does not unpack with the dictionary that it names") from error
    return bodies


def compress_bodies(compressor: zstandard.ZstdCompressor, bodies: list[bytes]) -> list[bytes]:
    """One by itself: preparing for many costs as much as eighty."""
    return (
        [compressor.compress(bodies[0])]
        if len(bodies) == 1
        else [b.tobytes() for b in compressor.multi_compress_to_buffer(bodies)]
    )


def decompress_bodies(
    decompressor: zstandard.ZstdDecompressor, compressed: list[bytes]
) -> list[bytes]:
    return (
        [decompressor.decompress(compressed[0])]
        if len(compressed) == 1
        else [b.tobytes() for b in decompressor.multi_decompress_to_buffer(compressed)]
    )


def decrypt_packed_body(body: bytes, identity: RowIdentity) -> tuple[int, bytes]:
    """(dictionary, what it packed)."""
    if body[:1] != ENCRYPTED_FORMAT or len(body) < HEAD.size + NONCE:
        raise UnreadableBody(f"{identity} has a format that this release does not know")
    _, dictionary, key_number = HEAD.unpack_from(body)
    ciphertext_start = HEAD.size + NONCE
    try:
        return dictionary, keys.get_cipher(key_number).decrypt(
            body[HEAD.size : ciphertext_start], body[ciphertext_start:], identity.associated_data
        )
    except InvalidTag as error:
        raise UnreadableBody(f"{identity} was altered, or is another row's") from error


def parse_body_header(stored: bytes) -> tuple[int, int]:
    """(dictionary, key) of a stored body; (0, 0) of a plain one."""
    return HEAD.unpack_from(stored)[1:] if stored[:1] == ENCRYPTED_FORMAT else (0, 0)
