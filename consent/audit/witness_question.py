"""Parse what a witness says that it has seen: `{"size": …, "root": "…", "origin": "…", "at": …}`
(docs/sync.md, Witness). Pure.
"""

import datetime as dt
import re
from typing import Any

from consent.audit.checkpoint import ORIGIN
from consent.audit.witnesses import SeenHead

ROOT = re.compile(r"[0-9a-f]{64}")
MOST_LINES = 2**62
LATEST_SECOND = 2**37  # of the years that a date can name
LONGEST_LINE = 500


def parse_seen(said: Any) -> SeenHead | None:
    """None: nothing yet. Raises ValueError."""
    if said is None:
        return None
    size, root, origin, at = (
        (said.get("size"), said.get("root"), said.get("origin", ""), said.get("at"))
        if isinstance(said, dict)
        else (None, None, None, None)
    )
    if (
        isinstance(size, int)
        and not isinstance(size, bool)
        and 0 < size < MOST_LINES
        and isinstance(root, str)
        and ROOT.fullmatch(root)
        and isinstance(origin, str)
        and (not origin or ORIGIN.fullmatch(origin))
        and (at is None or (type(at) is int and 0 <= at < LATEST_SECOND))
    ):
        seen_at = dt.datetime.fromtimestamp(at, dt.UTC) if at else None
        return SeenHead(size, bytes.fromhex(root), origin, seen_at)
    raise ValueError("no head")


def parse_cosignature(said: Any) -> str:
    """Its line; "" where there is none. Raises ValueError."""
    line = said or ""
    if not isinstance(line, str) or len(line) > LONGEST_LINE:
        raise ValueError("no line")
    return line
