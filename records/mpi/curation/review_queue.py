"""The queue of pairs that wait for a curator's decision, taken by one curator at a time; a risky
pair, and some others by lot, needs two who agree and do not know of each other's opinion.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, principal_at_hospital
from alliance.models import Staff
from alliance.roles import Permission, Role
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.models import Decision, Opinion, Review, SourcePatient
from records.mpi.curation import risk
from records.mpi.curation.decision_rights import (
    Undecidable,
    check_may_decide,
    curator_filter,
    is_join_agreed,
)
from records.mpi.curation.decisions import do_call_different, do_join_persons
from records.mpi.curation.opinion_basis import digest_opinion_basis
from records.mpi.index.claim_settlement import load_affected, lock_decisions

REVIEW_HOLD = dt.timedelta(minutes=10)
SECOND_OPINION_LOT = 20  # every so many pairs are looked at by two, to know how well curators agree
# A pair of persons counts once, however many of their registrations are asked about.
# index: review_queue, records_sourcepatient_pkey
QUEUE_SQL = """
WITH pair AS (
  SELECT min(r.opened_at) AS opened FROM records_review r
    JOIN records_sourcepatient a ON a.id = r.one_id JOIN records_sourcepatient b ON b.id = r.two_id
  WHERE r.state = 'open' AND a.person_id <> b.person_id
    AND (%(hospital)s::bigint IS NULL OR %(hospital)s::bigint IN (a.hospital_id, b.hospital_id))
  GROUP BY least(a.person_id, b.person_id), greatest(a.person_id, b.person_id)
)
SELECT count(*), min(opened) FROM pair
"""
FIGURES_SQL = """
WITH seen AS (
  SELECT o.review_id, o.round, (array_agg(o.same ORDER BY o.at, o.id))[1] AS first,
    (array_agg(o.same ORDER BY o.at, o.id))[2] AS second, count(*) AS n
  FROM records_opinion o WHERE o.at > %(since)s GROUP BY 1, 2
)
SELECT count(*), count(*) FILTER (WHERE n > 1), count(*) FILTER (WHERE n > 1 AND first = second),
  count(*) FILTER (WHERE n > 1 AND first), count(*) FILTER (WHERE n > 1 AND second),
    count(*) FILTER (WHERE first) FROM seen
"""


class PairChanged(Undecidable):
    """The registrations or their persons are no longer what the curator saw."""


@dataclass(frozen=True, slots=True)
class ReviewFigures:
    """waiting: open pairs; oldest: when the longest waiting one was asked; decided: in the last
    30 days, same: of these one person; twice: seen by two curators, agreed: of these; kappa:
    Cohen's, of the first two opinions, None where chance alone explains it or nothing is known.
    """

    waiting: int
    oldest: dt.datetime | None
    decided: int
    same: int
    twice: int
    agreed: int
    kappa: float | None


def query_waiting_reviews(acting: Principal) -> QuerySet[Review]:
    """Open pairs of two persons that the curator may decide and has not yet given an opinion on;
    risky ones first, then the oldest.
    """
    given_opinions = Opinion.objects.filter(
        staff_id=int(acting.id), round=F("review__round")
    ).values("review_id")
    return (
        query_open_reviews(acting)
        .exclude(pk__in=given_opinions)
        .select_related("one__hospital", "two__hospital")
        .order_by("-risk", "opened_at", "pk")
    )


def query_crowded_registrations(acting: Principal) -> QuerySet[SourcePatient]:
    """Registrations of which only some look-alikes were compared, that the curator may look
    through; the longest waiting first.
    """
    registrations = (
        SourcePatient.objects.filter(crowded_at__isnull=False)
        .select_related("hospital")
        .order_by("crowded_at")
    )
    return (
        registrations
        if acting.alliance_wide
        else registrations.filter(hospital_id=acting.hospital_id)
    )


@transaction.atomic
def do_mark_looked_through(source_patient_id: int, *, acting: Principal) -> None:
    """A curator has looked for the others themselves, and linked whom they found. Raises
    SourcePatient.DoesNotExist.
    """
    if not acting.may(Permission.LINK_REVIEW):
        raise Forbidden("role", "This role does not review pairs.")
    registration = query_crowded_registrations(acting).get(pk=source_patient_id)
    SourcePatient.objects.filter(pk=source_patient_id).update(crowded_at=None)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.LINK_REVIEW,
            person=registration.person_id,
            target=f"crowded/{source_patient_id}",
        )
    )


def query_open_reviews(acting: Principal) -> QuerySet[Review]:
    """Open pairs of two persons that the curator may see: of several pairs between the same two
    the first one.
    """
    reviews = Review.objects.filter(curator_filter(acting, "one", "two"), state=Review.State.OPEN)
    first_person, second_person = OuterRef("one__person"), OuterRef("two__person")
    earlier = reviews.filter(pk__lt=OuterRef("pk"))
    return (
        reviews.exclude(one__person=F("two__person"))
        .exclude(Exists(earlier.filter(one__person=first_person, two__person=second_person)))
        .exclude(Exists(earlier.filter(one__person=second_person, two__person=first_person)))
    )


def free_review_filter(acting: Principal) -> Q:
    """Not in another curator's hands."""
    return Q(taken_until=None) | Q(taken_until__lt=timezone.now()) | Q(taken_by_id=int(acting.id))


