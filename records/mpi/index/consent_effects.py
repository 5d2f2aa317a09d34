"""What a decision on who is whom does to the patients' own decisions: an audit line for each
whose effect it changes.
"""

from collections.abc import Mapping
from uuid import UUID

from alliance.auth.principal import Principal, Purpose
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import Directive

NOBODY_ID = UUID(int=0)


def audit_consent_effects(
    decision_id: int,
    before: Mapping[int, UUID],
    after: Mapping[int, UUID],
    homes: Mapping[int, UUID],
    acting: Principal,
) -> None:
    """before, after: {registration: its person}. Permits count no more once their registrations
    are parted, and again when they come together (docs/adr/0018).
    """
    if before == after:
        return
    for directive in (
        Directive.objects.filter(person__in=set(homes.values()), withdrawn_at=None)
        .order_by("pk")
        .only("pk", "covers")
    ):
        covered_before, covered_now = (
            covered_registrations(directive.covers, before),
            covered_registrations(directive.covers, after),
        )
        if covered_before != covered_now:
            effect = describe_effect(covered_before, covered_now)
            person = after[min(covered_now or {i for i in directive.covers if i in after})]
            append_event(
                AuditEvent.from_principal(
                    acting,
                    EventCode.CONSENT_SHIFT,
                    person=person,
                    target=f"directive/{directive.pk}",
                    detail=f"{effect} · decision/{decision_id}",
                    purpose=Purpose.PATIENT.value,
                )
            )


def describe_effect(before: frozenset[int] | None, now: frozenset[int] | None) -> str:
    """before, now: registrations that a decision covers, None where they are several persons'."""
    if now is None:
        return "lapses"
    if before is None:
        return "returns"
    if before < now:
        return "extends"
    return "shrinks" if now < before else "moves"


def covered_registrations(covers: list[int], persons: Mapping[int, UUID]) -> frozenset[int] | None:
    """The registrations of the one person whose decision it is; None where those that it covers
    are several persons'.
    """
    persons_covered = {persons.get(i) for i in covers}
    if len(persons_covered) != 1 or persons_covered == {None}:
        return None
    return frozenset(i for i, p in persons.items() if p in persons_covered)
