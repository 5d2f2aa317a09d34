"""batch: each entry on its own, good neighbours of a bad one are kept (FHIR R4 http.html#batch)."""

import logging
from typing import Any

from alliance.auth.errors import Forbidden
from consent.audit.event import Event, EventCode, Outcome
from consent.audit.refusal import refuse
from consent.terms import Refused
from records.fhir import outcome
from records.fhir.issues import Issue, Malformed, NotSupported, Problem
from records.fhir.json import dump
from records.interactions import conditional, patch, write
from records.interactions.ask import Answer, Ask
from records.interactions.batch_references import in_batch, neighbours
from records.interactions.bundle_entries import READING, entries_of
from records.interactions.entries import phrase, row
from records.interactions.entry_address import asked_for
from records.interactions.fetch import Reads
from records.interactions.preconditions import Preconditions, of_entry

log = logging.getLogger("xinglin.fhir")


def batch(ask: Ask, bundle: Any) -> Answer:
    rows: list[dict[str, Any]] = []
    reads, entries = Reads(ask), entries_of(bundle)
    others = neighbours(entries)
    for i, raw in enumerate(entries):
        try:
            if isinstance(raw, dict) and isinstance(raw.get("resource"), dict):
                in_batch(raw["resource"], str(raw.get("fullUrl") or ""), ask.address, others)
            rows.append(one(ask, raw, reads))
        except Exception as error:
            if isinstance(error, Forbidden | Refused) and not error.written:
                refuse(Event.of(ask.principal, EventCode.DOOR, outcome=Outcome.REFUSED, reason=error.code, target="fhir").but(proviso=None), account=True)
            told = error.at(f"Bundle.entry[{i}]") if isinstance(error, Problem) else error
            status, body = outcome.of(told)
            if status >= 500:
                log.error("FHIR500 an unexpected error in a batch", exc_info=error)
            rows.append({"response": {"status": phrase(status), "outcome": body}})
    out: dict[str, Any] = {"resourceType": "Bundle", "type": "batch-response"}
    if rows:
        out["entry"] = rows
    return Answer(200, dump(out))


def one(ask: Ask, raw: Any, reads: Reads) -> dict[str, Any]:
    asked = raw.get("request") if isinstance(raw, dict) else None
    if not isinstance(asked, dict) or not isinstance(asked.get("url"), str):
        raise Malformed(Issue("required", "Each entry has a request with a method and a url.", "request"))
    try:
        holds = of_entry(asked)
    except Problem as problem:
        raise problem.at("request") from problem
    method = str(asked.get("method"))
    if method in READING:
        return row(ask, method, reads.answer(method, asked["url"], holds))
    reads.forget()
    return row(ask, method, written(ask, method, asked, raw.get("resource"), holds))


def written(ask: Ask, method: str, asked: dict[str, Any], resource: Any, holds: Preconditions) -> Answer:
    parts, query = asked_for(asked["url"], ask.address)
    match (method, parts):
        case ("PUT", [name]) if query:
            return conditional.update(ask, name, query, resource, holds)
        case ("DELETE", [name]) if query:
            return conditional.delete(ask, name, query, holds)
        case ("PATCH", [name]) if query:
            return conditional.patch(ask, name, query, resource, holds)
        case _ if query:
            pass
        case ("POST", [name]):
            return write.create(ask, name, resource, asked.get("ifNoneExist"), holds, warn=True)
        case ("PUT", [name, fhir_id]):
            return write.update(ask, name, fhir_id, resource, holds, warn=True)
        case ("DELETE", [name, fhir_id]):
            return write.delete(ask, name, fhir_id, holds)
        case ("PATCH", [name, fhir_id]):
            return patch.patch(ask, name, fhir_id, resource, holds)
    raise NotSupported(Issue("not-supported", "A batch takes GET and HEAD, POST Type, and PUT, PATCH and DELETE of Type/id or Type?condition.", "request"))