@transaction.atomic
def do_take_review(review_id: int, *, acting: Principal) -> Review:
    """The pair is this curator's for ten minutes. Raises Review.DoesNotExist, Undecidable where
    another has it.
    """
    review = (
        Review.objects.select_for_update(of=("self",))
        .select_related("one__hospital", "two__hospital")
        .get(pk=review_id)
    )
    check_may_decide(acting, {review.one_id, review.two_id})
    if review.state != Review.State.OPEN or review.one.person_id == review.two.person_id:
        raise Undecidable("decided", "This pair is decided.")
    if not is_free_for(review, acting):
        raise Undecidable("taken", "Another curator is looking at this pair.")
    review.taken_by_id, review.taken_until = int(acting.id), timezone.now() + REVIEW_HOLD
    review.save(update_fields=["taken_by", "taken_until"])
    for person_id in sorted({review.one.person_id, review.two.person_id}):
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.LINK_REVIEW,
                person=person_id,
                target=f"review/{review.pk}",
                detail="taken",
            )
        )
    return review


@transaction.atomic
def do_view_review(review_id: int, *, acting: Principal) -> Review:
    """A pair that is decided, or that another curator has: seen, not taken. Raises
    Review.DoesNotExist.
    """
    review = Review.objects.select_related("one__hospital", "two__hospital").get(pk=review_id)
    check_may_decide(acting, {review.one_id, review.two_id})
    for person_id in sorted({review.one.person_id, review.two.person_id}):
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.LINK_REVIEW,
                person=person_id,
                target=f"review/{review.pk}",
                detail="seen",
            )
        )
    return review


def is_free_for(review: Review, acting: Principal) -> bool:
    return (
        review.taken_until is None
        or review.taken_until < timezone.now()
        or review.taken_by_id == int(acting.id)
    )


@transaction.atomic
def do_give_opinion(
    review_id: int, *, same: bool, basis: str, acting: Principal, note: str = ""
) -> Decision | None:
    """A curator's opinion on an open pair. The decision, once there are enough who agree: one, two
    for a risky pair that is to be joined, or one drawn by lot, or one of which somebody has said
    otherwise; and where hospitals would come together a curator of each side (agreement.py), each
    for the hospital at which they said so. basis: what the curator saw (basis_of). Raises Changed
    where it is not so, Undecidable where another has the pair, or it is decided, or the curator has
    said so already.
    """
    lock_decisions()  # before any row: an undo that closes this pair holds it first as well
    review = (
        Review.objects.select_for_update(of=("self",))
        .select_related("one", "two")
        .get(pk=review_id)
    )
    check_may_decide(acting, {review.one_id, review.two_id})
    if review.state != Review.State.OPEN:
        raise Undecidable("decided", "Somebody has decided this pair in the meantime.")
    if not is_free_for(review, acting):
        raise Undecidable("taken", "Another curator is looking at this pair.")
    if basis != digest_opinion_basis(review_id, lock=True):
        raise PairChanged(
            "changed",
            "One of the two has changed since you opened this pair. Please compare again; nothing"
            " was decided.",
        )
    opinions = list(
        Opinion.objects.filter(review=review, round=review.round)
        .select_related("staff__hospital", "hospital")
        .order_by("pk")
    )
    if any(opinion.staff_id == int(acting.id) for opinion in opinions):
        raise Undecidable(
            "given", "You have given your opinion on this pair; a second curator has to look at it."
        )
    doubts = [doubt.code for doubt in risk.doubts_between(review.one_id, review.two_id)]
    Opinion.objects.create(
        review=review,
        staff_id=int(acting.id),
        hospital_id=acting.hospital_id,
        same=same,
        round=review.round,
        note=note[:200],
    )
    review.taken_by_id = review.taken_until = None
    review.risk = max(review.risk, len(doubts))
    review.save(update_fields=["taken_by", "taken_until", "risk"])
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.LINK_REVIEW,
            target=f"review/{review.pk}",
            detail="one person" if same else "two persons",
            persons=(review.one.person_id, review.two.person_id),
        )
    )
    needs_second = (
        is_drawn_for_second(review)
        or (doubts and same)
        or any(opinion.same for opinion in opinions)
    )
    if sum(opinion.same == same for opinion in opinions) + 1 < (2 if needs_second else 1):
        return None
    others = [
        principal_at_hospital(opinion.staff, opinion.hospital)
        for opinion in opinions
        if opinion.same
    ]
    if same and not is_join_agreed(
        [acting, *others],
        review.one_id,
        review.two_id,
        load_affected({review.one_id, review.two_id}),
    ):
        return None
    notes = "; ".join(
        n for n in (*(opinion.note for opinion in opinions if opinion.same == same), note) if n
    )
    reasons = [
        *review.reasons,
        *(f"held:{c}" for c in doubts if f"held:{c}" not in review.reasons),
        f"opinions:{len(opinions) + 1}",
    ]
    if same:
        return do_join_persons(
            review.one_id,
            review.two_id,
            verb=Decision.Verb(review.verb),
            acting=acting,
            others=others,
            reasons=reasons,
            note=notes,
        )
    return do_call_different(
        review.one_id, review.two_id, acting=acting, reasons=reasons, note=notes
    )


