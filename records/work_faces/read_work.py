"""Read and search work between hospitals at the shared base, for a system of one of the two: what
its hospital's pages show, and no more. Each look is a line of the log that names the patients
(docs/adr/0090).
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ScopeNeed
from alliance.models import Hospital, WorkItem, WorkTransition
from alliance.roles import Permission
from alliance.workflow.list_recent import list_recent
from alliance.workflow.move_item import append_work_event
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from records.fhir import bundle
from records.fhir.issues import Issue, NotFound, NotSupported
from records.fhir.json_codec import dump_json
from records.fhir.operation_outcome import ABSENT
from records.fhir.query_string import FORMAT_PARAMETERS, Pairs, build_link
from records.requests.fhir_request import FhirRequest, FhirResponse, join_parameter_names
from records.requests.served_routes import SHARED_TYPES
from records.search import cursors
from records.work_faces.build_course import (
    build_communication,
    build_provenance,
    is_message,
    transition_id,
)
from records.work_faces.build_request import build_request
from records.work_faces.build_task import build_task
from records.work_faces.parse_search import (
    COLUMN_BY_PARAMETER,
    keep_known_parameters,
    parse_task_search,
    read_hospital,
)
from records.work_faces.state_codes import KIND_SYSTEM
from records.work_faces.work_parts import Json, SeenItem, see_items

ITEM_FACES: dict[str, Callable[[SeenItem, str], Json]] = {
    "Task": build_task,
    "ServiceRequest": build_request,
}
COURSE_FACES: dict[str, Callable[[SeenItem, WorkTransition], Json]] = {
    "Communication": build_communication,
    "Provenance": build_provenance,
}
COURSE_PARAMETERS = {"Communication": "based-on", "Provenance": "target"}
FACES = (*ITEM_FACES, *COURSE_FACES)
REFUSED = "This does not see the work between hospitals."
NUMBER = re.compile(r"[1-9][0-9]{0,17}")
COURSE_ID = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,8})")
PATIENT_PARAMETERS = ("patient", "subject")


@dataclass(frozen=True, slots=True)
class WorkReader:
    """Whom a page's cursor is bound to."""

    principal: Principal
    epoch: str = ""


def is_about_work(fhir_request: FhirRequest, type_name: str, pairs: Pairs) -> bool:
    """Whether a search of the shared base means work between hospitals. Of a type that the shared
    record has, too: where it names no patient, as one of the record must, or says so by a hospital
    of the alliance or the tag.
    """
    if fhir_request.hospital_id is not None or type_name not in FACES:
        return False
    if type_name not in SHARED_TYPES or not any(
        re.split("[:.]", key)[0] in PATIENT_PARAMETERS for key, _ in pairs
    ):
        return True
    if type_name not in ITEM_FACES:
        return False
    codes = [read_hospital(v, fhir_request.root) for k, v in pairs if k in COLUMN_BY_PARAMETER]
    return any(k == "_tag" and v.startswith(KIND_SYSTEM) for k, v in pairs) or (
        Hospital.objects.filter(code__in=[c for c in codes if c]).exists()
    )


def authorize_work(acting: Principal, letters: str, type_name: str) -> None:
    """Raises Forbidden."""
    check_permission(acting, Permission.REFERRAL_SEE, REFUSED)
    check_token_scopes(acting, ScopeNeed(letters, (type_name,)))


def check_shared_base(fhir_request: FhirRequest, name: str) -> None:
    """Raises NotFound at a member's own base, which holds one hospital's resources."""
    if fhir_request.hospital_id is not None:
        raise NotFound(
            Issue("not-found", f"{name} is asked at the shared base: /fhir/alliance/Task/…")
        )


def find_item(number: int, hospital_id: int) -> WorkItem | None:
    """None also where it is between others: nobody learns that there is one."""
    return (
        WorkItem.objects.select_related("sender", "receiver", "owner", "senders_number")
        .prefetch_related("documents__hospital")
        .filter(Q(sender_id=hospital_id) | Q(receiver_id=hospital_id))
        .filter(pk=number)
        .first()
    )


def read_face(fhir_request: FhirRequest, type_name: str, fhir_id: str) -> FhirResponse:
    """Raises Forbidden, NotFound."""
    acting = fhir_request.principal
    authorize_work(acting, "r", type_name)
    if type_name in COURSE_FACES:
        return read_course(fhir_request, type_name, fhir_id)
    with transaction.atomic():
        item = find_item(int(fhir_id), acting.hospital_id) if NUMBER.fullmatch(fhir_id) else None
        note_read(acting, item, type_name, fhir_id)
        found = [] if item is None else see_items([item], acting.hospital_id)
    if not found or item is None:
        raise NotFound(ABSENT)
    return answer_item(fhir_request, type_name, found[0])


def answer_item(fhir_request: FhirRequest, type_name: str, seen: SeenItem) -> FhirResponse:
    return FhirResponse(
        200,
        dump_json(ITEM_FACES[type_name](seen, fhir_request.root)),
        seen.item.version,
        seen.item.entered_at,
    )


