"""Task/<id>/$move: a verb of work between hospitals by a hospital's system, in the name of a
doctor, with the rules of the pages. The same verb of the same doctor sent twice is done once
(docs/adr/0090).
"""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ScopeNeed
from alliance.models import WorkItem, WorkTransition
from alliance.models.work_item import LONGEST_TEXT
from alliance.workflow.move_item import MovedMeanwhile, MoveWords, do_move
from records.fhir.issues import Conflict, Issue, Malformed, NotFound, PreconditionFailed
from records.fhir.operation_outcome import ABSENT
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.work_faces.operation_parameters import read_moment, read_texts, refuse
from records.work_faces.read_work import (
    NUMBER,
    answer_item,
    authorize_work,
    check_shared_base,
    find_item,
    note_read,
)
from records.work_faces.speaking_doctor import find_speaking_doctor
from records.work_faces.state_codes import status_of
from records.work_faces.work_parts import see_items

PARAMETERS = frozenset({"verb", "staff", "note", "arranged-for"})
NEED = ScopeNeed("ru", ("Task",))
VERSION_NEEDED = Issue(
    "required",
    "Say which version of the Task the doctor has seen: send If-Match with the ETag that a read"
    ' gave, such as W/"3".',
    "If-Match",
)


def move_task(
    fhir_request: FhirRequest, fhir_id: str, body: Any, versions: Collection[str] | None
) -> FhirResponse:
    """versions: of If-Match. Raises Forbidden, NotFound; PreconditionFailed where somebody was
    first, Conflict where the verb is not possible; Unprocessable.
    """
    check_shared_base(fhir_request, "$move")
    system = fhir_request.principal
    authorize_work(system, "r", "Task")
    check_token_scopes(system, NEED)
    given = {name: values[0] for name, values in read_texts(body, PARAMETERS).items()}
    if not (verb := given.get("verb")):
        raise refuse("verb", "it is missing")
    version = read_version(versions)
    item = find_item(int(fhir_id), system.hospital_id) if NUMBER.fullmatch(fhir_id) else None
    if item is None:
        note_read(system, None, "Task", fhir_id)
        raise NotFound(ABSENT)
    acting = find_speaking_doctor(system, given.get("staff", ""))
    words = MoveWords(
        read_note(given.get("note", "")),
        read_moment("arranged-for", given.get("arranged-for", "")),
    )
    do_move_once(item, verb, words, version, acting)
    with transaction.atomic():
        now = find_item(item.pk, system.hospital_id) or item
        seen = see_items([now], system.hospital_id)[0]
    return answer_item(fhir_request, "Task", seen)


def read_version(versions: Collection[str] | None) -> int:
    [version, *more] = versions or ("",)
    if more or not version.isdecimal() or len(version) > 9:
        raise Malformed(VERSION_NEEDED)
    return int(version)


def read_note(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise refuse("note", f"at most {LONGEST_TEXT} characters")
    return text


def do_move_once(
    item: WorkItem, verb: str, words: MoveWords, version: int, acting: Principal
) -> None:
    try:
        do_move(item.pk, verb, words, expected_version=version, acting=acting)
    except MovedMeanwhile as moved:
        done = item.transitions.filter(version=version + 1).first()
        if done is not None and is_same_move(done, verb, words, acting):
            return
        raise tell_who_was_first(item, verb, moved) from moved
    except ValidationError as error:
        raise refuse("note", " ".join(error.messages).rstrip(".")) from error


def is_same_move(done: WorkTransition, verb: str, words: MoveWords, acting: Principal) -> bool:
    """Whether a system that heard no answer has only said it again."""
    return (
        done.verb == verb
        and str(done.staff_id) == acting.id
        and done.note == words.note
        and (done.arranged_for is None or done.arranged_for == words.arranged_for)
    )


def tell_who_was_first(
    item: WorkItem, verb: str, moved: MovedMeanwhile
) -> PreconditionFailed | Conflict:
    if moved.last is None:
        state = WorkItem.objects.get(pk=item.pk).state
        return Conflict(
            Issue(
                "conflict",
                f"{verb[:20]!r} is not possible for your hospital while the Task is {state!r}."
                " Nothing was changed by you; read it again: its extension possible-verb says what"
                " can be done.",
            )
        )
    last = moved.last
    who = f"{last.staff.name}, {last.hospital}" if last.staff else "a timer"
    at = timezone.localtime(last.at).isoformat(timespec="seconds")
    return PreconditionFailed(
        Issue(
            "conflict",
            f"Nothing was changed by you: meanwhile {who}, {at}: {last.verb}; the Task is"
            f" {status_of(item.kind, last.to_state)} ({last.to_state}), version {last.version}."
            " Read it again.",
        )
    )
