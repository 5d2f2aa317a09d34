"""Answer each address of sync, as docs/sync.md says: a function an address, in a transaction, and a
TABLE of them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping

from ..mapping.exact_json import encode_exactly
from . import acceptance, batches, changes, comparison, letters, signed_log, store, systems
from .batch_lines import HEADER_FORMS, LARGEST
from .refusals import SyncFault
from .site import Caller, Site, format_time

NDJSON = ("application/x-ndjson", "application/ndjson", "application/fhir+ndjson")
NUMBER = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True)
class Request:
    """path: without its query; headers: names in lower case; body: unpacked; words: what the
    address names.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    words: tuple[str, ...] = ()

    def json(self, detail: str) -> dict[str, Any]:
        """The object that the body is. Raises SyncFault."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise SyncFault("body", detail=detail) from error
        if not isinstance(found, dict):
            raise SyncFault("body", detail=detail)
        return found


@dataclass
class Answer:
    """content: JSON, or its bytes. wait: seconds for which to ask again where it holds nothing;
    again: it was given before; note: for the person who watches.
    """

    status: int
    content: Any
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    again: bool = False
    note: str = ""

    @property
    def body(self) -> bytes:
        if isinstance(self.content, bytes):
            return self.content
        return encode_exactly(self.content)

    def read(self) -> dict[str, Any]:
        found = json.loads(self.body)
        return found if isinstance(found, dict) else {}


Serve = Callable[[Site, Caller, Request], Answer]


def answer_batch(caller: Caller, stream: str, number: int, answer: bytes) -> Answer:
    if answer:
        outcomes = json.loads(answer)["receipt"]["outcomes"]
        note = f"{stream}/{number} " + ", ".join(f"{k} {n}" for k, n in outcomes.items())
        return Answer(200, answer, note=note)
    return Answer(
        202,
        {"stream": stream, "number": number, "state": "waiting"},
        {
            "Location": f"{caller.root}/sync/{caller.hospital}/batches/{stream}/{number}",
            "Retry-After": str(round(batches.TURN)),
        },
        note=f"{stream}/{number} waits",
    )


def post_batch(site: Site, caller: Caller, request: Request) -> Answer:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in NDJSON:
        raise SyncFault("media", detail=media[:60])
    later = "respond-async" in request.headers.get("prefer", "")
    before = site.now()
    header, answer = batches.take_batch(site, caller, request.body, later)
    told = answer_batch(caller, header.stream, header.number, answer)
    if answer:
        at = json.loads(answer)["receipt"]["at"]
        told.again = bool(at < format_time(before, 6))
    return told


def get_stream(site: Site, caller: Caller, request: Request) -> Answer:
    name = check_stream(request.words[0])
    expected, done = batches.find_stream(site, caller.client, name)
    return Answer(200, {"stream": name, "next": expected, "waiting": expected - 1 - done})


def get_batch(site: Site, caller: Caller, request: Request) -> Answer:
    name, text = check_stream(request.words[0]), request.words[1]
    number = int(text) if NUMBER.fullmatch(text) else 0
    if not 0 < number <= LARGEST:
        raise query_fault("number", "number")
    row = batches.find_batch(site, caller.client, name, number)
    if row is None:
        expected = batches.find_stream(site, caller.client, name)[0]
        raise SyncFault("unknown", {"next": expected}, next=expected)
    return answer_batch(caller, name, number, bytes(row["answer"]))


def check_stream(name: str) -> str:
    if not HEADER_FORMS["stream"][0](name):
        raise query_fault("stream", "stream")
    return name


def query_fault(name: str, form: str) -> SyncFault:
    _, zh, en = HEADER_FORMS[form]
    return SyncFault("query", name=name, form_zh=zh, form_en=en)


def get_letters(site: Site, caller: Caller, request: Request) -> Answer:
    return Answer(200, letters.list_letters(site, caller, request.query))


def get_feed(site: Site, caller: Caller, request: Request) -> Answer:
    content, wait = changes.read_feed(site, caller, request.query)
    content["head"] = signed_log.tell_head(site)
    return Answer(200, content, wait=wait, note=f"entries {len(content['entries'])}")


def post_digests(site: Site, caller: Caller, request: Request) -> Answer:
    return Answer(200, comparison.answer_digests(site, caller, request.json(comparison.HOLDS)))


def post_heads(site: Site, caller: Caller, request: Request) -> Answer:
    asked = request.json('{"seen": {"size": …, "root": "…"}, "cosignature": "…"}')
    return Answer(200, signed_log.answer_heads(site, caller, asked))


def get_checkpoint(site: Site, caller: Caller, request: Request) -> Answer:
    note = signed_log.answer_checkpoint(site).encode()
    return Answer(200, note, {"Content-Type": "text/plain; charset=utf-8"})


def post_heartbeat(site: Site, caller: Caller, request: Request) -> Answer:
    """What it tells is read and not kept: nobody looks at a board here."""
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise SyncFault("json", line=1) from error
    if not isinstance(told, dict):
        raise SyncFault("object", line=1)
    rows = site.database.rows(
        "SELECT name, next FROM streams WHERE client = ? ORDER BY name", caller.client
    )
    following = {row["name"]: row["next"] for row in rows}
    return Answer(200, {"next": following, "time": format_time(site.now())})


def get_acceptance(site: Site, caller: Caller, request: Request) -> Answer:
    return Answer(200, acceptance.describe_acceptance(site, caller))


def post_key(site: Site, caller: Caller, request: Request) -> Answer:
    address = f"{caller.root}{request.path}"
    asked = read_enrolment_form(request)
    return Answer(200, systems.replace_key(site, caller.client, asked, address))


def read_enrolment_form(request: Request) -> dict[str, Any]:
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SyncFault("enrol.malformed", field="JSON")
    return found


def get_resource(site: Site, caller: Caller, request: Request) -> Answer:
    """Reading back what arrived, and nothing else of FHIR."""
    if request.words[0] == "metadata":
        return Answer(200, {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"})
    type, _, id = request.words[0].partition("/")
    row = store.read_resource(site, caller.hospital, type, id)
    if row is None or row["deleted"]:
        status, code = (410, "deleted") if row else (404, "not-found")
        issue = {"severity": "error", "code": code}
        return Answer(status, {"resourceType": "OperationOutcome", "issue": [issue]})
    return Answer(200, bytes(row["body"]))


# method, address below /sync/<hospital>/ or /fhir/<hospital>/, its room, what answers it
ADDRESSES: tuple[tuple[str, str, str, Serve], ...] = (
    ("POST", r"batches", "batches", post_batch),
    ("GET", r"batches/([^/]+)", "stream", get_stream),
    ("GET", r"batches/([^/]+)/([^/]+)", "batch", get_batch),
    ("GET", r"dead-letters", "dead-letters", get_letters),
    ("GET", r"feed", "feed", get_feed),
    ("POST", r"digests", "digests", post_digests),
    ("GET", r"checkpoint", "checkpoint", get_checkpoint),
    ("POST", r"heads", "heads", post_heads),
    ("POST", r"heartbeat", "heartbeat", post_heartbeat),
    ("GET", r"acceptance", "acceptance", get_acceptance),
    ("POST", r"key", "key", post_key),
)
