"""Hold what other members' witnesses have co-signed against the log that is shown to us: where they
saw another one, the platform shows two (docs/adr/0081).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .checkpoint import CheckpointFault, Head, goes_on, verify_cosignature

if TYPE_CHECKING:
    from .outbox import Outbox

PINNED = "witness.others"  # name -> the key that we saw of it first, hex
MOST_PINNED = 2000


@dataclass(frozen=True)
class OtherFault:
    """fault: "split" or "forged"; who: as the platform calls it."""

    fault: str
    who: str


def load_pins(outbox: Outbox) -> dict[str, str]:
    return dict(json.loads(outbox.kept(PINNED) or "{}"))


def check_others(outbox: Outbox, listed: Any, head: Head, own: str) -> OtherFault | None:
    """None: each signature is by the key that we know of that name, and the log goes on from what
    it is over; then their keys are kept. own: our key, hex.
    """
    pins = load_pins(outbox)
    known = dict(pins)
    for one in listed if isinstance(listed, list) else []:
        who = ""
        try:
            who = f"{one['hospital']} {one['name']}"
            name, key, size = str(one["name"]), str(one["key"]), int(one["size"])
            if key == own:
                continue
            root, line = bytes.fromhex(one["root"]), str(one["line"])
            path = [bytes.fromhex(node) for node in one["consistency"]]
            if known.setdefault(name, key) != key or line.split(" ")[1] != name:
                return OtherFault("forged", who)
            seen = Head(size, root, head.origin)
            verify_cosignature(line, seen.body, read_key(key))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, CheckpointFault):
            return OtherFault("forged", who)
        if size > head.size or not goes_on(seen, head, path):
            return OtherFault("split", who)
    if known != pins and len(known) <= MOST_PINNED:
        outbox.keep(PINNED, json.dumps(known))
    return None


def forget_pins(outbox: Outbox) -> None:
    """Somebody has accepted what the platform shows now."""
    outbox.keep(PINNED, "{}")


def read_key(key: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
