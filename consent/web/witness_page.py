"""The page by which a member's browser is a witness of the log: the page's script keeps the last
head that it saw, checks each newer one itself, and co-signs (docs/adr/0081). What the server does
here is answer it, and keep whose keys count.
"""

import json
import re

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.auth.step_up import require_step_up
from alliance.models import Hospital
from alliance.roles import Permission, Role
from alliance.services.authority import hospitals_with_permission
from consent.audit.append import append_event
from consent.audit.browser_witnesses import (
    BrowserWitness,
    find_browser_witness,
    list_browser_witnesses,
)
from consent.audit.checkpoint import BadCosignature
from consent.audit.event import AuditEvent, EventCode
from consent.audit.witness_question import parse_cosignature, parse_seen
from consent.audit.witnesses import NoHead, Witness, answer_witness
from consent.services.browser_witnesses import (
    do_accept_witness,
    do_end_witness,
    do_offer_witness,
    hospitals_witnessed,
)
from consent.web.witness_words import say_witness_words

KEY = re.compile(r"[0-9a-f]{64}")
LONGEST_QUESTION = 4096  # bytes


class OfferForm(forms.Form):
    """The key is filled in by the page's script."""

    name = forms.CharField(label=gettext_lazy("What you call this browser"), max_length=60)
    key = forms.RegexField(regex=KEY, widget=forms.HiddenInput)


def find_hospital(acting: Principal, code: str) -> tuple[Hospital, list[Hospital]]:
    """(the one that is asked for, or one's own, or the first; all that one may watch for). Raises
    Http404.
    """
    hospitals = hospitals_witnessed(acting)
    wanted = code or acting.hospital
    found = next((h for h in hospitals if h.code == wanted), None)
    if found is None and not code:
        found = next(iter(hospitals), None)
    if found is None:
        raise Http404
    return found, hospitals


@never_cache
@require_staff(Permission.LOG_WITNESS)
def show_witness_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """By POST: this browser's key is offered."""
    hospital, hospitals = find_hospital(acting, request.GET.get("hospital", ""))
    form = OfferForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            do_offer_witness(
                hospital,
                name=form.cleaned_data["name"],
                key=bytes.fromhex(form.cleaned_data["key"]),
                acting=acting,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("Offered. It counts once an administrator of the hospital accepts it.")
            )
            return redirect(page_of(hospital))
    found = list_browser_witnesses([hospital.pk])
    return render(
        request,
        "consent/witness.html",
        {
            "form": form,
            "hospital": hospital,
            "hospitals": hospitals,
            "browsers": found,
            "may_accept": may_accept(acting, hospital),
            "settings": {
                "hospital": hospital.code,
                "head": reverse("audit-witness-head"),
                "browsers": [
                    {
                        "code": w.code,
                        "key": w.key.hex(),
                        "accepted": w.accepted_at is not None,
                        "ended": w.ended_at is not None,
                    }
                    for w in found
                ],
                "words": say_witness_words(),
            },
        },
    )


def page_of(hospital: Hospital) -> str:
    return f"{reverse('audit-witness')}?hospital={hospital.code}"


def may_accept(acting: Principal, hospital: Hospital) -> bool:
    """Whether the buttons are shown; the verbs ask again."""
    return acting.role == Role.ADMINISTRATOR and hospital.pk in {
        h.pk for h in hospitals_with_permission(acting, "administer_hospital")
    }


@never_cache
@require_POST
@require_staff(Permission.LOG_WITNESS)
def exchange_heads(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What `POST /sync/<hospital>/heads` is for systems. Raises Http404."""
    try:
        if request.content_type != "application/json":
            raise ValueError(request.content_type)
        asked = json.loads(request.body[: LONGEST_QUESTION + 1])
        seen, line = parse_seen(asked.get("seen")), parse_cosignature(asked.get("cosignature"))
        hospital, _all = find_hospital(acting, str(asked.get("hospital", "")))
    except (AttributeError, ValueError):
        return JsonResponse({"error": "malformed"}, status=400)
    witness = find_witness(hospital, str(asked.get("witness", "")))
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.AUDIT_WITNESS, target="head", detail=witness.code
        )
    )
    try:
        answer = answer_witness(acting, witness, seen, line)
    except NoHead:
        return JsonResponse({"error": "no-head"}, status=503)
    except BadCosignature as fault:
        return JsonResponse({"error": "cosignature", "why": str(fault)}, status=400)
    return JsonResponse(answer.as_json())


def find_witness(hospital: Hospital, code: str) -> Witness:
    """The hospital's browser of that name; without a key that counts where there is none."""
    found = find_browser_witness(code) if code else None
    if found is None or found.hospital_id != hospital.pk:
        return Witness("", hospital.code, None)
    return Witness(found.code, hospital.code, found.key if found.stands else None)


def load_browser(acting: Principal, code: str) -> tuple[Hospital, BrowserWitness]:
    """Raises Http404."""
    found = find_browser_witness(code)
    hospital = next(
        (h for h in hospitals_witnessed(acting) if found and h.pk == found.hospital_id), None
    )
    if found is None or hospital is None:
        raise Http404
    return hospital, found


@require_POST
@require_staff(Permission.CLIENT_MANAGE)
@require_step_up
def accept_witness(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    """Raises Http404, Forbidden."""
    hospital, found = load_browser(acting, code)
    do_accept_witness(hospital, witness=found, acting=acting)
    messages.success(request, _("Accepted. From now on its co-signatures count."))
    return redirect(page_of(hospital))


@require_POST
@require_staff(Permission.CLIENT_MANAGE)
def end_witness(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    """Raises Http404, Forbidden."""
    hospital, found = load_browser(acting, code)
    do_end_witness(hospital, witness=found, acting=acting)
    messages.success(request, _("Ended. What it co-signed stays."))
    return redirect(page_of(hospital))
