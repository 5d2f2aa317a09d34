"""The verbs of humans: link, split, call different, confirm, correct a number, undo. Each is one decision in one transaction: what it claims is written
down, the index follows from all claims that stand (graph.py), and the audit log has a line."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Staff
from alliance.roles import Permission, Role
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.services.confirmations import do_agree_on_tie
from records.models import Claim, Decision, Review, SourcePatient
from records.mpi import graph, risk, sources
from records.mpi.agree import Curator, may_join, may_part
from records.mpi.correction import Correction, renumber
from records.mpi.settle import Around, alone, around, claims_of, settle

Verb, Kind = Decision.Verb, Claim.Kind
NOBODY, LEAVING = UUID(int=0), UUID(int=1)  # who stays and who leaves, before they have ids
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
    if not acting.vouched:
        raise Forbidden("vouched", "Nobody vouches for this account yet: until a privacy officer or auditor does, it decides nothing about patients.")
    hospitals = set(SourcePatient.objects.filter(pk__in=sources).values_list("hospital_id", flat=True))
    if not acting.alliance_wide and (hospitals != {acting.hospital_id} if every else acting.hospital_id not in hospitals):
        raise Forbidden("object", "This does not concern a patient of your hospital.")


def curator(acting: Principal) -> Curator:
    return Curator(int(acting.id), acting.hospital_id, acting.alliance_wide)


def hospitals_of(sources: Collection[int]) -> dict[int, int]:
    """{registration: its hospital}."""
    return dict(SourcePatient.objects.filter(pk__in=sources).values_list("pk", "hospital_id"))


def agreed(curators: Collection[Principal], one: int, two: int, found: Around) -> bool:
    """Whether these are enough to make the persons of two registrations one."""
    sides = [found.of(found.persons[i]) for i in (one, two)]
    hospitals = [set(hospitals_of(side).values()) for side in sides]
    counted = [curator(c) for c in curators if c.may(Permission.LINK_REVIEW) and c.vouched]
    return may_join(counted, *hospitals, unknown=any(risk.nameless(side) == {*side} for side in sides))


def mute(hospitals: Collection[int]) -> set[int]:
    """Those of them that have no curator at present: one for the whole alliance speaks for these."""
    today = timezone.localdate()
    heard = Staff.objects.filter(hospital__in=hospitals, role=Role.CLERK.value, ended_at=None, vouched_at__isnull=False, starts_on__lte=today, ends_on__gte=today)
    return set(hospitals) - set(heard.values_list("hospital_id", flat=True))


def check_parting(before: Mapping[int, UUID], now: Mapping[int, UUID], acting: Principal) -> None:
    """before, now: {registration: its person}. Raises Undecidable where it parts other hospitals' registrations from each other."""
    of = hospitals_of(now)
    groups = {(before[i], now[i], of[i]) for i in now}
    pairs = {(h, k) for b, n, h in groups for c, m, k in groups if b == c and n != m}
    if not may_part(curator(acting), pairs, mute({h for p in pairs for h in p})):
        raise Undecidable("others", "This would part registrations of other hospitals from each other. Say it of your own hospital's registrations alone; a curator of the others decides "
                                    "about theirs.")


def made(verb: Verb, claims: Sequence[tuple[Kind, int, int | None, bytes | None]], *, acting: Principal, reasons: Sequence[str] = (), note: str = "") -> Decision:
    """A new decision with its claims, and the index as it is with it. The caller holds `alone` and has checked."""
    if len(claims) > MOST:
        raise Undecidable("too_many", "This speaks of too many registrations: decide in smaller steps.")
    touched = {i for _, one, two, _ in claims for i in (one, two) if i is not None}
    found = around(touched)
    decision = Decision.objects.create(verb=verb, by=f"staff/{acting.id}", reasons=list(reasons), note=note[:200])
    Claim.objects.bulk_create([Claim(decision=decision, kind=kind, one_id=one, two_id=two, value=value) for kind, one, two, value in claims])
    settle(decision, touched, [(one, two) for _, one, two, _ in claims if two is not None], found, acting)
    written(decision, {found.persons[i] for i in touched}, acting)
    return decision


