"""The curators' work: pairs that wait, taken by one curator at a time; a risky pair, and some others by lot, needs two who agree and do not know
of each other's opinion."""

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, said_at
from alliance.models import Staff
from alliance.roles import Permission, Role
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from records.models import Decision, Opinion, Review, SourcePatient
from records.mpi import risk
from records.mpi.basis import basis_of
from records.mpi.decide import Undecidable, agreed, check, concerning, do_differ, do_join
from records.mpi.settle import alone, around

HOLD = dt.timedelta(minutes=10)
LOT = 20  # every so many pairs are looked at by two, to know how well curators agree
# A pair of persons counts once, however many of their registrations are asked about.
# index: review_queue, records_sourcepatient_pkey
QUEUE = """
WITH pair AS (
  SELECT min(r.opened_at) AS opened FROM records_review r JOIN records_sourcepatient a ON a.id = r.one_id JOIN records_sourcepatient b ON b.id = r.two_id
  WHERE r.state = 'open' AND a.person_id <> b.person_id AND (%(hospital)s::bigint IS NULL OR %(hospital)s::bigint IN (a.hospital_id, b.hospital_id))
  GROUP BY least(a.person_id, b.person_id), greatest(a.person_id, b.person_id)
)
SELECT count(*), min(opened) FROM pair
"""
FIGURES = """
WITH seen AS (
  SELECT o.review_id, o.round, (array_agg(o.same ORDER BY o.at, o.id))[1] AS first, (array_agg(o.same ORDER BY o.at, o.id))[2] AS second, count(*) AS n
  FROM records_opinion o WHERE o.at > %(since)s GROUP BY 1, 2
)
SELECT count(*), count(*) FILTER (WHERE n > 1), count(*) FILTER (WHERE n > 1 AND first = second),
  count(*) FILTER (WHERE n > 1 AND first), count(*) FILTER (WHERE n > 1 AND second), count(*) FILTER (WHERE first) FROM seen
"""


class Changed(Undecidable):
    """The registrations or their persons are no longer what the curator saw."""


@dataclass(frozen=True, slots=True)
class Figures:
    """waiting: open pairs; oldest: when the longest waiting one was asked; decided: in the last 30 days, same: of these one person; twice: seen by two
    curators, agreed: of these; kappa: Cohen's, of the first two opinions, None where chance alone explains it or nothing is known."""

    waiting: int
    oldest: dt.datetime | None
    decided: int
    same: int
    twice: int
    agreed: int
    kappa: float | None


def waiting(acting: Principal) -> QuerySet[Review]:
    """Open pairs of two persons that the curator may decide and has not yet given an opinion on; risky ones first, then the oldest."""
    given = Opinion.objects.filter(staff_id=int(acting.id), round=F("review__round")).values("review_id")
    return (asked(acting).exclude(pk__in=given)
            .select_related("one__hospital", "two__hospital").order_by("-risk", "opened_at", "pk"))


def crowded(acting: Principal) -> QuerySet[SourcePatient]:
    """Registrations of which only some look-alikes were compared, that the curator may look through; the longest waiting first."""
    found = SourcePatient.objects.filter(crowded_at__isnull=False).select_related("hospital").order_by("crowded_at")
    return found if acting.alliance_wide else found.filter(hospital_id=acting.hospital_id)


@transaction.atomic
def do_look_through(source: int, *, acting: Principal) -> None:
    """A curator has looked for the others himself, and linked whom he found. Raises SourcePatient.DoesNotExist."""
    if not acting.may(Permission.LINK_REVIEW):
        raise Forbidden("role", "This role does not review pairs.")
    found = crowded(acting).get(pk=source)
    SourcePatient.objects.filter(pk=source).update(crowded_at=None)
    append(Event.of(acting, EventCode.LINK_REVIEW, person=found.person_id, target=f"crowded/{source}"))


