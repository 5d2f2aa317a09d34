"""Show why a line of the audit log was let in or refused: by the facts of its moment, not of today
(docs/adr/0076).
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital, Staff
from alliance.roles import STAFF_ROLES, Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.line_names import LineNames, load_person_names
from consent.audit.log_query import ACTOR_KINDS_OF, AuditFilter, cut_line, load_uncut_lines
from records.mpi.index import patient_search
from records.requests.fhir_request import parse_uuid
from records.web.line_reasons import explain_line


@require_GET
@require_staff(Permission.AUDIT_READ)
def line_reasons_page(request: HttpRequest, line_id: int, *, acting: Principal) -> HttpResponse:
    """For whoever may read the line in the log. Of a line about several patients of one of them
    (?person=).
    """
    audited = hospitals_with_permission(acting, "audit_hospital")
    wanted = AuditFilter(
        hospitals=None if acting.alliance_wide else tuple(h.code for h in audited),
        patients=True,
    )
    whole = next(iter(load_uncut_lines(wanted, [line_id])), None) if line_id < 2**63 else None
    if whole is None:
        raise Http404
    line = cut_line(whole, wanted)
    person = choose_person(line, request.GET.get("person", ""))
    choices = name_persons(line, wanted) if person is None and line["several"] else []
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.CONSENT_READ,
            person=person,
            persons=tuple(UUID(p) for p, _name in choices),
            target="explanation",
            detail=f"of line {line_id}",
        )
    )
    own = [h.code for h in audited] if line["foreign"] else None
    return render(
        request,
        "records/line_why.html",
        {
            "line": line,
            "when": dt.datetime.fromisoformat(line["recorded"]),
            "person": person,
            "choices": choices,
            "face": patient_search.displayed_person(person, acting.hospital_id) if person else None,
            "explained": explain_line(whole, person, own, timezone.now()) if person else None,
            **describe_actor_of_line(line),
        },
    )


def choose_person(line: dict[str, Any], wanted: str) -> UUID | None:
    """Whom the line is about; of several whoever is asked for. None where that is still open."""
    if not line["several"]:
        return parse_uuid(line["person"] or "")
    person = parse_uuid(wanted)
    return person if person is not None and str(person) in line["persons"] else None


def name_persons(line: dict[str, Any], wanted: AuditFilter) -> list[tuple[str, str]]:
    """(id, name) of those whom the line is about, as the log shows them."""
    codes = wanted.hospitals
    names = LineNames(codes, persons=load_person_names(set(line["persons"]), codes))
    return [(p, names.person_words(p)) for p in line["persons"]]


def describe_actor_of_line(line: dict[str, Any]) -> dict[str, Any]:
    """As the log shows them: of another hospital's staff role and account alone."""
    staff = (
        Staff.objects.select_related("user").filter(pk=int(line["actor"])).first()
        if line["actor_kind"] in ACTOR_KINDS_OF["staff"] and line["actor"]
        else None
    )
    hospital = Hospital.with_sandboxes.filter(code=line["actor_hospital"]).first()
    name = staff and (staff.user.username if line["foreign"] else staff.name)
    return {"name": name, "at": hospital, "role": dict(STAFF_ROLES).get(line["role"], "")}
