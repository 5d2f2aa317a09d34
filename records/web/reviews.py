"""The curator's workplace: pairs that may be one patient, the riskiest first; side by side with the evidence; decided by key or click."""

import re
from dataclasses import dataclass, replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.models import Hospital, Staff
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from records.models import Claim, Decision, Review, SourcePatient
from records.mpi import household, review, risk, sources, waterfall
from records.mpi.decide import Undecidable, check, concerning, do_undo, history
from records.mpi.force import in_force
from records.mpi.levels import compare
from records.mpi.match import rarity
from records.mpi.profile import profile
from records.mpi.review import do_opine, do_take
from records.mpi.rules import name
from records.web import sides
from records.web.sides import values, words_for

SHOWN = 100
PERSON = re.compile(r"/person/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/identity/$")


def fault(request: HttpRequest, error: Undecidable) -> None:
    """Why it cannot be decided so, in the reader's language."""
    said = {
        "decided": _("Somebody has decided this pair in the meantime."), "taken": _("Another curator is looking at this pair."),
        "given": _("You have given your opinion on this pair; a second curator has to look at it."), "undone": _("Somebody has undone this in the meantime."),
        "several": _("Choose registrations of one person."), "all": _("Leave at least one registration with the person."), "same": _("These are one person already."),
        "unregistered": _("The hospital has not sent this Patient yet."), "too_many": _("This speaks of too many registrations: decide in smaller steps."),
    }
    messages.error(request, said.get(error.code, str(error)))


@dataclass(frozen=True, slots=True)
class Told:
    """A decision as the history shows it: who made it, of whom it speaks, whether it stands and may be undone here."""

    decision: Decision
    by: str
    names: str


def noted(request: HttpRequest) -> str:
    """The reason that a curator typed."""
    return "".join(c for c in request.POST.get("note", "") if c.isprintable()).strip()[:200]


def told(decisions: list[Decision]) -> list[Told]:
    staff = {f"staff/{s.pk}": f"{s.name}, {s.hospital}" for s in Staff.objects.filter(
        pk__in=[int(d.by[6:]) for d in decisions if d.by.startswith("staff/")]).select_related("hospital")}
    of: dict[int, list[str]] = {}
    claims = Claim.objects.filter(decision__in=[first(d) for d in decisions]).select_related("one", "two").order_by("pk")
    for c in claims:
        for side in (c.one, c.two):
            if side is not None and side.name not in of.setdefault(c.decision_id, []):
                of[c.decision_id].append(side.name)
    return [Told(d, staff.get(d.by, d.by), "、".join(of.get(first(d).pk, [])[:4])) for d in decisions]


def first(decision: Decision) -> Decision:
    while decision.undoes is not None:
        decision = decision.undoes
    return decision


