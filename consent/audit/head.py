"""A signed tree head: what stood in the log at a moment, as only the holder of the key can say it (RFC 6962 3.5).

A head of version 2 also names the head before it, so that none can be taken out, and the moment before which every line is in: what is
sealed later and says that it is older was dated back. Heads of version 1 (earlier releases) have neither.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from consent.audit import canonical
from consent.audit.keys import Pin, fault, public_bytes, signing_key

COLUMNS = "size, root, sealed_at, signature, key, previous, through"


@dataclass(frozen=True, slots=True)
class Head:
    size: int
    root: bytes
    sealed_at: str
    signature: bytes
    key: bytes
    previous: int | None = None  # size of the head before; 0 for the first
    through: str | None = None  # every line that was recorded before this moment is in; "" where none is told

    @classmethod
    def signed(cls, size: int, root: bytes, sealed_at: str, previous: int, through: str) -> Self:
        unsigned = cls(size, root, sealed_at, b"", public_bytes(), previous, through)
        return cls(size, root, sealed_at, signing_key().sign(unsigned.message()), unsigned.key, previous, through)

    @classmethod
    def of_row(cls, row: tuple[Any, ...]) -> Self:
        """The columns COLUMNS."""
        size, root, sealed_at, signature, key, *more = row
        return cls(size, bytes(root), sealed_at, bytes(signature), bytes(key), *more)

    @classmethod
    def of_json(cls, told: Any) -> Self:
        """Raises KeyError, TypeError, ValueError where this is no head."""
        return cls(int(told["size"]), bytes.fromhex(told["root"]), str(told["sealed_at"]), bytes.fromhex(told["signature"]),
                   bytes.fromhex(told["key"]), told.get("previous"), told.get("through"))

    def as_json(self) -> dict[str, Any]:
        more = {} if self.previous is None else {"previous": self.previous, "through": self.through}
        return {"size": self.size, "root": self.root.hex(), "sealed_at": self.sealed_at, "signature": self.signature.hex(), "key": self.key.hex(), **more}

    def message(self) -> bytes:
        """What the signature covers."""
        told: dict[str, Any] = {"v": 1, "size": self.size, "root": self.root.hex(), "sealed_at": self.sealed_at}
        if self.previous is not None:
            told |= {"v": 2, "previous": self.previous, "through": self.through}
        return canonical.encode(told)

    def fault(self, pins: Iterable[Pin]) -> str:
        """Why it proves nothing under these keys; "" where it does."""
        return fault(pins, self.key, self.signature, self.message(), self.sealed_at)


def newest() -> Head | None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM consent_audit_head ORDER BY size DESC LIMIT 1")
        row = cursor.fetchone()
    return Head.of_row(row) if row else None
