"""The curator's workplace: pairs that may be one patient, the riskiest first; side by side with the evidence; decided by key or click."""

from dataclasses import replace

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.models import Hospital
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from records.models import Claim, Decision, Review, SourcePatient
from records.mpi import household, review, risk, waterfall
from records.mpi.basis import basis_of
from records.mpi.decide import Undecidable, concerning, history
from records.mpi.force import in_force
from records.mpi.levels import Levels, compare
from records.mpi.match import rarity
from records.mpi.profile import profile
from records.mpi.review import Changed, do_look, do_opine, do_take
from records.mpi.rules import name
from records.mpi.signs import obstacle
from records.web import sides
from records.web.decisions import NOTED, bars, fault, noted, told
from records.web.sides import values, words_for

SHOWN = 100
LASTING = frozenset({"held:rivals", "held:equals", "held:bridge", "held:chain"})  # what lies with others than the two


@require_GET
@page(Permission.LINK_REVIEW)
def reviews(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    found = list(review.waiting(acting)[:SHOWN + 1])
    pairs = found[:SHOWN]
    crowded = list(review.crowded(acting)[:SHOWN])
    seen = [*(s for r in pairs for s in (r.one, r.two)), *crowded]
    append(Event.of(acting, EventCode.LINK_REVIEW, target="reviews", persons=tuple({s.person_id for s in seen}),
                    refs=tuple(sorted({f"{s.hospital.code}/Patient/{s.fhir_id}" for s in seen}))))
    mine = Claim.objects.filter(concerning(acting, "one", "two"), decision=OuterRef("pk"))
    lately = list(Decision.objects.filter(Exists(mine)).select_related("undoes").order_by("-pk")[:15])
    undoings = list(Decision.objects.filter(undoes__isnull=False, by=f"staff/{acting.id}").select_related("undoes").order_by("-pk")[:10])
    shown = sorted({*lately, *undoings}, key=lambda d: -d.pk)
    return render(request, "records/reviews.html", {
        "waiting": [(r, *map(values, sides.pair_for(r.one, r.two, acting)), not review.free_for(r, acting)) for r in pairs],
        "crowded": [(s, values(sides.words_for(s, acting))) for s in crowded],
        "more": len(found) > SHOWN, "decisions": told(shown), "figures": review.figures(acting)})


@require_POST
@page(Permission.LINK_REVIEW)
def look_through(request: HttpRequest, source_id: int, *, acting: Principal) -> HttpResponse:
    try:
        review.do_look_through(source_id, acting=acting)
    except SourcePatient.DoesNotExist as error:
        raise Http404 from error
    return redirect("reviews")


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
    """Side by side; whoever opens it has ten minutes in which nobody else can. A decided pair stays readable at its address."""
    basis, closed = basis_of(review_id), ""
    try:
        r = do_take(review_id, acting=acting)
    except Undecidable as error:
        r, closed = do_look(review_id, acting=acting), _(str(error))
    known = risk.profiles([r.one_id, r.two_id])
    both = len(known) == 2
    levels = compare(known[r.one_id], known[r.two_id]) if both else compare(profile(words_for(r.one, acting)), profile(words_for(r.two, acting)))
    chance, size = rarity(r.one.name)
    doubts = [d.code for d in risk.between(r.one_id, r.two_id)]
    steps = waterfall.steps(in_force(), levels, size, chance if levels.name == "same" else 0.0)
    words = sides.pair_for(r.one, r.two, acting)
    lived = household.household([r.one_id, r.two_id], [sides.read(bytes(s.words), s.pk, s.correction) for s in (r.one, r.two) if s.words is not None])
    append(Event.of(acting, EventCode.LINK_REVIEW, target=f"review/{r.pk}", detail="household", persons=tuple(m.person for m in lived), refs=tuple(m.ref for m in lived)))
    return render(request, "records/review.html", {
        "r": r, "lines": sides.lines(*words, levels), "steps": bars(steps), "total": sum(s.bits for s in steps),
        "basis": basis, "closed": closed, "doubts": doubts, "several": len(joining(r)) > 1, "why": why(r, levels, doubts, sum(s.bits for s in steps)), "mates": mates(lived, acting),
        "others": [(s, others(s)) for s in (r.one, r.two)], "decisions": told(history([r.one_id, r.two_id])[:10]), "seconds": r.opinions.filter(round=r.round).count()})


def joining(r: Review) -> set[int]:
    """The hospitals that would come together."""
    return set(SourcePatient.objects.filter(person__in=(r.one.person_id, r.two.person_id)).values_list("hospital_id", flat=True))


def why(r: Review, levels: Levels, doubts: list[str], bits: float) -> list[str]:
    """Codes of what a human is asked for, as the two are now: how probable it is, what holds a rule back, and what held it when the pair was asked."""
    now = obstacle(levels)
    held = dict.fromkeys([*(f"held:{c}" for c in (*doubts, now) if c), *(c for c in r.reasons if c in LASTING)])
    return [f"probability:{2**bits / (1 + 2**bits) if bits < 900 else 1.0:.4f}", *(held or (c for c in r.reasons if c.startswith("held:")))]


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
        decision = do_opine(review_id, same=said == "same", acting=acting, note=noted(request), basis=request.POST.get("basis", ""))
    except Undecidable as error:
        fault(request, error)
        return redirect("review", review_id) if isinstance(error, Changed) else redirect("reviews")
    messages.success(request, _("Decided.") if decision else NOTED)
    return redirect(f"/reviews/next/?after={review_id}")
