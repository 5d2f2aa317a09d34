"""Decisions as curators see them: by whom, of whom, made of what; undone for a reason; and why one cannot be made."""

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
from alliance.auth.refusals import note, place
from alliance.auth.session import page
from alliance.models import Staff
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from records.models import Claim, Decision, SourcePatient
from records.mpi import sources, waterfall
from records.mpi.decide import Undecidable, check, do_undo
from records.mpi.force import in_force
from records.mpi.levels import Levels
from records.mpi.match import LEAST
from records.mpi.settle import claims_of

PERSON = re.compile(r"/person/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/identity/$")

REVIEW = re.compile(r"/reviews/(\d+/)?$")


NOTED = gettext_lazy("Noted. A second curator has to agree before anything is joined: where it concerns several hospitals, one of another hospital.")


def fault(request: HttpRequest, error: Undecidable) -> None:
    """Why it cannot be decided so, in the reader's language; it is a refusal like those that answer 403."""
    note(request, error, place(request))
    messages.error(request, _(str(error)))


def noted(request: HttpRequest) -> str:
    """The reason that a curator typed."""
    return "".join(c for c in request.POST.get("note", "") if c.isprintable()).strip()[:200]


@dataclass(frozen=True, slots=True)
class Told:
    """A decision as the history shows it: who made it, of whom it speaks, and what a rule's link is made of: (step, width of its bar), all bits."""

    decision: Decision
    by: str
    names: str
    steps: list[tuple[waterfall.Step, int]]
    total: float


def told(decisions: list[Decision]) -> list[Told]:
    staff = {f"staff/{s.pk}": f"{s.name}, {s.hospital}" for s in Staff.objects.filter(
        pk__in=[int(d.by[6:]) for d in decisions if d.by.startswith("staff/")]).select_related("hospital")}
    of: dict[int, list[str]] = {}
    claims = Claim.objects.filter(decision__in=[first(d) for d in decisions]).exclude(decision__verb=Decision.Verb.RULES).select_related("one", "two").order_by("pk")
    for c in claims:
        for side in (c.one, c.two):
            if side is not None and side.name not in of.setdefault(c.decision_id, []):
                of[c.decision_id].append(side.name)
    out = []
    for d in decisions:
        steps = fall(d)
        out.append(Told(d, staff.get(d.by, d.by), "、".join(of.get(first(d).pk, [])[:4]), bars(steps), sum(s.bits for s in steps)))
    return out


def fall(decision: Decision) -> list[waterfall.Step]:
    """Of the evidence that was written down, with the model that decided; nothing where that is no longer the one in force."""
    model = in_force()
    said = dict(r.split(":", 1) for r in decision.reasons if r.partition(":")[0] in Levels._fields)
    if not said or decision.by != f"rule/{model.version}" or any(level not in model.table[f] for f, level in said.items()):
        return []
    return waterfall.steps(model, Levels(**{f: said.get(f, "") for f in Levels._fields}), LEAST)


def bars(steps: list[waterfall.Step]) -> list[tuple[waterfall.Step, int]]:
    return [(s, min(100, round(abs(s.bits) * 4))) for s in steps]


def first(decision: Decision) -> Decision:
    while decision.undoes is not None:
        decision = decision.undoes
    return decision


class UndoForm(forms.Form):
    """Why a decision is undone."""

    note = forms.CharField(label=gettext_lazy("Why it is undone"), min_length=2, max_length=200, help_text=gettext_lazy("It stands in the audit log: no patient's name or number."))


@page(Permission.LINK_REVIEW)
def undo(request: HttpRequest, decision_id: int, *, acting: Principal) -> HttpResponse:
    """Asks once more, with the decision in words, and for a reason; back to the page from which it was asked."""
    decision = get_object_or_404(Decision.objects.select_related("undoes"), pk=decision_id)
    check(acting, claims_of(first(decision))[0])
    asked = request.POST.get("back", "") if request.method == "POST" else request.GET.get("back", "")
    person = PERSON.match(asked)
    back = asked if person or REVIEW.match(asked) else reverse("reviews")
    form = UndoForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            do_undo(decision_id, acting=acting, note=form.cleaned_data["note"])
            messages.success(request, _("Undone. What was decided independently of it stays as it is."))
        except Undecidable as error:
            fault(request, error)
        return redirect(still(UUID(person[1]), acting) if person else "reviews")
    about = SourcePatient.objects.filter(pk__in=claims_of(first(decision))[0]).values_list("person_id", flat=True)
    append(Event.of(acting, EventCode.PERSON_READ, target=f"decision/{decision_id}", persons=tuple(set(about))))
    return render(request, "records/undo.html", {"t": told([decision])[0], "form": form, "back": back})


def still(person: UUID, acting: Principal) -> str:
    """The page of a person's registrations, as long as one of them concerns the curator."""
    try:
        check(acting, [s.id for s in sources.of_person(person)])
    except Forbidden:
        return reverse("reviews")
    return reverse("identity", args=[person])
