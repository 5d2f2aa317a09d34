"""The curator's workplace: pairs that may be one patient, the riskiest first; side by side with
the evidence; decided by key or click.
"""

from dataclasses import replace

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.models import Claim, Decision, Review, SourcePatient
from records.mpi.curation import household, review_queue, risk, waterfall
from records.mpi.curation.decision_record import decision_history
from records.mpi.curation.decision_rights import Undecidable, curator_filter
from records.mpi.curation.opinion_basis import digest_opinion_basis
from records.mpi.curation.review_queue import (
    PairChanged,
    do_give_opinion,
    do_take_review,
    do_view_review,
)
from records.mpi.index.active_model import get_active_model
from records.mpi.index.similar_patients import name_frequency
from records.mpi.matching.comparison_levels import ComparisonLevels, compare_profiles
from records.mpi.matching.join_evidence import join_obstacle
from records.mpi.matching.profile import build_profile
from records.mpi.matching.rules import name_forms
from records.web import registration_display
from records.web.decision_display import (
    OPINION_NOTED,
    list_decision_rows,
    read_curator_note,
    report_undecidable,
    step_bars,
)
from records.web.registration_display import display_values, visible_demographics

MAX_SHOWN_PAIRS = 100
LASTING_REASONS = frozenset(
    {"held:rivals", "held:equals", "held:bridge", "held:chain"}
)  # what lies with others than the two


@require_GET
@require_staff(Permission.LINK_REVIEW)
def reviews_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    found = list(review_queue.query_waiting_reviews(acting)[: MAX_SHOWN_PAIRS + 1])
    pairs = found[:MAX_SHOWN_PAIRS]
    crowded = list(review_queue.query_crowded_registrations(acting)[:MAX_SHOWN_PAIRS])
    seen = [*(s for r in pairs for s in (r.one, r.two)), *crowded]
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.LINK_REVIEW,
            target="reviews",
            persons=tuple({s.person_id for s in seen}),
            refs=tuple(sorted({f"{s.hospital.code}/Patient/{s.fhir_id}" for s in seen})),
        )
    )
    mine = Claim.objects.filter(curator_filter(acting, "one", "two"), decision=OuterRef("pk"))
    lately = list(
        Decision.objects.filter(Exists(mine)).select_related("undoes").order_by("-pk")[:15]
    )
    undoings = list(
        Decision.objects.filter(undoes__isnull=False, by=f"staff/{acting.id}")
        .select_related("undoes")
        .order_by("-pk")[:10]
    )
    shown = sorted({*lately, *undoings}, key=lambda d: -d.pk)
    return render(
        request,
        "records/reviews.html",
        {
            "waiting": [
                (
                    r,
                    *map(display_values, registration_display.visible_pair(r.one, r.two, acting)),
                    not review_queue.is_free_for(r, acting),
                )
                for r in pairs
            ],
            "crowded": [
                (s, display_values(registration_display.visible_demographics(s, acting)))
                for s in crowded
            ],
            "more": len(found) > MAX_SHOWN_PAIRS,
            "decisions": list_decision_rows(shown),
            "figures": review_queue.review_figures(acting),
        },
    )


@require_POST
@require_staff(Permission.LINK_REVIEW)
def mark_looked_through(request: HttpRequest, source_id: int, *, acting: Principal) -> HttpResponse:
    try:
        review_queue.do_mark_looked_through(source_id, acting=acting)
    except SourcePatient.DoesNotExist as error:
        raise Http404 from error
    return redirect("reviews")


