"""Keep how far this machine has verified the log, outside of the database and signed, so that the
next look can go on from there (audit_verify --since-last, docs/adr/0082). What lies below is not
read again: whole runs, from nothing, stay the default. It is begun by the first --since-last: a
command that only looks leaves nothing behind.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from consent.audit import canonical_line
from consent.audit.local_head import local_head_path
from consent.audit.signing_keys import (
    PinnedKey,
    find_signature_fault,
    load_signing_key,
    own_public_key_bytes,
)

Node = tuple[int, bytes]  # height and root of a full subtree


class MarkRefused(ValueError):
    """Why a look cannot go on from what was verified before."""


@dataclass(frozen=True, slots=True)
class VerifiedMark:
    """size: of the tree that was verified; nodes: its full subtrees, from the left; number: the
    greatest among its lines; verified_at: when; whole_at: when a run began from nothing last.
    """

    size: int
    nodes: tuple[Node, ...]
    number: int
    verified_at: str
    whole_at: str
    key: bytes = b""
    signature: bytes = b""

    def as_json(self) -> dict[str, Any]:
        return {
            "v": 1,
            "verified": True,
            "size": self.size,
            "nodes": [[height, node.hex()] for height, node in self.nodes],
            "number": self.number,
            "verified_at": self.verified_at,
            "whole_at": self.whole_at,
            "key": self.key.hex(),
            "signature": self.signature.hex(),
        }

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Raises KeyError, TypeError, ValueError where this is no mark."""
        return cls(
            int(content["size"]),
            tuple((int(height), bytes.fromhex(node)) for height, node in content["nodes"]),
            int(content["number"]),
            str(content["verified_at"]),
            str(content["whole_at"]),
            bytes.fromhex(content["key"]),
            bytes.fromhex(content["signature"]),
        )

    def sign(self) -> Self:
        unsigned = replace(self, key=own_public_key_bytes())
        return replace(unsigned, signature=load_signing_key().sign(unsigned.signed_bytes()))

    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        content = self.as_json()
        del content["signature"]
        return canonical_line.encode_canonical_json(content)


def mark_path() -> Path:
    head = local_head_path()
    return head.with_name(head.name.replace("head-", "verified-", 1))


def load_verified_mark(pinned_keys: Sequence[PinnedKey]) -> VerifiedMark | None:
    """None where this machine keeps none. Raises MarkRefused for one that these keys have not
    signed.
    """
    path = mark_path()
    try:
        mark = VerifiedMark.from_json(json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MarkRefused(f"{path} is no mark of a verification: {error}") from error
    if fault := find_signature_fault(
        pinned_keys, mark.key, mark.signature, mark.signed_bytes(), mark.verified_at
    ):
        raise MarkRefused(f"{path}: {fault}; run audit_verify without --since-last")
    return mark


def store_verified_mark(mark: VerifiedMark) -> None:
    path = mark_path()
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(mark.sign().as_json()))
    draft.replace(path)
