"""POST /launch: a hospital's system asks what there is of a patient that a doctor would see, and
gets an address that opens the record as that doctor, once, within a minute (docs/adr/0059).
"""

import math
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from psycopg.errors import LockNotAvailable, QueryCanceled

from alliance.auth import throttle
from alliance.auth.bearer import authenticate_bearer
from alliance.auth.errors import AuthenticationFailed, Forbidden
from alliance.auth.guess_limits import LAUNCH_DOCTOR_LIMIT, LAUNCH_LIMIT, GuessBucket
from alliance.auth.principal import Principal
from alliance.auth.refusal_log import log_caller_refusal, log_refused_request
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ALL_TYPES, ScopeNeed
from alliance.models import Client, Staff
from alliance.platform.database_away import walk_error_chain
from alliance.services.launches import (
    TICKET_LIFETIME,
    do_issue_launch,
    find_launch_doctor,
    find_launching_client,
    launched_principal,
    log_launch_answer,
)
from consent.audit.event import AuditOutcome
from consent.terms import Refused
from records.mpi.index.own_patients import find_own_persons
from records.operations.launch_availability import Availability, LaunchView, view_for_launch
from records.operations.shared_record import SectionWindow
from records.requests.fhir_request import build_fhir_request
from records.requests.timing_grid import delay_all_answers
from records.web.banner import Banner, build_banner
from records.web.banner_windows import banner_windows
from records.web.launch_request import LaunchFault, LaunchRequest, read_launch_request

