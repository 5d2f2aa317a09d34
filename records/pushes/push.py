"""Pushes: a write that its sender need not wait for. It is stored before it is acknowledged, and
done once, in the order in which its system sent it; what came of it is asked for later (FHIR R5
async-bundle.html).
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction as database

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.scopes import NO_SCOPE_NEED, covers_grant, parse_scopes
from alliance.models.client import ALL_SCOPES
from alliance.services.clients import client_principal
from consent import gate
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.refusal_counter import log_refusal
from consent.terms import Refused
from records.bulk.bulk_jobs import RESULT_LIFETIME, TooManyWaiting, notify_worker
from records.fhir import operation_outcome
from records.fhir.issues import Issue, NotFound, Problem, TooLarge
from records.fhir.json_codec import dump_json
from records.fhir.json_codec import parse_json as parsed
from records.interactions import write
from records.interactions.bundle_entries import extract_bundle_entries
from records.interactions.preconditions import preconditions_from_headers
from records.interactions.response_entries import format_status_line
from records.pushes.pushed_request import PushedRequest as PushedRequest
from records.pushes.pushed_request import check_bundle_type, run_pushed_request
from records.requests.fhir_request import (
    FhirRequest,
    check_hosted_type,
    parse_uuid,
    request_own_access,
)
from records.store import push_queue
from records.store.codec import UnreadableBody
from records.store.push_queue import Push

MOST_WAITING, MOST_WAITING_BYTES = (
    5_000,
    256 * 1024 * 1024,
)  # pushes of one system that may wait, and their bytes
MOST_LYING, MOST_LYING_BYTES = (
    50_000,
    1024 * 1024 * 1024,
)  # of one hospital: pushes that wait, and answers to those that were done
SMALL = 16 * 1024  # bytes of an answer that is kept whole whatever else lies here
MOST_ENTRIES = 200  # of a batch
CONDITION_HEADERS = (
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
)  # headers that go along
CLEARED = 60  # seconds in which a hospital may fetch and delete some answers
PUSHES_A_SECOND = 50  # small pushes that are done in one, for the time after which to ask again


@dataclass(frozen=True, slots=True)
class PushStatus:
    """Of a push: what came of it, until when that is kept; or how many are to be done before it."""

    answer: bytes = b""
    until: dt.datetime | None = None
    ahead: int = 0

    @property
    def seconds(self) -> int:
        """After which to ask again."""
        return seconds(self.ahead)


def store_push(fhir_request: FhirRequest, pushed: PushedRequest) -> UUID:
    """Stored once this returns: no crash loses it. What can be seen to be wrong at once is
    refused at once. Raises TooMany, Refused, Problem.
    """
    scope = gate.authorize_access(
        write.request_write_access(fhir_request, EventCode.BUNDLE, "_async", NO_SCOPE_NEED)
    )
    if pushed.path:
        check_hosted_type(pushed.path[0])
    else:
        entries = extract_bundle_entries(pushed.resource)
        if check_bundle_type(pushed.resource) == "batch" and len(entries) > MOST_ENTRIES:
            raise TooLarge(
                Issue(
                    "too-costly",
                    f"A batch that is sent with Prefer: respond-async has {MOST_ENTRIES} entries at"
                    f" most, and this one has {len(entries)}: all of it is done in one transaction,"
                    " behind which every hospital's change feed waits. Send several, or $import.",
                    "Bundle.entry",
                )
            )
    preconditions_from_headers(pushed.headers)
    principal, key = fhir_request.principal, uuid4()
    head = {
        "method": pushed.method,
        "path": pushed.path,
        "condition": pushed.condition,
        "headers": pushed.headers,
        "root": fhir_request.root,
        "returns": fhir_request.returns,
        "address": principal.address,
        "request": principal.request_id,
    }
    content = dump_json(head) + b"\n" + dump_json(pushed.resource)
    waiting = must_have_room(principal, len(content))
    with database.atomic():
        push_queue.insert_push(
            key, principal.hospital_id, principal.id, str(principal.grant), content
        )
        append_event(
            scope.event.with_changes(
                target=target(principal, key), detail=f"accepted · {len(content)} bytes"
            )
        )
    if not waiting:
        # whoever does the others comes to this one as well, and a call holds up the commits of all
        notify_worker()
    return key


def must_have_room(principal: Principal, size: int) -> int:
    """How many pushes of the system wait. Raises TooMany where it, or its hospital, leaves too
    much lying: by so many requests more as are under way, more may.
    """
    lying_pushes = push_queue.lying(principal.id, principal.hospital_id)
    if (
        lying_pushes.waiting >= MOST_WAITING
        or lying_pushes.waiting_bytes + size > MOST_WAITING_BYTES
    ):
        raise TooManyWaiting(
            Issue(
                "throttled",
                f"{lying_pushes.waiting} pushes of this system wait to be done, and no more than"
                f" {MOST_WAITING}, or {MOST_WAITING_BYTES // 1048576} MiB, may. This one was not"
                " taken: send it again when some are done.",
            ),
            seconds=seconds(lying_pushes.waiting),
        )
    if lying_pushes.all >= MOST_LYING or lying_pushes.all_bytes + size > MOST_LYING_BYTES:
        raise TooManyWaiting(
            Issue(
                "throttled",
                f"{lying_pushes.all} pushes and answers of this hospital lie here with"
                f" {lying_pushes.all_bytes // 1048576} MiB, and no more than {MOST_LYING}, or"
                f" {MOST_LYING_BYTES // 1048576} MiB, may. This one was not taken: fetch the"
                " answers at the addresses that came in Content-Location, DELETE those that you"
                " have read, and send it again; or send it without Prefer: respond-async. Answers"
                " go by themselves after two days.",
            ),
            seconds=CLEARED,
        )
    return lying_pushes.waiting


def seconds(ahead: int) -> int:
    """In which so many are done, for the time after which to ask again."""
    return max(1, min(30, ahead // PUSHES_A_SECOND))


def target(principal: Principal, key: UUID) -> str:
    """Of the lines in the audit log about a push."""
    return f"{principal.hospital}/_async/{key}"


def run_push(push: Push) -> None:
    """Do it, and mark it done, in the caller's transaction: a crash undoes both, and never does
    it twice. Raises Unreadable where it is not what was taken, and what else is no answer: that the
    database is away or others were in the way.
    """
    head_line, _, body = push_queue.push_from_row(push).partition(b"\n")
    head = parsed(head_line)
    principal, error = doer(push, head), None
    fhir_request = FhirRequest(
        principal, principal.hospital, principal.hospital_id, head["root"], head["returns"]
    )
    try:
        if not principal.active:
            raise Forbidden(
                "viewer_inactive", "This system, or its hospital, may no longer do this."
            )
        entry = run_pushed_request(
            fhir_request,
            PushedRequest(
                head["method"], head["path"], head["condition"], head["headers"], parsed(body)
            ),
        )
    except (Forbidden, Refused, Problem) as refusal:
        if isinstance(refusal, Forbidden | Refused) and not refusal.written:
            log_refusal(
                AuditEvent.from_principal(
                    principal,
                    EventCode.DOOR,
                    outcome=AuditOutcome.REFUSED,
                    reason=refusal.code,
                    target="fhir",
                ),
                account=True,
            )
        entry, error = build_failed_entry(refusal), refusal
    event = AuditEvent.from_principal(
        principal, EventCode.BUNDLE, target=target(principal, push.id), detail="done"
    )
    if error is not None:
        event = event.with_changes(
            outcome=(
                AuditOutcome.REFUSED
                if isinstance(error, Forbidden | Refused)
                else AuditOutcome.FAILED
            ),
            reason=error.code,
        )
    append_event(event)
    push_queue.finish_push(push, kept(push, entry))


def doer(push: Push, head: dict[str, Any]) -> Principal:
    """The system that sent it, as it stands now: not active where it, or its hospital, was
    stopped, or where it is not there, or no system of that hospital, any more.
    """
    principal = client_principal(push.client, head["request"], push.scopes)
    return replace(
        principal,
        address=head["address"],
        active=principal.active and principal.hospital_id == push.hospital,
    )


def fail_push(push: Push, error: Exception) -> None:
    """Nobody could do it: that is its answer, and a line in the audit log, in the caller's
    transaction. Of what was altered the line names whom the row names, and says so.
    """
    try:
        head, altered = parsed(push_queue.push_from_row(push).partition(b"\n")[0]), False
    except UnreadableBody:
        head, altered = {"address": "", "request": f"push-{push.id}"}, True
    principal = doer(
        replace(push, scopes=ALL_SCOPES), head
    )  # a line takes none, and what was altered may name none
    append_event(
        AuditEvent.from_principal(
            principal,
            EventCode.BUNDLE,
            outcome=AuditOutcome.FAILED,
            reason="altered" if altered else "",
            target=target(principal, push.id),
            detail="given up",
        )
    )
    push_queue.finish_push(push, build_push_response(build_failed_entry(error)))


def build_failed_entry(error: Exception) -> dict[str, Any]:
    status, body = operation_outcome.outcome_from_error(error)
    return {"response": {"status": format_status_line(status), "outcome": body}}


def build_push_response(entry: dict[str, Any]) -> bytes:
    return dump_json({"resourceType": "Bundle", "type": "batch-response", "entry": [entry]})


def kept(push: Push, entry: dict[str, Any]) -> bytes:
    """The answer, without the bodies of records where what lies here of the hospital leaves no
    room for them. What was done is told all the same.
    """
    full_response = build_push_response(entry)
    if (
        len(full_response) <= SMALL
        or push_queue.lying(push.client, push.hospital).all_bytes + len(full_response)
        <= MOST_LYING_BYTES
    ):
        return full_response
    left_out = operation_outcome.build_outcome(
        Issue(
            "informational",
            "It was done as the statuses say. The bodies of its answer,"
            f" {len(full_response) // 1024} KiB,"
            f" were left out: else more than {MOST_LYING_BYTES // 1048576} MiB of this hospital's"
            " pushes and answers would lie here. DELETE the answers that you have read, and ask"
            " for the resources themselves.",
            severity="information",
        )
    )
    issues = entry["response"].get("outcome", {}).get("issue", [])
    shortened: dict[str, Any] = {
        "response": {
            **entry["response"],
            "outcome": {**left_out, "issue": [*issues, *left_out["issue"]]},
        }
    }
    resource = entry.get("resource")
    if isinstance(resource, dict):  # of a Bundle
        shortened["resource"] = {
            **resource,
            "entry": [{"response": e["response"]} for e in resource.get("entry", [])],
        }
    return build_push_response(shortened)


def find_push(fhir_request: FhirRequest, push_id: str) -> Push:
    """A system of the same hospital finds it, with a token that may do what the sender's might.
    Raises NotFound, Forbidden.
    """
    key = parse_uuid(push_id) if fhir_request.is_own_base else None
    push = push_queue.load_push(key, fhir_request.principal.hospital_id) if key else None
    if push is None:
        raise NotFound(operation_outcome.ABSENT)
    if not covers_grant(fhir_request.principal.grant, parse_scopes(push.scopes)):
        message = (
            f"The token does not cover what this was sent with: {push.scopes}. Ask POST"
            " /oauth/token for it."
        )
        raise Forbidden("scope", message)
    return push


def get_push_status(fhir_request: FhirRequest, push_id: str) -> PushStatus:
    """What came of it may hold records: then it is a line in the audit log."""
    push = find_push(fhir_request, push_id)
    if push.done_at is None:
        return PushStatus(ahead=push_queue.count_pushes_ahead(push))
    append_event(
        gate.authorize_access(
            request_own_access(
                fhir_request, EventCode.BUNDLE, f"_async/{push.id}", need=NO_SCOPE_NEED
            )
        ).event
    )
    return PushStatus(push_queue.push_from_row(push), push.done_at + RESULT_LIFETIME)


def cancel_push(fhir_request: FhirRequest, push_id: str) -> None:
    """Not do it, where it was not begun; else wait for its end, and forget what came of it."""
    push = find_push(fhir_request, push_id)
    append_event(
        gate.authorize_access(
            write.request_write_access(
                fhir_request, EventCode.BUNDLE, f"_async/{push.id}", NO_SCOPE_NEED
            )
        ).event.with_changes(detail="forget")
    )
    push_queue.delete_push(push)


def delete_expired_pushes(now: dt.datetime) -> int:
    """Forget what came of pushes two days ago; how many."""
    return push_queue.delete_pushes_done(now - RESULT_LIFETIME)


def count_waiting_systems() -> int:
    """Of how many systems something is to be done."""
    return push_queue.count_push_lines()
