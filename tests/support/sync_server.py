"""A small server that answers as docs/sync.md says (token, batches, heartbeat), with faults to
order: for tests of the agent that need no site. What it stored is `ledger`.
"""

import base64
import gzip
import hashlib
import json
import re
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HOSPITAL, CLIENT, SECRET = "nanqiao", "nanqiao-1f", "a secret"
BATCH = re.compile(r"/sync/(\w+)/batches/([a-z0-9._-]+)(?:/(\d+))?")


@dataclass
class SyncPlatform:
    """What the server knows. orders: what becomes of the next batches, one each: "cut" (stored, and
    the line breaks before the answer), "cut-before", "202", "413", "400", "503", or "" (as usual).
    """

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    batches: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    bodies: dict[tuple[str, int], bytes] = field(default_factory=dict)
    ledger: dict[tuple[str, str, str], list[dict[str, Any]]] = field(default_factory=dict)
    arrived: list[dict[str, Any]] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)  # record: rule
    epoch: dict[str, int] = field(default_factory=dict)  # stream: answers 410 with this next, once
    heartbeats: list[dict[str, Any]] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    assertions: list[dict[str, Any]] = field(default_factory=list)
    clock: float = 0.0  # ahead of ours
    sign: bool = True
    largest: int = 1000
    lock: threading.RLock = field(default_factory=threading.RLock)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def next_number(self, stream: str) -> int:
        return 1 + max((n for s, n in self.batches if s == stream), default=0)

    def forget_from(self, stream: str, number: int) -> None:
        """As after a restore from a backup."""
        for key in [k for k in self.batches if k[0] == stream and k[1] >= number]:
            for item in json.loads(self.bodies[key]):
                versions = self.ledger[item["source"], item["type"], item["record"]]
                versions[:] = [v for v in versions if v["version"] != item["version"]]
            del self.batches[key]

    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def take_batch(self, data: bytes) -> tuple[int, dict[str, Any]]:
        lines = data.split(b"\n")
        header = json.loads(lines[0])
        stream, number = header["stream"], header["number"]
        items, place, root = [], 1, hashlib.sha256()
        while place < len(lines) and lines[place]:
            item, whole = json.loads(lines[place]), lines[place]
            if item.get("action", "put") == "put":
                body = lines[place + 1]
                if hashlib.sha256(body).hexdigest() != item["hash"]:
                    return 400, {"error": "hash", "zh": "摘要不符", "en": "the hash differs"}
                whole, place = whole + b"\n" + body, place + 1
            root.update(hashlib.sha256(whole).digest())
            items.append(item)
            place += 1
        if root.hexdigest() != header["root"] or len(items) != header["items"]:
            return 400, {"error": "root", "zh": "根不符", "en": "the root differs"}
        if len(items) > self.largest:
            return 413, {"error": "too-large", "zh": "太多", "en": "too many"}
        if stream in self.epoch:
            return 410, {"error": "epoch", "next": self.epoch.pop(stream)}
        if (stream, number) in self.batches:
            known = self.batches[stream, number]
            if known["receipt"]["root"] != header["root"]:
                return 409, {"error": "other-root", "receipt": known["receipt"]}
            return 200, known
        if number != self.next_number(stream):
            return 409, {"error": "gap", "next": self.next_number(stream)}
        return 200, self.store(header, items)

    def store(self, header: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
        outcomes: dict[str, int] = {}
        refused, letters = [], []
        for place, item in enumerate(items):
            outcome = self.store_item(item)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            if outcome == "refused":
                rule = self.refuse[item["record"]]
                refused.append(
                    {"item": place, "outcome": outcome, "rule": rule, "field": "Observation.code"}
                )
                letters.append(
                    {
                        **{name: item[name] for name in ("source", "type", "record", "version")},
                        **{name: header[name] for name in ("stream", "number")},
                        "state": "open",
                        "value": "王小明",
                        "item": place,
                        "rule": rule,
                        "why": {"zh": "代码不认识", "en": "unknown code"},
                        "mend": {"zh": "请对码", "en": "map it"},
                    }
                )
        self.letters += letters
        receipt = {
            "v": 1,
            "hospital": HOSPITAL,
            "client": CLIENT,
            "stream": header["stream"],
            "number": header["number"],
            "root": header["root"],
            "items": len(items),
            "outcomes": outcomes,
            "refused": refused,
            "at": "2026-05-03T08:00:00.123456Z",
        }
        canonical = json.dumps(
            receipt, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()
        signature = self.key.sign(canonical if self.sign else b"something else").hex()
        answer = {
            "receipt": receipt,
            "signature": signature,
            "key": "SHA256:…",
            "dead_letters": letters,
        }
        place = (header["stream"], header["number"])
        self.batches[place] = answer
        self.bodies[place] = json.dumps(items).encode()
        return answer

    def list_letters(self, asked: dict[str, str]) -> dict[str, Any]:
        """A page of two."""
        fitting = [
            letter
            for letter in self.letters
            if all(str(letter[n]) == asked[n] for n in ("state", "stream", "number") if n in asked)
        ]
        begin = int(asked.get("cursor", "0"))
        page = fitting[begin : begin + 2]
        return {
            "dead_letters": page,
            "cursor": str(begin + len(page)),
            "more": begin + 2 < len(fitting),
        }

    def store_item(self, item: dict[str, Any]) -> str:
        self.arrived.append(item)
        if item["record"] in self.refuse:
            return "refused"
        versions = self.ledger.setdefault((item["source"], item["type"], item["record"]), [])
        newest = versions[-1]["version"] if versions else -1
        if item["version"] < newest:
            return "superseded"
        if item["version"] == newest:
            return "unchanged"
        versions.append(item)
        return {"put": "stored", "delete": "deleted", "recall": "recalled"}[
            item.get("action", "put")
        ]


class SyncHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    platform: SyncPlatform

    def do_GET(self) -> None:
        self.platform.requests.append(("GET", self.path))
        if not self.check_token():
            return
        path, _, query = self.path.partition("?")
        if path.endswith("/dead-letters"):
            self.answer(200, self.platform.list_letters(dict(parse_qsl(query))))
            return
        found = BATCH.fullmatch(path)
        assert found, self.path
        stream, number = found[2], found[3]
        following = self.platform.next_number(stream)
        if number is None:
            self.answer(200, {"stream": stream, "next": following})
        elif (known := self.platform.batches.get((stream, int(number)))) is None:
            self.answer(404, {"error": "unknown", "next": following})
        else:
            self.answer(200, known)

    def do_POST(self) -> None:
        self.platform.requests.append(("POST", self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/oauth/token":
            self.give_token(body.decode())
            return
        if not self.check_token():
            return
        if self.path.endswith("/heartbeat"):
            self.platform.heartbeats.append(json.loads(body))
            streams = {stream for stream, _ in self.platform.batches}
            following = {s: self.platform.next_number(s) for s in streams}
            self.answer(200, {"next": following})
            return
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        with self.platform.lock:
            order = self.platform.orders.pop(0) if self.platform.orders else ""
            if order == "cut-before":
                self.cut()
            elif order in ("503", "400", "413"):
                self.answer(int(order), {"error": "busy", "zh": "忙", "en": "busy"})
            else:
                status, answer = self.platform.take_batch(body)
                if order == "cut":
                    self.cut()
                elif order == "202" and status == 200:
                    receipt = answer["receipt"]
                    self.accepted(f"{self.path}/{receipt['stream']}/{receipt['number']}")
                else:
                    self.answer(status, answer)

    def give_token(self, form: str) -> None:
        fields = {name: values[0] for name, values in parse_qs(form).items()}
        if "client_assertion" in fields:
            part = fields["client_assertion"].split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            self.platform.assertions.append(claims)
            now = time.time() + self.platform.clock
            if not now - 60 < claims["iat"] <= now + 60 or claims["exp"] > now + 300:
                self.answer(401, {"error": "invalid_client", "error_description": "expired"})
                return
        elif fields.get("client_secret") != SECRET:
            self.answer(401, {"error": "invalid_client"})
            return
        token = f"token-{len(self.platform.tokens)}"
        self.platform.tokens.append(token)
        self.answer(200, {"access_token": token, "expires_in": 3600})

    def check_token(self) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.platform.tokens and token == self.platform.tokens[-1]:
            return True
        self.rfile.read(0)
        self.answer(401, {"error": "token"})
        return False

    def cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    def accepted(self, location: str) -> None:
        self.answer(202, {}, {"Location": location, "Retry-After": "0"})

    def answer(
        self, status: int, words: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        body = gzip.compress(json.dumps(words, ensure_ascii=False).encode())
        self.send_response_only(status)
        self.send_header("Date", formatdate(time.time() + self.platform.clock, usegmt=True))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serve_sync(platform: SyncPlatform, certificate: Path | None = None):
    """The address of the server."""
    handler = type("Handler", (SyncHandler,), {"platform": platform})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        port = server.server_address[1]
        yield f"https://localhost:{port}" if certificate else f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_agent_home(home: Path, url: str, platform: SyncPlatform, **settings: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    lines = {"url": url, "hospital": HOSPITAL, "client_id": CLIENT, "secret": SECRET, **settings}
    text = "[platform]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items())
    (home / "agent.ini").write_text(text, encoding="utf-8")
    (home / "platform-keys.pem").write_bytes(platform.public_pem())