def asked(acting: Principal) -> QuerySet[Review]:
    """Open pairs of two persons that the curator may see: of several pairs between the same two the first one."""
    mine = Review.objects.filter(concerning(acting, "one", "two"), state=Review.State.OPEN)
    one, two = OuterRef("one__person"), OuterRef("two__person")
    earlier = mine.filter(pk__lt=OuterRef("pk"))
    return (mine.exclude(one__person=F("two__person"))
            .exclude(Exists(earlier.filter(one__person=one, two__person=two))).exclude(Exists(earlier.filter(one__person=two, two__person=one))))


def free(acting: Principal) -> Q:
    """Not in another curator's hands."""
    return Q(taken_until=None) | Q(taken_until__lt=timezone.now()) | Q(taken_by_id=int(acting.id))


@transaction.atomic
def do_take(review_id: int, *, acting: Principal) -> Review:
    """The pair is this curator's for ten minutes. Raises Review.DoesNotExist, Undecidable where another has it."""
    review = Review.objects.select_for_update(of=("self",)).select_related("one__hospital", "two__hospital").get(pk=review_id)
    check(acting, {review.one_id, review.two_id})
    if review.state != Review.State.OPEN or review.one.person_id == review.two.person_id:
        raise Undecidable("decided", "This pair is decided.")
    if not free_for(review, acting):
        raise Undecidable("taken", "Another curator is looking at this pair.")
    review.taken_by_id, review.taken_until = int(acting.id), timezone.now() + HOLD
    review.save(update_fields=["taken_by", "taken_until"])
    for person in sorted({review.one.person_id, review.two.person_id}):
        append(Event.of(acting, EventCode.LINK_REVIEW, person=person, target=f"review/{review.pk}", detail="taken"))
    return review


@transaction.atomic
def do_look(review_id: int, *, acting: Principal) -> Review:
    """A pair that is decided, or that another curator has: seen, not taken. Raises Review.DoesNotExist."""
    review = Review.objects.select_related("one__hospital", "two__hospital").get(pk=review_id)
    check(acting, {review.one_id, review.two_id})
    for person in sorted({review.one.person_id, review.two.person_id}):
        append(Event.of(acting, EventCode.LINK_REVIEW, person=person, target=f"review/{review.pk}", detail="seen"))
    return review


def free_for(review: Review, acting: Principal) -> bool:
    return review.taken_until is None or review.taken_until < timezone.now() or review.taken_by_id == int(acting.id)


@transaction.atomic
def do_opine(review_id: int, *, same: bool, basis: str, acting: Principal, note: str = "") -> Decision | None:
    """A curator's opinion on an open pair. The decision, once there are enough who agree: one, two for a risky pair that is to be joined, or one drawn by lot, or
    one of which somebody has said otherwise; and where hospitals would come together a curator of each side (agree.py), each for the hospital at which
    they said so. basis: what the curator saw (basis_of).
    Raises Changed where it is not so, Undecidable where another has the pair, or it is decided, or the curator has said so already."""
    alone()  # before any row: an undo that closes this pair holds it first as well
    review = Review.objects.select_for_update(of=("self",)).select_related("one", "two").get(pk=review_id)
    check(acting, {review.one_id, review.two_id})
    if review.state != Review.State.OPEN:
        raise Undecidable("decided", "Somebody has decided this pair in the meantime.")
    if not free_for(review, acting):
        raise Undecidable("taken", "Another curator is looking at this pair.")
    if basis != basis_of(review_id, lock=True):
        raise Changed("changed", "One of the two has changed since you opened this pair. Please compare again; nothing was decided.")
    given = list(Opinion.objects.filter(review=review, round=review.round).select_related("staff__hospital", "hospital").order_by("pk"))
    if any(o.staff_id == int(acting.id) for o in given):
        raise Undecidable("given", "You have given your opinion on this pair; a second curator has to look at it.")
    doubts = [d.code for d in risk.between(review.one_id, review.two_id)]
    Opinion.objects.create(review=review, staff_id=int(acting.id), hospital_id=acting.hospital_id, same=same, round=review.round, note=note[:200])
    review.taken_by_id = review.taken_until = None
    review.risk = max(review.risk, len(doubts))
    review.save(update_fields=["taken_by", "taken_until", "risk"])
    append(Event.of(acting, EventCode.LINK_REVIEW, target=f"review/{review.pk}", detail="one person" if same else "two persons",
                    persons=(review.one.person_id, review.two.person_id)))
    double = drawn(review) or (doubts and same) or any(o.same for o in given)
    if sum(o.same == same for o in given) + 1 < (2 if double else 1):
        return None
    others = [said_at(o.staff, o.hospital) for o in given if o.same]
    if same and not agreed([acting, *others], review.one_id, review.two_id, around({review.one_id, review.two_id})):
        return None
    notes = "; ".join(n for n in (*(o.note for o in given if o.same == same), note) if n)
    reasons = [*review.reasons, *(f"held:{c}" for c in doubts if f"held:{c}" not in review.reasons), f"opinions:{len(given) + 1}"]
    if same:
        return do_join(review.one_id, review.two_id, verb=Decision.Verb(review.verb), acting=acting, others=others, reasons=reasons, note=notes)
    return do_differ(review.one_id, review.two_id, acting=acting, reasons=reasons, note=notes)


