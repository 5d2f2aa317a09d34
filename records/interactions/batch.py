"""batch: each entry on its own, good neighbours of a bad one are kept (FHIR R4 http.html#batch)."""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from records.fhir import outcome
from records.fhir.issues import Issue, Malformed, NotSupported, Problem
from records.fhir.json import dump, parse
from records.interactions import conditional, fetch, patch, write
from records.interactions.ask import Answer, Ask
from records.interactions.transaction import entries_of

log = logging.getLogger("xinglin.fhir")


def batch(ask: Ask, bundle: Any) -> Answer:
    rows = []
    for i, raw in enumerate(entries_of(bundle)):
        try:
            rows.append(row(one(ask, raw)))
        except Exception as error:
            told = error.at(f"Bundle.entry[{i}]") if isinstance(error, Problem) else error
            status, body = outcome.of(told)
            if status >= 500:
                log.error("FHIR500 an unexpected error in a batch", exc_info=error)
            rows.append({"response": {"status": phrase(status), "outcome": body}})
    out: dict[str, Any] = {"resourceType": "Bundle", "type": "batch-response"}
    if rows:
        out["entry"] = rows
    return Answer(200, dump(out))


def one(ask: Ask, raw: Any) -> Answer:
    asked = raw.get("request") if isinstance(raw, dict) else None
    if not isinstance(asked, dict) or not isinstance(asked.get("url"), str):
        raise Malformed(Issue("required", "Each entry has a request with a method and a url.", "request"))
    url = urlsplit(asked["url"])
    parts = [p for p in url.path.split("/") if p]
    resource = raw.get("resource")
    if url.query and len(parts) == 1 and asked.get("method") == "PUT":
        return conditional.update(ask, parts[0], url.query, resource, asked.get("ifMatch") or "")
    if url.query and len(parts) == 1 and asked.get("method") == "DELETE":
        return conditional.delete(ask, parts[0], url.query, asked.get("ifMatch") or "")
    if url.query and len(parts) == 1 and asked.get("method") == "PATCH":
        return conditional.patch(ask, parts[0], url.query, resource, asked.get("ifMatch") or "")
    match (asked.get("method"), len(parts)):
        case ("POST", 1):
            return write.create(ask, parts[0], resource, asked.get("ifNoneExist") or "")
        case ("PUT", 2):
            return write.update(ask, parts[0], parts[1], resource, asked.get("ifMatch") or "")
        case ("DELETE", 2):
            return write.delete(ask, parts[0], parts[1], asked.get("ifMatch") or "")
        case ("PATCH", 2):
            return patch.patch(ask, parts[0], parts[1], resource, asked.get("ifMatch") or "")
        case ("GET", _):
            return fetch.get(ask, asked["url"])
    raise NotSupported(Issue("not-supported", "A batch takes GET, POST Type, and PUT, PATCH and DELETE of Type/id or Type?condition.", "request"))


def phrase(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def row(answer: Answer) -> dict[str, Any]:
    out: dict[str, Any] = {"response": {"status": phrase(answer.status)}}
    if answer.location:
        out["response"]["location"] = "/".join(answer.location.split("/")[5:]) if "://" in answer.location else answer.location
    if answer.version:
        out["response"]["etag"] = f'W/"{answer.version}"'
    if answer.last_updated:
        out["response"]["lastModified"] = answer.last_updated.isoformat(timespec="milliseconds")
    if answer.body and answer.status == 200:
        out["resource"] = parse(answer.body)
    return out
