"""Define a signed tree head: the size and root of the log at a moment, as only the holder of the
key can state them (RFC 6962 3.5).

A head of version 2 also names the head before it, so that none can be taken out, and the moment
before which every line is in: what is sealed later and says that it is older was dated back. Heads
of version 1 (earlier releases) have neither.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from consent.audit import canonical_line
from consent.audit.signing_keys import (
    PinnedKey,
    find_signature_fault,
    load_signing_key,
    own_public_key_bytes,
)

COLUMNS = "size, root, sealed_at, signature, key, previous, through"


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

    @classmethod
    def create_signed(
        cls, size: int, root: bytes, sealed_at: str, previous: int, through: str
    ) -> Self:
        unsigned = cls(size, root, sealed_at, b"", own_public_key_bytes(), previous, through)
        return cls(
            size,
            root,
            sealed_at,
            load_signing_key().sign(unsigned.signed_bytes()),
            unsigned.key,
            previous,
            through,
        )

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> Self:
        """The columns COLUMNS."""
        size, root, sealed_at, signature, key, *more = row
        return cls(size, bytes(root), sealed_at, bytes(signature), bytes(key), *more)

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
        return canonical_line.encode_canonical_json(content)

    def find_fault(self, pinned_keys: Iterable[PinnedKey]) -> str:
        """Why it proves nothing under these keys; "" where it does."""
        return find_signature_fault(
            pinned_keys, self.key, self.signature, self.signed_bytes(), self.sealed_at
        )


def load_newest_head() -> TreeHead | None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM consent_audit_head ORDER BY size DESC LIMIT 1")
        row = cursor.fetchone()
    return TreeHead.from_row(row) if row else None
