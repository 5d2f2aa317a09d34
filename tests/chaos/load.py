"""The load that never rests: writers, readers, searchers, one who looks at a record's page, one
who follows the feed, one who asks /readyz. Each knows what must come.
"""

import http.client
import json
import random
import threading
import time
import urllib.error
from collections.abc import Callable
from typing import Any

from tests.chaos.client import NOT_ANSWERED, Client, Reply, Unanswered, code, judge
from tests.chaos.follower import Follower
from tests.chaos.ledger import Ledger, digest
from tests.chaos.trace import AWAY, GOOD, SILENT, WRONG, Poll, Trace
from tests.chaos.writer import NUMBERS, Writer
from tests.factories.fhir import make_citizen_number, make_patient
from tests.perf.session import sign_in

PEOPLE = 4
PASSWORD = "xinglin-demo-2026"  # as the README prints it


class Actor(threading.Thread):
    """One of the load: does `one` again and again. A mistake of its own is told, never passed
    over.
    """

    def __init__(self, name: str, trace: Trace, one: Callable[[], None], pause: float) -> None:
        super().__init__(name=name, daemon=True)
        self.trace, self.one, self.pause, self.stopping = trace, one, pause, threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.one()
            except Exception as error:
                self.trace.object(
                    f"the {self.name} of the load failed itself: {type(error).__name__}: {error}"
                )
            self.stopping.wait(self.pause)


