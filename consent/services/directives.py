"""Record, verify and withdraw a patient's directives; effective with the next statement that asks the gate."""

import base64
import datetime as dt
import hashlib
from typing import Any
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
from consent.provision import denies, read
from consent.terms import Source

NOBODY = UUID(int=0)  # the home of nobody: only the registrations that it covers tell for whom a directive holds


def homes(person: UUID, sources: tuple[Source, ...]) -> list[UUID]:
    """Where what was said of him lies: the homes of all his registrations."""
    return [s.home for s in sources] or [person]


def of(person: UUID, sources: tuple[Source, ...]) -> QuerySet[Directive]:
    """All directives that hold, or held, for the person: his own, and denials that protect one of his registrations."""
    return Directive.objects.filter(Q(person__in=homes(person, sources)) | Q(denies=True, covers__overlap=[s.id for s in sources]))


def check(acting: Principal, person: UUID, sources: tuple[Source, ...]) -> None:
    """Only staff of a hospital that knows the patient may speak for him."""
    now = timezone.now()
    if not acting.may(Permission.CONSENT_RECORD):
        raise Forbidden("role", "This role does not record consent.")
    if acting.kind == "patient":
        if acting.id not in {str(h) for h in homes(person, sources)}:
            raise Forbidden("role", "A patient decides for himself alone.")
        return
    known = any(s.hospital_id == acting.hospital_id for s in sources) or Relationship.objects.filter(
        person__in=homes(person, sources), hospital_id=acting.hospital_id, starts_at__lte=now, ends_at__gt=now).exists()
    if not known:
        raise Forbidden("no_relationship", "Your hospital has no record of this patient and has not declared to treat him.")


def note(acting: Principal, code: EventCode, directive: Directive, person: UUID | None, detail: str = "") -> None:
    append(Event.of(acting, code, person=person, target=f"directive/{directive.pk}", detail=detail[:200], purpose=Purpose.PATIENT.value))


@transaction.atomic
def do_record_directive(
    person: UUID, consent: dict[str, Any], *, method: str, evidence: str, sources: tuple[Source, ...], acting: Principal, template: str = "",
    valid_until: dt.datetime | None = None, image: tuple[bytes, str] | None = None, guardian: str = "", instead: bool = False,
) -> Directive:
    """consent: a FHIR Consent; image: of the signature or of the signed paper, and its type. instead: withdraw in the same moment what he decided before."""
    check(acting, person, sources)
    if instead:
        for old in of(person, sources).filter(withdrawn_at=None, person__in=homes(person, sources)):
            withdraw(old, person, sources, acting)
    now = timezone.now()
    consent = {**consent, **circumstances(now, evidence, guardian, image)}
    staff = int(acting.id) if acting.kind == "staff" else None
    directive = Directive.objects.create(
        person=homes(person, sources)[0], covers=[s.id for s in sources], resource=consent, denies=denies(read(consent, acting.hospital)), template=template,
        hospital_id=acting.hospital_id, method=method, evidence=evidence, image=image and image[0], image_type=image[1] if image else "", guardian=guardian, valid_from=now, valid_until=valid_until,
        recorded_by_id=staff, verified_at=now, verified_by_id=staff)
    note(acting, EventCode.CONSENT_RECORD, directive, person, template or "consent")
    return directive


def circumstances(now: dt.datetime, evidence: str, guardian: str, image: tuple[bytes, str] | None) -> dict[str, Any]:
    """How it was given, as the Consent says it: when, by whom, verified, and where the signed paper or image lies (PIPL 14, 31)."""
    at = now.isoformat(timespec="seconds")
    source: dict[str, Any] = {"title": evidence} if evidence else {}
    if image:  # its digest is what FHIR's Attachment has a place for
        digest = base64.b64encode(hashlib.sha1(image[0], usedforsecurity=False).digest()).decode()
        source |= {"contentType": image[1], "size": len(image[0]), "hash": digest}
    return {
        "dateTime": at, "performer": [{"type": "RelatedPerson", "display": guardian} if guardian else {"type": "Patient"}],
        "verification": [{"verified": True, "verificationDate": at}], **({"sourceAttachment": source} if source else {})}


@transaction.atomic
def do_verify_directive(directive_id: int, person: UUID, *, evidence: str, sources: tuple[Source, ...], acting: Principal, guardian: str = "") -> None:
    """A human has seen the signed paper of a Consent that a system sent: its permits count from now on. guardian: who signed it for a child."""
    check(acting, person, sources)
    directive = of(person, sources).select_for_update().get(pk=directive_id)
    if directive.verified_at is None and directive.withdrawn_at is None:
        directive.verified_at, directive.verified_by_id, directive.evidence = timezone.now(), int(acting.id), evidence
        directive.guardian = guardian
        directive.save(update_fields=["verified_at", "verified_by", "evidence", "guardian"])
        note(acting, EventCode.CONSENT_VERIFY, directive, person)


@transaction.atomic
def do_withdraw_directive(directive_id: int, person: UUID, *, sources: tuple[Source, ...], acting: Principal) -> None:
    """Withdrawing is as easy as giving (PIPL 15). Withdrawing twice changes nothing."""
    check(acting, person, sources)
    withdraw(of(person, sources).select_for_update().get(pk=directive_id), person, sources, acting)


def withdraw(directive: Directive, person: UUID, sources: tuple[Source, ...], acting: Principal) -> None:
    """A denial that also protects registrations of which the index says by now that they are another person's stays with these: one human does
    not withdraw another's."""
    if directive.withdrawn_at is None:
        directive.withdrawn_at = timezone.now()
        directive.withdrawn_by_id = int(acting.id) if acting.kind == "staff" else None
        directive.save(update_fields=["withdrawn_at", "withdrawn_by"])
        others = sorted(set(directive.covers) - {s.id for s in sources})
        if directive.denies and others:
            fields = ("resource", "denies", "template", "hospital_id", "method", "evidence", "image", "image_type", "guardian", "valid_from", "valid_until", "recorded_by_id",
                      "verified_at", "verified_by_id")
            kept = Directive.objects.create(person=NOBODY, covers=others, **{f: getattr(directive, f) for f in fields})
            note(acting, EventCode.CONSENT_RECORD, kept, None, f"kept of directive/{directive.pk} for others")
    note(acting, EventCode.CONSENT_WITHDRAW, directive, person)