def drawn(review: Review) -> bool:
    """By lot, the same whoever asks; only where there are two who may look."""
    lot = int.from_bytes(hashlib.sha256(f"review {review.pk}".encode()).digest()[:4], "big")
    curators = Staff.objects.filter(
        Q(alliance_wide=True) | Q(hospital_id__in=[review.one.hospital_id, review.two.hospital_id]), role=Role.CLERK.value,
        ended_at=None, starts_on__lte=timezone.localdate(), ends_on__gte=timezone.localdate())
    return lot % LOT == 0 and curators.count() > 1


@transaction.atomic
def do_propose(one: int, two: int, *, acting: Principal, note: str, verb: Decision.Verb = Decision.Verb.MERGE) -> tuple[Review, Decision | None]:
    """A curator found that two registrations' persons are one: asked as if a rule had, and answered by the curator. note: how they know, for no page has shown
    the two beside each other. (the pair, the decision or None where a second curator has to agree). Raises Undecidable without a note."""
    if not note.strip():
        raise Undecidable("reason", "Say how you know that they are one patient.")
    alone()
    check(acting, {one, two})
    review, new = Review.objects.get_or_create(one_id=min(one, two), two_id=max(one, two), defaults={"reasons": ["human"]})
    Review.objects.filter(pk=review.pk).update(verb=verb)
    if not new and review.state != Review.State.OPEN:
        Review.objects.filter(pk=review.pk).update(state=Review.State.OPEN, round=F("round") + 1, decision=None)
    return review, do_opine(review.pk, same=True, basis=basis_of(review.pk, lock=True), acting=acting, note=note)


def figures(acting: Principal, days: int = 30) -> Figures:
    """Of the pairs that this curator may see, and all curators' opinions."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, {"hospital": None if acting.alliance_wide else acting.hospital_id})
        queue, oldest = cursor.fetchone()
        cursor.execute(FIGURES, {"since": timezone.now() - dt.timedelta(days=days)})
        decided, twice, agreed, first, second, same = cursor.fetchone()
    return Figures(queue, oldest, decided, same, twice, agreed, kappa(twice, agreed, first, second))


def kappa(n: int, agreed: int, first: int, second: int) -> float | None:
    """Cohen's kappa of two who judge n pairs: agreed on so many, the first and the second saying "one person" so often."""
    if not n:
        return None
    chance = (first * second + (n - first) * (n - second)) / n**2
    return None if chance == 1 else (agreed / n - chance) / (1 - chance)