def written(decision: Decision, persons: Collection[UUID], acting: Principal) -> None:
    """The line in the audit log: about those whom the decision speaks of, and those who lost or won a registration by it."""
    detail = [f"{len(decision.moved)} moved"] if decision.moved else []
    detail += [decision.note] if decision.verb == Verb.UNDO else []
    about = {*persons, *(UUID(p) for _, *both in decision.moved for p in both)}
    append(Event.of(acting, EVENT[Verb(decision.verb)], persons=tuple(sorted(about)), target=f"decision/{decision.pk}", detail=" · ".join(detail)))


@transaction.atomic
def do_join(one: int, two: int, *, verb: Verb = Verb.LINK, acting: Principal, others: Sequence[Principal] = (), reasons: Sequence[str] = (), note: str = "") -> Decision:
    """Two registrations, and all that is linked with them, are one person; what was called different between the two persons is overruled. others: curators
    who agree: the ties of two hospitals to the patient are confirmed by it. Raises Undecidable where it takes one more (agree.py)."""
    alone()
    check(acting, {one, two})
    found = around({one, two})
    if not agreed([acting, *others], one, two, found):
        raise Undecidable("second", "A curator of the other hospital has to agree before anything is joined.")
    sides = [set(found.of(found.persons[i])) for i in (one, two)]
    pairs = sorted({(min(one, two), max(one, two)), *risk.apart(found, *sides)})
    decision = made(verb, [(Kind.SAME, *p, None) for p in pairs], acting=acting, reasons=reasons, note=note)
    confirm_ties(decision, one, [acting, *others])
    return decision


def confirm_ties(decision: Decision, one: int, curators: Sequence[Principal]) -> None:
    """Of the hospitals whose curators have agreed on who the patient is; one hospital alone confirms nothing."""
    counted = [c for c in curators if c.may(Permission.LINK_REVIEW) and c.vouched]
    if len({c.hospital_id for c in counted}) > 1:
        person = SourcePatient.objects.values_list("person_id", flat=True).get(pk=one)
        do_agree_on_tie(person, counted, evidence=f"decision/{decision.pk}", sources=sources.of_person(person))


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
    check_parting(dict.fromkeys(whole, NOBODY), {i: LEAVING if i in leaving else NOBODY for i in whole}, acting)
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
def do_undo(decision_id: int, *, acting: Principal, note: str) -> Decision:
    """As if the decision had not been made, or undone: what was decided independently of it stays. It is a decision itself; note says why. What this parts or
    joins again has to be the curator's to say. Raises Undecidable where it is not, where somebody has undone it already, or without a note."""
    if not note.strip():
        raise Undecidable("reason", "Say why it is undone.")
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
    settle(undo, touched, pairs, found, acting)
    if first.verb != Verb.RULES:
        now = found.persons | {i: UUID(after) for i, _, after in undo.moved}
        check_parting(found.persons, now, acting)
        check_joining(found.persons, now, decision, acting)
    if first.verb == Verb.CORRECT:
        for source in touched:
            renumber(source)
    written(undo, {found.persons[i] for i in touched}, acting)
    return undo


def check_joining(before: Mapping[int, UUID], now: Mapping[int, UUID], undone: Decision, acting: Principal) -> None:
    """What comes together again because a decision is undone: the curator takes back what their own hospital has said, and of each two that meet one is such as they
    could part again (agree.py); or all of it is their own hospital's. Raises Undecidable else: a curator of another hospital has called them two patients, or a
    registration that was linked with others meanwhile would hold two patients of others together."""
    of = hospitals_of(now)
    own = Staff.objects.filter(pk=int(undone.by.removeprefix("staff/")), hospital=acting.hospital_id).exists() if undone.by.startswith("staff/") else False
    groups = {(before[i], now[i], of[i]) for i in now}
    pairs = {(h, k) for b, n, h in groups for c, m, k in groups if b != c and n == m}
    joined = {now[i] for i in now if any(now[j] == now[i] and before[j] != before[i] for j in now)}
    own = own and may_part(curator(acting), pairs, mute({h for p in pairs for h in p}))
    if not own and any(of[i] != acting.hospital_id for i in now if now[i] in joined):
        raise Undecidable("joins", "This would join registrations of several hospitals again, which a curator of another hospital has parted. Propose on the page of registrations "
                                   "that they are one patient: it is joined once a curator of the other hospital agrees.")


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

