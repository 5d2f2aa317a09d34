"""Read and search the alliance's directory at the shared base: HealthcareService, Schedule and Slot
of all hospitals, by every member's system with the scope, and Appointments that are arrangements
with a place, of one patient, by the two hospitals between which the work is (docs/adr/0091). What a
hospital offers, its own system writes into its own store.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ScopeNeed
from alliance.models import OfferedClinic, OfferedDepartment, OfferedSlot, PlaceTaken
from alliance.platform.dates import parse_date_range
from alliance.roles import Permission
from consent import gate
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from records.facade.directory_resources import (
    build_appointment,
    build_schedule,
    build_service,
    build_slot,
)
from records.fhir import bundle
from records.fhir.issues import Issue, Malformed, NotFound, NotSupported
from records.fhir.json_codec import dump_json
from records.fhir.operation_outcome import ABSENT
from records.fhir.query_string import FORMAT_PARAMETERS, Pairs, build_link
from records.meaning.directory_terms import DEPARTMENT_SYSTEM, OFFER_SYSTEM, WORK_SYSTEM
from records.models import SourcePatient
from records.requests.fhir_request import (
    FhirRequest,
    FhirResponse,
    join_parameter_names,
    parse_uuid,
    request_person_access,
)
from records.search import cursors

USUAL_COUNT, MAX_COUNT = 100, 1000
MAX_NUMBER = 2**63 - 1
APPOINTMENT = "Appointment"
PREFIXES = {"ge": "gte", "gt": "gt", "le": "lt", "lt": "lt", "eq": "", "": ""}


@dataclass(frozen=True, slots=True)
class DirectoryReader:
    """Whom a page's cursor is bound to: no consent cuts the directory."""

    principal: Principal
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class FaceType:
    """rows: all of them, with what `build` needs, in the order of pages."""

    rows: Callable[[], QuerySet[Any]]
    build: Callable[[Any, str], dict[str, Any]]
    parameters: dict[str, Callable[[str], Q]]
    order: tuple[str, ...] = ("pk",)


def parse_number(value: str) -> int:
    """Of an id here: 0, which no row has, for what is none."""
    digits = value.rpartition("/")[2]
    is_number = digits.isascii() and digits.isdecimal() and len(digits) < 19
    return int(digits) if is_number else 0


def by_numbers(column: str) -> Callable[[str], Q]:
    return lambda value: Q(**{f"{column}__in": [parse_number(v) for v in value.split(",")]})


def parse_code(value: str, system: str) -> str:
    """The code of a token, with our system or without one."""
    given, bar, code = value.rpartition("|")
    return code if not bar or given in ("", system) else ""


def by_offer(value: str) -> Q:
    code = parse_code(value, OFFER_SYSTEM)
    return {"referral": Q(for_referral=True), "consultation": Q(for_consultation=True)}.get(
        code, Q(pk=0)
    )


def by_active(column: str) -> Callable[[str], Q]:
    return lambda value: (
        Q(**{f"{column}__isnull": value == "true"}) if value in ("true", "false") else Q(pk=0)
    )


def by_status(value: str) -> Q:
    full = Q(stopped_at=None, taken__gte=F("places"))
    return {
        "free": Q(stopped_at=None, taken__lt=F("places")),
        "busy": full,
        "busy-unavailable": Q(stopped_at__isnull=False),
    }.get(parse_code(value, "http://hl7.org/fhir/slotstatus"), Q(pk=0))


def by_start(value: str) -> Q:
    prefix = value[:2] if value[:2].isalpha() else ""
    if prefix not in PREFIXES:
        raise Malformed(Issue("value", "start takes ge, gt, le, lt and eq.", "start"))
    try:
        begins, ends = parse_date_range(value.removeprefix(prefix))
    except ValueError as error:
        raise Malformed(Issue("value", "start is a date or a time.", "start")) from error
    # a moment is a range of one second or less: what is compared is where the range lies
    return {
        "ge": Q(starts_at__gte=begins),
        "gt": Q(starts_at__gte=ends),
        "le": Q(starts_at__lt=ends),
        "lt": Q(starts_at__lt=begins),
    }.get(prefix, Q(starts_at__gte=begins, starts_at__lt=ends))


