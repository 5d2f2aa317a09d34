"""Write the opinion of a consultation together: whoever saves second sees what the other has
written beside their own text, and nothing is lost.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.consultations.consultation_effects import check_expert
from alliance.consultations.write_opinion import (
    WRITABLE,
    DraftedMeanwhile,
    do_save_draft,
    find_draft,
    list_contributors,
)
from alliance.models import OpinionDraft, WorkItem
from alliance.roles import Permission
from alliance.workflow.move_item import MovedMeanwhile, append_work_event
from consent.audit.event import EventCode
from records.web.consultation_forms import OpinionForm, label_field, list_written_fields
from records.web.consultation_page import find_consultation, list_texts
from records.web.consultation_words import CONSULTATION_DONE
from records.web.referral_page import latest_transition, tell_what_happened


@dataclass(frozen=True, slots=True)
class FieldClash:
    """What somebody else has saved where the writer's text is another."""

    label: str
    theirs: str


@require_staff(Permission.REFERRAL_CARE)
def opinion_page(request: HttpRequest, consultation_id: int, *, acting: Principal) -> HttpResponse:
    """Raises Forbidden for whoever is not of the team."""
    item = find_consultation(consultation_id, acting)
    if item.receiver_id != acting.hospital_id:
        raise Http404
    check_expert(item, int(acting.id))
    if item.state not in WRITABLE:
        tell_what_happened(request, latest_transition(item), acting, CONSULTATION_DONE)
        return redirect("consultation", item.pk)
    append_work_event(item, EventCode.WORK_READ, acting, "opinion-draft")  # each answer shows it
    if request.method != "POST":
        return render_opinion(request, item, make_form(item, find_draft(item)))
    form = OpinionForm(request.POST, kind=item.kind)
    if not form.is_valid():
        return render_opinion(request, item, form, status=422)
    seen, texts = form.cleaned_data["seen"], form.texts()
    try:
        do_save_draft(item.pk, texts, seen=seen, acting=acting)
    except DraftedMeanwhile as drafted:
        return render_clash(request, item, texts, drafted.newest)
    except MovedMeanwhile:
        tell_what_happened(request, latest_transition(item), acting, CONSULTATION_DONE)
        return render_opinion(request, item, form, status=409)
    messages.success(request, _("Saved."))
    return redirect("consultation-opinion", item.pk)


def make_form(item: WorkItem, draft: OpinionDraft | None) -> OpinionForm:
    texts = json.loads(draft.fields) if draft else {}
    seen = draft.number if draft else 0
    return OpinionForm(kind=item.kind, initial=texts | {"seen": seen})


def render_clash(
    request: HttpRequest, item: WorkItem, texts: dict[str, str], newest: OpinionDraft
) -> HttpResponse:
    """The writer's own texts in the form, which now begins with the newest draft, and what the
    other one has saved beside them.
    """
    theirs: dict[str, str] = json.loads(newest.fields)
    clashes = [
        FieldClash(label_field(f), theirs.get(f.name, ""))
        for f in list_written_fields(item.kind)
        if theirs.get(f.name, "") != texts.get(f.name, "")
    ]
    form = OpinionForm(kind=item.kind, initial=texts | {"seen": newest.number})
    return render_opinion(request, item, form, newest, clashes, status=409)


def render_opinion(
    request: HttpRequest,
    item: WorkItem,
    form: OpinionForm,
    newest: OpinionDraft | None = None,
    clashes: Sequence[FieldClash] = (),
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "item": item,
        "form": form,
        "texts": list_texts(json.loads(item.asked.fields)),
        "draft": find_draft(item),
        "contributors": list_contributors(item),
        "newest": newest,
        "clashes": clashes,
    }
    return render(request, "records/consultation_opinion.html", context, status=status)
