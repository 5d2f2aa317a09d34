"""A conversation by the protocol of sync: the same requests for whoever answers, and the answers
without what is another one each time.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from records.agent.platform_client import PlatformClient, Reply
from tests.support.sync_batches import NDJSON, Line, build_batch, put, take_out

STREAM, DAY = "talk", "2026-05-03"
MOST_TURNS = 20  # until a batch is done that waits for its turn
JSON = "application/json"
# What is another one each time, or of each side: told by its kind alone.
OWN = frozenset(
    (
        "id",
        "at",
        "made_at",
        "settled_at",
        "last",
        "time",
        "cursor",
        "person",
        "zh",
        "en",
    )  # of this moment
    + ("client", "platform", "hospital", "url")  # of this side
    + ("head", "signature", "key", "checkpoint", "consistency")  # of its log
)


@dataclass(frozen=True)
class Step:
    """room: below /sync/<hospital>/, or the whole path; {cursor}: of the answer before. due: what
    waits for its turn is done before it.
    """

    name: str
    method: str
    room: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    due: bool = False


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "name": [{"text": "测试患者"}], **more}


def result(subject: str = "p1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "丙氨酸氨基转移酶"},
        "subject": {"reference": f"Patient/his-{subject}"},
        **more,
    }


def lacking(name: str) -> dict[str, Any]:
    return {key: value for key, value in result().items() if key != name}


class Numbered:
    """Batches of the stream, one after the other."""

    def __init__(self) -> None:
        self.number = 0

    def push(self, name: str, *items: Line, **headers: str) -> Step:
        self.number += 1
        return post(name, build_batch(STREAM, self.number, list(items)), **headers)


def post(name: str, body: bytes, **headers: str) -> Step:
    sent = {"Content-Type": NDJSON, **{k.replace("_", "-"): v for k, v in headers.items()}}
    return Step(name, "POST", "batches", body, sent)


def ask(name: str, room: str, content: Any) -> Step:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Step(name, "POST", room, body, {"Content-Type": JSON})


def get(name: str, room: str, *, due: bool = False) -> Step:
    return Step(name, "GET", room, due=due)


def list_steps() -> Iterator[Step]:
    """TABLE of the conversation."""
    book = Numbered()
    first = [put(patient(), "p1", version=1), put(result(), "r1", version=1, day=DAY)]
    yield get("a stream that is new", f"batches/{STREAM}")
    yield book.push("two records", *first)
    yield post("the same batch", build_batch(STREAM, 1, first))
    yield post("packed", gzip.compress(build_batch(STREAM, 1, first)), Content_Encoding="gzip")
    yield post("another root", build_batch(STREAM, 1, first[:1]))
    yield post("a gap", build_batch(STREAM, 7, first))
    newer = put(result(note=[{"text": "复查"}]), "r1", version=3, day=DAY)
    yield book.push("a newer version", newer)
    yield book.push("this version with its hash", newer)
    yield book.push("an older version", put(result(), "r1", version=2, day=DAY))
    yield book.push("this version, otherwise", put(result(), "r1", version=3, day="2026-05-04"))
    yield book.push("without a version", put(result(), "r3"), put(result(), "r3"))
    yield book.push("to be deleted", put(result(), "r2", version=1, day=DAY))
    yield book.push("deleted", take_out("delete", "Observation", "r2", version=2))
    yield book.push("what was deleted", put(result(), "r2", version=2))
    yield book.push("and again deleted", take_out("delete", "Observation", "r2", version=2))
    yield book.push("brought back", put(result(), "r2", version=3, day="2025-12-31"))
    yield book.push("deleted while others refer to it", take_out("delete", "Patient", "p1"))
    yield book.push("recalled", take_out("recall", "Observation", "r3"))
    yield book.push(
        "recalled without a word for it",
        put({"resourceType": "Location", "name": "检验科"}, "l1"),
        take_out("recall", "Location", "l1"),
        take_out("recall", "Observation", "never"),
    )
    prescription = {**lacking("code"), "resourceType": "MedicationRequest", "intent": "order"}
    prescription["status"] = "active"
    bad = [
        put(lacking("code"), "b1", version=1, day=DAY, at="检验.csv 第18行"),
        put(result(id="other"), "b2"),
        put(patient(), "b3", type="Observation"),
        put({"resourceType": "Zebra"}, "b4"),
        put(b"[1]", "b5", type="Observation"),
        put(b'{"resourceType":', "b6", type="Observation"),
        put({"status": "final"}, "b7", type="Observation"),
        put(prescription, "b8"),
    ]
    yield book.push("bad ones and a neighbour", *bad, put(result(), "r4", version=1, day=DAY))
    yield book.push("in vain", put(lacking("status"), "b1", version=2, day=DAY))
    yield book.push("mended", put(result(), "b1", version=2, day=DAY))
    yield book.push("before its patient", put(result("p9"), "w1", version=1, day=DAY))
    yield get("what waits", "dead-letters?state=waiting")
    yield book.push("its patient", put(patient(), "p9", version=1))
    yield book.push("out of order in one batch", put(result("p8"), "w2"), put(patient(), "p8"))
    yield book.push("a reference that goes", put(result("p7"), "r4", version=2, day=DAY))
    yield book.push("later", put(result(), "a1", version=1, day=DAY), Prefer="respond-async")
    yield book.push("behind it", put(result(), "a2", version=1, day=DAY))
    yield get("its turn has not come", f"batches/{STREAM}")
    yield get("its turn has come", f"batches/{STREAM}/{book.number}", due=True)
    yield from list_questions(book.number)


def list_questions(number: int) -> Iterator[Step]:
    good = build_batch(STREAM, number + 1, [put(patient(), "p1", version=9)])
    for name, body in (
        ("empty", b""),
        ("no JSON", b"hello\n"),
        ("no object", b"[]\n"),
        ("no stream", build_batch("", 1, [])),
        ("a stream with capitals", build_batch("Talk", 1, [put(patient(), "p1")])),
        ("a wrong root", build_batch(STREAM, number + 1, [put(patient(), "p1")], root="0" * 64)),
        ("a wrong hash", build_batch(STREAM, number + 1, [put(patient(), "p1", hash="0" * 64)])),
        ("too few", build_batch(STREAM, number + 1, [put(patient(), "p1")], items=2)),
        ("too many", build_batch(STREAM, number + 1, [put(patient(), "p1")], items=1001)),
        ("a surplus", good + b"{}\n"),
        ("no resource", good.rpartition(b"\n{")[0] + b"\n"),
        ("a day that is none", build_batch("x", 1, [put(patient(), "p1", day="2026-02-30")])),
        ("a version that is none", build_batch("x", 1, [put(patient(), "p1", version=-1)])),
        ("an action that is none", build_batch("x", 1, [take_out("burn", "Patient", "p1")])),
    ):
        yield post(name, body)
    yield Step("another media type", "POST", "batches", good, {"Content-Type": JSON})
    yield post("not packed", good, Content_Encoding="gzip")
    yield Step("another method", "PUT", "batches", good, {"Content-Type": NDJSON})
    yield get("the first receipt", f"batches/{STREAM}/1")
    yield get("a receipt that is none", f"batches/{STREAM}/99")
    yield get("no number", f"batches/{STREAM}/x")
    yield get("no stream of that name", "batches/Talk")
    yield get("another hospital's address", "/sync/not-ours/batches/x")
    yield get("a resource", "/fhir/{hospital}/Observation/his-r1")
    yield get("what was never there", "/fhir/{hospital}/Observation/his-none")
    for query in ("", "?state=open", "?rule=element.missing", "?limit=1", "?type=Patient"):
        yield get(f"letters {query}", f"dead-letters{query}")
    yield get("letters of a state that is none", "dead-letters?state=lost")
    yield get("letters of no number", "dead-letters?number=x")
    yield from list_comparisons()
    yield ask("a heartbeat", "heartbeat", {"version": "1", "backlog": 2})
    yield ask("a heartbeat that is none", "heartbeat", b"oh")
    yield get("the feed", "feed?cursor=0", due=True)
    yield get("the feed, a page", "feed?cursor=0&limit=2")
    yield get("the feed from now on", "feed")
    yield get("the feed's end", "feed?cursor={cursor}")
    yield get("a cursor that is none", "feed?cursor=none")
    yield get("a limit that is none", "feed?limit=x")
    yield get("a parameter that is none", "feed?since=1")
    yield ask("a head", "heads", {})
    yield ask("a head that is none", "heads", {"seen": {"size": 1}})
    signed = {"seen": {"size": 1, "root": "00" * 32}, "cosignature": "— x AAAA"}
    yield ask("a co-signature that is none", "heads", signed)
    yield get("acceptance", "acceptance")


def list_comparisons() -> Iterator[Step]:
    def question(level: str, sums: Any, **more: Any) -> dict[str, Any]:
        return {"source": "his", "level": level, "sums": sums, **more}

    nothing = "0" * 32
    yield ask("years", "digests", question("year", {}))
    yield ask("a year", "digests", question("year", {"Observation": {"2026": [1, nothing]}}))
    yield ask("a month", "digests", question("month", {"Observation": {"2026-05": [1, nothing]}}))
    yield ask("a day", "digests", question("day", {"Observation": {DAY: [1, nothing]}}))
    mark = hashlib.sha256("\n".join(("his", "Observation", "zz", "1", "")).encode()).hexdigest()
    prints = {"Observation": {DAY: mark[:12]}}
    said = question("day", {"Observation": {DAY: [1, nothing]}}, prints=prints)
    yield ask("prints of a day", "digests", said)
    yield ask("a level that is none", "digests", question("week", {}))
    yield ask("sums that are none", "digests", question("day", {"Observation": {"x": [1, ""]}}))


def hold(client: PlatformClient, finish: Callable[[], None]) -> dict[str, dict[str, Any]]:
    """{step: {place in the answer: what stands there}}. finish: does what waits for its turn."""
    answers: dict[str, dict[str, Any]] = {}
    cursor = ""
    for step in list_steps():
        room = step.room.format(hospital=client.hospital, cursor=quote(cursor))
        path = room if room.startswith("/") else f"{client.sync_path}/{room}"
        if step.due:
            finish()
        reply = client.send(step.method, path, step.body, step.headers)
        for _ in range(MOST_TURNS):
            if reply.status == 202 and step.due:
                finish()
                reply = client.send(step.method, path, step.body, step.headers)
        cursor = str(read(reply).get("cursor", ""))
        assert step.name not in answers, step.name
        answers[step.name] = {"status": reply.status, **flatten(describe(step, read(reply)))}
    return answers


def read(reply: Reply) -> dict[str, Any]:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def describe(step: Step, answer: dict[str, Any]) -> dict[str, Any]:
    """Entries by their names, for records of one batch come in any order, and without what other
    tests made everybody be told; of a resource nothing.
    """
    if step.room.startswith("/fhir"):
        return {}
    if "entries" in answer:
        told = [e for e in answer["entries"] if e["kind"] != "consent"]
        answer["entries"] = len(told)
        if "limit" not in step.room:
            answer["told"] = {f"{e.get('type')}/{e.get('id')}": e for e in told}
    for behaviour in answer.get("behaviours", []):
        behaviour["seen"] = bool(behaviour["seen"])
    return answer


def flatten(value: Any, path: str = "") -> dict[str, Any]:
    """{place: what stands there}."""
    if path.rpartition(".")[2] in OWN:
        return {path: type(value).__name__}
    if isinstance(value, dict):
        parts = [(f"{path}.{name}".lstrip("."), part) for name, part in value.items()]
    elif isinstance(value, list):
        parts = [(f"{path}[{place}]", part) for place, part in enumerate(value)]
    else:
        return {path: value}
    return {k: v for name, part in parts for k, v in flatten(part, name).items()} or {path: "empty"}
