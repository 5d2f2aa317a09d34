"""What we keep of the platform's log between two looks: the head that we saw last, some earlier
ones, and, while nobody has accepted a restore, the head since then.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .checkpoint import Head

if TYPE_CHECKING:
    from .outbox import Outbox

SEEN, EARLIER = "witness.head", "witness.earlier"
RESTORED, ACCEPTED = "witness.restored", "witness.accepted"
MOST_EARLIER = 40
UTC = "%Y-%m-%dT%H:%M:%S.000000Z"


@dataclass(frozen=True)
class WaitingRestore:
    """A restore that the platform told and nobody here has accepted yet. head: of the log since
    then; at: when it was, as the platform writes moments.
    """

    head: Head
    at: str


def head_as_json(head: Head) -> dict[str, Any]:
    return {"size": head.size, "root": head.root.hex(), "origin": head.origin, "at": head.at}


def head_from_json(said: Any) -> Head:
    return Head(
        int(said["size"]), bytes.fromhex(said["root"]), str(said["origin"]), int(said.get("at", 0))
    )


def encode_head(head: Head) -> str:
    return json.dumps(head_as_json(head))


def load_seen(outbox: Outbox) -> Head | None:
    text = outbox.kept(SEEN)
    return head_from_json(json.loads(text)) if text else None


def load_earlier(outbox: Outbox) -> list[Head]:
    """Shortest first."""
    return [head_from_json(said) for said in json.loads(outbox.kept(EARLIER) or "[]")]


def keep_seen(outbox: Outbox, head: Head, *, forget: bool = False) -> None:
    """Earlier heads are kept about as far apart as they are old: by them what a restore left is
    checked. forget: those that are longer, which the log does not lead to any more.
    """
    earlier = load_earlier(outbox)
    seen = load_seen(outbox)
    if forget:
        earlier = [one for one in earlier if one.size < head.size]
    elif seen is not None and seen.size < head.size and seen.size not in {e.size for e in earlier}:
        earlier = thin_heads([*earlier, seen], head.size)
    outbox.keep(EARLIER, json.dumps([head_as_json(one) for one in earlier]))
    outbox.keep(SEEN, encode_head(head))


def thin_heads(heads: list[Head], size: int) -> list[Head]:
    """One for each doubling of how far back it lies, the shortest: so always the first of all."""
    kept: dict[int, Head] = {}
    for head in sorted(heads, key=lambda one: one.size):
        kept.setdefault((size - head.size).bit_length(), head)
    return sorted(kept.values(), key=lambda one: one.size)[-MOST_EARLIER:]


def find_earlier_head(outbox: Outbox, left: Head) -> Head | None:
    """The longest that we saw of what a restore left."""
    found = [one for one in load_earlier(outbox) if one.size <= left.size]
    return found[-1] if found else None


def load_restore(outbox: Outbox) -> WaitingRestore | None:
    text = outbox.kept(RESTORED)
    if not text:
        return None
    said = json.loads(text)
    return WaitingRestore(head_from_json(said["head"]), str(said["at"]))


def note_restore(outbox: Outbox, head: Head, at: str) -> None:
    outbox.keep(RESTORED, json.dumps({"head": head_as_json(head), "at": at}))


def prolong_restore(outbox: Outbox, head: Head) -> None:
    restore = load_restore(outbox)
    if restore is not None:
        note_restore(outbox, head, restore.at)


def forget_restore(outbox: Outbox) -> None:
    outbox.keep(RESTORED, "")


def note_accepted(outbox: Outbox, now: float) -> None:
    outbox.keep(ACCEPTED, time.strftime(UTC, time.gmtime(now)))


def load_accepted(outbox: Outbox) -> str:
    """When somebody last accepted the log as it was; receipts of before name heads that may be no
    more. "": never.
    """
    return outbox.kept(ACCEPTED) or ""


def load_receipt_head(outbox: Outbox, origin: str, since: str = "") -> Head | None:
    """What the newest receipt since then, which its signature proves, says of the log."""
    row = outbox.read(
        "SELECT receipt FROM batches WHERE state = 'done' AND receipt <> ''"
        " ORDER BY done DESC LIMIT 1"
    ).fetchone()
    try:
        said = json.loads(row[0])
        said = said.get("receipt", said)
        if str(said.get("at", "")) <= since:
            return None
        head, at = said["head"], read_time(str(said["at"]))
        return Head(int(head["size"]), bytes.fromhex(head["root"]), origin, at)
    except (TypeError, KeyError, ValueError):
        return None


def read_time(text: str) -> int:
    """Seconds since 1970 of a moment as the platform writes it. Raises ValueError."""
    import calendar

    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
