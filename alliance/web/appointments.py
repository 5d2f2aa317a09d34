"""The administrators' pages of appointments: which privacy officer serves for which further
hospital, propose another, end one.
"""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Appointment
from alliance.roles import Permission
from alliance.services.appointments import do_end_appointment, do_propose_appointment
from alliance.services.authority import check_may_administer
from alliance.services.standing_appointments import query_visible_appointments
from alliance.web.appointment_form import AppointmentForm
from alliance.web.forms import ReasonForm, submit_to_service
from alliance.web.staff import describe_staff_member, get_managed_staff

PAGE = 50


@require_GET
@require_staff(Permission.STAFF_MANAGE)
def list_appointments(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Those that are not over, with whether they count today, and those that are."""
    visible = query_visible_appointments(acting)
    open_ones = visible.not_over()
    waiting = Paginator(open_ones, PAGE).get_page(request.GET.get("current"))
    over = Paginator(visible.exclude(pk__in=open_ones.values("pk")), PAGE).get_page(
        request.GET.get("page")
    )
    standing = Appointment.objects.standing().filter(pk__in=[a.pk for a in waiting])
    return render(
        request,
        "alliance/appointments.html",
        {
            "current": waiting,
            "standing": set(standing.values_list("pk", flat=True)),
            "rows": over,
            "wide": acting.alliance_wide,
        },
    )


@require_staff(Permission.STAFF_MANAGE)
def propose_appointment(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    """For which hospital, from and until when, and why; another administrator agrees."""
    check_may_administer(acting, Permission.STAFF_MANAGE)
    who = get_managed_staff(staff_id, acting)
    form = AppointmentForm(request.POST or None, officer=who)
    if request.method == "POST" and form.is_valid():
        submit_to_service(form, do_propose_appointment, who, acting=acting, **form.cleaned_data)
        if form.is_valid():
            messages.info(
                request,
                _(
                    "Proposed. It counts once another administrator of the alliance agrees: see To"
                    " be agreed."
                ),
            )
            return redirect("person-of-staff", who.pk)
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Appoint for a further hospital"),
            "about": describe_staff_member(who),
            "button": _("Propose"),
            "back": "person-of-staff",
            "of": who.pk,
            "mild": True,
            "effects": [
                _("Another administrator of the alliance reads this, and agrees or refuses."),
                _(
                    "The officer then reviews emergency accesses, seals and confirmations of that"
                    " hospital as its own officer would. No record opens by it."
                ),
                _(
                    "It ends on its last day, with this employment or role, or as soon as one"
                    " administrator ends it."
                ),
            ],
        },
    )


@require_staff(Permission.STAFF_MANAGE)
def end_appointment(
    request: HttpRequest, appointment_id: int, *, acting: Principal
) -> HttpResponse:
    """Asks first, with a reason. One administrator is enough."""
    found = get_object_or_404(query_visible_appointments(acting), pk=appointment_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        submit_to_service(
            form,
            do_end_appointment,
            found,
            reason=form.cleaned_data["reason"],
            acting=acting,
        )
        if form.is_valid():
            messages.success(request, _("Ended. It counts no more, from this moment on."))
            return redirect("appointments")
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("End an appointment"),
            "about": f"{found.staff.name} · {found.employer} → {found.hospital}",
            "button": _("End appointment"),
            "back": "appointments",
            "effects": [
                _("The officer serves for this hospital no more, from this moment on."),
                _("What they have done for it stays, and stays in the log."),
                _("What they have asked for, and nobody has agreed to yet, counts no more."),
            ],
        },
    )
