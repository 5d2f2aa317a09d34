"""The administrator's pages of staff: find, enrol, change, reset, end, take back; the first
password, shown to whoever made it.
"""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.secret_page import render_secret
from alliance.auth.session import require_staff
from alliance.models import Staff
from alliance.models.staff import EmploymentState
from alliance.roles import Permission, Role
from alliance.services.authority import check_may_manage_staff, hospitals_with_permission
from alliance.services.credentials import do_reset_credentials
from alliance.services.handover import find_secret
from alliance.services.office import (
    OFFICES,
    find_vacancies,
    hospitals_without_officer,
    hospitals_without_reviewer,
)
from alliance.services.staffing import (
    do_change_staff,
    do_end_staff,
    do_enrol_staff,
    do_return_staff,
)
from alliance.services.vouching import find_staff_vouchers, list_vouching_staff
from alliance.web.forms import (
    ReasonForm,
    ResetForm,
    ReturnForm,
    StaffChangeForm,
    StaffFilterForm,
    StaffForm,
    submit_to_service,
)

PAGE = 50
WIDE_WAITS = gettext_noop(
    "The role counts for the hospital now. For the whole alliance it counts once another"
    " administrator of the alliance agrees: see To be agreed."
)


@require_staff(Permission.STAFF_MANAGE)
def list_staff(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """The list with its filter, and the form to enrol somebody."""
    own = hospitals_with_permission(acting, "administer_hospital")
    form = StaffForm(request.POST or None, hospitals=own, wide=acting.alliance_wide)
    if request.method == "POST" and form.is_valid():
        wanted = dict(form.cleaned_data)  # a field with an error leaves the form's own
        made = submit_to_service(form, do_enrol_staff, acting=acting, **wanted)
        if form.is_valid():
            if wanted.get("alliance_wide"):
                messages.info(request, _(WIDE_WAITS))
            return redirect("first-password", made[0].pk)
        if (twin := find_just_enrolled(wanted, acting)) is not None:
            return redirect("first-password", twin.pk)
    chosen = StaffFilterForm(request.GET or None, hospitals=own, auto_id="filter_%s")
    rows = Staff.objects.filter(hospital__in=own).select_related("hospital", "department", "user")
    if chosen.is_bound:
        rows = filter_staff(rows, chosen.cleaned_data) if chosen.is_valid() else rows.none()
    listed = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    vacant = (
        [
            {"office": OFFICES[role], "last": last, "vacant": last < timezone.localdate()}
            for role, last in find_vacancies(timezone.localdate()).items()
        ]
        if acting.alliance_wide
        else []
    )
    return render(
        request,
        "alliance/staff.html",
        {
            "form": form,
            "filter": chosen,
            "rows": listed,
            "query": query.urlencode(),
            "vacant": vacant,
            "unwatched": [h for h in hospitals_without_reviewer() if h in own],
            "delegated": [h for h in hospitals_without_officer() if h in own],
        },
    )


def find_just_enrolled(wanted: dict[str, Any], acting: Principal) -> Staff | None:
    """The account that the acting one has made of the same values within the last minutes: a
    second click must not lose its first password.
    """
    twin = (
        Staff.objects.select_related("hospital")
        .filter(
            user__username=wanted["username"].lower(),
            name=wanted["name"],
            hospital=wanted["hospital"],
            role=wanted["role"],
            ends_on=wanted["ends_on"],
        )
        .first()
    )
    return twin if twin is not None and find_secret(f"staff/{twin.pk}", acting=acting) else None


def filter_staff(rows: QuerySet[Staff], chosen: dict[str, Any]) -> QuerySet[Staff]:
    """Only those that fit what was chosen."""
    today = timezone.localdate()
    over = Q(ended_at__isnull=False) | Q(ends_on__lt=today)
    states = {
        EmploymentState.OVER: over,
        EmploymentState.COMING: ~over & Q(starts_on__gt=today),
        EmploymentState.ACTIVE: ~over & Q(starts_on__lte=today),
    }
    if text := chosen["q"].strip():
        rows = rows.filter(Q(name__icontains=text) | Q(user__username__icontains=text))
    if chosen["hospital"]:
        rows = rows.filter(hospital=chosen["hospital"])
    if chosen["role"]:
        rows = rows.filter(role=chosen["role"])
    if chosen["state"]:
        rows = rows.filter(states[EmploymentState(chosen["state"])])
    return rows


def get_managed_staff(staff_id: int, acting: Principal) -> Staff:
    """Raises Http404, and Forbidden unless the acting one manages this person."""
    who = get_object_or_404(
        Staff.objects.select_related("hospital", "department", "user"), pk=staff_id
    )
    check_may_manage_staff(acting, who)
    return who


@require_GET
@require_staff(Permission.STAFF_MANAGE)
def show_staff_member(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    """One person's employment, and what can be done about it."""
    who = get_object_or_404(
        Staff.objects.select_related("hospital", "department", "user"),
        pk=staff_id,
        hospital__in=hospitals_with_permission(acting, "administer_hospital"),
    )
    try:
        check_may_manage_staff(acting, who)
        manages = True
    except Forbidden:
        manages = False
    return render(
        request,
        "alliance/person.html",
        {
            "who": who,
            "manages": manages,
            "oneself": acting.id == str(who.pk),
            "appointments": (
                who.appointments.not_over().select_related("hospital")
                if who.role == Role.PRIVACY
                else ()
            ),
            "appointable": (
                acting.alliance_wide and who.role == Role.PRIVACY and not who.alliance_wide
            ),
            "vouchers": [] if who.vouched else find_staff_vouchers(who, list_vouching_staff()),
        },
    )


@require_staff(Permission.STAFF_MANAGE)
def change_staff(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    who = get_managed_staff(staff_id, acting)
    about = who.name
    form = StaffChangeForm(
        request.POST or None,
        instance=who,
        own=acting.id == str(who.pk),
        hospitals=hospitals_with_permission(acting, "administer_hospital"),
        wide=acting.alliance_wide,
    )
    if request.method == "POST" and form.is_valid():
        proposal = submit_to_service(form, do_change_staff, who, acting=acting, **form.cleaned_data)
        if form.is_valid():
            if proposal is not None:
                messages.info(request, _(WIDE_WAITS))
            messages.success(request, _("Changed. It counts with this person's next step."))
            return redirect("person-of-staff", staff_id)
    return render(
        request,
        "alliance/change.html",
        {"form": form, "about": about, "back": "person-of-staff", "of": staff_id},
    )


@require_staff(Permission.STAFF_MANAGE)
def reset_staff_credentials(
    request: HttpRequest, staff_id: int, *, acting: Principal
) -> HttpResponse:
    """Password forgotten or phone lost: a new first password, with a reason."""
    who = get_managed_staff(staff_id, acting)
    form = ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        submit_to_service(
            form,
            do_reset_credentials,
            who,
            second_factor=form.cleaned_data["lost"] == "second-factor",
            reason=form.cleaned_data["reason"],
            acting=acting,
        )
        if form.is_valid():
            return redirect("first-password", who.pk)
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Reset an account"),
            "about": describe_staff_member(who),
            "button": _("Reset"),
            "back": "person-of-staff",
            "of": who.pk,
            "effects": [
                _(
                    "Make sure that it is the person: face to face, or by a call to a number that"
                    " you know."
                ),
                _("All open sessions of this account end."),
                _("You get a new first password to hand over."),
                _(
                    "Until somebody else has vouched for the account anew, it sees its own"
                    " hospital's records alone."
                ),
            ],
        },
    )


@require_staff(Permission.STAFF_MANAGE)
def end_employment(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    """Asks first, with a reason."""
    who = get_managed_staff(staff_id, acting)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        submit_to_service(
            form, do_end_staff, who, reason=form.cleaned_data["reason"], acting=acting
        )
        if form.is_valid():
            messages.success(request, _("Ended. Open sessions stopped just now."))
            return redirect("person-of-staff", who.pk)
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("End an employment"),
            "about": describe_staff_member(who),
            "button": _("End employment"),
            "back": "person-of-staff",
            "of": who.pk,
            "effects": [
                _("The person is signed out at once and cannot sign in."),
                _("The record of what was done stays."),
                _("The person can be taken back later, under the same user name."),
            ],
        },
    )


