"""Write the log's head as a C2SP checkpoint, a signed note, and check what witnesses co-sign
(c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature v1). Pure but for the log's keys.
"""

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consent.audit.signing_keys import load_signing_key, own_public_key_bytes
from consent.audit.sm2_key import sign_second
from consent.audit.sm2_suite import SM2

ED25519, COSIGNATURE = b"\x01", b"\x04"  # kinds of a note's keys
SIGNATURE_LINE = re.compile(r"— ([^\s+]{1,200}) ([A-Za-z0-9+/]+={0,2})\n?")
ORIGIN = re.compile(r"[^\s+]{1,200}")
LATEST_TIME = 2**63 - 1


class BadCosignature(ValueError):
    """zh, en: why it proves nothing."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's signature line, read. at: seconds since 1970, as it says."""

    name: str
    at: int
    signature: bytes
    line: str


def build_checkpoint_body(origin: str, size: int, root: bytes) -> str:
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def compute_key_id(name: str, kind: bytes, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + kind + key).digest()[:4]


def sign_checkpoint(origin: str, size: int, root: bytes) -> str:
    """The head as a note that the log's key signs, under the origin's name, and where it is on the
    key of SM2, in a line of its own: who knows no such key passes over it.
    """
    body = build_checkpoint_body(origin, size, root)
    signed = compute_key_id(origin, ED25519, own_public_key_bytes()) + load_signing_key().sign(
        body.encode()
    )
    note = f"{body}\n— {origin} {base64.b64encode(signed).decode()}\n"
    second = sign_second(lambda _said: body.encode())
    if second and second.signature:
        signed = compute_key_id(origin, SM2.note_kind, second.key) + second.signature
        note += f"— {origin} {base64.b64encode(signed).decode()}\n"
    return note


def check_cosignature(line: str, key: bytes, body: str) -> Cosignature:
    """The line, which this key has signed over the body. Raises BadCosignature."""
    match = SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise BadCosignature(
            "应为一行：— 名称 base64", "it is one line: — name base64 (a note's signature line)"
        )
    content = base64.b64decode(match[2] + "=" * (-len(match[2]) % 4))
    if len(content) != 4 + 8 + 64:
        raise BadCosignature(
            "长度不对，应为 cosignature/v1（Ed25519）", "its length is not that of cosignature/v1"
        )
    if content[:4] != compute_key_id(match[1], COSIGNATURE, key):
        raise BadCosignature("用的不是登记的见证密钥", "it is by another key than the one enrolled")
    at = int.from_bytes(content[4:12], "big")
    message = f"cosignature/v1\ntime {at}\n{body}".encode()
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(content[12:], message)
    except InvalidSignature as error:
        raise BadCosignature(
            "与 seen 的大小和根不符", "it does not fit the size and root of seen"
        ) from error
    if at > LATEST_TIME:
        raise BadCosignature("时间不对", "its time is none")
    return Cosignature(match[1], at, content[12:], line.rstrip("\n"))
