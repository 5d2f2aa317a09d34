"""Task/$send: a hospital's system refers a patient in the name of a doctor, with the rules of the
page. The same number of the sender's system is sent once (docs/adr/0090).
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ScopeNeed
from alliance.models import Hospital, WorkItem, WorkNumber
from alliance.models.work_item import LONGEST_TEXT
from alliance.referrals.referral_table import REFERRAL_TABLES
from alliance.roles import Role
from alliance.workflow.send_item import NewDocument, NewItem, do_send
from consent import gate
from consent.audit.event import EventCode
from consent.services.referral_rights import open_relationship
from consent.terms import Refused
from records.fhir.issues import Conflict, Issue, NotFound
from records.fhir.json_codec import parse_json
from records.fhir.operation_outcome import ABSENT
from records.meaning.resource_digest import digest_resource
from records.meaning.value_text import drop_nulls
from records.models import SourcePatient
from records.mpi.index import source_patients
from records.operations.shared_record import open_record
from records.requests.fhir_request import (
    ALLIANCE_BASE,
    FhirRequest,
    FhirResponse,
    parse_uuid,
    request_resource_access,
)
from records.store import resource_query
from records.store.rows import Row
from records.work_faces.operation_parameters import read_texts, refuse
from records.work_faces.parse_search import read_hospital
from records.work_faces.read_work import answer_item, authorize_work, check_shared_base, find_item
from records.work_faces.speaking_doctor import find_speaking_doctor
from records.work_faces.state_codes import URGENCY_BY_PRIORITY
from records.work_faces.work_parts import see_items

NEED = ScopeNeed("c", ("Task", "ServiceRequest"))
TEXTS = ("question", "transport", "wish")
PARAMETERS = frozenset(
    {"staff", "identifier", "code", "receiver", "patient", "priority", "reason", "department"}
) | {*TEXTS, "document"}
REQUIRED = ("staff", "identifier", "code", "receiver", "patient", "priority", "reason")
MOST_DOCUMENTS = 100
MOST_DEPARTMENT = 80


def send_task(fhir_request: FhirRequest, body: Any) -> FhirResponse:
    """201 with the Task; 200 where it had been sent already. Raises Forbidden, Refused, NotFound,
    Unprocessable, and Conflict where the number is of something else.
    """
    check_shared_base(fhir_request, "$send")
    system = fhir_request.principal
    authorize_work(system, "r", "Task")
    check_token_scopes(system, NEED)
    given = read_texts(body, PARAMETERS, many="document")
    documents = given.pop("document", [])
    said = {name: values[0] for name, values in given.items()}
    if missing := [name for name in REQUIRED if not said.get(name)]:
        raise refuse(missing[0], "it is missing")
    number = read_number(said["identifier"])
    acting = find_speaking_doctor(system, said["staff"])
    new = read_new_item(fhir_request, said, acting)
    item = find_sent(number, system.hospital_id)
    if item is None:
        along = read_documents(fhir_request, documents, new, acting)
        try:
            with transaction.atomic():
                sent = do_send(new, along, acting=acting)
                WorkNumber.objects.create(
                    item=sent, hospital_id=system.hospital_id, system=number[0], value=number[1]
                )
        except ValidationError as error:
            raise refuse("receiver", " ".join(error.messages).rstrip(".")) from error
        except IntegrityError:
            item = find_sent(number, system.hospital_id)
        else:
            return answer_sent(fhir_request, sent.pk, 201)
    if item is None or not is_same(item, new, acting):
        raise Conflict(
            Issue(
                "duplicate",
                "Your hospital has sent something else under this identifier: take another one.",
                "identifier",
            )
        )
    return answer_sent(fhir_request, item.pk, 200)


def answer_sent(fhir_request: FhirRequest, number: int, status: int) -> FhirResponse:
    hospital_id = fhir_request.principal.hospital_id
    item = find_item(number, hospital_id)
    if item is None:
        raise NotFound(ABSENT)
    shown = answer_item(fhir_request, "Task", see_items([item], hospital_id)[0])
    return FhirResponse(status, shown.body, shown.version, shown.last_updated)


def read_number(text: str) -> tuple[str, str]:
    system, bar, value = text.rpartition("|")
    if not bar or not system or not value or len(system) > 200 or len(value) > 64:
        raise refuse("identifier", "your system's number of it, as urn:our-his:referral|R-17")
    return system, value


def read_new_item(fhir_request: FhirRequest, said: dict[str, str], acting: Principal) -> NewItem:
    kinds = [k for k in REFERRAL_TABLES if k == said["code"].rpartition("|")[2]]
    urgency = URGENCY_BY_PRIORITY.get(said["priority"])
    receiver = Hospital.objects.filter(
        code=read_hospital(said["receiver"], fhir_request.root) or ""
    ).first()
    if not kinds:
        raise refuse("code", f"one of {', '.join(REFERRAL_TABLES)}")
    if urgency is None:
        raise refuse("priority", "routine, urgent or stat")
    if receiver is None:
        raise refuse("receiver", "a hospital of the alliance, as Organization/<code>")
    for name in ("reason", *TEXTS):
        if len(said.get(name, "")) > LONGEST_TEXT:
            raise refuse(name, f"at most {LONGEST_TEXT} characters")
    if len(said.get("department", "")) > MOST_DEPARTMENT:
        raise refuse("department", f"at most {MOST_DEPARTMENT} characters")
    own = find_own_registration(fhir_request, said["patient"], acting)
    return NewItem(
        WorkItem.Kind(kinds[0]),
        own.home,
        own.pk,
        receiver,
        urgency,
        said["reason"],
        said.get("department", ""),
        *(said.get(name, "") for name in TEXTS),
    )


def find_own_registration(
    fhir_request: FhirRequest, reference: str, acting: Principal
) -> SourcePatient:
    """Of the hospital's own Patient, by its id in the own store, or by the person's. Whoever opens
    no record of theirs refers them to nobody. Raises Refused, NotFound.
    """
    text = reference.removeprefix(f"{fhir_request.root}/{acting.hospital}/")
    text = text.removeprefix(f"{fhir_request.root}/{ALLIANCE_BASE}/").removeprefix("Patient/")
    own = SourcePatient.objects.filter(hospital_id=acting.hospital_id, registered=True)
    found = own.filter(fhir_id=text).first()
    if found is None and (person := parse_uuid(text)):
        found = own.filter(person_id=person).order_by("-pk").first()
    asking = FhirRequest(acting, ALLIANCE_BASE, None, fhir_request.root)
    open_record(asking, found.person_id if found else UUID(int=0), {"Patient": 1}, "refer")
    if found is None:
        raise NotFound(Issue("not-found", "Your hospital has no such patient.", "patient"))
    return found


def find_sent(number: tuple[str, str], hospital_id: int) -> WorkItem | None:
    kept = WorkNumber.objects.filter(hospital_id=hospital_id, system=number[0], value=number[1])
    found = kept.select_related("item").first()
    return found.item if found else None


def is_same(item: WorkItem, new: NewItem, acting: Principal) -> bool:
    return (
        item.kind,
        item.source_patient,
        item.receiver_id,
        item.urgency,
        str(item.sender_staff_id),
        item.reason,
        item.department,
        item.question,
        item.transport,
        item.wish,
    ) == (
        new.kind.value,
        new.source_patient,
        new.receiver.pk,
        new.urgency,
        acting.id,
        new.reason,
        new.department,
        new.question,
        new.transport,
        new.wish,
    )


def read_documents(
    fhir_request: FhirRequest, references: Sequence[str], new: NewItem, acting: Principal
) -> list[NewDocument]:
    """Of the own store, about the patient, and only what the doctor sees and the receiver will: by
    the gate itself. Raises Unprocessable, which says the same of all that cannot go along.
    """
    if len(references) > MOST_DOCUMENTS:
        raise refuse("document", f"at most {MOST_DOCUMENTS}")
    base = f"{fhir_request.root}/{acting.hospital}/"
    names = [r.removeprefix(base).split("/_history/")[0].split("/") for r in references]
    if any(len(name) != 2 for name in names):
        raise refuse("document", "Type/id of your own store")
    viewer = Principal("staff", "0", new.receiver.pk, new.receiver.code, Role.CLINICIAN)
    seen = [find_row(acting, acting, n) for n in names]
    with transaction.atomic():
        open_relationship(str(new.person), new.receiver.pk, new.source_patient, timezone.now())
        shown = [find_row(viewer, acting, n) for n in names]
        transaction.set_rollback(True)
    found = []
    person = SourcePatient.objects.values_list("person_id", flat=True).get(pk=new.source_patient)
    for reference, row, there in zip(references, seen, shown, strict=True):
        about = row and source_patients.find_person_of_resource(
            acting.hospital_id, row.type_name, row.fhir_id
        )
        if row is None or there is None or about != person:
            raise refuse("document", f"{reference[:100]} cannot go along")
        resource = drop_nulls(parse_json(row.body))
        found.append(
            NewDocument(
                acting.hospital_id,
                row.type_name,
                row.fhir_id,
                str(row.version),
                digest_resource(resource),
            )
        )
    return found


def find_row(viewer: Principal, owner: Principal, name: list[str]) -> Row | None:
    """As the viewer sees it in the owner's store; None where they do not."""
    asking = FhirRequest(viewer, owner.hospital, owner.hospital_id)
    try:
        scope = gate.authorize_access(
            request_resource_access(asking, EventCode.RECORD_READ, name[0], name[1])
        )
    except Refused:
        return None
    row = resource_query.fetch_current(scope, owner.hospital_id, name[0], name[1])
    return row if row is not None and not row.deleted else None
