"""Beside the single writes of the load: an $import now and then, and a subscriber who must be
told of what was acknowledged.
"""

import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.chaos.client import NOT_ANSWERED, Client, Unanswered, judge
from tests.chaos.ledger import digest
from tests.chaos.load import Actor, Load
from tests.chaos.trace import AWAY, GOOD, SILENT, WRONG
from tests.chaos.writer import ORDERED
from tests.factories.fhir import make_observation

LINES = 40
EVERY = 15.0  # seconds between the end of one and the next
BULK = "bulk"  # what of it is asked for is no measure of an outage


class Importer:
    """Sends a file, waits for its job, and acknowledges its lines when the job says that all
    were taken. A file whose job was never told is sent again: lines have ids.
    """

    def __init__(self, load: Load) -> None:
        self.load, self.rng = load, random.Random(load.client.member)
        self.count, self.rest = 0, 0.0
        self.made: list[dict[str, Any]] = []
        self.job = ""
        self.done = 0

    def one(self) -> None:
        if time.monotonic() < self.rest:
            return
        if not self.made:
            self.count += 1
            self.made = [
                make_observation(self.load.people[0][0], value=i, id=f"im-{self.count}-{i}")
                for i in range(LINES)
            ]
            for m in self.made:
                self.load.ledger.intend(f"Observation/{m['id']}", digest(m))
        began = time.monotonic()
        try:
            if self.job:
                reply = self.load.client.fhir("GET", self.job)
            else:
                reply = self.load.client.fhir(
                    "POST",
                    "$import",
                    "\n".join(json.dumps(m) for m in self.made).encode(),
                    Content_Type="application/fhir+ndjson",
                    Prefer="respond-async",
                )
        except NOT_ANSWERED as error:
            self.load.trace.note(BULK, began, AWAY if isinstance(error, Unanswered) else SILENT)
            return
        result = judge(reply)
        self.load.trace.note(BULK, began, result)
        if result == WRONG:
            self.load.trace.object(
                f"$import: {reply.status}, request {reply.request}: {reply.body[:300]!r}"
            )
        if result != GOOD or reply.status == 202:
            if reply.status == 202 and not self.job:
                self.job = "/fhir/" + reply.headers["content-location"].partition("/fhir/")[2]
            return
        self.take(reply.json)

    def take(self, manifest: dict[str, Any]) -> None:
        if manifest.get("error"):
            self.load.trace.object(
                f"$import refused lines of its own kind: {json.dumps(manifest)[:300]}"
            )
        else:
            self.load.ledger.acknowledge(
                *((f"Observation/{m['id']}", 1, digest(m)) for m in self.made)
            )
            self.done += 1
        self.made, self.job, self.rest = [], "", time.monotonic() + EVERY


class Subscriber:
    """An endpoint of our own, and a Subscription that it has told of."""

    def __init__(self) -> None:
        self.told: set[str] = set()
        self.times = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.hear(json.loads(body) if body else {})
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def hear(self, told: dict[str, Any]) -> None:
        for entry in told.get("entry", [])[1:]:
            parts = entry.get("fullUrl", "").split("/")
            self.told.add("/".join(parts[-2:]))
            self.times += 1

    def subscribe(self, client: Client) -> None:
        """To what the load creates where it is not there yet. What is written after this returns
        is told of.
        """
        made = {
            "resourceType": "Subscription",
            "id": "chaos",
            "status": "requested",
            "reason": "make chaos",
            "criteria": f"Observation?code={ORDERED}",
            "channel": {
                "type": "rest-hook",
                "endpoint": f"{self.origin}/hook",
                "payload": "application/fhir+json",
                "_payload": {
                    "extension": [
                        {
                            "url": (
                                "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content"
                            ),
                            "valueCode": "id-only",
                        }
                    ]
                },
            },
        }
        reply = client.fhir("PUT", "Subscription/chaos", made)
        assert reply.status == 201, reply.body
        limit = time.monotonic() + 60
        while client.fhir("GET", "Subscription/chaos").json["status"] != "active":
            assert time.monotonic() < limit, "the Subscription becomes active"
            time.sleep(0.2)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def importing(load: Load) -> tuple[Importer, Actor]:
    importer = Importer(load)
    return importer, Actor("importer", load.trace, importer.one, 1.0)
