"""Where a feed's reader stands, as the opaque cursor that it is given and gives back: sealed, bound
to the hospital, of one length whatever it says (docs/sync.md, Pull). It names the epoch of the
database (docs/adr/0041).
"""

import base64
import hashlib
import struct
from functools import cache
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from alliance.database.epoch import EpochStep

LINK, CONSENT, RECORD = 0, 1, 2  # in a transaction in this order
BEHIND_ALL = 2**63 - 1
LAYOUT = struct.Struct(">16sQBQI20s")


class FeedPlace(NamedTuple):
    """Behind this transaction's entry: which kind it is of, and its number. Of one that ends at
    (x, LINK, 0), all transactions below x were read.
    """

    xid: int
    kind: int = LINK
    number: int = 0

    def after(self, kind: int) -> tuple[int, int]:
        """(transaction, number) behind which entries of the kind are still to come."""
        if kind == self.kind:
            return self.xid, self.number
        return self.xid, 0 if kind > self.kind else BEHIND_ALL


class ForeignCursor(ValueError):
    """Not one that this platform gave to this hospital."""


@cache
def cursor_cipher() -> Fernet:
    return Fernet(
        base64.urlsafe_b64encode(
            HKDF(SHA256(), 32, None, b"xinglin sync feed").derive(settings.SECRET_KEY.encode())
        )
    )


def bind_hospital(hospital_id: int) -> bytes:
    return hashlib.sha256(f"feed of hospital {hospital_id}".encode()).digest()[:16]


def write_feed_cursor(hospital_id: int, place: FeedPlace, epoch: EpochStep) -> str:
    content = LAYOUT.pack(bind_hospital(hospital_id), *place, epoch.number, epoch.began.encode())
    return cursor_cipher().encrypt(content).decode().rstrip("=")


def read_feed_cursor(hospital_id: int, cursor: str) -> tuple[FeedPlace, int, str]:
    """(place, epoch, its mark). Raises ForeignCursor."""
    try:
        content = cursor_cipher().decrypt(cursor + "=" * (-len(cursor) % 4))
        bound, xid, kind, number, epoch, began = LAYOUT.unpack(content)
    except (InvalidToken, ValueError, struct.error) as error:
        raise ForeignCursor(cursor) from error
    if bound != bind_hospital(hospital_id):
        raise ForeignCursor(cursor)
    return FeedPlace(xid, kind, number), epoch, began.rstrip(b"\0").decode()
