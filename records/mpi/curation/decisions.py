"""Carry out what a curator decides: link, split, call different, confirm, correct a number, undo.
Each is one decision in one transaction: its claims are recorded, the index follows from all claims
that stand (records/mpi/index/claim_graph.py), and the audit log has a line.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Permission
from consent.services.tie_confirmations import do_agree_on_tie
from records.models import Decision, Review, SourcePatient
from records.mpi.curation import risk
from records.mpi.curation.decision_record import (
    Kind,
    Verb,
    audit_decision,
    record_decision,
    set_decision_stands,
)
from records.mpi.curation.decision_rights import (
    Undecidable,
    check_joining,
    check_may_decide,
    check_parting,
    is_join_agreed,
)
from records.mpi.index import claim_graph, source_patients
from records.mpi.index.claim_settlement import (
    apply_decision,
    claimed_registrations,
    load_affected,
    lock_decisions,
)
from records.mpi.index.number_correction import NumberCorrection, reindex_numbers

STAYING, LEAVING = UUID(int=0), UUID(int=1)  # who stays and who leaves, before they have ids


@transaction.atomic
def do_join_persons(
    one_id: int,
    two_id: int,
    *,
    verb: Verb = Verb.LINK,
    acting: Principal,
    others: Sequence[Principal] = (),
    reasons: Sequence[str] = (),
    note: str = "",
) -> Decision:
    """Two registrations, and all that is linked with them, are one person; what was called
    different between the two persons is overruled. others: curators who agree: the ties of two
    hospitals to the patient are confirmed by it. Raises Undecidable where it takes one more
    (agreement.py).
    """
    lock_decisions()
    check_may_decide(acting, {one_id, two_id})
    affected = load_affected({one_id, two_id})
    if not is_join_agreed([acting, *others], one_id, two_id, affected):
        raise Undecidable(
            "second", "A curator of the other hospital has to agree before anything is joined."
        )
    sides = [set(affected.registrations_of(affected.persons[i])) for i in (one_id, two_id)]
    pairs = sorted(
        {(min(one_id, two_id), max(one_id, two_id)), *risk.pairs_called_different(affected, *sides)}
    )
    decision = record_decision(
        verb, [(Kind.SAME, *p, None) for p in pairs], acting=acting, reasons=reasons, note=note
    )
    confirm_ties(decision, one_id, [acting, *others])
    return decision


def confirm_ties(decision: Decision, source_patient_id: int, curators: Sequence[Principal]) -> None:
    """Of the hospitals whose curators have agreed on who the patient is; one hospital alone
    confirms nothing.
    """
    agreeing = [c for c in curators if c.may(Permission.LINK_REVIEW) and c.vouched]
    if len({c.hospital_id for c in agreeing}) > 1:
        person_id = SourcePatient.objects.values_list("person_id", flat=True).get(
            pk=source_patient_id
        )
        do_agree_on_tie(
            person_id,
            agreeing,
            evidence=f"decision/{decision.pk}",
            sources=source_patients.sources_of_person(person_id),
        )


@transaction.atomic
def do_call_different(
    one_id: int, two_id: int, *, acting: Principal, reasons: Sequence[str] = (), note: str = ""
) -> Decision:
    """Two registrations of two persons are two_id: no rule joins these from now on, and nothing
    else is asked about the two.
    """
    lock_decisions()
    check_may_decide(acting, {one_id, two_id})
    affected = load_affected({one_id, two_id})
    sides = [affected.registrations_of(affected.persons[i]) for i in (one_id, two_id)]
    if affected.persons[one_id] == affected.persons[two_id]:
        return do_split_person([max(one_id, two_id)], acting=acting, note=note)
    reviewed = Review.objects.filter(
        Q(one__in=sides[0], two__in=sides[1]) | Q(one__in=sides[1], two__in=sides[0]),
        state=Review.State.OPEN,
    ).values_list("one_id", "two_id")
    pairs = sorted({(min(one_id, two_id), max(one_id, two_id)), *reviewed})
    return record_decision(
        Verb.DIFFERENT,
        [(Kind.DIFFERENT, *p, None) for p in pairs],
        acting=acting,
        reasons=reasons,
        note=note,
    )


@transaction.atomic
def do_split_person(leaving: Collection[int], *, acting: Principal, note: str = "") -> Decision:
    """Some registrations of a person are another person; both sides stay together. What was
    decided about the person before holds for both where it protects (docs/adr/0018).
    """
    lock_decisions()
    affected = load_affected(leaving)
    persons = {affected.persons[i] for i in leaving if i in affected.persons}
    if len(persons) != 1 or not set(leaving) <= affected.persons.keys():
        raise Undecidable("several", "Choose registrations of one person.")
    members = affected.registrations_of(persons.pop())
    check_may_decide(acting, members)
    if set(members) == set(leaving):
        raise Undecidable("all", "Leave at least one registration with the person.")
    check_parting(
        dict.fromkeys(members, STAYING),
        {i: LEAVING if i in leaving else STAYING for i in members},
        acting,
    )
    apart, together, held = claim_graph.plan_split(members, frozenset(leaving), affected.claims)
    claims = [
        *((Kind.DIFFERENT, *p, None) for p in apart),
        *((Kind.SAME, *p, None) for p in together),
        *((Kind.APART, *p, None) for p in held),
    ]
    return record_decision(Verb.SPLIT, claims, acting=acting, reasons=["human"], note=note)


@transaction.atomic
def do_confirm_card(source_patient_id: int, *, acting: Principal, note: str = "") -> Decision:
    """Somebody has seen the patient's card, and it says what the registration says: its words
    count before others'.
    """
    lock_decisions()
    check_may_decide(acting, {source_patient_id}, all_own=True)
    return record_decision(
        Verb.CONFIRM,
        [(Kind.CONFIRMED, source_patient_id, None, None)],
        acting=acting,
        reasons=["human"],
        note=note,
    )


@transaction.atomic
def do_correct_number(
    source_patient_id: int, right_number: str, *, acting: Principal, note: str = ""
) -> Decision:
    """The registration's citizen number is not the patient's: it is `right_number`, or none ("")
    where it is unknown. What the hospital sent stays as it is; the index compares and finds by the
    right one, as long as the hospital sends the wrong one. Raises NotANumber.
    """
    lock_decisions()
    check_may_decide(acting, {source_patient_id}, all_own=True)
    if not SourcePatient.objects.filter(pk=source_patient_id, words__isnull=False).exists():
        raise Undecidable("unregistered", "The hospital has not sent this Patient yet.")
    correction = NumberCorrection.from_registration(source_patient_id, right_number)
    decision = record_decision(
        Verb.CORRECT,
        [(Kind.NUMBER, source_patient_id, None, correction.encrypt(source_patient_id))],
        acting=acting,
        reasons=["human"],
        note=note,
    )
    reindex_numbers(source_patient_id)
    return decision


@transaction.atomic
def do_undo_decision(decision_id: int, *, acting: Principal, note: str) -> Decision:
    """As if the decision had not been made, or undone: what was decided independently of it
    stays. It is a decision itself; note says why. What this parts or joins again has to be the
    curator's to say. Raises Undecidable where it is not, where somebody has undone it already, or
    without a note.
    """
    if not note.strip():
        raise Undecidable("reason", "Say why it is undone.")
    lock_decisions()
    decision = Decision.objects.select_for_update().get(pk=decision_id)
    if decision.undone_by_id is not None:
        raise Undecidable("undone", "Somebody has undone this in the meantime.")
    original = decision
    while original.undoes is not None:
        original = original.undoes
    source_patient_ids, pairs = claimed_registrations(original)
    check_may_decide(acting, source_patient_ids)
    if original.verb == Verb.RULES and not acting.alliance_wide:
        raise Forbidden(
            "object",
            "New rules concern the whole alliance: a curator for the whole alliance undoes them.",
        )
    affected = load_affected(source_patient_ids)
    undo = Decision.objects.create(
        verb=Verb.UNDO, by=f"staff/{acting.id}", reasons=["human"], note=note[:200], undoes=decision
    )
    set_decision_stands(decision, False, undo)
    apply_decision(undo, source_patient_ids, pairs, affected, acting)
    if original.verb != Verb.RULES:
        persons_now = affected.persons | {i: UUID(after) for i, _, after in undo.moved}
        check_parting(affected.persons, persons_now, acting)
        check_joining(affected.persons, persons_now, decision, acting)
    if original.verb == Verb.CORRECT:
        for source_patient_id in source_patient_ids:
            reindex_numbers(source_patient_id)
    audit_decision(undo, {affected.persons[i] for i in source_patient_ids}, acting)
    return undo
