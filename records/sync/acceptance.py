"""Which of the behaviours that are asked of a system a sandbox system has shown, by requests of its
own: noted from each request and its answer, told by GET /sync/<hospital>/acceptance
(docs/adr/0064).
"""

import datetime as dt
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import AcceptanceMark, Client
from consent.row_security import hospital_cursor
from records.agent.acceptance_table import EXPECTATIONS, FAULTS, Behaviour
from records.fhir.issues import Problem
from records.fhir.json_codec import parse_json
from records.fhir.resource_types import TYPE_NAMES

FAULT = "fault."
BEHAVIOUR_BY_OUTCOME = {
    "stored": Behaviour.BATCH,
    "superseded": Behaviour.OLDER,
    "deleted": Behaviour.DELETION,
    "recalled": Behaviour.RECALL,
    "waiting": Behaviour.WAITING,
}
IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
RARE = re.compile("[\u3400-\u4dbf\U00020000-\U0003ffff\ue000-\uf8ff]")
# index: record_sync_dead_letter is a sandbox's, and small
MENDED_SQL = (
    "SELECT EXISTS (SELECT FROM record_sync_dead_letter WHERE hospital = %s AND client = %s AND"
    " state = 'mended')"
)
# A recalled or deleted record has a second version, too: what the ledger calls stored has not.
CHANGED_SQL = (
    "SELECT type, fhir_id FROM record_resource WHERE hospital = %s AND version > 1 AND NOT deleted"
    " LIMIT 100"
)
STORED_SQL = (
    "SELECT EXISTS (SELECT FROM record_sync_ledger WHERE hospital = %s AND state = 'stored' AND"
    " client = %s AND (type, fhir_id) IN (SELECT * FROM unnest(%s::text[], %s::text[])))"
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of sync and its answer. room: "batches", "feed" …; body, answer: as they went
    over the line.
    """

    method: str
    room: str
    query: dict[str, str]
    body: bytes
    zipped: bool
    status: int
    answer: bytes
    began: dt.datetime


def note_exchange(principal: Principal, exchange: Exchange) -> None:
    """Write down what it shows; nothing where the principal is no sandbox's system."""
    if not principal.sandbox:
        return
    client = Client.objects.get(client_id=principal.id)
    shown = {str(b) for b in list_behaviours(exchange)}
    if Behaviour.BATCH in shown:
        shown |= {str(b) for b in query_stored_behaviours(principal)}
    now = timezone.now()
    AcceptanceMark.objects.bulk_create(
        [AcceptanceMark(client=client, behaviour=b, seen_at=now) for b in sorted(shown)],
        ignore_conflicts=True,
    )
    if fault := find_fault(exchange):
        AcceptanceMark.objects.update_or_create(
            client=client, behaviour=FAULT + fault, defaults={"seen_at": now}
        )


def list_behaviours(exchange: Exchange) -> Iterator[Behaviour]:
    """What one exchange shows. Pure."""
    yield Behaviour.TOKEN
    if exchange.status != 200:
        return
    answer = read_answer(exchange.answer)
    match exchange.method, exchange.room:
        case "POST", "batches":
            yield from list_batch_behaviours(exchange, answer)
        case "GET", "batch":
            yield Behaviour.ASKED
        case "GET", "dead-letters":
            yield Behaviour.LETTERS
        case "GET", "feed" if exchange.query.get("cursor"):
            yield Behaviour.FEED
        case "POST", "digests":
            yield Behaviour.DIGESTS
            if not any((answer.get("differ") or answer.get("records") or {}).values()):
                yield Behaviour.EQUAL
        case "POST", "heads" if read_answer(exchange.body).get("cosignature"):
            yield Behaviour.WITNESS


def list_batch_behaviours(exchange: Exchange, answer: dict[str, Any]) -> Iterator[Behaviour]:
    receipt = answer.get("receipt") or {}
    if dt.datetime.fromisoformat(receipt["at"]) < exchange.began:
        yield Behaviour.AGAIN
    if receipt["number"] > 1:
        yield Behaviour.NEXT_BATCH
    for outcome in receipt["outcomes"]:
        if outcome in BEHAVIOUR_BY_OUTCOME:
            yield BEHAVIOUR_BY_OUTCOME[outcome]
    if "stored" in receipt["outcomes"]:
        yield from list_content_behaviours(exchange)


def list_content_behaviours(exchange: Exchange) -> Iterator[Behaviour]:
    try:
        data = gzip.decompress(exchange.body) if exchange.zipped else exchange.body
    except (OSError, EOFError, zlib.error):
        return
    for line in data.splitlines():
        resource = read_answer(line)
        if "resourceType" not in resource:
            continue
        text = line.decode(errors="replace") + str(resource)
        if IDEOGRAPH.search(text):
            yield Behaviour.CHINESE
        if RARE.search(text):
            yield Behaviour.RARE
        if resource.get("interpretation") and resource.get("referenceRange"):
            yield Behaviour.LABORATORY
        if (resource.get("valueQuantity") or {}).get("comparator"):
            yield Behaviour.COMPARATOR


def read_answer(data: bytes) -> dict[str, Any]:
    try:
        found = parse_json(data)
    except (ValueError, Problem):
        return {}
    return found if isinstance(found, dict) else {}


def query_stored_behaviours(principal: Principal) -> Iterator[Behaviour]:
    """What the store tells after a batch."""
    with hospital_cursor(principal.hospital_id) as cursor:
        cursor.execute(CHANGED_SQL, [principal.hospital_id])
        changed = [(TYPE_NAMES[number], fhir_id) for number, fhir_id in cursor.fetchall()]
        cursor.execute(
            STORED_SQL,
            [principal.hospital_id, principal.id, [c[0] for c in changed], [c[1] for c in changed]],
        )
        if cursor.fetchone()[0]:
            yield Behaviour.CHANGE
        cursor.execute(MENDED_SQL, [principal.hospital_id, principal.id])
        if cursor.fetchone()[0]:
            yield Behaviour.MENDED


def find_fault(exchange: Exchange) -> str:
    """The error of the answer, where an accepted system gets none such; "" of any other."""
    error = str(read_answer(exchange.answer).get("error", "")) if exchange.status >= 400 else ""
    return error if error in FAULTS else ""


def describe_acceptance(principal: Principal) -> dict[str, Any]:
    """What is shown and what is missing, for the system's own maker."""
    seen = dict(
        AcceptanceMark.objects.filter(client__client_id=principal.id).values_list(
            "behaviour", "seen_at"
        )
    )
    return {
        "accepted": all(e.behaviour in seen for e in EXPECTATIONS if e.required),
        "client": principal.id,
        "hospital": principal.hospital,
        "behaviours": [
            {
                "behaviour": str(e.behaviour),
                "required": e.required,
                "seen": format_time(seen.get(e.behaviour)),
                "zh": e.zh,
                "en": e.en,
                "mend": {"zh": e.mend_zh, "en": e.mend_en},
            }
            for e in EXPECTATIONS
        ],
        "faults": [
            {"error": error, "last": format_time(seen[FAULT + error]), "zh": zh, "en": en}
            for error, (zh, en) in FAULTS.items()
            if FAULT + error in seen
        ],
    }


def format_time(at: dt.datetime | None) -> str | None:
    return None if at is None else at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
