"""The log's own word that it was restored, for a witness who has seen what is no more: from which
size, when, by which line, signed by the log's key (docs/sync.md, Witness).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from consent.audit.canonical_line import encode_canonical_json
from consent.audit.restore_lines import RecordedRestore
from consent.audit.signing_keys import fingerprint_of_key, load_signing_key, own_public_key_bytes

VERSION, KIND = 1, "restored"


@dataclass(frozen=True, slots=True)
class RestoreStatement:
    """left: the root of the lines that the log went on from."""

    restore: RecordedRestore
    log: str
    left: bytes

    def content(self) -> dict[str, Any]:
        return {
            "v": VERSION,
            "kind": KIND,
            "log": self.log,
            "line": self.restore.line,
            "at": encode_time(self.restore.recorded),
            "left": {"size": self.restore.size_left, "root": self.left.hex()},
            "known": self.restore.known_size,
            "since": encode_time(self.restore.since) if self.restore.since else None,
        }

    def as_json(self) -> dict[str, Any]:
        content = self.content()
        return {
            "statement": content,
            "signature": load_signing_key().sign(encode_canonical_json(content)).hex(),
            "key": f"SHA256:{fingerprint_of_key(own_public_key_bytes())}",
        }


def encode_time(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
