"""What a patient's decisions say of emergencies, for a clinician who may not open the record:
whether emergency access is open to them, or whom to call.
"""

from dataclasses import dataclass
from uuid import UUID

from alliance.auth.principal import Principal, principal_from_staff
from alliance.models import Staff
from alliance.roles import Role
from consent import facts
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.decide import can_break_glass
from consent.memberships import find_staff_in_groups
from consent.provision import find_named_groups, find_named_staff
from consent.terms import AccessRequest, Facts
from records.requests.fhir_request import ALLIANCE_BASE, build_fhir_request, request_person_access

MAX_COLLEAGUES = 50  # colleagues who are looked at


@dataclass(frozen=True, slots=True)
class BreakGlassOptions:
    """may: whether the decisions let the clinician break the glass; None where none speaks of
    emergencies. colleagues: of the same hospital, whom they let.
    """

    may: bool | None = None
    colleagues: tuple[Staff, ...] = ()

    @property
    def barred(self) -> bool:
        return self.may is False


def load_emergency_facts(acting: Principal, person: UUID) -> tuple[AccessRequest, Facts]:
    request = request_person_access(
        build_fhir_request(acting, ALLIANCE_BASE, "/fhir"),
        EventCode.CONSENT_READ,
        "emergency",
        person,
    )
    return request, facts.load_facts(request)


def find_break_glass_options(person: UUID, acting: Principal) -> BreakGlassOptions:
    """Colleagues are named and nobody else: of which other hospitals the others are, would tell
    who knows the patient.
    """
    request, known = load_emergency_facts(acting, person)
    may = can_break_glass(request, known)
    if may is not False:
        return BreakGlassOptions(may)
    numbers = {n for c in known.consents for n in find_named_staff(c.rule)} | find_staff_in_groups(
        {g for c in known.consents for g in find_named_groups(c.rule)}
    )
    found = (
        Staff.objects.filter(pk__in=numbers, hospital_id=acting.hospital_id, role=Role.CLINICIAN)
        .select_related("hospital")
        .order_by("pk")[:MAX_COLLEAGUES]
    )
    return BreakGlassOptions(
        may,
        tuple(
            s
            for s in found
            if s.active and can_break_glass(*load_emergency_facts(principal_from_staff(s), person))
        ),
    )


def audit_barred_emergency(person: UUID, acting: Principal) -> None:
    """That somebody wanted to break the glass against the patient's decision stands in the log."""
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.EMERGENCY_OPEN,
            person=person,
            outcome=AuditOutcome.REFUSED,
            reason="patient_denied",
        )
    )