class Load:
    def __init__(
        self, client: Client, ledger: Ledger, trace: Trace, seed: int, pause: float = 0.1
    ) -> None:
        self.client, self.ledger, self.trace = client, ledger, trace
        self.people: list[tuple[str, str, str]] = []  # (Patient/id, person id, name)
        self.cookies = ""
        self.again = 0.0  # when the browser may sign in again
        self.ahead = 0  # seconds of the site's clock before ours
        self.follower = Follower(client, trace)
        self.actors = [
            Actor(f"writer {i}", trace, Writer(self, random.Random(seed * 10 + i), i), pause)
            for i in range(2)
        ]
        self.actors += [
            Actor("reader", trace, self.reads(random.Random(seed * 10 + 7)), pause),
            Actor("searcher", trace, self.searches(random.Random(seed * 10 + 8)), pause),
            Actor("browser", trace, self.look, 0.5),
            Actor("follower", trace, self.follower.one, 0.4),
        ]
        self.actors += [
            Actor(f"watch {i}", trace, self.watches(i, port), 0.5)
            for i, port in enumerate(client.ports)
        ]

    def prepare(self) -> None:
        """The patients, before anything happens."""
        for i in range(PEOPLE):
            made = make_patient(resident=make_citizen_number(sequence=2 * i + 1)) | {
                "id": f"chaos-{i}"
            }
            reply = self.client.fhir("PUT", f"Patient/chaos-{i}", made)
            assert reply.status == 201, reply.body
            self.ledger.acknowledge((f"Patient/chaos-{i}", reply.version, digest(made)))
            found = self.client.fhir(
                "GET", f"/fhir/alliance/Patient?identifier={made['identifier'][0]['value']}"
            ).json
            self.people.append(
                (f"Patient/chaos-{i}", found["entry"][0]["resource"]["id"], made["name"][0]["text"])
            )
        self.sign_in()

    def start(self) -> None:
        for actor in self.actors:
            actor.start()

    def stop(self) -> None:
        for actor in self.actors:
            actor.stopping.set()
        for actor in self.actors:
            actor.join(60)

    def asked(self, kind: str, ask: Callable[[], Reply]) -> Reply | None:
        """The answer where it is 2xx; else what it was is noted."""
        began = time.monotonic()
        try:
            reply = ask()
        except NOT_ANSWERED as error:
            self.trace.note(kind, began, AWAY if isinstance(error, Unanswered) else SILENT)
            return None
        result = judge(reply)
        if result == WRONG:
            self.trace.object(
                f"{kind}: {reply.status} {reply.headers.get('retry-after', 'without Retry-After')},"
                f" request {reply.request}: {reply.body[:300]!r}"
            )
        if result != GOOD:
            self.trace.note(kind, began, result)
        return reply if result == GOOD else None

    def reads(self, rng: random.Random) -> Callable[[], None]:
        def one() -> None:
            if (known := self.ledger.some(rng)) is None:
                return
            if reply := self.asked("read", lambda: self.client.fhir("GET", known.key)):
                self.hold("read", reply, [reply.json], {known.key: known.version})

        return one

    def searches(self, rng: random.Random) -> Callable[[], None]:
        def one() -> None:
            known = [
                e
                for e in (self.ledger.some(rng) for _ in range(3))
                if e and e.key.startswith("Observation/")
            ]
            if not known:
                return
            numbered = (
                [c for c, k in list(self.ledger.conditions.items())[-50:]]
                if rng.random() < 0.5
                else []
            )
            if numbered:
                condition = rng.choice(numbered)
                entry = self.ledger.newest_of(self.ledger.conditions[condition])
                query, wanted = (
                    f"Observation?identifier={NUMBERS}|{condition}",
                    {entry.key: entry.version} if entry else {},
                )
            else:
                query, wanted = (
                    f"Observation?_id={','.join(e.key.partition('/')[2] for e in known)}",
                    {e.key: e.version for e in known},
                )
            if reply := self.asked("search", lambda: self.client.fhir("GET", query)):
                self.hold(
                    "search",
                    reply,
                    [
                        e["resource"]
                        for e in reply.json.get("entry", [])
                        if e.get("search", {}).get("mode") == "match"
                    ],
                    wanted,
                )

        return one

    def hold(
        self, kind: str, reply: Reply, found: list[dict[str, Any]], wanted: dict[str, int]
    ) -> None:
        """An answer against what had been acknowledged before it was asked."""
        there = {f"{r['resourceType']}/{r['id']}": r for r in found}
        facts = []
        for key, least in wanted.items():
            if key not in there:
                facts.append(
                    f"{kind}: {key} was acknowledged, and is not in the answer (request"
                    f" {reply.request})"
                )
            elif int(there[key]["meta"]["versionId"]) < least:
                facts.append(
                    f"{kind}: {key} has version {there[key]['meta']['versionId']}, and {least} was"
                    f" acknowledged (request {reply.request})"
                )
        facts += [
            f"{kind}: {key} has content that nobody has sent (request {reply.request})"
            for key, r in there.items()
            if not self.ledger.sent(key, digest(r))
        ]
        for fact in facts:
            self.trace.object(fact)
        self.trace.note(kind, reply.began, WRONG if facts else GOOD, reply.request)

    def sign_in(self) -> None:
        self.cookies = sign_in(
            f"http://127.0.0.1:{self.client.port()}",
            "zhou",
            PASSWORD,
            code(time.time() + self.ahead),
        )

    def look(self) -> None:
        """At one patient's page. Who was signed out signs in again: a session that a clock has
        ended is no fault.
        """
        if not self.cookies:
            if time.monotonic() < self.again:
                return
            try:
                self.sign_in()
            except (OSError, RuntimeError, urllib.error.URLError, http.client.HTTPException):
                self.again = time.monotonic() + 5
                return
        _, person, name = self.people[0]
        if reply := self.seen(f"/person/{person}/"):
            if name not in reply.body.decode():
                self.trace.object(
                    f"page: the record's page does not name the patient (request {reply.request})"
                )
            self.trace.note("page", reply.began, GOOD, reply.request)

    def seen(self, path: str) -> Reply | None:
        began = time.monotonic()
        try:
            reply = self.client.send("GET", path, None, {"Cookie": self.cookies})
        except NOT_ANSWERED:
            self.trace.note("page", began, SILENT)
            return None
        if reply.status == 302 and "/account/" in reply.headers.get("location", ""):
            self.cookies = ""
            return None
        return self.asked("page", lambda: reply)

    def watches(self, site: int, port: int) -> Callable[[], None]:
        def one() -> None:
            began, status, says = time.monotonic(), 0, ""
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=8)
            try:
                link.request("GET", "/readyz")
                reply = link.getresponse()
                status, told = reply.status, reply.read()
                says = (
                    ", ".join(k for k, v in json.loads(told).get("checks", {}).items() if v != "ok")
                    if status != 200
                    else ""
                )
            except (OSError, http.client.HTTPException, ValueError):
                pass
            finally:
                link.close()
            if status not in (0, 200, 503):
                self.trace.object(f"readyz answered {status}")
            self.trace.poll(Poll(site, began, time.monotonic(), status, says))

        return one
