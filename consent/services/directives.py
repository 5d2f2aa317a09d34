"""Record and withdraw a patient's directives; effective with the next statement that asks the gate."""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, Purpose
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import Directive, Relationship
from consent.terms import Source

NOBODY = UUID(int=0)  # the home of nobody: only the registrations that it covers tell for whom a directive holds


def homes(person: UUID, sources: tuple[Source, ...]) -> list[UUID]:
    """Where what was said of him lies: the homes of all his registrations."""
    return [s.home for s in sources] or [person]


def of(person: UUID, sources: tuple[Source, ...]) -> QuerySet[Directive]:
    """All directives that hold, or held, for the person: his own, and denials that protect one of his registrations."""
    return Directive.objects.filter(Q(person__in=homes(person, sources)) | Q(effect=Directive.Effect.DENY, covers__overlap=[s.id for s in sources]))


def check(acting: Principal, person: UUID, sources: tuple[Source, ...]) -> None:
    """Only staff of a hospital that knows the patient may speak for him."""
    now = timezone.now()
    if not acting.may(Permission.CONSENT_RECORD):
        raise Forbidden("role", "This role does not record consent.")
    known = any(s.hospital_id == acting.hospital_id for s in sources) or Relationship.objects.filter(
        person__in=homes(person, sources), hospital_id=acting.hospital_id, starts_at__lte=now, ends_at__gt=now).exists()
    if not known:
        raise Forbidden("no_relationship", "Your hospital has no record of this patient and has not declared to treat him.")


@transaction.atomic
def do_record_directive(
    person: UUID, *, effect: str, recipient_id: int | None, source_id: int | None, sensitive: bool, method: str,
    evidence: str, valid_until: dt.datetime | None, sources: tuple[Source, ...], acting: Principal,
) -> Directive:
    check(acting, person, sources)
    directive = Directive.objects.create(
        person=homes(person, sources)[0], covers=[s.id for s in sources], effect=effect, recipient_id=recipient_id, source_id=source_id, sensitive=sensitive, method=method,
        evidence=evidence, valid_from=timezone.now(), valid_until=valid_until, recorded_by_id=int(acting.id),
    )
    append(Event.of(acting, EventCode.CONSENT_RECORD, person=person, target=f"directive/{directive.pk}", detail=effect,
                    purpose=Purpose.PATIENT.value))
    return directive


@transaction.atomic
def do_withdraw_directive(directive_id: int, person: UUID, *, sources: tuple[Source, ...], acting: Principal) -> None:
    """Withdrawing is as easy as giving (PIPL 15). Withdrawing twice changes nothing. A denial that also protects registrations of which the index
    says by now that they are another person's stays with these: one human does not withdraw another's."""
    check(acting, person, sources)
    directive = of(person, sources).select_for_update().get(pk=directive_id)
    if directive.withdrawn_at is None:
        directive.withdrawn_at = timezone.now()
        directive.withdrawn_by_id = int(acting.id)
        directive.save(update_fields=["withdrawn_at", "withdrawn_by"])
        others = sorted(set(directive.covers) - {s.id for s in sources})
        if directive.effect == Directive.Effect.DENY and others:
            kept = Directive.objects.create(
                person=NOBODY, covers=others, effect=directive.effect, recipient_id=directive.recipient_id, source_id=directive.source_id, sensitive=directive.sensitive,
                method=directive.method, evidence=directive.evidence, valid_from=directive.valid_from, valid_until=directive.valid_until, recorded_by_id=int(acting.id))
            append(Event.of(acting, EventCode.CONSENT_RECORD, target=f"directive/{kept.pk}", detail=f"deny, kept of directive/{directive.pk} for others", purpose=Purpose.PATIENT.value))
    append(Event.of(acting, EventCode.CONSENT_WITHDRAW, person=person, target=f"directive/{directive.pk}",
                    purpose=Purpose.PATIENT.value))
