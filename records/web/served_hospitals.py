"""What a privacy officer's lists show and write down of the hospitals that they serve: their own,
and those for which they are appointed (docs/adr/0051).
"""

from collections.abc import Iterable
from uuid import UUID

from alliance.auth.principal import Principal, act_for_hospital, hospitals_served
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.mpi.index import patient_search
from records.mpi.index.patient_search import DisplayedPerson


def show_person(person: UUID, acting: Principal) -> DisplayedPerson | None:
    """One person as an officer of the hospitals that the acting one serves sees them."""
    return patient_search.displayed_person(person, *hospitals_served(acting))


def append_list_events(
    acting: Principal, code: EventCode, target: str, shown: Iterable[tuple[int | None, UUID]]
) -> None:
    """Write down whom a list has shown, in a line of each hospital that the officer serves. shown:
    (hospital whose matter it is, person); what is no matter of one of these stands in the line of
    their own.
    """
    officers = {h: act_for_hospital(acting, h) for h in sorted(hospitals_served(acting))}
    persons: dict[int, set[UUID]] = {h: set() for h in officers}
    for hospital, person in shown:
        persons[hospital if hospital in persons else acting.hospital_id].add(person)
    for hospital, officer in officers.items():
        seen = sorted(persons[hospital])
        append_event(
            AuditEvent.from_principal(
                officer,
                code,
                target=target,
                persons=tuple(seen),
                refs=tuple(f"person/{p}" for p in seen),
            )
        )
