"""Define a signed tree head: the size and root of the log at a moment, as only the holder of the
key can state them (RFC 6962 3.5).

A head of version 2 also names the head before it, so that none can be taken out, and the moment
before which every line is in: what is sealed later and says that it is older was dated back. Heads
of version 1 (earlier releases) have neither. One of version 3 says besides by which key it is
signed with SM2 too, or why it is not though that is on (docs/adr/0087).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from consent.audit import canonical_line
from consent.audit.second_signature import (
    SecondSignature,
    find_statement_fault,
    second_as_json,
)
from consent.audit.signing_keys import PinnedKey, load_signing_key, own_public_key_bytes
from consent.audit.sm2_key import sign_second

COLUMNS = (
    "size, root, sealed_at, signature, key, previous, through, second_key, second_signature,"
    " second_absent"
)
WIDTH = 10  # how many they are


@dataclass(frozen=True, slots=True)
class TreeHead:
    size: int
    root: bytes
    sealed_at: str
    signature: bytes
    key: bytes
    previous: int | None = None  # size of the head before; 0 for the first
    through: str | None = (
        None  # every line that was recorded before this moment is in; "" where none is told
    )
    second: SecondSignature | None = None

    @classmethod
    def create_signed(
        cls, size: int, root: bytes, sealed_at: str, previous: int, through: str
    ) -> Self:
        """With SM2 too where that is on; whatever is wrong with it, a head comes of it."""
        unsigned = cls(size, root, sealed_at, b"", own_public_key_bytes(), previous, through)
        second = sign_second(lambda said: replace(unsigned, second=said).signed_bytes())
        unsigned = replace(unsigned, second=second)
        return replace(unsigned, signature=load_signing_key().sign(unsigned.signed_bytes()))

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> Self:
        """The columns COLUMNS."""
        size, root, sealed_at, signature, key, previous, through, second_key, made, absent = row
        second = None
        if any(value is not None for value in (second_key, made, absent)):
            second = SecondSignature(bytes(second_key or b""), bytes(made or b""), absent or "")
        signed = bytes(signature)
        return cls(size, bytes(root), sealed_at, signed, bytes(key), previous, through, second)

    def as_row(self) -> list[Any]:
        """The columns COLUMNS."""
        s = self.second
        return [
            self.size,
            self.root,
            self.sealed_at,
            self.signature,
            self.key,
            self.previous,
            self.through,
            s and s.key,
            s and (s.signature or None),
            s and (s.absent or None),
        ]

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Raises KeyError, TypeError, ValueError where this is no head."""
        return cls(
            int(content["size"]),
            bytes.fromhex(content["root"]),
            str(content["sealed_at"]),
            bytes.fromhex(content["signature"]),
            bytes.fromhex(content["key"]),
            content.get("previous"),
            content.get("through"),
            SecondSignature.from_json(content),
        )

    def as_json(self) -> dict[str, Any]:
        more = {} if self.previous is None else {"previous": self.previous, "through": self.through}
        return {
            "size": self.size,
            "root": self.root.hex(),
            "sealed_at": self.sealed_at,
            "signature": self.signature.hex(),
            "key": self.key.hex(),
            **more,
            **second_as_json(self.second),
        }

    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        content: dict[str, Any] = {
            "v": 1,
            "size": self.size,
            "root": self.root.hex(),
            "sealed_at": self.sealed_at,
        }
        if self.previous is not None:
            content |= {"v": 2, "previous": self.previous, "through": self.through}
        if self.second is not None:
            content |= {"v": 3, "sm2": self.second.statement()}
        return canonical_line.encode_canonical_json(content)

    def find_fault(self, pinned_keys: Iterable[PinnedKey]) -> str:
        """Why it proves nothing under these keys; "" where it does."""
        return find_statement_fault(
            list(pinned_keys),
            self.key,
            self.signature,
            self.second,
            self.signed_bytes(),
            self.sealed_at,
        )


def load_newest_head() -> TreeHead | None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM consent_audit_head ORDER BY size DESC LIMIT 1")
        row = cursor.fetchone()
    return TreeHead.from_row(row) if row else None
