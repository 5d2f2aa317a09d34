"""Say a database's values as a clerk would type them into a cell: what the column sets read."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any


def cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f").rstrip("0").rstrip(".") if value else "0"
    if isinstance(value, (bytes, bytearray, memoryview)):
        raw = bytes(value)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("gb18030", "replace")
    return str(value)


def hash_row(row: dict[str, Any]) -> bytes:
    """16 bytes over all that the row says, but for when it was changed."""
    said = "\x1f".join(
        f"{name}\x1e{cell_text(row[name])}" for name in sorted(row) if name != "changed_at"
    )
    return hashlib.sha256(said.encode()).digest()[:16]
