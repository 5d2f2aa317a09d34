"""The administrator's pages: member hospitals, staff, clients."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.models import Client, Hospital, Staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_for
from alliance.services.clients import do_register_client, do_revoke_client
from alliance.services.membership import do_admit_hospital, do_resume_hospital, do_suspend_hospital
from alliance.services.staffing import do_end_staff, do_enrol_staff
from alliance.web.forms import ClientForm, HospitalForm, StaffForm, SuspendForm


@page(Permission.HOSPITAL_MANAGE)
def hospitals(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    form = HospitalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        hospital = do_admit_hospital(acting=acting, **form.cleaned_data)
        messages.success(request, _("%(name)s is a member now. Its FHIR base is /fhir/%(code)s/.") % {"name": hospital.name, "code": hospital.code})
        return redirect("hospitals")
    return render(request, "alliance/hospitals.html", {"form": form, "hospitals": hospitals_for(acting, "administer_hospital"), "suspend": SuspendForm()})


@require_POST
@page(Permission.HOSPITAL_MANAGE)
def suspend(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    hospital = get_object_or_404(Hospital, code=code)
    if hospital.suspended_at:
        do_resume_hospital(hospital, acting=acting)
        messages.success(request, _("%(name)s takes part again.") % {"name": hospital.name})
        return redirect("hospitals")
    form = SuspendForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give a reason for the suspension."))
        return redirect("hospitals")
    do_suspend_hospital(hospital, reason=form.cleaned_data["reason"], acting=acting)
    messages.warning(request, _("%(name)s is suspended: its sessions, tokens and shared records stopped just now.") % {"name": hospital.name})
    return redirect("hospitals")


@page(Permission.STAFF_MANAGE)
def staff(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    own = hospitals_for(acting, "administer_hospital")
    form = StaffForm(request.POST or None, hospitals=own, wide=acting.alliance_wide)
    first = None
    if request.method == "POST" and form.is_valid():
        made, password = do_enrol_staff(acting=acting, **form.cleaned_data)
        first = {"username": made.user.username, "password": password, "name": made.name}
        form = StaffForm(hospitals=own, wide=acting.alliance_wide)
    rows = Staff.objects.filter(hospital__in=own).select_related("hospital", "department", "user")
    return render(request, "alliance/staff.html", {"form": form, "rows": rows, "first": first})


@require_POST
@page(Permission.STAFF_MANAGE)
def end_staff(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    do_end_staff(get_object_or_404(Staff.objects.select_related("hospital"), pk=staff_id), acting=acting)
    messages.success(request, _("Ended. Open sessions stopped just now."))
    return redirect("staff")


@page(Permission.CLIENT_MANAGE)
def clients(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    own = hospitals_for(acting, "administer_hospital")
    form = ClientForm(request.POST or None, hospitals=own)
    made = None
    if request.method == "POST" and form.is_valid():
        client, secret = do_register_client(form.cleaned_data["hospital"], name=form.cleaned_data["name"], acting=acting)
        made = {"client_id": client.client_id, "secret": secret}
        form = ClientForm(hospitals=own)
    rows = Client.objects.filter(hospital__in=own).select_related("hospital")
    return render(request, "alliance/clients.html", {"form": form, "rows": rows, "made": made})


@require_POST
@page(Permission.CLIENT_MANAGE)
def revoke(request: HttpRequest, client_id: str, *, acting: Principal) -> HttpResponse:
    do_revoke_client(get_object_or_404(Client.objects.select_related("hospital"), client_id=client_id), acting=acting)
    messages.success(request, _("Revoked. Its tokens stopped just now."))
    return redirect("clients")
