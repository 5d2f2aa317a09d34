"""do_link, do_unlink and the review verdicts: move a source patient between persons, keep the history, tell the consent house."""

import json
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.services.relationships import follow_link
from records.models import LinkEvent, Person, Review, SourcePatient

# index: records_sourcepatient_person_id, one_review_a_pair
PLACE = """
WITH there AS MATERIALIZED (SELECT id FROM records_sourcepatient WHERE person_id = %(new)s ORDER BY id FOR NO KEY UPDATE),
moved AS (
  UPDATE records_sourcepatient s SET person_id = %(new)s, decided_by = %(by)s, updated_at = now()
  WHERE s.id = %(source)s AND s.person_id = %(old)s AND EXISTS (SELECT FROM there) AND NOT EXISTS (
    SELECT FROM records_review r WHERE r.state = 'different'
      AND ((r.one_id = %(source)s AND r.two_id IN (SELECT id FROM there)) OR (r.two_id = %(source)s AND r.one_id IN (SELECT id FROM there))))
  RETURNING s.id
)
INSERT INTO records_linkevent (source_id, before, after, by, reasons, at) SELECT id, %(old)s, %(new)s, %(by)s, %(reasons)s::jsonb, now() FROM moved RETURNING source_id
"""
ASK = """
INSERT INTO records_review (one_id, two_id, reasons, state, opened_at)
SELECT least(%(source)s, other), greatest(%(source)s, other), reasons::jsonb, 'open', now() FROM unnest(%(others)s::bigint[], %(reasons)s::text[]) AS t(other, reasons)
ON CONFLICT (one_id, two_id) DO NOTHING
"""


def place(source: int, old: UUID, new: UUID, *, by: str, reasons: Sequence[str]) -> bool:
    """Put a registration, alone at its person, at another one; not where a human has called it and one of the others different."""
    with connection.cursor() as cursor:
        cursor.execute(PLACE, {"source": source, "old": old, "new": new, "by": by, "reasons": json.dumps(reasons)})
        moved = cursor.fetchone() is not None
    if moved:
        follow_link(source, old, new, alone=True)
    return moved


def ask(source: int, pairs: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Put pairs before a human, each with its evidence; one that was asked about before is not asked again."""
    with connection.cursor() as cursor:
        cursor.execute(ASK, {"source": source, "others": [o for o, _ in pairs], "reasons": [json.dumps(r) for _, r in pairs]})


def move(source: SourcePatient, person_id: UUID, *, by: str, reasons: Iterable[str]) -> None:
    """Put a source patient at a person. Nothing is copied or lost: what was decided about the old person follows."""
    old = source.person_id
    if old == person_id:
        return
    Person.objects.select_for_update().filter(pk__in=sorted([old, person_id])).order_by("pk").count()
    alone = not SourcePatient.objects.filter(person_id=old).exclude(pk=source.pk).exists()
    source.person_id = person_id
    source.decided_by = by
    source.save(update_fields=["person", "decided_by", "updated_at"])
    LinkEvent.objects.create(source=source, before=old, after=person_id, by=by, reasons=list(reasons))
    follow_link(source.pk, old, person_id, alone=alone)


def concerning(acting: Principal, *sides: str) -> Q:
    """What a clerk may see and decide: registrations of his own hospital, unless he is enrolled for the whole alliance."""
    if acting.alliance_wide:
        return Q()
    own = Q(pk__in=[])
    for side in sides:
        own |= Q(**{f"{side}__hospital_id": acting.hospital_id})
    return own


def check(acting: Principal, *sources: SourcePatient) -> str:
    if not acting.may(Permission.LINK_REVIEW):
        raise Forbidden("role", "This role does not decide who is the same patient.")
    if not acting.alliance_wide and acting.hospital_id not in {s.hospital_id for s in sources}:
        raise Forbidden("object", "This does not concern a patient of your hospital.")
    return f"staff/{acting.id}"


@transaction.atomic
def do_link(source_id: int, other_id: int, *, acting: Principal) -> None:
    """The two source patients are one person: the younger row moves to the older one's person."""
    one, two = SourcePatient.objects.select_for_update().filter(pk__in=[source_id, other_id]).order_by("pk")
    by = check(acting, one, two)
    move(two, one.person_id, by=by, reasons=["human"])
    append(Event.of(acting, EventCode.PERSON_LINK, person=one.person_id, target=f"source/{two.pk}"))


@transaction.atomic
def do_unlink(source_id: int, *, acting: Principal) -> UUID:
    """A source patient gets a person of his own; returns its id. Open decisions stay with a human from now on."""
    source = SourcePatient.objects.select_for_update().get(pk=source_id)
    by = check(acting, *SourcePatient.objects.filter(person_id=source.person_id))
    person = Person.objects.create()
    old = source.person_id
    for other in SourcePatient.objects.filter(person_id=old).exclude(pk=source.pk):
        one, two = sorted((source, other), key=lambda s: s.pk)
        Review.objects.update_or_create(one=one, two=two, defaults={
            "state": Review.State.DIFFERENT, "decided_at": timezone.now(), "decided_by_id": int(acting.id), "reasons": ["human"]})
    move(source, person.pk, by=by, reasons=["human"])
    append(Event.of(acting, EventCode.PERSON_UNLINK, person=old, target=f"source/{source.pk}"))
    return person.pk


@transaction.atomic
def do_decide_review(review_id: int, *, same: bool, acting: Principal) -> None:
    """A human's verdict on an open pair."""
    review = Review.objects.select_for_update().select_related("one", "two").get(pk=review_id)
    check(acting, review.one, review.two)
    if review.state != Review.State.OPEN:
        raise Forbidden("decided", "Somebody has decided this pair in the meantime.")
    review.state = Review.State.SAME if same else Review.State.DIFFERENT
    review.decided_at, review.decided_by_id = timezone.now(), int(acting.id)
    review.save()
    append(Event.of(acting, EventCode.LINK_REVIEW, target=f"review/{review.pk}", detail=review.state))
    if same:
        do_link(review.one_id, review.two_id, acting=acting)
