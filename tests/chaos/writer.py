"""One writer of the load, and what it sends."""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.chaos.client import Reply, version
from tests.chaos.ledger import digest
from tests.chaos.trace import GOOD
from tests.factories.fhir import make_bundle, make_observation

if TYPE_CHECKING:
    from tests.chaos.load import Load

NUMBERS = "urn:chaos:order"  # the identifier of what is created where it is not there
ORDERED = "8867-4"  # its code, by which the subscriber asks for it


class Writer:
    """Creates and replaces by PUT, creates by POST where it is not there yet, and sends
    transactions of three; what it gets no answer to it sends again.
    """

    def __init__(self, load: "Load", rng: random.Random, number: int) -> None:
        self.load, self.rng, self.number = load, rng, number
        self.count = 0
        self.own: list[str] = []
        self.pending: Callable[[], bool] | None = None  # what was sent and not answered

    def __call__(self) -> None:
        if self.pending is None:
            self.count += 1
            name = f"w{self.number}-{self.count}"
            draw = self.rng.random()
            kind = (
                self.replace
                if draw < 0.25 and self.own
                else self.numbered
                if draw < 0.5
                else self.together
                if draw < 0.65
                else self.put
            )
            self.pending = kind(name)
        if self.pending():
            self.pending = None

    def resource(self, **more: Any) -> dict[str, Any]:
        about = self.rng.choice(self.load.people)[0]
        return make_observation(
            about, value=self.count % 300, note=[{"text": f"{self.number}-{self.count}"}], **more
        )

    def put(self, name: str) -> Callable[[], bool]:
        return self.sent(name, self.resource(id=name))

    def replace(self, name: str) -> Callable[[], bool]:
        name = self.rng.choice(self.own[-30:])
        return self.sent(name, self.resource(id=name))

    def sent(self, name: str, made: dict[str, Any]) -> Callable[[], bool]:
        key, content = f"Observation/{name}", digest(made)
        self.load.ledger.intend(key, content)

        def try_() -> bool:
            reply = self.load.asked("write", lambda: self.load.client.fhir("PUT", key, made))
            if reply is None:
                return False
            self.take(reply, (key, reply.version, content))
            self.own = [*self.own[-200:], name] if name not in self.own else self.own
            return True

        return try_

    def numbered(self, name: str) -> Callable[[], bool]:
        made = self.resource(code=ORDERED, identifier=[{"system": NUMBERS, "value": name}])
        content = digest(made)

        def try_() -> bool:
            reply = self.load.asked(
                "write",
                lambda: self.load.client.fhir(
                    "POST", "Observation", made, If_None_Exist=f"identifier={NUMBERS}|{name}"
                ),
            )
            if reply is None:
                return False
            parts = reply.headers.get("location", "").split("/")
            key = (
                f"Observation/{parts[parts.index('Observation') + 1]}"
                if "Observation" in parts
                else f"Observation/{reply.json['id']}"
            )
            self.take(reply, (key, reply.version, content), condition=name)
            return True

        return try_

    def together(self, name: str) -> Callable[[], bool]:
        made = [self.resource(id=f"{name}-{i}") for i in range(3)]
        told = [(f"Observation/{m['id']}", digest(m)) for m in made]
        for key, content in told:
            self.load.ledger.intend(key, content)
        self.load.ledger.group(name, tuple(k for k, _ in told))

        def try_() -> bool:
            reply = self.load.asked(
                "write",
                lambda: self.load.client.fhir(
                    "POST",
                    "",
                    make_bundle(*(("PUT", k, m) for (k, _), m in zip(told, made, strict=True))),
                ),
            )
            if reply is None:
                return False
            versions = [version(e["response"].get("etag", "")) for e in reply.json["entry"]]
            self.take(reply, *((k, v, c) for (k, c), v in zip(told, versions, strict=True)))
            return True

        return try_

    def take(self, reply: Reply, *told: tuple[str, int, str], condition: str = "") -> None:
        if any(not v for _, v, _ in told):
            self.load.trace.object(
                f"write: an answer without a version (request {reply.request}):"
                f" {dict(reply.headers)}"
            )
        self.load.ledger.acknowledge(*told, condition=condition)
        self.load.trace.note("write", reply.began, GOOD, reply.request)
