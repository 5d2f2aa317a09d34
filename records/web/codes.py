"""Codes of a patient's own page, for staff: print one, activate one that somebody else has printed, stop one."""

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
from alliance.auth.session import page
from alliance.roles import Permission
from alliance.services.handover import find_secret
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import PatientAccess
from consent.services import accesses
from consent.services.activations import check_activate, do_activate_access
from consent.services.directives import check
from consent.strength import Strength
from consent.terms import Source
from records.mpi import sources
from records.web.actions import known
from records.web.way_in import born
from records.web.whom import check_whom, whom

UNDATED = gettext_noop("No hospital has told the day on which the patient was born, and the patient's own page asks for it. Have the birth date entered in your hospital's system and sent; "
                       "then print the code.")


class ActivateForm(forms.Form):
    """What the patient showed to whoever activates the code."""

    compared = forms.CharField(label=gettext_lazy("What you compared"), min_length=2, max_length=200, help_text=gettext_lazy(
        "For example: identity card, name, birth date and photo agree; the number on the paper is this one. It stands in the list of the privacy officer: no number of the card."))


class StopForm(forms.Form):
    reason = forms.CharField(min_length=2, max_length=100)


def rows(person: UUID, found: tuple[Source, ...], acting: Principal) -> list[dict[str, Any]]:
    """Each code, the newest first, with what this one may do about it."""
    return [{"access": x, "activatable": x.open and activatable(acting, x, person, found), "stoppable": x.open and accesses.may_stop(acting, None, x, person, found)}
            for x in accesses.every(person, found)]


def activatable(acting: Principal, access: PatientAccess, person: UUID, found: tuple[Source, ...]) -> bool:
    try:
        return check_activate(acting, access, person, found) is not Strength.NONE
    except Forbidden:
        return False


@page(Permission.CONSENT_RECORD)
def access(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """The patient's codes; a new one is shown for ten minutes to whoever made it, to be printed for the patient. Where none may be printed, why."""
    face = known(person_id, acting)
    found = sources.of_person(person_id)
    undated = "" if any(len(day) == 10 for s in found for day in born(s.home)) else UNDATED
    if request.method == "POST" and undated:
        raise Forbidden("birth", undated)
    if request.method == "POST":
        accesses.do_give_access(person_id, sources=found, acting=acting)
        return redirect("access", person_id)
    check(acting, person_id, found)
    try:
        accesses.check_print(acting, person_id, found)
        refusal = _(undated) if undated else ""
    except Forbidden as error:
        refusal = _(str(error))
    shown = find_secret(f"access/{person_id}", acting=acting)
    codes = rows(person_id, found, acting)
    printed = next((x["access"] for x in codes if str(x["access"].made_by_id) == acting.id), None)
    append(Event.of(acting, EventCode.CONSENT_READ, person=person_id, target="access"))
    return render_secret(request, "records/access.html", shown, absent=200, face=face, person=person_id, address=request.build_absolute_uri("/my/"), refusal=refusal, codes=codes,
                         printed=printed)


@page(Permission.CONFIRM)
def activate(request: HttpRequest, person_id: UUID, access_id: int, *, acting: Principal) -> HttpResponse:
    """The activation number, shown for ten minutes to whoever gives it."""
    face = known(person_id, acting)
    found = sources.of_person(person_id)
    check_whom(request, found)
    shown = find_secret(f"activation/{access_id}", acting=acting)
    code = accesses.every(person_id, found).filter(pk=access_id).first()
    if code is None:
        raise Http404
    form = ActivateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        do_activate_access(access_id, person_id, compared=form.cleaned_data["compared"], sources=found, acting=acting)
        return redirect("activate", person_id, access_id)
    strength = Strength.FULL if shown else check_activate(acting, code, person_id, found)
    append(Event.of(acting, EventCode.CONSENT_READ, person=person_id, target=f"access/{access_id}"))
    return render_secret(request, "records/activate.html", shown, absent=200, face=face, person=person_id, whom=whom(found), code=code, form=form, provisional=strength is Strength.PROVISIONAL,
                         address=request.build_absolute_uri("/my/"))


@require_POST
@page(Permission.EMERGENCY_REVIEW)
def stop(request: HttpRequest, person_id: UUID, access_id: int, *, acting: Principal) -> HttpResponse:
    form = StopForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why the code is stopped."))
        return redirect("person-privacy", person_id)
    try:
        accesses.do_stop_access(access_id, person_id, sources=sources.of_person(person_id), acting=acting, reason=form.cleaned_data["reason"])
    except PatientAccess.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Stopped. It opens nothing any more, and the patient is told when they try it."))
    return redirect("person-privacy", person_id)
