"""Query a patient's directives, and check who may record or see one."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import (
    Principal,
    Purpose,
    act_for_hospital,
    hospitals_served,
)
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import Directive, Relationship
from consent.services.ties import load_facts_at_hospital
from consent.strength import (
    Strength,
)
from consent.terms import Source


def home_person_ids(person: UUID, sources: tuple[Source, ...]) -> list[UUID]:
    """The person ids under which statements about the patient are stored: the homes of all their
    registrations.
    """
    return [s.home for s in sources] or [person]


def query_directives(person: UUID, sources: tuple[Source, ...]) -> QuerySet[Directive]:
    """All directives that hold, or held, for the person: their own, and denials that protect one
    of their registrations.
    """
    return Directive.objects.filter(
        Q(person__in=home_person_ids(person, sources))
        | Q(denies=True, covers__overlap=[s.id for s in sources])
    )


def is_known_at_hospital(acting: Principal, person: UUID, sources: tuple[Source, ...]) -> bool:
    """Whether the hospital has a registration of the patient, or treats them now."""
    now = timezone.now()
    return (
        any(s.hospital_id == acting.hospital_id for s in sources)
        or Relationship.objects.filter(
            person__in=home_person_ids(person, sources),
            hospital_id=acting.hospital_id,
            starts_at__lte=now,
            ends_at__gt=now,
        ).exists()
    )


def find_officer_of_patient(
    acting: Principal, person: UUID, sources: tuple[Source, ...]
) -> Principal | None:
    """The privacy officer as one of a hospital that they serve and that knows the patient, their
    own first, or of the whole alliance; None where none does.
    """
    if acting.alliance_wide:
        return acting
    served = sorted(hospitals_served(acting), key=lambda h: (h != acting.hospital_id, h))
    officers = (act_for_hospital(acting, h) for h in served)
    return next((o for o in officers if is_known_at_hospital(o, person, sources)), None)


def check_may_record_consent(acting: Principal, person: UUID, sources: tuple[Source, ...]) -> None:
    """Only staff of a hospital that knows the patient may speak for them."""
    if not acting.may(Permission.CONSENT_RECORD):
        raise Forbidden("role", "This role does not record consent.")
    if not acting.vouched:
        raise Forbidden(
            "vouched",
            "Nobody vouches for this account yet: until a privacy officer or auditor does, it"
            " speaks for no patient.",
        )
    if acting.kind == "patient":
        if acting.id not in {str(h) for h in home_person_ids(person, sources)}:
            raise Forbidden("role", "Patients decide for themselves alone.")
        return
    if not is_known_at_hospital(acting, person, sources):
        raise Forbidden(
            "no_relationship",
            "This patient is not registered at your hospital and not being treated there.",
        )


def can_see_paper(
    acting: Principal, directive: Directive, person: UUID, sources: tuple[Source, ...]
) -> bool:
    """A scan shows more than the decision: a signature, a number, an address. Whose paper it is
    sees it, and a hospital behind whose tie somebody else stands.
    """
    own = acting.hospital_id in (directive.hospital_id, directive.verified_where_id)
    return (
        own
        or load_facts_at_hospital(acting.hospital_id, person, sources, int(acting.id)).tie
        is not Strength.NONE
    )


def append_directive_event(
    acting: Principal, code: EventCode, directive: Directive, person: UUID | None, detail: str = ""
) -> None:
    append_event(
        AuditEvent.from_principal(
            acting,
            code,
            person=person,
            target=f"directive/{directive.pk}",
            detail=detail[:200],
            purpose=Purpose.PATIENT.value,
        )
    )
