"""Decisions as curators see them: by whom, of whom, made of what; undone for a reason; and why
one cannot be made.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.refusal_log import log_refused_request, page_target
from alliance.auth.session import require_staff
from alliance.models import Staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.models import Claim, Decision, SourcePatient
from records.mpi.curation import waterfall
from records.mpi.curation.decision_rights import Undecidable, check_may_decide
from records.mpi.curation.decisions import do_undo_decision
from records.mpi.index import source_patients
from records.mpi.index.active_model import get_active_model
from records.mpi.index.claim_settlement import claimed_registrations
from records.mpi.index.similar_patients import MIN_INDEX_SIZE
from records.mpi.matching.comparison_levels import ComparisonLevels

IDENTITY_PATH = re.compile(
    r"/person/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/identity/$"
)

REVIEW_PATH = re.compile(r"/reviews/(\d+/)?$")


OPINION_NOTED = gettext_lazy(
    "Noted. A second curator has to agree before anything is joined: where it concerns several"
    " hospitals, one of another hospital."
)


def report_undecidable(request: HttpRequest, error: Undecidable) -> None:
    """Why it cannot be decided so, in the reader's language; it is a refusal like those that
    answer 403.
    """
    log_refused_request(request, error, page_target(request))
    messages.error(request, _(str(error)))


def read_curator_note(request: HttpRequest) -> str:
    """The reason that a curator typed."""
    return "".join(c for c in request.POST.get("note", "") if c.isprintable()).strip()[:200]


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision as the history shows it: who made it, of whom it speaks, and what a rule's link
    is made of: (step, width of its bar), all bits.
    """

    decision: Decision
    by: str
    names: str
    steps: list[tuple[waterfall.WaterfallStep, int]]
    total: float


def list_decision_rows(decisions: list[Decision]) -> list[DecisionRow]:
    staff = {
        f"staff/{s.pk}": f"{s.name}, {s.hospital}"
        for s in Staff.objects.filter(
            pk__in=[int(d.by[6:]) for d in decisions if d.by.startswith("staff/")]
        ).select_related("hospital")
    }
    of: dict[int, list[str]] = {}
    claims = (
        Claim.objects.filter(decision__in=[original_decision(d) for d in decisions])
        .exclude(decision__verb=Decision.Verb.RULES)
        .select_related("one", "two")
        .order_by("pk")
    )
    for c in claims:
        for side in (c.one, c.two):
            if side is not None and side.name not in of.setdefault(c.decision_id, []):
                of[c.decision_id].append(side.name)
    out = []
    for d in decisions:
        steps = match_steps(d)
        out.append(
            DecisionRow(
                d,
                staff.get(d.by, d.by),
                "、".join(of.get(original_decision(d).pk, [])[:4]),
                step_bars(steps),
                sum(s.bits for s in steps),
            )
        )
    return out


def match_steps(decision: Decision) -> list[waterfall.WaterfallStep]:
    """Of the evidence that was written down, with the model that decided; nothing where that is
    no longer the one in force.
    """
    model = get_active_model()
    said = dict(
        r.split(":", 1) for r in decision.reasons if r.partition(":")[0] in ComparisonLevels._fields
    )
    if (
        not said
        or decision.by != f"rule/{model.version}"
        or any(level not in model.table[f] for f, level in said.items())
    ):
        return []
    return waterfall.waterfall_steps(
        model,
        ComparisonLevels(**{f: said.get(f, "") for f in ComparisonLevels._fields}),
        MIN_INDEX_SIZE,
    )


def step_bars(steps: list[waterfall.WaterfallStep]) -> list[tuple[waterfall.WaterfallStep, int]]:
    return [(s, min(100, round(abs(s.bits) * 4))) for s in steps]


def original_decision(decision: Decision) -> Decision:
    while decision.undoes is not None:
        decision = decision.undoes
    return decision


class UndoDecisionForm(forms.Form):
    """Why a decision is undone."""

    note = forms.CharField(
        label=gettext_lazy("Why it is undone"),
        min_length=2,
        max_length=200,
        help_text=gettext_lazy("It stands in the audit log: no patient's name or number."),
    )


@require_staff(Permission.LINK_REVIEW)
def undo_decision_page(
    request: HttpRequest, decision_id: int, *, acting: Principal
) -> HttpResponse:
    """Show the decision in words, ask for confirmation and a reason, then undo it; back to the page
    from which it was asked.
    """
    decision = get_object_or_404(Decision.objects.select_related("undoes"), pk=decision_id)
    check_may_decide(acting, claimed_registrations(original_decision(decision))[0])
    asked = (
        request.POST.get("back", "") if request.method == "POST" else request.GET.get("back", "")
    )
    person = IDENTITY_PATH.match(asked)
    back = asked if person or REVIEW_PATH.match(asked) else reverse("reviews")
    form = UndoDecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            do_undo_decision(decision_id, acting=acting, note=form.cleaned_data["note"])
            messages.success(
                request, _("Undone. What was decided independently of it stays as it is.")
            )
        except Undecidable as error:
            report_undecidable(request, error)
        return redirect(current_person_url(UUID(person[1]), acting) if person else "reviews")
    about = SourcePatient.objects.filter(
        pk__in=claimed_registrations(original_decision(decision))[0]
    ).values_list("person_id", flat=True)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.PERSON_READ,
            target=f"decision/{decision_id}",
            persons=tuple(set(about)),
        )
    )
    return render(
        request,
        "records/undo.html",
        {"t": list_decision_rows([decision])[0], "form": form, "back": back},
    )


def current_person_url(person: UUID, acting: Principal) -> str:
    """The page of a person's registrations, as long as one of them concerns the curator."""
    try:
        check_may_decide(acting, [s.id for s in source_patients.sources_of_person(person)])
    except Forbidden:
        return reverse("reviews")
    return reverse("identity", args=[person])