# a system waits in front of a doctor: what takes longer is answered with a time-out
ANSWER_SECONDS = 3
MAX_ALERTS = 10  # of each kind
READ_EVERYTHING = ScopeNeed("rs", (ALL_TYPES,))


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks about whom, as far as it is known."""

    client: Client
    staff: Staff
    acting: Principal
    asked: LaunchRequest


@csrf_exempt
def answer_launch(request: HttpRequest) -> JsonResponse:
    if request.method != "POST":
        return fault_response(
            405, "method", _("Only POST is answered here."), _("Send a JSON object by POST.")
        )
    try:
        system = authenticate_bearer(request)
        request.caller = system  # type: ignore[attr-defined]
        client = find_launching_client(system.id)
        check_token_scopes(system, READ_EVERYTHING)
    except (AuthenticationFailed, Forbidden) as error:
        return refuse(request, error)
    with delay_all_answers():
        return answer_client(request, client, system)


def answer_client(request: HttpRequest, client: Client, system: Principal) -> JsonResponse:
    try:
        reading = read_launch_request(request.body)
    except RequestDataTooBig:
        reading = read_launch_request(b"")
    if reading.faults:
        log_caller_refusal(system, reason="invalid", target="launch", account=True)
        return invalid_response(reading.faults)
    asked = reading.request
    try:
        throttle.count_guess(
            [
                GuessBucket(LAUNCH_LIMIT, throttle.hash_parts("launch", client.client_id)),
                GuessBucket(
                    LAUNCH_DOCTOR_LIMIT,
                    throttle.hash_parts("launch", client.client_id, asked.doctor.casefold()),
                ),
            ]
        )
    except throttle.TooManyGuesses as error:
        return slow_down(system, error.seconds)
    staff = find_launch_doctor(client, asked.doctor)
    if staff is None:
        log_caller_refusal(system, reason="doctor", target="launch", account=True)
        return availability_response(
            Availability.ROLE,
            _("Nobody of this user name reads records at this hospital today."),
        )
    try:
        acting = launched_principal(
            staff, client, address=system.address, request_id=system.request_id
        )
    except Forbidden as error:
        return refuse(request, error)
    question = Question(client, staff, acting, asked)
    try:
        with transaction.atomic():
            limit_statements()
            return answer_question(request, question)
    except OperationalError as error:
        if not is_timeout(error):
            raise
        log_launch_answer(acting, None, asked.detail, AuditOutcome.FAILED, "slow")
        response = availability_response(
            Availability.TIMEOUT, _("It took too long. Ask once more."), status=503
        )
        response["Retry-After"] = "5"
        return response


def limit_statements() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %(most)s, true),"
            " set_config('lock_timeout', %(most)s, true)",
            {"most": f"{ANSWER_SECONDS}s"},
        )


def is_timeout(error: BaseException) -> bool:
    return any(isinstance(e, QueryCanceled | LockNotAvailable) for e in walk_error_chain(error))


def answer_question(request: HttpRequest, question: Question) -> JsonResponse:
    acting, asked = question.acting, question.asked
    person = find_asked_person(acting, asked)
    if person is None:
        log_launch_answer(acting, None, asked.detail, AuditOutcome.NOT_FOUND)
        return availability_response(
            Availability.UNKNOWN,
            _("These numbers are not those of one patient of your hospital."),
        )
    try:
        view = view_for_launch(
            build_fhir_request(acting, "alliance", "/fhir"),
            person,
            {"Patient": SectionWindow(20), **banner_windows(timezone.now())},
            asked.detail,
        )
    except Refused as refusal:
        return availability_response(
            Availability.SEALED,
            _("The record is not open to this doctor."),
            reason=refusal.code,
        )
    ticket = do_issue_launch(person, question.client, question.staff, asked.detail)
    root = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    return availability_response(
        view.availability,
        **describe_view(view),
        **({} if acting.launch_allowed else {"reason": "launched"}),
        url=root + reverse("launch-open", args=(ticket,)),
        expires_in=int(TICKET_LIFETIME.total_seconds()),
    )


def find_asked_person(acting: Principal, asked: LaunchRequest) -> UUID | None:
    """Whose all the numbers are, of the patients whom the hospital itself has registered: by the
    registration that was asked about, which keeps the record the patient's should it be taken off
    a person that it was joined with.
    """
    found = find_own_persons(acting.hospital_id, asked.numbers)
    persons = set.intersection(*map(set, found))
    return found[0][persons.pop()] if len(persons) == 1 else None


def describe_view(view: LaunchView) -> dict[str, Any]:
    banner = build_banner(
        view.golden,
        view.rows["Patient"],
        view.rows["banner AllergyIntolerance"],
        view.rows["banner Flag"],
        view.rows,
    )
    return {
        "counts": view.counts,
        "newest": {
            side: timezone.localtime(moment).date().isoformat() if moment else None
            for side, moment in view.newest.items()
        },
        "alerts": describe_alerts(banner) if banner else [],
    }


def describe_alerts(banner: Banner) -> list[dict[str, Any]]:
    """Critical values, allergies, risks and alerts as the record's own banner has them, in short;
    and how many more it has.
    """
    critical = [
        {
            "kind": "critical",
            "text": " ".join(filter(None, (str(x.title), str(x.value), str(x.unit)))),
            "date": str(x.date),
            "hospitals": [x.hospital.name],
        }
        for x in banner.criticals
    ]
    allergies = [
        {
            "kind": "allergy",
            "text": str(x.title),
            "marks": [str(m.text) for m in x.marks],
            "hospitals": list(x.hospitals),
        }
        for x in banner.allergies
    ]
    risks = [
        {
            "kind": "risk",
            "text": " ".join(filter(None, (str(r.label), str(r.words)))),
            "hospitals": list(dict.fromkeys(hospital for hospital, _date in r.sources)),
        }
        for r in banner.risks
    ]
    alerts = [
        {
            "kind": "alert",
            "text": str(x.title),
            "marks": [str(m.text) for m in x.marks],
            "hospitals": [x.hospital.name],
        }
        for x in banner.alerts
    ]
    standing = [*allergies, *risks, *alerts]
    kinds = ("critical", "allergy", "risk", "alert")
    of_kind = {k: [a for a in (*critical, *standing) if a["kind"] == k] for k in kinds}
    out = [a for k in kinds for a in of_kind[k][:MAX_ALERTS]]
    cut = {k: len(found) - MAX_ALERTS for k, found in of_kind.items() if len(found) > MAX_ALERTS}
    return [*out, *({"kind": "more", "of": k, "count": n} for k, n in cut.items())]


def availability_response(
    answer: Availability, says: str = "", *, status: int = 200, **more: Any
) -> JsonResponse:
    return JsonResponse(
        {
            "availability": answer.word,
            "number": answer.number,
            **({"says": says} if says else {}),
            **more,
        },
        status=status,
    )


def invalid_response(faults: list[LaunchFault]) -> JsonResponse:
    return availability_response(
        Availability.INVALID, status=400, faults=[asdict(f) for f in faults]
    )


def fault_response(status: int, code: str, says: str, mend: str = "") -> JsonResponse:
    response = JsonResponse({"code": code, "says": says, "mend": mend}, status=status)
    if status == 405:
        response["Allow"] = "POST"
    return response


def slow_down(system: Principal, seconds: int) -> JsonResponse:
    log_caller_refusal(system, reason="wait", target="launch", account=True)
    response = fault_response(
        429,
        "wait",
        _("Too many patients were asked about within a short time."),
        _("Wait %(n)s seconds.") % {"n": math.ceil(seconds)},
    )
    response["Retry-After"] = str(math.ceil(seconds))
    return response


def refuse(request: HttpRequest, error: AuthenticationFailed | Forbidden) -> JsonResponse:
    """In the words of what refuses, which say what to mend."""
    log_refused_request(request, error, "launch")
    status = 401 if isinstance(error, AuthenticationFailed) else 403
    response = fault_response(status, error.code, _(str(error)))
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="xinglin"'
    return response
