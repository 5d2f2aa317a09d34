"""A body at rest: canonical JSON, compressed with a trained dictionary and encrypted with its hospital's key (AES-256-GCM).

Format 1: 1 byte format, 2 bytes dictionary, 4 bytes key, 12 bytes nonce, ciphertext with its tag. A body names all that opens it, and is
bound to its hospital, type, id and version: bytes moved to another row do not open. What the row's columns say anyway (id, version, time)
is left out and put back. Format 0, the JSON itself, is what releases before this one wrote.
"""

import datetime as dt
import os
import struct
import threading
from collections.abc import Sequence
from typing import NamedTuple

import zstandard
from cryptography.exceptions import InvalidTag

from records.fhir.types import NAMES
from records.store import dictionaries, keys

PLAIN, SEALED = b"\x00", b"\x01"
HEAD = struct.Struct(">cHI")
NONCE = 12
LEVEL = 3

local = threading.local()  # compressors are not for two threads at once


class Unreadable(Exception):
    """A stored body does not open: it, or the key, is not what was written."""


class Place(NamedTuple):
    """The row that a body belongs to."""

    hospital: int
    type_number: int
    fhir_id: str
    version: int
    last_updated: dt.datetime

    @property
    def bound(self) -> bytes:
        return f"{self.hospital}/{self.type_number}/{self.fhir_id}/{self.version}".encode()

    def __str__(self) -> str:
        return f"{self.hospital}/{NAMES[self.type_number]}/{self.fhir_id}/{self.version}"

    @property
    def known(self) -> tuple[bytes, bytes]:
        """How the canonical JSON begins, and how its meta ends (`untimed`)."""
        at = self.last_updated.astimezone(dt.UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        return (f'{{"resourceType":"{NAMES[self.type_number]}","id":"{self.fhir_id}","meta":{{'.encode(),
                f'"versionId":"{self.version}","lastUpdated":"{at}Z"}}'.encode())


HEAD_OUT, META_OUT = b"\x02", b"\x03"  # stand for what is left out; no JSON holds these bytes


def shortened(body: bytes, place: Place) -> bytes:
    head, meta = place.known
    at = body.find(meta)
    if at < 0 or not body.startswith(head):
        return body
    return HEAD_OUT + body[len(head) : at] + META_OUT + body[at + len(meta) :]


def untimed(meta: bytes, rest: bytes) -> bytes:
    """The canonical JSON of a resource that the store has not stamped yet, as it is kept: without what the row's columns will say. meta, rest: its meta without version and
    time, and its other elements, as objects."""
    before, after = meta[1:-1], rest[1:-1]
    return HEAD_OUT + before + b"," * bool(before) + META_OUT + b"," * bool(after) + after + b"}"


def restored(body: bytes, place: Place) -> bytes:
    if not body.startswith(HEAD_OUT):
        return body
    head, meta = place.known
    before, _, after = body[1:].partition(META_OUT)
    return head + before + meta + after


def compressor(dictionary: int) -> zstandard.ZstdCompressor:
    known = local.__dict__.setdefault("out", {})
    if dictionary not in known:
        known[dictionary] = zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionaries.content(dictionary), write_checksum=False, write_dict_id=False)
    return known[dictionary]  # type: ignore[no-any-return]


def decompressor(dictionary: int) -> zstandard.ZstdDecompressor:
    known = local.__dict__.setdefault("in", {})
    if dictionary not in known:
        known[dictionary] = zstandard.ZstdDecompressor(dict_data=dictionaries.content(dictionary))
    return known[dictionary]  # type: ignore[no-any-return]


def seal(bodies: Sequence[tuple[bytes, Place]]) -> list[bytes]:
    """What is stored, of bodies of one hospital. A deletion has no body and nothing to hide.

    All at once: each call that leaves the interpreter hands it to another thread, and coming back costs more than the work itself.
    """
    whole = [(body, place) for body, place in bodies if body]
    if not whole:
        return [PLAIN] * len(bodies)
    dictionary, (key, cipher) = dictionaries.current(), keys.current(whole[0][1].hospital)
    packed = compressed(compressor(dictionary), [shortened(*b) for b in whole])
    nonces = os.urandom(NONCE * len(whole))
    head = HEAD.pack(SEALED, dictionary, key)
    sealed = iter([
        head + (nonce := nonces[NONCE * i : NONCE * (i + 1)]) + cipher.encrypt(nonce, packed[i], place.bound)
        for i, (_, place) in enumerate(whole)])
    return [next(sealed) if body else PLAIN for body, _ in bodies]


def unseal(stored: Sequence[tuple[bytes, Place]]) -> list[bytes]:
    """The canonical JSON of each; b"" of a deletion. Raises Unreadable. All at once, as seal."""
    out = [body[1:] for body, _ in stored]
    packed: dict[int, list[tuple[int, bytes]]] = {}
    for i, (body, place) in enumerate(stored):
        if body[:1] != PLAIN:
            dictionary, content = opened(body, place)
            packed.setdefault(dictionary, []).append((i, content))
    try:
        for dictionary, parts in packed.items():
            for (i, _), body in zip(parts, decompressed(decompressor(dictionary), [content for _, content in parts]), strict=True):
                out[i] = restored(body, stored[i][1])
    except zstandard.ZstdError as error:
        raise Unreadable("a body does not unpack with the dictionary that it names") from error
    return out


def compressed(by: zstandard.ZstdCompressor, bodies: list[bytes]) -> list[bytes]:
    """One by itself: preparing for many costs as much as eighty."""
    return [by.compress(bodies[0])] if len(bodies) == 1 else [b.tobytes() for b in by.multi_compress_to_buffer(bodies)]


def decompressed(by: zstandard.ZstdDecompressor, packed: list[bytes]) -> list[bytes]:
    return [by.decompress(packed[0])] if len(packed) == 1 else [b.tobytes() for b in by.multi_decompress_to_buffer(packed)]


def opened(body: bytes, place: Place) -> tuple[int, bytes]:
    """(dictionary, what it packed)."""
    if body[:1] != SEALED or len(body) < HEAD.size + NONCE:
        raise Unreadable(f"{place} has a format that this release does not know")
    _, dictionary, key = HEAD.unpack_from(body)
    at = HEAD.size + NONCE
    try:
        return dictionary, keys.named(key).decrypt(body[HEAD.size : at], body[at:], place.bound)
    except InvalidTag as error:
        raise Unreadable(f"{place} was altered, or is another row's") from error


def made_with(stored: bytes) -> tuple[int, int]:
    """(dictionary, key) of a stored body; (0, 0) of a plain one."""
    return HEAD.unpack_from(stored)[1:] if stored[:1] == SEALED else (0, 0)
