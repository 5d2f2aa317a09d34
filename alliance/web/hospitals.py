"""The administrator's pages of member hospitals: admit, change, suspend, resume."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.roles import Permission
from alliance.services.authority import check_may_administer, hospitals_with_permission
from alliance.services.membership import (
    describe_reopening,
    do_admit_hospital,
    do_change_hospital,
    do_propose_resume,
    do_suspend_hospital,
)
from alliance.web.forms import HospitalChangeForm, HospitalForm, ReasonForm, submit_to_service

PAGE = 50


@require_staff(Permission.HOSPITAL_MANAGE)
def list_hospitals(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    form = HospitalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        hospital = submit_to_service(form, do_admit_hospital, acting=acting, **form.cleaned_data)
        if form.is_valid():
            messages.success(
                request,
                _("%(name)s is a member now. Its FHIR base is /fhir/%(code)s/.")
                % {
                    "name": hospital.name,
                    "code": hospital.code,
                },
            )
            return redirect("hospitals")
    found = hospitals_with_permission(acting, "administer_hospital")
    rows = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "alliance/hospitals.html",
        {
            "form": form,
            "rows": rows,
            "wide": acting.alliance_wide,
            "own": acting.hospital,
        },
    )


@require_staff(Permission.HOSPITAL_MANAGE)
def change_hospital(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    hospital = get_object_or_404(Hospital, code=code)
    check_may_administer(acting, Permission.HOSPITAL_MANAGE)
    name = hospital.name
    form = HospitalChangeForm(request.POST or None, instance=hospital)
    if request.method == "POST" and form.is_valid():
        proposal = submit_to_service(
            form, do_change_hospital, hospital, acting=acting, **form.cleaned_data
        )
        if form.is_valid():
            if proposal is not None:
                messages.info(
                    request,
                    _(
                        "What opens records waits for another administrator of the alliance: that a"
                        " hospital takes part again, and the code by which others name it."
                    ),
                )
                return redirect("proposals")
            messages.success(request, _("Changed."))
            return redirect("hospitals")
    return render(
        request, "alliance/change.html", {"form": form, "about": name, "back": "hospitals"}
    )


@require_staff(Permission.HOSPITAL_MANAGE)
def suspend_hospital(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    """Asks first, with a reason."""
    hospital = get_object_or_404(Hospital, code=code)
    check_may_administer(acting, Permission.HOSPITAL_MANAGE)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        submit_to_service(
            form, do_suspend_hospital, hospital, reason=form.cleaned_data["reason"], acting=acting
        )
        if form.is_valid():
            messages.warning(
                request,
                _(
                    "%(name)s is suspended: its sessions, tokens and shared records stopped just"
                    " now."
                )
                % {"name": hospital.name},
            )
            return redirect("hospitals")
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Suspend a hospital"),
            "about": hospital.name,
            "button": _("Suspend"),
            "back": "hospitals",
            "effects": [
                _("Its staff are signed out and cannot sign in."),
                _("Its systems' tokens stop at once."),
                _("Nobody sees its records until it takes part again."),
                _(
                    "You can do this alone, at once. That it takes part again, two administrators"
                    " decide."
                ),
            ],
        },
    )


@require_staff(Permission.HOSPITAL_MANAGE)
def resume_hospital(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    """Proposes it, with a reason; another administrator agrees."""
    hospital = get_object_or_404(Hospital, code=code)
    check_may_administer(acting, Permission.HOSPITAL_MANAGE)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        submit_to_service(
            form, do_propose_resume, hospital, reason=form.cleaned_data["reason"], acting=acting
        )
        if form.is_valid():
            messages.success(
                request, _("Proposed. It waits for another administrator of the alliance.")
            )
            return redirect("proposals")
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Let a hospital take part again"),
            "about": hospital.name,
            "button": _("Propose"),
            "back": "hospitals",
            "mild": True,
            "effects": [
                _(
                    "Nothing changes before another administrator of the alliance agrees, within"
                    " seven days."
                ),
                *describe_reopening(),
            ],
        },
    )
