"""An entry of a batch-response or a transaction-response: what an interaction answered, as the client prefers it (FHIR R4 http.html#transaction-response; RFC 7240)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from records.fhir.issues import Issue
from records.fhir.outcome import outcome
from records.interactions.ask import Answer, Ask
from records.interactions.bundle_entries import READING
from records.interactions.fetch import as_sent
from records.interactions.write import THERE

STORED = Issue("informational", "Stored.", severity="information")


def told(answer: Answer) -> Sequence[Issue]:
    """What an OperationOutcome says of a write."""
    return answer.warnings if THERE in answer.warnings else (STORED, *answer.warnings)


def phrase(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def row(ask: Ask, method: str, answer: Answer) -> dict[str, Any]:
    """A read shows what it found; a write its resource only to a client that prefers it."""
    response: dict[str, Any] = {"status": phrase(answer.status)}
    if answer.location:
        response["location"] = answer.location.removeprefix(f"{ask.root}/{ask.base}/")
    if answer.version:
        response["etag"] = f'W/"{answer.version}"'
    if answer.last_updated:
        response["lastModified"] = answer.last_updated.isoformat(timespec="milliseconds")
    if issues := told(answer) if answer.location and ask.returns == "OperationOutcome" else answer.warnings:
        response["outcome"] = outcome(*issues)
    shown = answer.body and (method in READING or ask.returns == "representation")
    return {"resource": as_sent(answer.body), "response": response} if shown else {"response": response}
