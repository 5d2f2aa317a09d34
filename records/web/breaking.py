"""What a patient's decisions say of emergencies, to the clinician who stands before a closed record: breaking the glass is open to them, or whom to call."""

from dataclasses import dataclass
from uuid import UUID

from alliance.auth.principal import Principal, principal_of_staff
from alliance.models import Staff
from alliance.roles import Role
from consent import facts
from consent.audit.append import append
from consent.audit.event import Event, EventCode, Outcome
from consent.decide import may_break
from consent.memberships import staff_of
from consent.provision import groups_named, staff_named
from consent.terms import AccessRequest, Facts
from records.interactions.ask import ALLIANCE, base, person_request

MOST = 50  # colleagues who are looked at


@dataclass(frozen=True, slots=True)
class Breaking:
    """may: whether the decisions let the clinician break the glass; None where none speaks of emergencies. colleagues: of the same hospital, whom they let."""

    may: bool | None = None
    colleagues: tuple[Staff, ...] = ()

    @property
    def barred(self) -> bool:
        return self.may is False


def asked(acting: Principal, person: UUID) -> tuple[AccessRequest, Facts]:
    request = person_request(base(acting, ALLIANCE, "/fhir"), EventCode.CONSENT_READ, "emergency", person)
    return request, facts.load(request)


def breaking(person: UUID, acting: Principal) -> Breaking:
    """Colleagues are named and nobody else: of which other hospitals the others are, would tell who knows the patient."""
    request, known = asked(acting, person)
    may = may_break(request, known)
    if may is not False:
        return Breaking(may)
    numbers = {n for c in known.consents for n in staff_named(c.rule)} | staff_of({g for c in known.consents for g in groups_named(c.rule)})
    found = Staff.objects.filter(pk__in=numbers, hospital_id=acting.hospital_id, role=Role.CLINICIAN).select_related("hospital").order_by("pk")[:MOST]
    return Breaking(may, tuple(s for s in found if s.active and may_break(*asked(principal_of_staff(s), person))))


def note_barred(person: UUID, acting: Principal) -> None:
    """That somebody wanted to break the glass against the patient's decision stands in the log."""
    append(Event.of(acting, EventCode.EMERGENCY_OPEN, person=person, outcome=Outcome.REFUSED, reason="patient_denied"))
