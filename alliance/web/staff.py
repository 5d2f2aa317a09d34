"""The administrator's pages of staff: find, enrol, change, reset, end, take back; the first password, shown to whoever made it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.secret_page import render_secret
from alliance.auth.session import page
from alliance.models import Staff
from alliance.models.staff import State
from alliance.roles import Permission
from alliance.services.authority import hospitals_for, must_manage
from alliance.services.credentials import do_reset_credentials
from alliance.services.handover import find_secret
from alliance.services.office import OFFICES, unwatched, vacancies, without_officer
from alliance.services.staffing import do_change_staff, do_end_staff, do_enrol_staff, do_return_staff
from alliance.services.vouching import holders, vouchers
from alliance.web.forms import ReasonForm, ResetForm, ReturnForm, StaffChangeForm, StaffFilter, StaffForm, attempt

PAGE = 50
WIDE_WAITS = "The role counts for the hospital now. For the whole alliance it counts once another administrator of the alliance agrees: see To be agreed."


@page(Permission.STAFF_MANAGE)
def staff(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """The list with its filter, and the form to enrol somebody."""
    own = hospitals_for(acting, "administer_hospital")
    form = StaffForm(request.POST or None, hospitals=own, wide=acting.alliance_wide)
    if request.method == "POST" and form.is_valid():
        wanted = dict(form.cleaned_data)  # a field with an error leaves the form's own
        made = attempt(form, do_enrol_staff, acting=acting, **wanted)
        if form.is_valid():
            if wanted.get("alliance_wide"):
                messages.info(request, _(WIDE_WAITS))
            return redirect("first-password", made[0].pk)
        if (twin := just_enrolled(wanted, acting)) is not None:
            return redirect("first-password", twin.pk)
    chosen = StaffFilter(request.GET or None, hospitals=own, auto_id="filter_%s")
    rows = Staff.objects.filter(hospital__in=own).select_related("hospital", "department", "user")
    if chosen.is_bound:
        rows = narrowed(rows, chosen.cleaned_data) if chosen.is_valid() else rows.none()
    listed = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    vacant = [{"office": OFFICES[role], "last": last, "vacant": last < timezone.localdate()} for role, last in vacancies(timezone.localdate()).items()] if acting.alliance_wide else []
    return render(request, "alliance/staff.html", {"form": form, "filter": chosen, "rows": listed, "query": query.urlencode(), "vacant": vacant,
                                                   "unwatched": [h for h in unwatched() if h in own], "delegated": [h for h in without_officer() if h in own]})


def just_enrolled(wanted: dict[str, Any], acting: Principal) -> Staff | None:
    """The account that the acting one has made of the same values within the last minutes: a second click must not lose its first password."""
    twin = Staff.objects.select_related("hospital").filter(
        user__username=wanted["username"].lower(), name=wanted["name"], hospital=wanted["hospital"], role=wanted["role"], ends_on=wanted["ends_on"]).first()
    return twin if twin is not None and find_secret(f"staff/{twin.pk}", acting=acting) else None


def narrowed(rows: QuerySet[Staff], chosen: dict[str, Any]) -> QuerySet[Staff]:
    """Only those that fit what was chosen."""
    today = timezone.localdate()
    over = Q(ended_at__isnull=False) | Q(ends_on__lt=today)
    states = {State.OVER: over, State.COMING: ~over & Q(starts_on__gt=today), State.ACTIVE: ~over & Q(starts_on__lte=today)}
    if text := chosen["q"].strip():
        rows = rows.filter(Q(name__icontains=text) | Q(user__username__icontains=text))
    if chosen["hospital"]:
        rows = rows.filter(hospital=chosen["hospital"])
    if chosen["role"]:
        rows = rows.filter(role=chosen["role"])
    if chosen["state"]:
        rows = rows.filter(states[State(chosen["state"])])
    return rows


def managed(staff_id: int, acting: Principal) -> Staff:
    """Raises Http404, and Forbidden unless the acting one manages this person."""
    who = get_object_or_404(Staff.objects.select_related("hospital", "department", "user"), pk=staff_id)
    must_manage(acting, who)
    return who


@require_GET
@page(Permission.STAFF_MANAGE)
def person(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    """One person's employment, and what can be done about it."""
    who = get_object_or_404(Staff.objects.select_related("hospital", "department", "user"), pk=staff_id, hospital__in=hospitals_for(acting, "administer_hospital"))
    try:
        must_manage(acting, who)
        manages = True
    except Forbidden:
        manages = False
    return render(request, "alliance/person.html", {
        "who": who, "manages": manages, "oneself": acting.id == str(who.pk), "vouchers": [] if who.vouched else vouchers(who, holders())})


