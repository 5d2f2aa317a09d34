"""Whether a hospital and a patient are tied, as the gate sees it: for those who speak for the
patient or stand behind what another hospital says.
"""

from uuid import UUID

from alliance.auth.principal import Principal
from alliance.roles import Permission, Role
from consent import facts
from consent.audit.event import EventCode
from consent.strength import Strength
from consent.terms import AccessRequest, Facts, Source


def load_facts_at_hospital(
    hospital_id: int, person: UUID, sources: tuple[Source, ...], staff: int = 0
) -> Facts:
    """What the gate knows about the patient for one of the hospital; staff 0: for its systems."""
    code = next((s.hospital for s in sources if s.hospital_id == hospital_id), "")
    viewer = Principal(
        "staff" if staff else "client", str(staff), hospital_id, code, Role.CLINICIAN
    )
    return facts.load_facts(
        AccessRequest(
            viewer,
            Permission.RECORD_READ,
            EventCode.CONFIRMATION_READ,
            "tie",
            person=person,
            sources=sources,
            all_sources=sources,
        )
    )


def is_tied(hospital_id: int, person: UUID, sources: tuple[Source, ...]) -> bool:
    """Whether the hospital has a registration of the patient, and others stand fully behind it."""
    return (
        any(s.hospital_id == hospital_id for s in sources)
        and load_facts_at_hospital(hospital_id, person, sources).tie is Strength.FULL
    )