@require_staff(Permission.STAFF_MANAGE)
def take_back_staff(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    who = get_managed_staff(staff_id, acting)
    form = ReturnForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        submit_to_service(
            form,
            do_return_staff,
            who,
            ends_on=form.cleaned_data["ends_on"],
            reason=form.cleaned_data["reason"],
            acting=acting,
        )
        if form.is_valid():
            return redirect("first-password", who.pk)
    return render(
        request,
        "alliance/confirm.html",
        {
            "form": form,
            "title": _("Take somebody back"),
            "about": describe_staff_member(who),
            "button": _("Take back"),
            "back": "person-of-staff",
            "of": who.pk,
            "mild": True,
            "effects": [
                _("Employed from today, in the same role, under the old user name."),
                _("You get a new first password to hand over; the second factor is set up anew."),
                _(
                    "Until somebody else has vouched for the account anew, it sees its own"
                    " hospital's records alone."
                ),
            ],
        },
    )


@require_GET
@never_cache
@require_staff(Permission.STAFF_MANAGE)
def show_first_password(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    """The first password that the acting one has just made; to others, and later, that it is no
    longer shown.
    """
    who = get_managed_staff(staff_id, acting)
    shown = find_secret(f"staff/{who.pk}", acting=acting)
    return render_secret(
        request,
        "alliance/first_password.html",
        shown,
        who=who,
        vouchers=[] if who.vouched else find_staff_vouchers(who, list_vouching_staff()),
    )


def describe_staff_member(who: Staff) -> str:
    return f"{who.name} · {who.get_role_display()} · {who.hospital} · {who.user.username}"
