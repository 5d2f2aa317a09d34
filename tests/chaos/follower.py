"""One who follows the change feed of a store from its beginning, as a member's system does."""

import time
from typing import Any

from tests.chaos.client import NOT_ANSWERED, Client, Unanswered, judge
from tests.chaos.ledger import digest
from tests.chaos.trace import AWAY, GOOD, SILENT, WRONG, Trace
from tests.chaos.writer import NUMBERS


class Follower:
    """Reads the feed from its beginning, goes on with the cursor, and keeps what it has seen."""

    def __init__(self, client: Client, trace: Trace, kind: str = "feed") -> None:
        self.client, self.trace, self.kind = client, trace, kind
        self.next = f"/fhir/{client.member}/_history?_count=500"
        self.seen: list[
            tuple[str, int, str]
        ] = []  # (key, version, digest), as they came, each the first time
        self.known: set[tuple[str, int]] = set()
        self.numbers: dict[str, set[str]] = {}  # number of an If-None-Exist -> keys that bear it
        self.cursors: list[tuple[str, int]] = []  # (address, how many were seen before)
        self.repeated = 0

    def one(self) -> None:
        while self.page():
            pass

    def page(self) -> bool:
        """Whether there was anything on the next one."""
        began = time.monotonic()
        try:
            reply = self.client.fhir("GET", self.next)
        except NOT_ANSWERED as error:
            self.trace.note(self.kind, began, AWAY if isinstance(error, Unanswered) else SILENT)
            return False
        result = judge(reply)
        if result == WRONG:
            self.trace.object(
                f"feed: {reply.status}, request {reply.request}: {reply.body[:300]!r}"
            )
        self.trace.note(self.kind, began, result, reply.request)
        if result != GOOD:
            return False
        self.take(reply.json)
        return bool(reply.json.get("entry"))

    def take(self, found: Any) -> None:
        for entry in found.get("entry", []):
            resource = entry.get("resource") or {}
            key, number = (
                f"{resource.get('resourceType')}/{resource.get('id')}",
                int(resource.get("meta", {}).get("versionId", 0)),
            )
            if (key, number) in self.known:
                self.repeated += 1
                continue
            self.known.add((key, number))
            self.seen.append((key, number, digest(resource)))
            for identifier in resource.get("identifier", []):
                if identifier.get("system") == NUMBERS:
                    self.numbers.setdefault(identifier["value"], set()).add(key)
        where = next(link["url"] for link in found["link"] if link["relation"] == "next")
        self.next = "/fhir/" + where.partition("/fhir/")[2]
        if not self.cursors or self.cursors[-1][1] != len(self.seen):
            self.cursors = [*self.cursors[-400:], (self.next, len(self.seen))]