@require_GET
@page(Permission.LINK_REVIEW)
def reviews(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    waiting = review.waiting(acting)
    pairs = list(waiting[:SHOWN])
    append(Event.of(acting, EventCode.LINK_REVIEW, target="reviews", refs=tuple(sorted({f"{s.hospital.code}/Patient/{s.fhir_id}" for r in pairs for s in (r.one, r.two)}))))
    of_mine = Claim.objects.filter(concerning(acting, "one", "two")).values("decision_id")
    lately = list(Decision.objects.filter(pk__in=of_mine).select_related("undoes").order_by("-pk")[:15])
    undoings = list(Decision.objects.filter(verb=Decision.Verb.UNDO, by=f"staff/{acting.id}").select_related("undoes").order_by("-pk")[:10])
    shown = sorted({*lately, *undoings}, key=lambda d: -d.pk)
    return render(request, "records/reviews.html", {
        "waiting": [(r, *(values(sides.words_for(s, acting)) for s in (r.one, r.two)), not review.free_for(r, acting)) for r in pairs],
        "more": waiting.count() > SHOWN, "decisions": told(shown), "figures": review.figures(acting)})


@require_GET
@page(Permission.LINK_REVIEW)
def following(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """The next pair that nobody looks at."""
    after = request.GET.get("after", "")
    r = review.waiting(acting).filter(review.free(acting)).exclude(pk=int(after) if after.isdecimal() and len(after) < 18 else None).first()
    if r is None:
        messages.success(request, _("No other pair waits for you."))
        return redirect("reviews")
    return redirect("review", r.pk)


@require_GET
@page(Permission.LINK_REVIEW)
def pair(request: HttpRequest, review_id: int, *, acting: Principal) -> HttpResponse:
    """Side by side; whoever opens it has ten minutes in which nobody else can."""
    try:
        r = do_take(review_id, acting=acting)
    except Undecidable as error:
        fault(request, error)
        return redirect("reviews")
    known = risk.profiles([r.one_id, r.two_id])
    both = len(known) == 2
    levels = compare(known[r.one_id], known[r.two_id]) if both else compare(profile(words_for(r.one, acting)), profile(words_for(r.two, acting)))
    chance, size = rarity(r.one.name)
    steps = waterfall.steps(in_force(), levels, size, chance if levels.name == "same" else 0.0)
    words = [words_for(s, acting) for s in (r.one, r.two)]
    lived = household.household([r.one_id, r.two_id], [sides.read(bytes(s.words), s.pk, s.correction) for s in (r.one, r.two) if s.words is not None])
    append(Event.of(acting, EventCode.LINK_REVIEW, target=f"review/{r.pk}", detail="household", refs=tuple(m.ref for m in lived)))
    return render(request, "records/review.html", {
        "r": r, "lines": sides.lines(*words, levels), "steps": [(s, min(100, round(abs(s.bits) * 4))) for s in steps], "total": sum(s.bits for s in steps),
        "doubts": [d.code for d in risk.between(r.one_id, r.two_id)], "mates": mates(lived, acting),
        "others": [(s, others(s)) for s in (r.one, r.two)], "decisions": told(history([r.one_id, r.two_id])[:10]), "seconds": r.opinions.filter(round=r.round).count()})


def mates(found: list[household.Housemate], acting: Principal) -> list[tuple[dict[str, str], str, tuple[str, ...]]]:
    """(words, hospital, what they share); of another hospital's patient not even the whole name: he is nobody whom the pair is about."""
    hospitals = {h.pk: str(h) for h in Hospital.objects.filter(pk__in={m.hospital_id for m in found})}
    return [(values(m.words if m.hospital_id == acting.hospital_id else replace(sides.hidden(m.words), name=name.masked(m.words.name))), hospitals[m.hospital_id], m.shares) for m in found]


def others(source: SourcePatient) -> list[str]:
    """Where else the person of this side is registered."""
    return [str(s.hospital) for s in SourcePatient.objects.filter(person_id=source.person_id).exclude(pk=source.pk).select_related("hospital")[:20]]


@require_POST
@page(Permission.LINK_REVIEW)
def verdict(request: HttpRequest, review_id: int, *, acting: Principal) -> HttpResponse:
    said = request.POST.get("verdict")
    if said not in ("same", "different"):
        Review.objects.filter(pk=review_id, taken_by_id=int(acting.id)).update(taken_by=None, taken_until=None)
        return redirect(f"/reviews/next/?after={review_id}")
    try:
        decision = do_opine(review_id, same=said == "same", acting=acting, note=noted(request))
    except Undecidable as error:
        fault(request, error)
        return redirect("reviews")
    messages.success(request, _("Decided.") if decision else _("Noted. A second curator has to agree before anything is joined."))
    return redirect(f"/reviews/next/?after={review_id}")


@require_POST
@page(Permission.LINK_REVIEW)
def undo(request: HttpRequest, decision_id: int, *, acting: Principal) -> HttpResponse:
    try:
        do_undo(decision_id, acting=acting)
        messages.success(request, _("Undone. What was decided independently of it stays as it is."))
    except Undecidable as error:
        fault(request, error)
    person = PERSON.match(request.POST.get("back", ""))
    return redirect(still(UUID(person[1]), acting) if person else "reviews")


def still(person: UUID, acting: Principal) -> str:
    """The page of a person's registrations, as long as one of them concerns the curator."""
    try:
        check(acting, [s.id for s in sources.of_person(person)])
    except Forbidden:
        return reverse("reviews")
    return reverse("identity", args=[person])