def is_drawn_for_second(review: Review) -> bool:
    """By lot, the same whoever asks; only where there are two who may look."""
    lot = int.from_bytes(hashlib.sha256(f"review {review.pk}".encode()).digest()[:4], "big")
    curators = Staff.objects.filter(
        Q(alliance_wide=True) | Q(hospital_id__in=[review.one.hospital_id, review.two.hospital_id]),
        role=Role.CLERK.value,
        ended_at=None,
        starts_on__lte=timezone.localdate(),
        ends_on__gte=timezone.localdate(),
    )
    return lot % SECOND_OPINION_LOT == 0 and curators.count() > 1


@transaction.atomic
def do_propose_merge(
    one_id: int,
    two_id: int,
    *,
    acting: Principal,
    note: str,
    verb: Decision.Verb = Decision.Verb.MERGE,
) -> tuple[Review, Decision | None]:
    """A curator found that two registrations' persons are one_id: asked as if a rule had, and
    answered by the curator. note: how they know, for no page has shown the two beside each other.
    (the pair, the decision or None where a second curator has to agree). Raises Undecidable without
    a note.
    """
    if not note.strip():
        raise Undecidable("reason", "Say how you know that they are one patient.")
    lock_decisions()
    check_may_decide(acting, {one_id, two_id})
    review, is_new = Review.objects.get_or_create(
        one_id=min(one_id, two_id), two_id=max(one_id, two_id), defaults={"reasons": ["human"]}
    )
    Review.objects.filter(pk=review.pk).update(verb=verb)
    if not is_new and review.state != Review.State.OPEN:
        Review.objects.filter(pk=review.pk).update(
            state=Review.State.OPEN, round=F("round") + 1, decision=None
        )
    return review, do_give_opinion(
        review.pk,
        same=True,
        basis=digest_opinion_basis(review.pk, lock=True),
        acting=acting,
        note=note,
    )


def review_figures(acting: Principal, days: int = 30) -> ReviewFigures:
    """Of the pairs that this curator may see, and all curators' opinions."""
    with connection.cursor() as cursor:
        cursor.execute(
            QUEUE_SQL, {"hospital": None if acting.alliance_wide else acting.hospital_id}
        )
        queue, oldest = cursor.fetchone()
        cursor.execute(FIGURES_SQL, {"since": timezone.now() - dt.timedelta(days=days)})
        decided, twice, agreed, first, second, same = cursor.fetchone()
    return ReviewFigures(
        queue, oldest, decided, same, twice, agreed, cohens_kappa(twice, agreed, first, second)
    )


def cohens_kappa(pairs: int, agreed: int, first: int, second: int) -> float | None:
    """Cohen's kappa of two who judge n pairs: agreed on so many, the first and the second saying
    "one person" so often.
    """
    if not pairs:
        return None
    chance = (first * second + (pairs - first) * (pairs - second)) / pairs**2
    return None if chance == 1 else (agreed / pairs - chance) / (1 - chance)
