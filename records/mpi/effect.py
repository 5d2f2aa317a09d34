"""What a decision on who is whom does to the patients' own decisions: an audit line for each whose effect it changes."""

from collections.abc import Mapping
from uuid import UUID

from alliance.auth.principal import Principal, Purpose
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import Directive

NOBODY = UUID(int=0)


def write_effects(decision: int, before: Mapping[int, UUID], now: Mapping[int, UUID], homes: Mapping[int, UUID], acting: Principal) -> None:
    """before, now: {registration: its person}. Permits count no more once their registrations are parted, and again when they come together (docs/adr/0018)."""
    if before == now:
        return
    for directive in Directive.objects.filter(person__in=set(homes.values()), withdrawn_at=None).order_by("pk").only("pk", "covers"):
        was, is_now = holds_for(directive.covers, before), holds_for(directive.covers, now)
        if was != is_now:
            what = "lapses" if is_now is None else "returns" if was is None else "extends" if was < is_now else "shrinks" if is_now < was else "moves"
            person = now[min(is_now or {i for i in directive.covers if i in now})]
            append(Event.of(acting, EventCode.CONSENT_SHIFT, person=person, target=f"directive/{directive.pk}", detail=f"{what} · decision/{decision}", purpose=Purpose.PATIENT.value))


def holds_for(covers: list[int], persons: Mapping[int, UUID]) -> frozenset[int] | None:
    """The registrations of the one person whose decision it is; None where those that it covers are several persons'."""
    found = {persons.get(i) for i in covers}
    if len(found) != 1 or found == {None}:
        return None
    return frozenset(i for i, p in persons.items() if p in found)
