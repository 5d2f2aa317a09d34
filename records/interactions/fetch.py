"""A GET inside a Bundle: read, vread, history, a search or a patient's everything, as its url says."""

from dataclasses import replace

import orjson

from records.capability import statement
from records.fhir.formats import must_be_json
from records.fhir.issues import Issue, NotSupported, TooLarge
from records.fhir.limits import READ_BYTES, READS
from records.fhir.query import PLAIN, pairs
from records.interactions import everything, history, read, search
from records.interactions.ask import Answer, Ask
from records.interactions.entry_address import asked_for
from records.interactions.preconditions import Preconditions, not_modified


class Reads:
    """The GETs of one Bundle: the same one is asked once while nothing is written between, and all together cost no more than they may."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.answers: dict[str, Answer] = {}
        self.cost, self.size = 0, 0

    def get(self, address: str) -> Answer:
        """Raises TooLarge for what is too much, and for whatever comes after it."""
        if address not in self.answers:
            self.cost += cost(address)
            self.must_be_within()
            self.answers[address] = get(self.ask, address)
        self.size += len(self.answers[address].body)
        self.must_be_within()
        return self.answers[address]

    def answer(self, method: str, address: str, holds: Preconditions) -> Answer:
        """To GET or HEAD, under preconditions."""
        found = self.get(address)
        if found.version and not_modified(holds, found.version, found.last_updated):
            return replace(found, status=304, body=b"")
        return replace(found, body=b"") if method == "HEAD" else found

    def must_be_within(self) -> None:
        if self.cost > READS or self.size > READ_BYTES:
            raise TooLarge(Issue("too-costly", f"The GETs of this Bundle cost more than {READS} searches, or are answered with more than {READ_BYTES // 1048576} MiB: "
                                               "ask for this one, and for those behind it, in another.", "request.url"))

    def forget(self) -> None:
        """Something was written: what was read may have changed."""
        self.answers.clear()


def cost(address: str) -> int:
    """In searches: what looks at more than a type's index, or at everything of somebody, counts for several."""
    path = address.partition("?")[0]
    parts = [p for p in path.split("/") if p]
    if len(parts) == 1:
        return 1
    return 5 if not parts or parts[-1] in ("$everything", "_history") else 0


def as_sent(body: bytes) -> orjson.Fragment:
    """A stored body or a Bundle as a part of an answer, without reading it."""
    return orjson.Fragment(body)


def get(ask: Ask, address: str) -> Answer:
    parts, query = asked_for(address, ask.address)
    asked = pairs(query)
    for said in (v for k, v in asked if k == "_format"):
        must_be_json(said)
    plain = not [k for k, _ in asked if k not in PLAIN]
    match parts:
        case []:
            return search.search(ask, "", asked)
        case ["metadata"]:
            return Answer(200, statement(ask.base, ask.root))
        case ["Patient", fhir_id, "$everything"]:
            return everything.everything(ask, fhir_id, asked)
        case [name] if name[:1].isupper():
            return search.search(ask, name, asked)
        case [name, "_history"] if name[:1].isupper():
            return history.versions(ask, name, None, asked)
        case [name, fhir_id, "_history"]:
            return history.versions(ask, name, fhir_id, asked)
        case [name, fhir_id, "_history", version] if plain:
            return read.vread(ask, name, fhir_id, version)
        case [name, fhir_id] if plain and not fhir_id.startswith(("$", "_")):
            return read.read(ask, name, fhir_id)
    raise NotSupported(Issue("not-supported", "A GET in a Bundle is metadata, Type/id, Type/id/_history, Type/id/_history/version, Type?… or Patient/id/$everything.", "request.url"))
