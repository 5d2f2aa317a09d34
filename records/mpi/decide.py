"""The verbs of humans: link, split, call different, confirm, correct a number, undo. Each is one decision in one transaction: what it claims is written
down, the index follows from all claims that stand (graph.py), and the audit log has a line."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from records.models import Claim, Decision, Review, SourcePatient
from records.mpi import graph, risk
from records.mpi.correction import Correction, renumber
from records.mpi.settle import alone, around, claims_of, settle

Verb, Kind = Decision.Verb, Claim.Kind
MOST = 5000  # pairs that one decision speaks of
EVENT = {
    Verb.LINK: EventCode.PERSON_LINK, Verb.MERGE: EventCode.PERSON_MERGE, Verb.SPLIT: EventCode.PERSON_SPLIT, Verb.DIFFERENT: EventCode.PERSON_DIFFER,
    Verb.IDENTIFY: EventCode.PERSON_IDENTIFY, Verb.CONFIRM: EventCode.PERSON_CONFIRM, Verb.CORRECT: EventCode.PERSON_CORRECT, Verb.UNDO: EventCode.DECISION_UNDO,
}


class Undecidable(Forbidden):
    """The decision cannot be made as things are; the message says why."""


def concerning(acting: Principal, *sides: str) -> Q:
    """What a clerk may see and decide: registrations of his own hospital, unless he is enrolled for the whole alliance."""
    if acting.alliance_wide:
        return Q()
    own = Q(pk__in=[])
    for side in sides:
        own |= Q(**{f"{side}__hospital_id": acting.hospital_id})
    return own


def check(acting: Principal, sources: Collection[int], every: bool = False) -> None:
    """every: all of them must be the clerk's own hospital's; else one of them. Raises Forbidden."""
    if not acting.may(Permission.LINK_REVIEW):
        raise Forbidden("role", "This role does not decide who is the same patient.")
    hospitals = set(SourcePatient.objects.filter(pk__in=sources).values_list("hospital_id", flat=True))
    if not acting.alliance_wide and (hospitals != {acting.hospital_id} if every else acting.hospital_id not in hospitals):
        raise Forbidden("object", "This does not concern a patient of your hospital.")


def made(verb: Verb, claims: Sequence[tuple[Kind, int, int | None, bytes | None]], *, acting: Principal, reasons: Sequence[str] = (), note: str = "") -> Decision:
    """A new decision with its claims, and the index as it is with it. The caller holds `alone` and has checked."""
    if len(claims) > MOST:
        raise Undecidable("too_many", "This speaks of too many registrations: decide in smaller steps.")
    touched = {i for _, one, two, _ in claims for i in (one, two) if i is not None}
    found = around(touched)
    decision = Decision.objects.create(verb=verb, by=f"staff/{acting.id}", reasons=list(reasons), note=note[:200])
    Claim.objects.bulk_create([Claim(decision=decision, kind=kind, one_id=one, two_id=two, value=value) for kind, one, two, value in claims])
    settle(decision, touched, [(one, two) for _, one, two, _ in claims if two is not None], found)
    written(decision, found.persons[min(touched)], acting)
    return decision


def written(decision: Decision, person: UUID, acting: Principal) -> None:
    moved = "" if not decision.moved else f"{len(decision.moved)} moved"
    append(Event.of(acting, EVENT[Verb(decision.verb)], person=person, target=f"decision/{decision.pk}", detail=moved))


@transaction.atomic
def do_join(one: int, two: int, *, verb: Verb = Verb.LINK, acting: Principal, reasons: Sequence[str] = (), note: str = "") -> Decision:
    """Two registrations, and all that is linked with them, are one person; what was called different between the two persons is overruled."""
    alone()
    check(acting, {one, two})
    found = around({one, two})
    sides = [set(found.of(found.persons[i])) for i in (one, two)]
    pairs = sorted({(min(one, two), max(one, two)), *risk.apart(found, *sides)})
    return made(verb, [(Kind.SAME, *p, None) for p in pairs], acting=acting, reasons=reasons, note=note)


@transaction.atomic
def do_differ(one: int, two: int, *, acting: Principal, reasons: Sequence[str] = (), note: str = "") -> Decision:
    """Two registrations of two persons are two: no rule joins these from now on, and nothing else is asked about the two."""
    alone()
    check(acting, {one, two})
    found = around({one, two})
    sides = [found.of(found.persons[i]) for i in (one, two)]
    if found.persons[one] == found.persons[two]:
        return do_split([max(one, two)], acting=acting, note=note)
    asked = Review.objects.filter(Q(one__in=sides[0], two__in=sides[1]) | Q(one__in=sides[1], two__in=sides[0]), state=Review.State.OPEN).values_list("one_id", "two_id")
    pairs = sorted({(min(one, two), max(one, two)), *asked})
    return made(Verb.DIFFERENT, [(Kind.DIFFERENT, *p, None) for p in pairs], acting=acting, reasons=reasons, note=note)


@transaction.atomic
def do_split(leaving: Collection[int], *, acting: Principal, note: str = "") -> Decision:
    """Some registrations of a person are another person; both sides stay together. What was decided about the person before holds for
    both where it protects (docs/adr/0018)."""
    alone()
    found = around(leaving)
    persons = {found.persons[i] for i in leaving if i in found.persons}
    if len(persons) != 1 or not set(leaving) <= found.persons.keys():
        raise Undecidable("several", "Choose registrations of one person.")
    whole = found.of(persons.pop())
    check(acting, whole)
    if set(whole) == set(leaving):
        raise Undecidable("all", "Leave at least one registration with the person.")
    apart, together, held = graph.parting(whole, frozenset(leaving), found.said)
    claims = [*((Kind.DIFFERENT, *p, None) for p in apart), *((Kind.SAME, *p, None) for p in together), *((Kind.APART, *p, None) for p in held)]
    return made(Verb.SPLIT, claims, acting=acting, reasons=["human"], note=note)


@transaction.atomic
def do_confirm(source: int, *, acting: Principal, note: str = "") -> Decision:
    """Somebody has seen the patient's card, and it says what the registration says: its words count before others'."""
    alone()
    check(acting, {source}, every=True)
    return made(Verb.CONFIRM, [(Kind.CONFIRMED, source, None, None)], acting=acting, reasons=["human"], note=note)


@transaction.atomic
def do_correct(source: int, right: str, *, acting: Principal, note: str = "") -> Decision:
    """The registration's citizen number is not the patient's: it is `right`, or none ("") where it is unknown. What the hospital sent stays as it is;
    the index compares and finds by the right one, as long as the hospital sends the wrong one. Raises NotANumber."""
    alone()
    check(acting, {source}, every=True)
    if not SourcePatient.objects.filter(pk=source, words__isnull=False).exists():
        raise Undecidable("unregistered", "The hospital has not sent this Patient yet.")
    correction = Correction.of(source, right)
    decision = made(Verb.CORRECT, [(Kind.NUMBER, source, None, correction.sealed(source))], acting=acting, reasons=["human"], note=note)
    renumber(source)
    return decision


@transaction.atomic
def do_undo(decision_id: int, *, acting: Principal, note: str = "") -> Decision:
    """As if the decision had not been made, or undone: what was decided independently of it stays. It is a decision itself. Raises
    Undecidable where somebody has undone it already."""
    alone()
    decision = Decision.objects.select_for_update().get(pk=decision_id)
    if decision.undone_by_id is not None:
        raise Undecidable("undone", "Somebody has undone this in the meantime.")
    first = decision
    while first.undoes is not None:
        first = first.undoes
    touched, pairs = claims_of(first)
    check(acting, touched)
    if first.verb == Verb.RULES and not acting.alliance_wide:
        raise Forbidden("object", "New rules concern the whole alliance: a curator for the whole alliance undoes them.")
    found = around(touched)
    undo = Decision.objects.create(verb=Verb.UNDO, by=f"staff/{acting.id}", reasons=["human"], note=note[:200], undoes=decision)
    stand(decision, False, undo)
    settle(undo, touched, pairs, found)
    if first.verb == Verb.CORRECT:
        for source in touched:
            renumber(source)
    written(undo, found.persons[min(touched)], acting)
    return undo


def stand(decision: Decision, stands: bool, by: Decision) -> None:
    """An undone undo makes what it undid stand again."""
    decision.undone_by = None if stands else by
    decision.save(update_fields=["undone_by"])
    if decision.undoes is not None:
        stand(decision.undoes, not stands, decision)


def history(sources: Collection[int]) -> list[Decision]:
    """All decisions that speak of these registrations, the newest first, undoings with them."""
    own = set(Claim.objects.filter(Q(one__in=sources) | Q(two__in=sources)).values_list("decision_id", flat=True))
    fresh: set[int] = own
    while fresh:
        fresh = set(Decision.objects.filter(undoes__in=fresh).values_list("pk", flat=True)) - own
        own = own | fresh
    return list(Decision.objects.filter(pk__in=own).select_related("undoes").order_by("-pk"))