@page(Permission.STAFF_MANAGE)
def change(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    who = managed(staff_id, acting)
    about = who.name
    form = StaffChangeForm(request.POST or None, instance=who, own=acting.id == str(who.pk),
                           hospitals=hospitals_for(acting, "administer_hospital"), wide=acting.alliance_wide)
    if request.method == "POST" and form.is_valid():
        proposal = attempt(form, do_change_staff, who, acting=acting, **form.cleaned_data)
        if form.is_valid():
            if proposal is not None:
                messages.info(request, _(WIDE_WAITS))
            messages.success(request, _("Changed. It counts with this person's next step."))
            return redirect("person-of-staff", staff_id)
    return render(request, "alliance/change.html", {"form": form, "about": about, "back": "person-of-staff", "of": staff_id})


@page(Permission.STAFF_MANAGE)
def reset(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    """Password forgotten or phone lost: a new first password, with a reason."""
    who = managed(staff_id, acting)
    form = ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        attempt(form, do_reset_credentials, who, second_factor=form.cleaned_data["lost"] == "second-factor", reason=form.cleaned_data["reason"], acting=acting)
        if form.is_valid():
            return redirect("first-password", who.pk)
    return render(request, "alliance/confirm.html", {
        "form": form, "title": _("Reset an account"), "about": named(who), "button": _("Reset"), "back": "person-of-staff", "of": who.pk,
        "effects": [_("Make sure that it is the person: face to face, or by a call to a number that you know."),
                    _("All open sessions of this account end."), _("You get a new first password to hand over."),
                    _("Until somebody else has vouched for the account anew, it sees its own hospital's records alone.")]})


@page(Permission.STAFF_MANAGE)
def end(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    """Asks first, with a reason."""
    who = managed(staff_id, acting)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        attempt(form, do_end_staff, who, reason=form.cleaned_data["reason"], acting=acting)
        if form.is_valid():
            messages.success(request, _("Ended. Open sessions stopped just now."))
            return redirect("person-of-staff", who.pk)
    return render(request, "alliance/confirm.html", {
        "form": form, "title": _("End an employment"), "about": named(who), "button": _("End employment"), "back": "person-of-staff", "of": who.pk,
        "effects": [_("The person is signed out at once and cannot sign in."), _("The record of what was done stays."),
                    _("The person can be taken back later, under the same user name.")]})


@page(Permission.STAFF_MANAGE)
def take_back(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    who = managed(staff_id, acting)
    form = ReturnForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        attempt(form, do_return_staff, who, ends_on=form.cleaned_data["ends_on"], reason=form.cleaned_data["reason"], acting=acting)
        if form.is_valid():
            return redirect("first-password", who.pk)
    return render(request, "alliance/confirm.html", {
        "form": form, "title": _("Take somebody back"), "about": named(who), "button": _("Take back"), "back": "person-of-staff", "of": who.pk, "mild": True,
        "effects": [_("Employed from today, in the same role, under the old user name."), _("You get a new first password to hand over; the second factor is set up anew."),
                    _("Until somebody else has vouched for the account anew, it sees its own hospital's records alone.")]})


@require_GET
@never_cache
@page(Permission.STAFF_MANAGE)
def first_password(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    """The first password that the acting one has just made; to others, and later, that it is no longer shown."""
    who = managed(staff_id, acting)
    shown = find_secret(f"staff/{who.pk}", acting=acting)
    return render_secret(request, "alliance/first_password.html", shown, who=who, vouchers=[] if who.vouched else vouchers(who, holders()))


def named(who: Staff) -> str:
    return f"{who.name} · {who.get_role_display()} · {who.hospital} · {who.user.username}"
