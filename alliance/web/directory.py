"""The hospital's own part of the directory, for its record clerks and administrators: departments
with their clinics, what they take, and the patients whose place was called off.
"""

from django.contrib import messages
from django.db.models import F, Min, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.directory.department_codes import DEPARTMENTS
from alliance.directory.find_clinics import WITHIN
from alliance.directory.keep_directory import (
    do_end,
    do_save_clinic,
    do_save_department,
    do_take_up,
)
from alliance.directory.places import list_fallen_places
from alliance.models import OfferedClinic, OfferedDepartment
from alliance.roles import Permission
from alliance.web.directory_forms import ClinicForm, DepartmentForm, EmptyForm
from alliance.web.forms import submit_to_service

MOST_FALLEN = 50


@require_GET
@require_staff(Permission.DIRECTORY_KEEP)
def directory_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    now = timezone.now()
    departments = list(
        OfferedDepartment.objects.filter(hospital_id=acting.hospital_id).order_by(
            F("ended_at").asc(nulls_first=True), "standard", "name_zh", "pk"
        )
    )
    soon = Q(slots__starts_at__gt=now, slots__starts_at__lt=now + WITHIN, slots__stopped_at=None)
    clinics = (
        OfferedClinic.objects.filter(hospital_id=acting.hospital_id)
        .annotate(
            places=Sum("slots__places", filter=soon),
            free=Sum(F("slots__places") - F("slots__taken"), filter=soon),
            first=Min("slots__starts_at", filter=soon & Q(slots__taken__lt=F("slots__places"))),
        )
        .order_by(F("ended_at").asc(nulls_first=True), "name", "pk")
    )
    of_department: dict[int, list[OfferedClinic]] = {d.pk: [] for d in departments}
    for clinic in clinics:
        of_department[clinic.department_id].append(clinic)
    return render(
        request,
        "alliance/directory.html",
        {
            "rows": [
                (d, DEPARTMENTS.get(d.standard, ""), of_department[d.pk]) for d in departments
            ],
            "fallen": list_fallen_places(acting.hospital_id)[:MOST_FALLEN],
            "sees_referrals": acting.may(Permission.REFERRAL_SEE),
        },
    )


def find_department(department_id: int, acting: Principal) -> OfferedDepartment:
    """Raises Http404 also for another hospital's."""
    return get_object_or_404(OfferedDepartment, pk=department_id, hospital_id=acting.hospital_id)


@require_staff(Permission.DIRECTORY_KEEP)
def change_department(
    request: HttpRequest, department_id: int = 0, *, acting: Principal
) -> HttpResponse:
    """One, or a new one."""
    department = (
        find_department(department_id, acting)
        if department_id
        else OfferedDepartment(hospital_id=acting.hospital_id)
    )
    about = department.name if department_id else _("New department")
    form = DepartmentForm(request.POST or None, instance=department)
    if request.method == "POST" and form.is_valid():
        submit_to_service(form, do_save_department, form.instance, acting=acting)
        if form.is_valid():
            messages.success(request, _("Saved."))
            return redirect("directory")
    return render(
        request, "alliance/change.html", {"form": form, "about": about, "back": "directory"}
    )


@require_staff(Permission.DIRECTORY_KEEP)
def end_department(request: HttpRequest, department_id: int, *, acting: Principal) -> HttpResponse:
    """Asks first; what has ended is offered again by the same way."""
    department = find_department(department_id, acting)
    form = EmptyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        verb = do_take_up if department.ended_at else do_end
        submit_to_service(form, verb, department, acting=acting)
        if form.is_valid():
            messages.success(request, _("Saved."))
            return redirect("directory")
    has_ended = department.ended_at is not None
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Offer it again") if has_ended else _("Offer it no more"),
            "about": department.name,
            "button": _("Offer it again") if has_ended else _("Offer it no more"),
            "mild": has_ended,
            "back": "directory",
            "effects": [_("Its clinics are offered again each by itself.")]
            if has_ended
            else [
                _("Other hospitals do not find it any more, nor its clinics."),
                _("Referrals that were sent to it go on."),
            ],
        },
    )


@require_staff(Permission.DIRECTORY_KEEP)
def add_clinic(request: HttpRequest, department_id: int, *, acting: Principal) -> HttpResponse:
    department = find_department(department_id, acting)
    form = ClinicForm(
        request.POST or None,
        instance=OfferedClinic(hospital_id=acting.hospital_id, department=department),
    )
    if request.method == "POST" and form.is_valid():
        submit_to_service(form, do_save_clinic, form.instance, acting=acting)
        if form.is_valid():
            messages.success(request, _("Saved. Now say when it takes patients."))
            return redirect("clinic", form.instance.pk)
    return render(
        request,
        "alliance/change.html",
        {"form": form, "about": f"{department.name} · {_('New clinic')}", "back": "directory"},
    )