def by_organization(value: str) -> Q:
    return Q(hospital__code__in=[v.rpartition("/")[2].rpartition("|")[2] for v in value.split(",")])


FACES: dict[str, FaceType] = {
    # index: alliance_offereddepartment_pkey, offered_department_code
    "HealthcareService": FaceType(
        lambda: OfferedDepartment.objects.select_related("hospital"),
        build_service,
        {
            "_id": by_numbers("pk"),
            "organization": by_organization,
            "name": lambda v: Q(name_zh__icontains=v) | Q(name_en__icontains=v),
            "service-category": by_offer,
            "specialty": lambda v: Q(standard=parse_code(v, DEPARTMENT_SYSTEM) or "-"),
            "active": by_active("ended_at"),
        },
    ),
    # index: alliance_offeredclinic_pkey, alliance_offeredclinic_department_id_…
    "Schedule": FaceType(
        lambda: OfferedClinic.objects.select_related("hospital", "department"),
        build_schedule,
        {
            "_id": by_numbers("pk"),
            "actor": by_numbers("department_id"),
            "active": by_active("ended_at"),
        },
    ),
    # index: alliance_offeredslot_pkey, offered_slot_clinic, offered_slot_free
    "Slot": FaceType(
        lambda: OfferedSlot.objects.select_related("hospital", "clinic"),
        build_slot,
        {
            "_id": by_numbers("pk"),
            "schedule": by_numbers("clinic_id"),
            "start": by_start,
            "status": by_status,
        },
        ("starts_at", "pk"),
    ),
}


def authorize_directory(fhir_request: FhirRequest, letters: str, type_name: str) -> None:
    """Raises Forbidden."""
    acting = fhir_request.principal
    check_permission(acting, Permission.RECORD_READ, "This does not read the directory.")
    check_token_scopes(acting, ScopeNeed(letters, (type_name,)))


def note_look(
    fhir_request: FhirRequest,
    target: str,
    detail: str = "",
    outcome: AuditOutcome = AuditOutcome.SUCCESS,
) -> None:
    append_event(
        AuditEvent.from_principal(
            fhir_request.principal,
            EventCode.DIRECTORY_READ,
            target=f"alliance/{target}",
            detail=detail,
            outcome=outcome,
        )
    )


def read_face(fhir_request: FhirRequest, type_name: str, fhir_id: str) -> FhirResponse:
    """Raises Forbidden, NotFound."""
    authorize_directory(fhir_request, "r", type_name)
    face = FACES[type_name]
    row = face.rows().filter(pk=parse_number(fhir_id)).first() if fhir_id.isdecimal() else None
    outcome = AuditOutcome.SUCCESS if row else AuditOutcome.NOT_FOUND
    note_look(fhir_request, f"{type_name}/{fhir_id}", outcome=outcome)
    if row is None:
        raise NotFound(ABSENT)
    return FhirResponse(200, dump_json(face.build(row, fhir_request.root)))


def search_faces(
    fhir_request: FhirRequest, type_name: str, pairs: Pairs, lenient: bool = False
) -> FhirResponse:
    """A searchset without a total. Raises Forbidden, and Problem for what is not understood."""
    authorize_directory(fhir_request, "s", type_name)
    face = FACES[type_name]
    rows, count, cursor = face.rows(), USUAL_COUNT, ""
    names = []
    for key, value in pairs:
        if key == "_count":
            count = parse_count(value)
        elif key == "_cursor":
            cursor = value
        elif key in face.parameters:
            rows = rows.filter(face.parameters[key](value))
            names.append(key)
        elif key not in FORMAT_PARAMETERS and not lenient:
            raise NotSupported(
                Issue(
                    "not-supported",
                    f"{type_name} of the shared base is found by {', '.join(face.parameters)}; not"
                    f" by {key[:60]!r}.",
                    key[:60],
                )
            )
    question = f"{type_name}?{urlencode(sorted((k, v) for k, v in pairs if k != '_cursor'))}"
    reader = DirectoryReader(fhir_request.principal)
    if cursor:
        rows = rows.filter(after(face, cursors.read_cursor(reader, question, cursor)))
    found = list(rows.order_by(*face.order)[: count + 1])
    note_look(fhir_request, type_name, join_parameter_names(names))
    shown = found[:count]
    address = f"{fhir_request.root}/alliance/{type_name}"
    links = [("self", build_link(address, pairs))]
    if len(found) > count:
        last = cursors.write_cursor(reader, question, place_of(face, shown[-1]))
        links.append(("next", build_link(address, pairs, _cursor=last)))
    entries = [
        bundle.build_entry(
            f"{address}/{row.pk}",
            dump_json(face.build(row, fhir_request.root)),
            search={"mode": "match"},
        )
        for row in shown
    ]
    return FhirResponse(200, bundle.build_bundle("searchset", entries, links))


