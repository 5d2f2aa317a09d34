"""What is done in a case file: notes, access by name, holds, closing, opening again, packages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.models import Case, Hold
from consent.services import case_closing, holds
from consent.services.case_gathering import LINE, PACKAGE, do_gather_thing
from consent.services.case_packages import UnverifiedManifest, verify_manifest
from consent.services.cases import (
    do_end_access,
    do_give_access,
    do_write_note,
    find_case,
    list_guests,
    query_possible_guests,
)
from consent.web.case_forms import (
    ClosingForm,
    GuestForm,
    HoldForm,
    ManifestForm,
    NoteForm,
    ReasonForm,
)
from consent.web.case_page import build_item_rows, list_persons, render_case

Verb = Callable[..., HttpResponse]


def case_verb(view: Verb) -> Verb:
    """A form of the case's page; gives the view `case`. What is not there is not found, whatever
    the reason.
    """

    @require_POST
    @require_staff(Permission.CASE_KEEP)
    @wraps(view)
    def wrapped(
        request: HttpRequest, case_id: int, *, acting: Principal, **more: Any
    ) -> HttpResponse:
        case = find_case(case_id, acting)
        if case is None:
            raise Http404
        try:
            return view(request, case, acting=acting, **more)
        except (Case.DoesNotExist, Hold.DoesNotExist) as error:
            raise Http404 from error

    return wrapped


def back(request: HttpRequest, case: Case, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("case", case.pk)


@case_verb
def write_note(request: HttpRequest, case: Case, *, acting: Principal) -> HttpResponse:
    form = NoteForm(request.POST, auto_id="note_%s")
    if not form.is_valid():
        return render_case(request, case, acting, {"note": form}, 400)
    do_write_note(case.pk, text=form.cleaned_data["text"], acting=acting)
    return back(request, case, _("The note is written down."))


@case_verb
def change_access(request: HttpRequest, case: Case, *, acting: Principal) -> HttpResponse:
    """Give a named other auditor access, or end it ("end")."""
    ends = "end" in request.POST
    guests = query_possible_guests(case)
    if ends:
        guests = guests.model.objects.filter(pk__in=[g.pk for g in list_guests(case)])
    form = GuestForm(request.POST, guests=guests)
    if not form.is_valid():
        messages.error(request, _("Choose an auditor."))
        return redirect("case", case.pk)
    staff = form.cleaned_data["staff"]
    (do_end_access if ends else do_give_access)(case.pk, staff=staff, acting=acting)
    return back(request, case, _("Access ended.") if ends else _("Access given."))


@case_verb
def set_hold(request: HttpRequest, case: Case, *, acting: Principal) -> HttpResponse:
    everything = build_item_rows(case.items.filter(kind=LINE), acting)
    form = HoldForm(request.POST, auto_id="hold_%s", persons=list_persons(everything))
    if not form.is_valid():
        return render_case(request, case, acting, {"hold": form}, 400)
    reason = form.cleaned_data["reason"]
    holds.do_set_hold(case.pk, reason=reason, acting=acting, **form.what())
    return back(request, case, _("The hold is set."))


@case_verb
def change_hold(
    request: HttpRequest, case: Case, hold_id: int, *, acting: Principal
) -> HttpResponse:
    """One proposes that a hold is lifted, another agrees ("lift") or either says no ("keep")."""
    if "lift" in request.POST:
        holds.do_lift_hold(case.pk, hold_id, acting=acting)
        return back(request, case, _("The hold is lifted."))
    if "keep" in request.POST:
        holds.do_keep_hold(case.pk, hold_id, acting=acting)
        return back(request, case, _("The hold stays."))
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say in a few words why."))
        return redirect("case", case.pk)
    holds.do_ask_lift(case.pk, hold_id, reason=form.cleaned_data["reason"], acting=acting)
    return back(request, case, _("Proposed. It takes another person to lift the hold."))


@case_verb
def change_state(request: HttpRequest, case: Case, *, acting: Principal) -> HttpResponse:
    """Propose that it is closed, "agree" to it, "refuse" it, or "reopen" the case."""
    if "agree" in request.POST:
        case_closing.do_close_case(case.pk, acting=acting)
        return back(request, case, _("The case is closed."))
    if "refuse" in request.POST or "reopen" in request.POST:
        said = NoteForm(request.POST)
        if not said.is_valid():
            messages.error(request, _("Say in a few words why."))
            return redirect("case", case.pk)
        text = said.cleaned_data["text"]
        if "refuse" in request.POST:
            case_closing.do_refuse_closing(case.pk, text=text, acting=acting)
            return back(request, case, _("The case goes on."))
        case_closing.do_reopen_case(case.pk, text=text, acting=acting)
        return back(request, case, _("The case is open again."))
    form = ClosingForm(request.POST, auto_id="closing_%s")
    if not form.is_valid():
        return render_case(request, case, acting, {"closing": form}, 400)
    case_closing.do_propose_closing(case.pk, acting=acting, **form.cleaned_data)
    return back(request, case, _("Proposed. It takes another person to close the case."))


@case_verb
def add_package(request: HttpRequest, case: Case, *, acting: Principal) -> HttpResponse:
    """An evidence package by its manifest, which the log's own key must have signed."""
    form = ManifestForm(request.POST, request.FILES, auto_id="package_%s")
    if form.is_valid():
        try:
            digest = verify_manifest(form.cleaned_data["manifest"])
        except UnverifiedManifest as error:
            form.add_error("manifest", str(error))
        else:
            do_gather_thing(
                case.pk, kind=PACKAGE, ref=digest, why=form.cleaned_data["why"], acting=acting
            )
            return back(request, case, _("Its signature holds. It is in the case."))
    return render_case(request, case, acting, {"manifest": form}, 400)
