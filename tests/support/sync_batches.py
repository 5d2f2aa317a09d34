"""Batches as a member's system sends them, built without any code of the platform."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from tests import draws
from tests.factories.fhir import Api, Reply

NDJSON = "application/x-ndjson"


def encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass
class Line:
    """An item: its line, and the resource that follows, None for a deletion or recall."""

    line: dict[str, Any]
    resource: Any = None

    def lines(self) -> list[bytes]:
        if self.resource is None:
            return [encode(self.line)]
        body = self.resource if isinstance(self.resource, bytes) else encode(self.resource)
        return [encode({"hash": hashlib.sha256(body).hexdigest(), **self.line}), body]


def put(resource: Any, record: str, source: str = "his", type: str = "", **more: Any) -> Line:
    named = type or resource["resourceType"]
    return Line({"source": source, "type": named, "record": record, **more}, resource)


def take_out(action: str, type: str, record: str, source: str = "his", **more: Any) -> Line:
    return Line({"source": source, "type": type, "record": record, "action": action, **more})


def build_batch(stream: str, number: int, items: list[Line], /, **header: Any) -> bytes:
    """header: what it says otherwise than it should."""
    listed = [item.lines() for item in items]
    root = hashlib.sha256(
        b"".join(hashlib.sha256(b"\n".join(lines)).digest() for lines in listed)
    ).hexdigest()
    head = {"stream": stream, "number": number, "items": len(items), "root": root, **header}
    return b"\n".join([encode(head), *(line for lines in listed for line in lines)]) + b"\n"


@dataclass
class Sender:
    """A system that sends numbered batches of one stream."""

    api: Api
    stream: str = field(default_factory=lambda: f"s-{draws.token_hex(4)}")
    number: int = 0

    def post(self, data: bytes, **headers: str) -> Reply:
        sent = {
            "Authorization": f"Bearer {self.api.token}",
            "Content-Type": NDJSON,
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return self.api.raw("POST", f"/sync/{self.api.base}/batches", data, sent)

    def send(self, *items: Line, **headers: str) -> Reply:
        """The next batch."""
        self.number += 1
        return self.post(build_batch(self.stream, self.number, list(items)), **headers)

    def sent(self, *items: Line) -> Any:
        """The answer of the next batch, which is done at once."""
        reply = self.send(*items)
        assert reply.status == 200, reply.body
        return reply.json

    def outcomes(self, *items: Line) -> dict[str, int]:
        return self.sent(*items)["receipt"]["outcomes"]  # type: ignore[no-any-return]

    def get(self, path: str) -> Reply:
        return self.api.raw(
            "GET",
            f"/sync/{self.api.base}/{path}",
            None,
            {"Authorization": f"Bearer {self.api.token}"},
        )

    def letters(self, query: str = "") -> list[dict[str, Any]]:
        reply = self.get(f"dead-letters?{query}")
        assert reply.status == 200, reply.body
        return reply.json["dead_letters"]  # type: ignore[no-any-return]
