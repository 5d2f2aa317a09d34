"""Sign the opinion of a consultation: the lead expert alone, who has just proved who they are; and
take the signed opinion along as a file that is verified without this site.
"""

import datetime as dt
import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.auth.step_up import require_step_up
from alliance.consultations.consultation_effects import check_expert, list_team
from alliance.consultations.write_opinion import find_draft, list_contributors
from alliance.models import SignedOpinion, WorkItem
from alliance.roles import Permission
from alliance.workflow.move_item import MovedMeanwhile, append_work_event
from consent.audit.event import EventCode
from records.consultations.deliver_opinion import do_sign_opinion
from records.consultations.item_document import build_document
from records.consultations.opinion_document import DocumentIncomplete
from records.consultations.opinion_fields import FIELDS_BY_NAME
from records.consultations.opinion_file import build_opinion_file
from records.consultations.reading_view import read_document
from records.consultations.sign_opinion import STEP_UP_LASTS, StepUp
from records.web.consultation_forms import label_field
from records.web.consultation_page import find_consultation, shows_opinion
from records.web.consultation_words import CONSULTATION_DONE
from records.web.referral_page import latest_transition, tell_what_happened

METHODS = {"password": "pwd", "mfa": "otp"}  # of a session -> as RFC 8176 names them


class SignForm(forms.Form):
    """Of what the page has shown: version of the item, number of the draft."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    number = forms.IntegerField(widget=forms.HiddenInput)


@never_cache
@require_step_up
@require_staff(Permission.REFERRAL_CARE)
def sign_page(request: HttpRequest, consultation_id: int, *, acting: Principal) -> HttpResponse:
    """What will be signed, as it will read; by POST it is signed. Raises Forbidden for whoever does
    not lead.
    """
    item = find_consultation(consultation_id, acting)
    if item.receiver_id != acting.hospital_id:
        raise Http404
    check_expert(item, int(acting.id), leads=True)
    draft = find_draft(item)
    if item.state != "writing" or draft is None:
        tell_what_happened(request, latest_transition(item), acting, CONSULTATION_DONE)
        return redirect("consultation", item.pk)
    try:
        document = build_document(item, draft, acting)
    except DocumentIncomplete as incomplete:
        lacking = [label_field(FIELDS_BY_NAME[f.name]) for f in incomplete.faults]
        messages.error(
            request,
            _("It cannot be signed yet: missing or too long: %(fields)s.")
            % {"fields": _(", ").join(lacking)},
        )
        return redirect("consultation-opinion", item.pk)
    form = SignForm(request.POST or None, initial={"version": item.version, "number": draft.number})
    if request.method == "POST" and form.is_valid():
        return sign_and_tell(request, item, form.cleaned_data, acting)
    append_work_event(item, EventCode.WORK_READ, acting, "opinion-draft")
    return render(
        request,
        "records/consultation_sign.html",
        {
            "item": item,
            "form": form,
            "sections": read_document(document),
            "team": list_team(item),
            "contributors": list_contributors(item),
        },
    )


def sign_and_tell(
    request: HttpRequest, item: WorkItem, seen: dict[str, int], acting: Principal
) -> HttpResponse:
    try:
        do_sign_opinion(item, seen["version"], seen["number"], find_step_up(request), acting=acting)
    except MovedMeanwhile as moved:
        last = moved.last or latest_transition(item)
        tell_what_happened(request, last, acting, CONSULTATION_DONE)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("consultation-sign", item.pk)
    else:
        messages.success(request, _("Signed. The hospital that asked sees it at once."))
    return redirect("consultation", item.pk)


def find_step_up(request: HttpRequest) -> StepUp:
    """How the signer proved who they are, as far as it is not too long ago, and when last."""
    user: Any = request.user
    found = [r for r in get_authentication_records(request, user) if r.get("method") in METHODS]
    newest = max((float(r["at"]) for r in found), default=0.0)
    fresh = [r for r in found if float(r["at"]) > time.time() - STEP_UP_LASTS.total_seconds()]
    methods = dict.fromkeys(METHODS[r["method"]] for r in fresh)
    return StepUp(tuple(methods), dt.datetime.fromtimestamp(newest, dt.UTC))


@require_GET
@require_staff(Permission.REFERRAL_CARE)
def opinion_file(request: HttpRequest, consultation_id: int, *, acting: Principal) -> HttpResponse:
    """Document and signature in one file. Raises Http404 where there is none that the reader may
    have.
    """
    item = find_consultation(consultation_id, acting)
    opinion = SignedOpinion.objects.filter(item=item).first()
    if opinion is None or not shows_opinion(item, list_team(item), acting):
        raise Http404
    append_work_event(item, EventCode.WORK_READ, acting, "opinion-file")
    return HttpResponse(
        build_opinion_file(bytes(opinion.document), [opinion.signature]),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="opinion-{item.number}.json"'},
    )
