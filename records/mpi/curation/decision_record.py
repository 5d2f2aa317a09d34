"""Record a curator's decision with its claims, and its line in the audit log; read the history of
decisions.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import Q

from alliance.auth.principal import Principal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.models import Claim, Decision
from records.mpi.curation.decision_rights import Undecidable
from records.mpi.index.claim_settlement import apply_decision, load_affected

Verb, Kind = Decision.Verb, Claim.Kind

MAX_CLAIMED_PAIRS = 5000  # pairs that one decision speaks of

EVENT_BY_VERB = {
    Verb.LINK: EventCode.PERSON_LINK,
    Verb.MERGE: EventCode.PERSON_MERGE,
    Verb.SPLIT: EventCode.PERSON_SPLIT,
    Verb.DIFFERENT: EventCode.PERSON_DIFFER,
    Verb.IDENTIFY: EventCode.PERSON_IDENTIFY,
    Verb.CONFIRM: EventCode.PERSON_CONFIRM,
    Verb.CORRECT: EventCode.PERSON_CORRECT,
    Verb.UNDO: EventCode.DECISION_UNDO,
}


def record_decision(
    verb: Verb,
    claims: Sequence[tuple[Kind, int, int | None, bytes | None]],
    *,
    acting: Principal,
    reasons: Sequence[str] = (),
    note: str = "",
) -> Decision:
    """A new decision with its claims, and the index as it is with it. The caller holds `alone`
    and has checked.
    """
    if len(claims) > MAX_CLAIMED_PAIRS:
        raise Undecidable(
            "too_many", "This speaks of too many registrations: decide in smaller steps."
        )
    source_patient_ids = {
        i for _, one_id, two_id, _ in claims for i in (one_id, two_id) if i is not None
    }
    affected = load_affected(source_patient_ids)
    decision = Decision.objects.create(
        verb=verb, by=f"staff/{acting.id}", reasons=list(reasons), note=note[:200]
    )
    Claim.objects.bulk_create(
        [
            Claim(decision=decision, kind=kind, one_id=one_id, two_id=two_id, value=value)
            for kind, one_id, two_id, value in claims
        ]
    )
    apply_decision(
        decision,
        source_patient_ids,
        [(one_id, two_id) for _, one_id, two_id, _ in claims if two_id is not None],
        affected,
        acting,
    )
    audit_decision(decision, {affected.persons[i] for i in source_patient_ids}, acting)
    return decision


def audit_decision(decision: Decision, persons: Collection[UUID], acting: Principal) -> None:
    """The line in the audit log: about those whom the decision speaks of, and those who lost or
    won a registration by it.
    """
    detail = [f"{len(decision.moved)} moved"] if decision.moved else []
    detail += [decision.note] if decision.verb == Verb.UNDO else []
    persons_told = {*persons, *(UUID(p) for _, *both in decision.moved for p in both)}
    append_event(
        AuditEvent.from_principal(
            acting,
            EVENT_BY_VERB[Verb(decision.verb)],
            persons=tuple(sorted(persons_told)),
            target=f"decision/{decision.pk}",
            detail=" · ".join(detail),
        )
    )


def set_decision_stands(decision: Decision, stands: bool, undo: Decision) -> None:
    """Mark a decision as standing or undone. Undoing an undo reactivates the decision it undid."""
    decision.undone_by = None if stands else undo
    decision.save(update_fields=["undone_by"])
    if decision.undoes is not None:
        set_decision_stands(decision.undoes, not stands, decision)


def decision_history(source_patient_ids: Collection[int]) -> list[Decision]:
    """All decisions that speak of these registrations, the newest first, undoings with them."""
    decision_ids = set(
        Claim.objects.filter(
            Q(one__in=source_patient_ids) | Q(two__in=source_patient_ids)
        ).values_list("decision_id", flat=True)
    )
    newly_found: set[int] = decision_ids
    while newly_found:
        newly_found = (
            set(Decision.objects.filter(undoes__in=newly_found).values_list("pk", flat=True))
            - decision_ids
        )
        decision_ids = decision_ids | newly_found
    return list(
        Decision.objects.filter(pk__in=decision_ids).select_related("undoes").order_by("-pk")
    )
