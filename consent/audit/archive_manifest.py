"""Define the signed manifest of an archive of the audit log: which lines stand in it, where in the
tree, and what leads from them to a signed head (docs/adr/0082).
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from consent.audit.archive_tree import Run
from consent.audit.canonical_line import encode_canonical_json
from consent.audit.second_signature import (
    SIGNATURE,
    SecondSignature,
    find_statement_fault,
    second_as_json,
)
from consent.audit.signing_keys import PinnedKey, load_signing_key, own_public_key_bytes
from consent.audit.sm2_key import sign_second
from consent.audit.tree_head import TreeHead

KIND, VERSION = "xinglin-audit-archive", 1
DOMAIN = b"xinglin audit archive\n"


@dataclass(frozen=True, slots=True)
class LinePlace:
    """The number of a line, its moment as it was hashed, and its leaf's position."""

    id: int
    recorded: str
    position: int


@dataclass(frozen=True, slots=True)
class ArchiveManifest:
    """begins, ends: the moments between which the partition lies, the second left out; size,
    sha256, sm3: of the file's lines as they are before compression (sm3 "" where the libraries
    have none); runs: the leaves' positions; nodes: roots of the subtrees that are not among them,
    from the left; head: the signed head to which all of it leads.
    """

    begins: str
    ends: str
    lines: int
    size: int
    sha256: str
    sm3: str
    runs: tuple[Run, ...]
    nodes: tuple[bytes, ...]
    first: LinePlace
    last: LinePlace
    head: TreeHead
    made_at: str
    key: bytes = b""
    signature: bytes = b""
    second: SecondSignature | None = None

    def sign(self) -> Self:
        unsigned = replace(self, key=own_public_key_bytes())
        second = sign_second(lambda said: replace(unsigned, second=said).signed_bytes())
        unsigned = replace(unsigned, second=second)
        return replace(unsigned, signature=load_signing_key().sign(unsigned.signed_bytes()))

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": KIND,
            "v": VERSION,
            "begins": self.begins,
            "ends": self.ends,
            "lines": self.lines,
            "size": self.size,
            "sha256": self.sha256,
            "sm3": self.sm3,
            "runs": [list(run) for run in self.runs],
            "nodes": [node.hex() for node in self.nodes],
            "first": asdict(self.first),
            "last": asdict(self.last),
            "head": self.head.as_json(),
            "made_at": self.made_at,
            "key": self.key.hex(),
            "signature": self.signature.hex(),
            **second_as_json(self.second),
        }

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Raises KeyError, TypeError, ValueError where this is no manifest of this version."""
        if (content["kind"], content["v"]) != (KIND, VERSION):
            raise ValueError("it is of another kind or version")
        return cls(
            str(content["begins"]),
            str(content["ends"]),
            int(content["lines"]),
            int(content["size"]),
            str(content["sha256"]),
            str(content["sm3"]),
            tuple((int(first), int(last)) for first, last in content["runs"]),
            tuple(bytes.fromhex(node) for node in content["nodes"]),
            LinePlace(**content["first"]),
            LinePlace(**content["last"]),
            TreeHead.from_json(content["head"]),
            str(content["made_at"]),
            bytes.fromhex(content["key"]),
            bytes.fromhex(content["signature"]),
            SecondSignature.from_json(content),
        )

    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        content = self.as_json()
        del content["signature"]
        content.pop(SIGNATURE, None)
        return DOMAIN + encode_canonical_json(content)

    def find_fault(self, pinned_keys: Iterable[PinnedKey]) -> str:
        """Why it proves nothing under these keys; "" where it does."""
        return find_statement_fault(
            list(pinned_keys),
            self.key,
            self.signature,
            self.second,
            self.signed_bytes(),
            self.made_at,
        )

    @property
    def span(self) -> tuple[dt.datetime, dt.datetime]:
        return dt.datetime.fromisoformat(self.begins), dt.datetime.fromisoformat(self.ends)

    @property
    def month(self) -> dt.date:
        return self.span[0].date().replace(day=1)

    @property
    def file_name(self) -> str:
        return archive_file_name(self.month)


def archive_file_name(month: dt.date) -> str:
    return f"xinglin-audit-{month:%Y-%m}.ndjson.gz"


def new_sm3() -> Any:
    """The digest of GB/T 32905; None where the libraries of this machine have none."""
    return hashlib.new("sm3") if "sm3" in hashlib.algorithms_available else None


def format_moment(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds")
