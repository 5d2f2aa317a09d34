"""The auditor's page of the log: who did what, an act a row."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.act_cursor import ActCursor
from consent.audit.act_query import list_acts
from consent.audit.append import append_event
from consent.audit.archived_months import online_log_begins
from consent.audit.event import AuditEvent, EventCode
from consent.audit.line_names import load_person_names
from consent.audit.log_query import AuditFilter
from consent.audit.witness_report import count_contradictions, list_witnesses
from consent.web.audit_act_rows import ActRow, build_act_rows, persons_shown
from consent.web.audit_filter_form import AuditFilterForm, filter_from_form, has_reversed_range
from consent.web.audit_filters import list_saved_filters
from consent.web.person_day_rows import build_person_days

PAGE = 100


def describe_witnesses(hospitals: list[Any]) -> dict[str, Any]:
    """Those of these hospitals; that one contradicts is everybody's business."""
    count, at = count_contradictions()
    return {
        "witnesses": list_witnesses([h.pk for h in hospitals]),
        "contradictions": count,
        "contradicted_at": at,
    }


@require_GET
@require_staff(Permission.AUDIT_READ)
def show_audit_log(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Reading the log is itself in the log, with everybody whose name it showed."""
    hospitals = hospitals_with_permission(acting, "audit_hospital")
    form = AuditFilterForm(request.GET or None, hospitals=hospitals)
    page: dict[str, Any] = {
        "form": form,
        "saved": list_saved_filters(acting),
        "begins": online_log_begins(),
        "holds": acting.alliance_wide,
        **describe_witnesses(hospitals),
    }
    if has_reversed_range(request, form):
        return render(request, "consent/log.html", page, status=400)
    wanted = filter_from_form(form, acting, hospitals, patients=True)
    before = ActCursor.parse(request.GET.get("before", ""))
    found = list_acts(wanted, before, PAGE)
    rows = build_act_rows(found.acts, wanted.hospitals)
    person_days = build_person_days(wanted) if wanted.person and not before else None
    log_reading(acting, wanted, rows)
    later = request.GET.copy()
    later["before"] = str(found.before or "")
    return render(
        request,
        "consent/log.html",
        page
        | {
            "rows": rows,
            "more": later.urlencode() if found.before else "",
            "searched_until": found.searched_until,
            "person": wanted.person,
            "case": wanted.case,
            "gather": address_of_gathering(request),
            "person_name": name_of_person(wanted),
            "person_days": person_days,
        },
    )


def address_of_gathering(request: HttpRequest) -> str:
    """Where all that the page filters by is added to a case file."""
    query = request.GET.copy()
    query.pop("before", None)
    return f"{reverse('case-gather')}?{query.urlencode()}"


def log_reading(acting: Principal, wanted: AuditFilter, rows: list[ActRow]) -> None:
    persons = persons_shown(rows) | ({wanted.person} if wanted.person else set())
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.AUDIT_READ, persons=tuple(sorted(persons)), target="log"
        )
    )


def name_of_person(wanted: AuditFilter) -> str:
    """The name of the patient who is asked for, "" where the auditor may not know it."""
    if not wanted.person:
        return ""
    found = load_person_names({str(wanted.person)}, wanted.hospitals)
    return next((known.name for known in found.values()), "")
