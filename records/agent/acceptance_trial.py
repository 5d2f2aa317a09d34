"""Send made-up records to the sandbox as docs/sync.md says, in a stream of their own, and look at
what comes back.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from .item import Item, encode_resource
from .item_line import build_item_line, digest_of_item
from .platform_client import PlatformClient, Reply
from .receipt_check import PinnedKeys, encode_canonical

NDJSON = {"Content-Type": "application/x-ndjson"}
LATER = {"Prefer": "respond-async"}
SOURCE = "accept"
MOST_TRIES = 60  # of asking for a receipt


class CheckFailed(Exception):
    """found: what came instead, in one line without values of records."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


@dataclass
class AcceptanceTrial:
    """mark: of this run, so that it meets nothing of one before it."""

    client: PlatformClient
    keys: PinnedKeys
    mark: str = field(default_factory=lambda: secrets.token_hex(4))
    number: int = 0
    last: bytes = b""

    @property
    def stream(self) -> str:
        return f"accept-{self.mark}"

    @property
    def patient(self) -> str:
        return f"P{self.mark}"

    def path(self, room: str) -> str:
        return f"{self.client.sync_path}/{room}"

    def item(
        self,
        type: str,
        record: str,
        resource: dict[str, Any] | None,
        version: int = 1,
        action: str = "put",
        day: str = "2026-05-03",
    ) -> tuple[bytes, bytes]:
        """(item line, resource line)."""
        body = encode_resource(resource) if resource is not None else b""
        made = Item(SOURCE, type, record, body, version, action, day, self.patient, "accept")
        return build_item_line(made, version), body

    def build(self, number: int, items: list[tuple[bytes, bytes]]) -> bytes:
        digests = b"".join(digest_of_item(line, body) for line, body in items)
        header = {
            "stream": self.stream,
            "number": number,
            "items": len(items),
            "root": hashlib.sha256(digests).hexdigest(),
        }
        lines = [json.dumps(header).encode()]
        lines += [part for pair in items for part in pair if part]
        return b"\n".join(lines) + b"\n"

    def post(self, data: bytes, later: bool = False) -> Reply:
        return self.client.send(
            "POST", self.path("batches"), data, {**NDJSON, **(LATER if later else {})}
        )

    def push(self, *items: tuple[bytes, bytes], later: bool = False) -> Reply:
        """The next batch; it counts where it was taken."""
        data = self.build(self.number + 1, list(items))
        reply = self.post(data, later)
        if reply.status in (200, 202):
            self.number, self.last = self.number + 1, data
        return reply

    def done(self, *items: tuple[bytes, bytes]) -> dict[str, int]:
        """The outcomes of a batch that must be taken, now or in its turn. Raises CheckFailed."""
        reply = self.wait_for_receipt(self.push(*items))
        receipt = reply.json()["receipt"]
        expect(self.signed(reply), reply, "signature")
        return {str(name): int(many) for name, many in receipt["outcomes"].items()}

    def wait_for_receipt(self, reply: Reply) -> Reply:
        """Of the newest batch, where it was accepted (202). Raises CheckFailed."""
        for _ in range(MOST_TRIES):
            if reply.status != 202:
                break
            time.sleep(min(reply.retry_after or 1.0, 2.0))
            reply = self.client.send("GET", self.path(f"batches/{self.stream}/{self.number}"))
        expect(reply.status == 200, reply)
        return reply

    def signed(self, reply: Reply) -> bool:
        answer = reply.json()
        return self.keys.verify(encode_canonical(answer["receipt"]), str(answer["signature"]))

    def read(self, type: str, record: str) -> Reply:
        """As the store has it."""
        return self.client.send("GET", f"/fhir/{self.client.hospital}/{type}/{SOURCE}-{record}")


def expect(right: bool, reply: Reply, what: str = "") -> None:
    """Raises CheckFailed with what came."""
    if not right:
        try:
            error = reply.json().get("error") or reply.json().get("receipt", {}).get("outcomes")
        except Exception:  # of any answer at all, only for the report
            error = ""
        raise CheckFailed(" ".join(str(p) for p in (reply.status, error, what) if p))
