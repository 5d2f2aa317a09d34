"""Referrals that are not sent: those of the own hospital that lie, or wait for approval, and one of
them with its steps. No other hospital has a way here.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import HomeMedicine, WorkDraft
from alliance.operations.state_verdict import describe_duration
from alliance.referrals.drafts import (
    DraftMoved,
    append_draft_event,
    do_move_draft,
    list_draft_moves,
    read_documents,
)
from alliance.referrals.plan_text import read_plan
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.models import SourcePatient
from records.mpi.index.patient_search import DisplayedPerson, displayed_persons
from records.web.referral_forms import MoveForm
from records.web.referral_words import DONE_WORDS, DRAFT_WORDS, VERB_WORDS

MOST = 200  # of a hospital that a page lists
BY_FORM = frozenset({"discard", "approve", "send-back", "take-back"})  # the rest is done by writing


@dataclass(frozen=True, slots=True)
class DraftRow:
    """left: how long until it has lain too long, "" where it has."""

    draft: WorkDraft
    face: DisplayedPerson | None
    state: str
    left: str
    is_overdue: bool
    is_own: bool


@dataclass(frozen=True, slots=True)
class PossibleStep:
    verb: str
    label: str
    form: MoveForm
    is_dangerous: bool


def find_draft(draft_id: int, acting: Principal) -> WorkDraft:
    """Raises DoesNotExist also where it is another hospital's."""
    return (
        WorkDraft.objects.select_related("hospital", "author", "receiver", "item")
        .filter(hospital_id=acting.hospital_id)
        .get(pk=draft_id)
    )


def build_draft_rows(drafts: list[WorkDraft], acting: Principal) -> list[DraftRow]:
    faces = displayed_persons({d.person for d in drafts}, acting.hospital_id)
    now = timezone.now()
    return [
        DraftRow(
            d,
            faces.get(d.person),
            str(DRAFT_WORDS[d.state]),
            ""
            if d.closed_at or d.due_at <= now
            else describe_duration((d.due_at - now).total_seconds()),
            d.closed_at is None and d.due_at <= now,
            d.author_id == int(acting.id),
        )
        for d in drafts
    ]


@require_GET
@require_staff(Permission.REFERRAL_SEE)
def drafts_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What waits for approval first, then what lies longest. index: work_draft_open"""
    found = WorkDraft.objects.filter(hospital_id=acting.hospital_id, closed_at=None)
    drafts = list(
        found.select_related("author", "receiver").order_by("-state", "due_at", "pk")[:MOST]
    )
    persons = SourcePatient.objects.filter(pk__in={d.source_patient for d in drafts})
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.WORK_LIST,
            target="referrals",
            detail="drafts",
            persons=tuple(sorted(set(persons.values_list("person_id", flat=True)))),
        )
    )
    rows = build_draft_rows(drafts, acting)
    return render(request, "records/drafts.html", {"rows": rows})


@require_GET
@require_staff(Permission.REFERRAL_SEE)
def draft_page(request: HttpRequest, draft_id: int, *, acting: Principal) -> HttpResponse:
    draft = find_draft(draft_id, acting)
    return render_draft(request, draft, acting)


def render_draft(
    request: HttpRequest,
    draft: WorkDraft,
    acting: Principal,
    tried: tuple[str, MoveForm] | None = None,
) -> HttpResponse:
    """tried: a verb with the form that lacked something: a look as well, which is a line too."""
    append_draft_event(draft, acting, "draft")
    moves = list_draft_moves(draft, acting)
    context: dict[str, Any] = {
        "draft": draft,
        "row": build_draft_rows([draft], acting)[0],
        "person": SourcePatient.objects.values_list("person_id", flat=True).get(
            pk=draft.source_patient
        ),
        "writes": any(m.verb == "save" for m in moves),
        "documents": read_documents(draft),
        "plan": (plan := read_plan(draft)),
        "medicines": [
            (HomeMedicine.Change(m.change).label if m.change else "—", m)
            for m in (plan.medicines if plan else ())
        ],
        "steps": [
            (s, DONE_WORDS[s.verb]) for s in draft.steps.select_related("staff").order_by("version")
        ],
        "moves": [
            PossibleStep(
                m.verb,
                str(VERB_WORDS[m.verb]),
                tried[1]
                if tried and tried[0] == m.verb
                else MoveForm(move=m, initial={"version": draft.version}),
                m.verb == "discard",
            )
            for m in moves
            if m.verb in BY_FORM
        ],
        "tried": tried[0] if tried else "",
    }
    return render(request, "records/draft.html", context, status=422 if tried else 200)


@require_POST
@require_staff(Permission.REFERRAL_SEE)
def move_draft(request: HttpRequest, draft_id: int, *, acting: Principal) -> HttpResponse:
    """Who approves reads what was written; that the registration still stands is looked up anew."""
    draft, verb = find_draft(draft_id, acting), request.POST.get("verb", "")
    move = next(
        (m for m in list_draft_moves(draft, acting) if m.verb == verb and verb in BY_FORM), None
    )
    if move is None:
        messages.warning(request, _("Nothing was changed by you: the draft has been moved on."))
        return redirect("referral-draft", draft.pk)
    form = MoveForm(request.POST, move=move)
    if not form.is_valid():
        return render_draft(request, draft, acting, (verb, form))
    try:
        if verb == "approve" and not is_registered(draft):
            raise ValidationError(_("Your hospital has no registration of this patient any more."))
        draft = do_move_draft(
            draft.pk,
            verb,
            expected_version=form.cleaned_data["version"],
            acting=acting,
            note=form.cleaned_data.get("note", ""),
        )
    except DraftMoved:
        messages.warning(request, _("Nothing was changed by you: the draft has been moved on."))
    except ValidationError as error:
        form.add_error(None, error.messages)  # of its plan, too, whose fields are not of this form
        return render_draft(request, draft, acting, (verb, form))
    else:
        if draft.item is not None:
            messages.success(request, _("Approved and sent."))
            return redirect("referral", draft.item.pk)
        messages.success(request, _("Noted."))
    return redirect("referral-draft", draft.pk)


def is_registered(draft: WorkDraft) -> bool:
    return SourcePatient.objects.filter(
        pk=draft.source_patient, hospital_id=draft.hospital_id, registered=True
    ).exists()