def read_course(fhir_request: FhirRequest, type_name: str, fhir_id: str) -> FhirResponse:
    acting = fhir_request.principal
    match = COURSE_ID.fullmatch(fhir_id)
    with transaction.atomic():
        item = find_item(int(match[1]), acting.hospital_id) if match else None
        steps = list_course(item, type_name, int(match[2])) if item and match else []
        note_read(acting, item if steps else None, type_name, fhir_id)
        found = see_items([item], acting.hospital_id) if item and steps else []
    if not found:
        raise NotFound(ABSENT)
    body = dump_json(COURSE_FACES[type_name](found[0], steps[0]))
    return FhirResponse(200, body, 1, steps[0].at)


def list_course(item: WorkItem, type_name: str, version: int | None = None) -> list[WorkTransition]:
    """The transitions of which there is such a face."""
    steps = item.transitions.select_related("staff", "hospital").order_by("version")
    if version is not None:
        steps = steps.filter(version=version)
    return [t for t in steps if type_name == "Provenance" or is_message(t)]


def note_read(acting: Principal, item: WorkItem | None, type_name: str, fhir_id: str) -> None:
    if item is not None:
        append_work_event(item, EventCode.WORK_READ, acting, type_name)
        return
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.WORK_READ,
            outcome=AuditOutcome.NOT_FOUND,
            target=f"alliance/{type_name}/{fhir_id}"[:200],
        )
    )


def search_faces(
    fhir_request: FhirRequest, type_name: str, pairs: Pairs, lenient: bool = False
) -> FhirResponse:
    """A searchset without a total, that which moved last first. Raises Forbidden, and Problem for
    what is not understood; lenient: leave unknown parameters out.
    """
    acting = fhir_request.principal
    authorize_work(acting, "s", type_name)
    if type_name in COURSE_FACES:
        return search_course(fhir_request, type_name, pairs, lenient)
    if lenient:
        pairs = keep_known_parameters(type_name, pairs)
    search = parse_task_search(type_name, pairs, fhir_request.root, acting.hospital_id)
    address, reader = f"{fhir_request.root}/alliance/{type_name}", WorkReader(acting)
    question = f"{address}?{urlencode(sorted((k, v) for k, v in pairs if k != '_cursor'))}"
    work = search.work
    if search.cursor:
        at, number = cursors.read_cursor(reader, question, search.cursor)
        work = replace(work, after=(dt.datetime.fromisoformat(at), number))
    with transaction.atomic():
        found = list_recent(work, acting.hospital_id, search.count + 1)
        items = found[: search.count]
        seen = see_items(items, acting.hospital_id)
        note_list(acting, type_name, search.names, seen, search.person)
    links = [("self", build_link(address, pairs))]
    if len(found) > len(items):
        position = [items[-1].entered_at.isoformat(), items[-1].pk]
        cursor = cursors.write_cursor(reader, question, position)
        links.append(("next", build_link(address, pairs, _cursor=cursor)))
    bodies = [(str(s.item.pk), ITEM_FACES[type_name](s, fhir_request.root)) for s in seen]
    return answer_searchset(address, bodies, links)


def search_course(
    fhir_request: FhirRequest, type_name: str, pairs: Pairs, lenient: bool
) -> FhirResponse:
    """All of one item, the oldest first."""
    acting, name = fhir_request.principal, COURSE_PARAMETERS[type_name]
    asked = {k: v for k, v in pairs if k not in FORMAT_PARAMETERS}
    if lenient:
        asked = {k: v for k, v in asked.items() if k == name}
    task = asked.get(name, "").removeprefix(f"{fhir_request.root}/alliance/")
    number = task.removeprefix("Task/")
    if set(asked) != {name} or not NUMBER.fullmatch(number):
        raise NotSupported(
            Issue(
                "not-supported",
                f"{type_name}s of work between hospitals are found by {name}=Task/<id> alone. Those"
                " of the shared record are searched with patient=<person id>.",
                next(iter(set(asked) - {name}), name)[:60],
            )
        )
    with transaction.atomic():
        item = find_item(int(number), acting.hospital_id)
        steps = list_course(item, type_name) if item else []
        seen = see_items([item], acting.hospital_id) if item else []
        note_list(acting, type_name, (name,), seen, None)
    bodies = [(transition_id(t), COURSE_FACES[type_name](s, t)) for s in seen for t in steps]
    address = f"{fhir_request.root}/alliance/{type_name}"
    return answer_searchset(address, bodies, [("self", build_link(address, list(asked.items())))])


def answer_searchset(
    address: str, bodies: Sequence[tuple[str, Json]], links: list[tuple[str, str]]
) -> FhirResponse:
    entries = [
        bundle.build_entry(f"{address}/{fhir_id}", dump_json(body), search={"mode": "match"})
        for fhir_id, body in bodies
    ]
    return FhirResponse(200, bundle.build_bundle("searchset", entries, links))


def note_list(
    acting: Principal,
    type_name: str,
    names: Sequence[str],
    seen: Sequence[SeenItem],
    asked: UUID | None,
) -> None:
    """Whom the answer names, and whom the question named, stand in the log."""
    persons = {*(s.person for s in seen if s.person), *([asked] if asked else [])}
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.WORK_LIST,
            target=f"alliance/{type_name}",
            detail=join_parameter_names(list(names)),
            persons=tuple(sorted(persons)),
        )
    )