def parse_count(value: str) -> int:
    if not (value.isascii() and value.isdecimal()) or len(value) > 6 or int(value) == 0:
        raise Malformed(
            Issue("value", f"_count is a whole number from 1 to {MAX_COUNT}.", "_count")
        )
    return min(int(value), MAX_COUNT)


def place_of(face: FaceType, row: Model) -> list[Any]:
    """Where a row stands in the order, for the cursor."""
    values = [getattr(row, column) for column in face.order]
    return [v.isoformat() if isinstance(v, dt.datetime) else v for v in values]


def after(face: FaceType, place: Sequence[Any]) -> Q:
    if face.order == ("pk",):
        return Q(pk__gt=place[0])
    starts = dt.datetime.fromisoformat(place[0])
    return Q(starts_at__gt=starts) | Q(starts_at=starts, pk__gt=place[1])


def asks_arrangements(pairs: Pairs) -> bool:
    """Whether Appointments are asked for by our number: `identifier=urn:xinglin:work|…`. Any other
    search for Appointments is one of the hospitals' stores.
    """
    return any(k == "identifier" and v.startswith(f"{WORK_SYSTEM}|") for k, v in pairs)


def search_arrangements(fhir_request: FhirRequest, pairs: Pairs) -> FhirResponse:
    """Of the patient who is named: places of work of which the asking hospital is a side. Through
    the gate, with its line in the log. Raises Refused, Malformed, NotSupported.
    """
    asked = dict(pairs)
    if unknown := set(asked) - {"identifier", "patient", *FORMAT_PARAMETERS}:
        raise NotSupported(
            Issue(
                "not-supported",
                "Arrangements are found by identifier and patient.",
                min(unknown)[:60],
            )
        )
    person = parse_uuid(asked.get("patient", "").removeprefix("Patient/"))
    if person is None:
        raise Malformed(
            Issue("value", "Arrangements are asked of one patient: patient=<person id>.", "patient")
        )
    gate.authorize_access(
        request_person_access(
            fhir_request,
            EventCode.RECORD_SEARCH,
            APPOINTMENT,
            person,
            join_parameter_names(list(asked)),
            need=ScopeNeed("s", (APPOINTMENT,)),
        )
    )
    append_event(
        AuditEvent.from_principal(
            fhir_request.principal,
            EventCode.RECORD_SEARCH,
            target=f"alliance/{APPOINTMENT}",
            detail=join_parameter_names(list(asked)),
            persons=(person,),
        )
    )
    hospital = fhir_request.principal.hospital_id
    rows = PlaceTaken.objects.filter(
        Q(item__sender_id=hospital) | Q(item__receiver_id=hospital),
        Q(item__rights_end=None)
        | Q(item__rights_end__gt=timezone.now())
        | Q(item__sender=hospital),
        item__source_patient__in=list(
            SourcePatient.objects.filter(person_id=person).values_list("pk", flat=True)
        ),
    ).select_related("item", "slot__clinic__department")
    number = asked["identifier"].partition("|")[2]
    shown = [r for r in rows.order_by("pk") if number in ("", r.item.number)]
    address = f"{fhir_request.root}/alliance/{APPOINTMENT}"
    entries = [
        bundle.build_entry(
            f"{address}/place-{row.pk}",
            dump_json(build_appointment(row, str(person))),
            search={"mode": "match"},
        )
        for row in shown
    ]
    return FhirResponse(
        200,
        bundle.build_bundle("searchset", entries, [("self", build_link(address, pairs))]),
    )