@require_GET
@require_staff(Permission.LINK_REVIEW)
def next_review(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """The next pair that nobody looks at."""
    after = request.GET.get("after", "")
    r = (
        review_queue.query_waiting_reviews(acting)
        .filter(review_queue.free_review_filter(acting))
        .exclude(pk=int(after) if after.isdecimal() and len(after) < 18 else None)
        .first()
    )
    if r is None:
        messages.success(request, _("No other pair waits for you."))
        return redirect("reviews")
    return redirect("review", r.pk)


@require_GET
@require_staff(Permission.LINK_REVIEW)
def review_page(request: HttpRequest, review_id: int, *, acting: Principal) -> HttpResponse:
    """Side by side; whoever opens it has ten minutes in which nobody else can. A decided pair
    stays readable at its address.
    """
    basis, closed = digest_opinion_basis(review_id), ""
    try:
        r = do_take_review(review_id, acting=acting)
    except Undecidable as error:
        r, closed = do_view_review(review_id, acting=acting), _(str(error))
    known = risk.load_profiles([r.one_id, r.two_id])
    both = len(known) == 2
    levels = (
        compare_profiles(known[r.one_id], known[r.two_id])
        if both
        else compare_profiles(
            build_profile(visible_demographics(r.one, acting)),
            build_profile(visible_demographics(r.two, acting)),
        )
    )
    chance, size = name_frequency(r.one.name)
    doubts = [d.code for d in risk.doubts_between(r.one_id, r.two_id)]
    steps = waterfall.waterfall_steps(
        get_active_model(), levels, size, chance if levels.name == "same" else 0.0
    )
    words = registration_display.visible_pair(r.one, r.two, acting)
    lived = household.list_housemates(
        [r.one_id, r.two_id],
        [
            registration_display.read_demographics(bytes(s.words), s.pk, s.correction)
            for s in (r.one, r.two)
            if s.words is not None
        ],
    )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.LINK_REVIEW,
            target=f"review/{r.pk}",
            detail="household",
            persons=tuple(m.person for m in lived),
            refs=tuple(m.ref for m in lived),
        )
    )
    return render(
        request,
        "records/review.html",
        {
            "r": r,
            "lines": registration_display.build_comparison_lines(*words, levels),
            "steps": step_bars(steps),
            "total": sum(s.bits for s in steps),
            "basis": basis,
            "closed": closed,
            "doubts": doubts,
            "several": len(joining_hospitals(r)) > 1,
            "why": review_reasons(r, levels, doubts, sum(s.bits for s in steps)),
            "mates": display_housemates(lived, acting),
            "others": [(s, list_other_hospitals(s)) for s in (r.one, r.two)],
            "decisions": list_decision_rows(decision_history([r.one_id, r.two_id])[:10]),
            "seconds": r.opinions.filter(round=r.round).count(),
        },
    )


def joining_hospitals(r: Review) -> set[int]:
    """The hospitals that would come together."""
    return set(
        SourcePatient.objects.filter(person__in=(r.one.person_id, r.two.person_id)).values_list(
            "hospital_id", flat=True
        )
    )


def review_reasons(
    r: Review, levels: ComparisonLevels, doubts: list[str], bits: float
) -> list[str]:
    """Codes of what a human is asked for, as the two are now: how probable it is, what holds a
    rule back, and what held it when the pair was asked.
    """
    now = join_obstacle(levels)
    held = dict.fromkeys(
        [
            *(f"held:{c}" for c in (*doubts, now) if c),
            *(c for c in r.reasons if c in LASTING_REASONS),
        ]
    )
    return [
        f"probability:{2**bits / (1 + 2**bits) if bits < 900 else 1.0:.4f}",
        *(held or (c for c in r.reasons if c.startswith("held:"))),
    ]


def display_housemates(
    found: list[household.Housemate], acting: Principal
) -> list[tuple[dict[str, str], str, tuple[str, ...]]]:
    """(words, hospital, what they share); of another hospital's patient not even the whole name:
    they are nobody whom the pair is about.
    """
    hospitals = {
        h.pk: str(h) for h in Hospital.objects.filter(pk__in={m.hospital_id for m in found})
    }
    return [
        (
            display_values(
                m.words
                if m.hospital_id == acting.hospital_id
                else replace(
                    registration_display.mask_demographics(m.words),
                    name=name_forms.mask_name(m.words.name),
                )
            ),
            hospitals[m.hospital_id],
            m.shares,
        )
        for m in found
    ]


def list_other_hospitals(source: SourcePatient) -> list[str]:
    """Where else the person of this side is registered."""
    return [
        str(s.hospital)
        for s in (
            SourcePatient.objects.filter(person_id=source.person_id)
            .exclude(pk=source.pk)
            .select_related("hospital")[:20]
        )
    ]


@require_POST
@require_staff(Permission.LINK_REVIEW)
def submit_verdict(request: HttpRequest, review_id: int, *, acting: Principal) -> HttpResponse:
    said = request.POST.get("verdict")
    if said not in ("same", "different"):
        Review.objects.filter(pk=review_id, taken_by_id=int(acting.id)).update(
            taken_by=None, taken_until=None
        )
        return redirect(f"/reviews/next/?after={review_id}")
    try:
        decision = do_give_opinion(
            review_id,
            same=said == "same",
            acting=acting,
            note=read_curator_note(request),
            basis=request.POST.get("basis", ""),
        )
    except Undecidable as error:
        report_undecidable(request, error)
        return (
            redirect("review", review_id) if isinstance(error, PairChanged) else redirect("reviews")
        )
    messages.success(request, _("Decided.") if decision else OPINION_NOTED)
    return redirect(f"/reviews/next/?after={review_id}")
