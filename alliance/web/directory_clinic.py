"""One clinic of the hospital's own: its slots of the next days, weekly hours that are repeated, a
day that is called off, and who is expected then.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.directory.keep_directory import (
    WeeklyHours,
    do_end,
    do_make_slots,
    do_save_clinic,
    do_stop_day,
    do_take_up,
)
from alliance.models import OfferedClinic, OfferedSlot
from alliance.roles import Permission
from alliance.web.directory_forms import ClinicForm, EmptyForm, StopDayForm, WeeklyHoursForm
from alliance.web.forms import submit_to_service

SHOWN_SLOTS = 200


def find_clinic(clinic_id: int, acting: Principal) -> OfferedClinic:
    """Raises Http404 also for another hospital's."""
    return get_object_or_404(
        OfferedClinic.objects.select_related("department"),
        pk=clinic_id,
        hospital_id=acting.hospital_id,
    )


@require_staff(Permission.DIRECTORY_KEEP)
def clinic_page(request: HttpRequest, clinic_id: int, *, acting: Principal) -> HttpResponse:
    clinic = find_clinic(clinic_id, acting)
    form = WeeklyHoursForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said: dict[str, Any] = form.cleaned_data
        hours = WeeklyHours(
            frozenset(said["weekdays"]),
            said["begins"],
            said["ends"],
            said["minutes"],
            said["places"],
        )
        made = submit_to_service(
            form, do_make_slots, clinic, hours, said["first"], said["weeks"], acting=acting
        )
        if form.is_valid():
            messages.success(
                request, ngettext("%(n)s slot is new.", "%(n)s slots are new.", made) % {"n": made}
            )
            return redirect("clinic", clinic.pk)
    # index: offered_slot_clinic
    slots = OfferedSlot.objects.filter(clinic=clinic, ends_at__gt=timezone.now())
    return render(
        request,
        "alliance/directory_clinic.html",
        {
            "clinic": clinic,
            "slots": slots.order_by("starts_at", "pk")[:SHOWN_SLOTS],
            "form": form,
        },
    )


@require_staff(Permission.DIRECTORY_KEEP)
def change_clinic(request: HttpRequest, clinic_id: int, *, acting: Principal) -> HttpResponse:
    clinic = find_clinic(clinic_id, acting)
    about = str(clinic)
    form = ClinicForm(request.POST or None, instance=clinic)
    if request.method == "POST" and form.is_valid():
        submit_to_service(form, do_save_clinic, form.instance, acting=acting)
        if form.is_valid():
            messages.success(request, _("Saved."))
            return redirect("clinic", clinic.pk)
    return render(
        request, "alliance/change.html", {"form": form, "about": about, "back": "directory"}
    )


@require_staff(Permission.DIRECTORY_KEEP)
def end_clinic(request: HttpRequest, clinic_id: int, *, acting: Principal) -> HttpResponse:
    """Asks first; what has ended is offered again by the same way."""
    clinic = find_clinic(clinic_id, acting)
    form = EmptyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        verb = do_take_up if clinic.ended_at else do_end
        submit_to_service(form, verb, clinic, acting=acting)
        if form.is_valid():
            messages.success(request, _("Saved."))
            return redirect("directory")
    has_ended = clinic.ended_at is not None
    title = _("Offer it again") if has_ended else _("Offer it no more")
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": title,
            "about": str(clinic),
            "button": title,
            "mild": has_ended,
            "back": "directory",
            "effects": []
            if has_ended
            else [
                _("Other hospitals do not find it any more, nor its clinics."),
                _("Referrals that were sent to it go on."),
            ],
        },
    )


@require_staff(Permission.DIRECTORY_KEEP)
def stop_day(request: HttpRequest, clinic_id: int, *, acting: Principal) -> HttpResponse:
    """Asks first; who was expected then stands on the list of the directory's page."""
    clinic = find_clinic(clinic_id, acting)
    form = StopDayForm(request.POST or None, initial={"day": request.GET.get("day", "")})
    if request.method == "POST" and form.is_valid():
        done = submit_to_service(form, do_stop_day, clinic, **form.cleaned_data, acting=acting)
        if form.is_valid():
            stopped, expected = done
            messages.success(
                request,
                ngettext("%(n)s slot is called off.", "%(n)s slots are called off.", stopped)
                % {"n": stopped},
            )
            if expected:
                messages.warning(
                    request,
                    ngettext(
                        "%(n)s patient was expected then: arrange anew, they are listed here.",
                        "%(n)s patients were expected then: arrange anew, they are listed here.",
                        expected,
                    )
                    % {"n": expected},
                )
            return redirect("directory")
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Call a day off"),
            "about": str(clinic),
            "button": _("Call the day off"),
            "back": "directory",
            "effects": [
                _("Nobody gets a place on this day any more."),
                _(
                    "Patients who are expected then keep their referral, and are listed until"
                    " another arrangement is made."
                ),
            ],
        },
    )
