"""A subscriber's endpoint: a real HTTP server that keeps what it is told, and answers as it is
ordered.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.environment import HOOK_PORTS


@dataclass
class WebhookEndpoint:
    url: str = ""
    got: list[tuple[str, str, dict[str, str], Any]] = field(
        default_factory=list
    )  # method, path, headers, body
    answers: list[int] = field(default_factory=list)  # to the next requests; then 200
    refuse: Any = None  # of a body: whether to answer 503

    @property
    def events(self) -> list[Any]:
        """Bundles that tell of changes."""
        return [
            b
            for _, _, _, b in self.got
            if b
            and b.get("resourceType") == "Bundle"
            and get_status_parameter(b, "type") == "event-notification"
        ]

    @property
    def focuses(self) -> list[str]:
        return [e["fullUrl"].split("/fhir/")[1] for b in self.events for e in b["entry"][1:]]


def get_status_parameter(bundle: Any, name: str) -> Any:
    found = next(p for p in bundle["entry"][0]["resource"]["parameter"] if p["name"] == name)
    return next(v for k, v in found.items() if k.startswith("value") or k == "part")


@contextmanager
def listening_endpoint() -> Iterator[WebhookEndpoint]:
    hook = WebhookEndpoint()

    class Handler(BaseHTTPRequestHandler):
        def take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told = json.loads(body) if body else None
            status = (
                hook.answers.pop(0)
                if hook.answers
                else 503
                if hook.refuse and hook.refuse(told)
                else 200
            )
            if status < 300:
                hook.got.append((self.command, self.path, dict(self.headers), told))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_PUT = take

        def log_message(self, *args: Any) -> None:
            pass

    server = next(s for port in HOOK_PORTS for s in [bind_server(port, Handler)] if s)
    hook.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()


def bind_server(port: int, handler: Any) -> ThreadingHTTPServer | None:
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError:
        return None
