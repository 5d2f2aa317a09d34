"""Read the log's head as a C2SP checkpoint (a signed note), check that it goes on from an earlier
one (RFC 9162 2.1.4.2), and co-sign it (cosignature/v1). Pure.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

ED25519, COSIGNATURE = b"\x01", b"\x04"  # kinds of a note's keys
SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
LARGEST = 2**62


class CheckpointFault(ValueError):
    """What came is no checkpoint, or no trusted key has signed it."""


@dataclass(frozen=True)
class Head:
    """origin: the log's name, as its checkpoints call it; at: when we saw it, seconds since 1970,
    0 where nobody noted that.
    """

    size: int
    root: bytes
    origin: str
    at: int = field(default=0, compare=False)

    @property
    def body(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def compute_key_id(name: str, kind: bytes, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + kind + key).digest()[:4]


def split_note(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """(what is signed, [(name, key id and signature)]). Raises CheckpointFault."""
    body, gap, signatures = text.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise CheckpointFault("no signed note")
    found = []
    for line in signatures[:-1].split("\n"):
        match = SIGNATURE_LINE.fullmatch(line)
        if match is None:
            raise CheckpointFault("a line that is no signature")
        try:
            found.append((match[1], base64.b64decode(match[2], validate=True)))
        except ValueError as error:
            raise CheckpointFault("a signature that is no base64") from error
    return body + "\n", found


def parse_body(body: str) -> Head:
    """Raises CheckpointFault."""
    lines = body.split("\n")
    if len(lines) < 4 or lines[-1] or not lines[0]:
        raise CheckpointFault("no checkpoint")
    origin, size, root = lines[:3]
    try:
        digest = base64.b64decode(root, validate=True)
    except ValueError as error:
        raise CheckpointFault("a root that is no base64") from error
    if not size.isascii() or not size.isdecimal() or size != str(int(size)) or len(digest) != 32:
        raise CheckpointFault("a size or root that is none")
    if int(size) > LARGEST:
        raise CheckpointFault("a size beyond every log")
    return Head(int(size), digest, origin)


def open_checkpoint(text: str, keys: list[Any]) -> Head:
    """The head, which one of these Ed25519 public keys has signed under its origin. Raises
    CheckpointFault.
    """
    from cryptography.exceptions import InvalidSignature

    body, signatures = split_note(text)
    head = parse_body(body)
    for key in keys:
        known = compute_key_id(head.origin, ED25519, raw_key(key))
        for name, signature in signatures:
            if name != head.origin or signature[:4] != known:
                continue
            try:
                key.verify(signature[4:], body.encode())
            except InvalidSignature as error:
                raise CheckpointFault("its signature does not fit") from error
            return head
    raise CheckpointFault("no key that we trust has signed it")


def raw_key(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return bytes(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def cosign(head: Head, private_key: Any, name: str, at: int) -> str:
    """Our signature line under the head: we have seen no other log. at: seconds since 1970."""
    message = f"cosignature/v1\ntime {at}\n{head.body}".encode()
    signed = compute_key_id(name, COSIGNATURE, raw_key(private_key.public_key()))
    signed += at.to_bytes(8, "big") + private_key.sign(message)
    return f"— {name} {base64.b64encode(signed).decode()}"


def verify_cosignature(line: str, body: str, key: Any) -> int:
    """When it was co-signed. Raises CheckpointFault."""
    from cryptography.exceptions import InvalidSignature

    match = SIGNATURE_LINE.fullmatch(line)
    content = base64.b64decode(match[2]) if match else b""
    if match is None or len(content) != 76:
        raise CheckpointFault("no co-signature")
    if content[:4] != compute_key_id(match[1], COSIGNATURE, raw_key(key)):
        raise CheckpointFault("a co-signature by another key")
    at = int.from_bytes(content[4:12], "big")
    try:
        key.verify(content[12:], f"cosignature/v1\ntime {at}\n{body}".encode())
    except InvalidSignature as error:
        raise CheckpointFault("a co-signature that does not fit") from error
    return at


def hash_node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def goes_on(earlier: Head, later: Head, path: list[bytes]) -> bool:
    """Whether the proof leads from the earlier tree to the later one."""
    first, second = earlier.size, later.size
    if first >= second or first <= 0:
        return not path and first == second and earlier.root == later.root
    nodes = [earlier.root, *path] if first & (first - 1) == 0 else list(path)
    if not nodes:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = hash_node(node, old), hash_node(node, new)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = hash_node(new, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (old, new) == (earlier.root, later.root)
