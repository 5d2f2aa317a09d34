"""Codes of a patient's own page, for staff: print one, activate one that somebody else has
printed, stop one.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_POST

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.secret_page import render_secret
from alliance.auth.session import require_staff
from alliance.roles import Permission
from alliance.services.handover import find_secret
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import PatientAccess
from consent.services import access_codes
from consent.services.activations import check_may_activate, do_activate_access
from consent.services.directives import check_may_record_consent
from consent.strength import Strength
from consent.terms import Source
from records.mpi.index import source_patients
from records.printing.qr_symbol import qr_svg_path
from records.web.access_actions import load_person_audited
from records.web.portal_sign_in import birth_dates_of_person
from records.web.shown_registrations import check_registrations_mark, registrations_mark

NO_BIRTH_DATE = gettext_noop(
    "No hospital has told the day on which the patient was born, and the patient's own page asks"
    " for it. Have the birth date entered in your hospital's system and sent; then print the code."
)


class ActivateCodeForm(forms.Form):
    """What the patient showed to whoever activates the code."""

    compared = forms.CharField(
        label=gettext_lazy("What you compared"),
        min_length=2,
        max_length=200,
        help_text=gettext_lazy(
            "For example: identity card, name, birth date and photo agree; the number on the paper"
            " is this one. It stands in the list of the privacy officer: no number of the card."
        ),
    )


class StopCodeForm(forms.Form):
    reason = forms.CharField(min_length=2, max_length=100)


def list_access_codes(
    person: UUID, found: tuple[Source, ...], acting: Principal
) -> list[dict[str, Any]]:
    """Each code, the newest first, with what this one may do about it."""
    return [
        {
            "access": x,
            "activatable": x.open and can_activate_code(acting, x, person, found),
            "stoppable": x.open and access_codes.can_stop_access(acting, None, x, person, found),
        }
        for x in access_codes.query_codes_of_person(person, found)
    ]


def can_activate_code(
    acting: Principal, access: PatientAccess, person: UUID, found: tuple[Source, ...]
) -> bool:
    try:
        return check_may_activate(acting, access, person, found) is not Strength.NONE
    except Forbidden:
        return False


@require_staff(Permission.CONSENT_RECORD)
def access_codes_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """The patient's codes; a new one is shown for ten minutes to whoever made it, to be printed
    for the patient. Where none may be printed, why.
    """
    face = load_person_audited(person_id, acting)
    found = source_patients.sources_of_person(person_id)
    undated = (
        ""
        if any(len(day) == 10 for s in found for day in birth_dates_of_person(s.home))
        else NO_BIRTH_DATE
    )
    if request.method == "POST" and undated:
        raise Forbidden("birth", undated)
    if request.method == "POST":
        access_codes.do_give_access(person_id, sources=found, acting=acting)
        return redirect("access", person_id)
    check_may_record_consent(acting, person_id, found)
    try:
        access_codes.check_may_print_code(acting, person_id, found)
        refusal = _(undated) if undated else ""
    except Forbidden as error:
        refusal = _(str(error))
    shown = find_secret(f"access/{person_id}", acting=acting)
    codes = list_access_codes(person_id, found, acting)
    printed = next((x["access"] for x in codes if str(x["access"].made_by_id) == acting.id), None)
    append_event(
        AuditEvent.from_principal(acting, EventCode.CONSENT_READ, person=person_id, target="access")
    )
    address = request.build_absolute_uri("/my/")
    return render_secret(
        request,
        "records/access.html",
        shown,
        absent=200,
        face=face,
        person=person_id,
        address=address,
        symbol=qr_svg_path(address),
        refusal=refusal,
        codes=codes,
        printed=printed,
    )


@require_staff(Permission.CONFIRM)
def activate_code_page(
    request: HttpRequest, person_id: UUID, access_id: int, *, acting: Principal
) -> HttpResponse:
    """The activation number, shown for ten minutes to whoever gives it."""
    face = load_person_audited(person_id, acting)
    found = source_patients.sources_of_person(person_id)
    check_registrations_mark(request, found)
    shown = find_secret(f"activation/{access_id}", acting=acting)
    code = access_codes.query_codes_of_person(person_id, found).filter(pk=access_id).first()
    if code is None:
        raise Http404
    form = ActivateCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        do_activate_access(
            access_id,
            person_id,
            compared=form.cleaned_data["compared"],
            sources=found,
            acting=acting,
        )
        return redirect("activate", person_id, access_id)
    strength = Strength.FULL if shown else check_may_activate(acting, code, person_id, found)
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CONSENT_READ, person=person_id, target=f"access/{access_id}"
        )
    )
    return render_secret(
        request,
        "records/activate.html",
        shown,
        absent=200,
        face=face,
        person=person_id,
        whom=registrations_mark(found),
        code=code,
        form=form,
        provisional=strength is Strength.PROVISIONAL,
        address=request.build_absolute_uri("/my/"),
    )


@require_POST
@require_staff(Permission.EMERGENCY_REVIEW)
def stop_access_code(
    request: HttpRequest, person_id: UUID, access_id: int, *, acting: Principal
) -> HttpResponse:
    form = StopCodeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why the code is stopped."))
        return redirect("person-privacy", person_id)
    try:
        access_codes.do_stop_access(
            access_id,
            person_id,
            sources=source_patients.sources_of_person(person_id),
            acting=acting,
            reason=form.cleaned_data["reason"],
        )
    except PatientAccess.DoesNotExist as error:
        raise Http404 from error
    messages.success(
        request, _("Stopped. It opens nothing any more, and the patient is told when they try it.")
    )
    return redirect("person-privacy", person_id)
