"""How often each department of a hospital opens records in emergencies, by month, beside its looks
at other hospitals' records: where it is more than one in a hundred, rules are wrong before doctors.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal, hospitals_served
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.hospital_activity import count_hospital_activity
from consent.web.day_span_form import read_day_span
from consent.web.hospital_activity_page import list_departments, list_months


@require_GET
@require_staff(Permission.EMERGENCY_SEE)
def show_emergency_rates(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Of a hospital whose emergencies the acting one sees; it names nobody."""
    hospitals = (
        list(Hospital.objects.filter(pk__in=hospitals_served(acting)))
        if acting.may(Permission.EMERGENCY_REVIEW) and not acting.alliance_wide
        else hospitals_with_permission(acting, "audit_hospital")
    )
    code = request.GET.get("hospital", "")
    hospital = next((h for h in hospitals if h.code == code), None)
    if code and hospital is None:
        raise Http404
    hospital = hospital or next((h for h in hospitals if h.pk == acting.hospital_id), hospitals[0])
    form, span = read_day_span(request)
    page: dict[str, Any] = {"hospitals": hospitals, "hospital": hospital, "form": form}
    if span is None:
        return render(request, "consent/emergency_rates.html", page, status=400)
    activity = count_hospital_activity(hospital.code, span)
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.EMERGENCY_READ, target=f"hospital/{hospital.code}"
        )
    )
    months = list_months(span)
    departments = list_departments(hospital, span, months, activity)
    return render(
        request,
        "consent/emergency_rates.html",
        page
        | {
            "span": span,
            "months": months,
            "departments": departments,
            "unusual": any(row.is_unusual for row in departments),
            "back_to": activity.back_to,
        },
    )
