"""Record, verify and withdraw a patient's directives; effective with the next statement that asks the gate."""

import base64
import datetime as dt
import hashlib
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.auth.principal import Principal, Purpose
from alliance.models import Hospital, Staff
from alliance.roles import Permission
from alliance.services.turn import wait_turn
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.compile import opens_by_end
from consent.models import AlliancePolicy, Confirmation, Directive, Relationship
from consent.provision import denies, read, staff_named
from consent.rules.alliance_policy import OPEN
from consent.services.hold import hold
from consent.services.ties import facts_at, is_tied
from consent.strength import HOURS, Fact, Strength, Voice, strength_of, voice_of
from consent.terms import Policy, Source

REPLACED = "replaced"  # the reason of a withdrawal by a new decision; shown in the reader's words
NOBODY = UUID(int=0)  # the home of nobody: only the registrations that it covers tell for whom a directive holds


def homes(person: UUID, sources: tuple[Source, ...]) -> list[UUID]:
    """Where what was said of him lies: the homes of all his registrations."""
    return [s.home for s in sources] or [person]


def of(person: UUID, sources: tuple[Source, ...]) -> QuerySet[Directive]:
    """All directives that hold, or held, for the person: his own, and denials that protect one of his registrations."""
    return Directive.objects.filter(Q(person__in=homes(person, sources)) | Q(denies=True, covers__overlap=[s.id for s in sources]))


def knows(acting: Principal, person: UUID, sources: tuple[Source, ...]) -> bool:
    """Whether the hospital has a registration of the patient, or treats them now."""
    now = timezone.now()
    return any(s.hospital_id == acting.hospital_id for s in sources) or Relationship.objects.filter(
        person__in=homes(person, sources), hospital_id=acting.hospital_id, starts_at__lte=now, ends_at__gt=now).exists()


def check(acting: Principal, person: UUID, sources: tuple[Source, ...]) -> None:
    """Only staff of a hospital that knows the patient may speak for them."""
    if not acting.may(Permission.CONSENT_RECORD):
        raise Forbidden("role", "This role does not record consent.")
    if not acting.vouched:
        raise Forbidden("vouched", "Nobody vouches for this account yet: until a privacy officer or auditor does, it speaks for no patient.")
    if acting.kind == "patient":
        if acting.id not in {str(h) for h in homes(person, sources)}:
            raise Forbidden("role", "Patients decide for themselves alone.")
        return
    if not knows(acting, person, sources):
        raise Forbidden("no_relationship", "This patient is not registered at your hospital and not being treated there.")


def may_see_paper(acting: Principal, directive: Directive, person: UUID, sources: tuple[Source, ...]) -> bool:
    """A scan shows more than the decision: a signature, a number, an address. Whose paper it is sees it, and a hospital behind whose tie somebody else stands."""
    own = acting.hospital_id in (directive.hospital_id, directive.verified_where_id)
    return own or facts_at(acting.hospital_id, person, sources, int(acting.id)).tie is not Strength.NONE


def note(acting: Principal, code: EventCode, directive: Directive, person: UUID | None, detail: str = "") -> None:
    append(Event.of(acting, code, person=person, target=f"directive/{directive.pk}", detail=detail[:200], purpose=Purpose.PATIENT.value))


@transaction.atomic
def do_record_directive(
    person: UUID, consent: dict[str, Any], *, method: str, evidence: str, sources: tuple[Source, ...], acting: Principal, template: str = "",
    valid_until: dt.datetime | None = None, image: tuple[bytes, str] | None = None, guardian: str = "", instead: bool = False,
) -> Directive:
    """consent: a FHIR Consent; image: of the signature or of the signed paper, and its type. instead: withdraw in the same moment what they decided before.

    Raises AlreadyStands where this very decision stands, and nothing else that it would take the place of.
    """
    check(acting, person, sources)
    wait_turn("directives", homes(person, sources))
    now = hold(sources)
    before = list(of(person, sources).filter(withdrawn_at=None, person__in=homes(person, sources)).select_for_update())
    same = next((d for d in before if d.verified_at and d.valid_until == valid_until and (d.valid_until is None or d.valid_until > now) and set(d.covers) == {s.id for s in sources}
                 and (d.template, d.method, d.evidence, d.guardian, d.image and bytes(d.image)) == (template, method, evidence, guardian, image and image[0])
                 and decided(d.resource) == decided(consent)), None)
    more = same is not None and says_more(same, acting, now)
    if same and not more and not (instead and len(before) > 1):
        raise AlreadyStands("decision", "This decision stands already. Nothing was recorded a second time.")
    if instead:
        for old in before:
            if old is not same:
                withdraw(old, person, sources, acting, reason=REPLACED, evidence=evidence)
    if same:
        if more:
            vouch(same, person, sources, acting, now)
            note(acting, EventCode.CONSENT_CONFIRM, same, person)
        return same
    consent = {**consent, **circumstances(now, evidence, guardian, image)}
    staff = int(acting.id) if acting.kind == "staff" else None
    directive = Directive.objects.create(
        person=homes(person, sources)[0], covers=[s.id for s in sources], resource=consent, denies=denies(read(consent, acting.hospital)), template=template,
        hospital_id=acting.hospital_id, method=method, evidence=evidence, image=image and image[0], image_type=image[1] if image else "", guardian=guardian, valid_from=now, valid_until=valid_until,
        recorded_by_id=staff, verified_at=now, verified_by_id=staff)
    note(acting, EventCode.CONSENT_RECORD, directive, person, template or "consent")
    vouch(directive, person, sources, acting, now)
    return directive


def says_more(directive: Directive, acting: Principal, now: dt.datetime) -> bool:
    """Whether the patient's word stands behind the decision only from now on: what they decided by a way in that proved less counts for more now."""
    voice = voice_of(acting, directive.hospital_id, (), knows=False) if acting.kind == "patient" else None
    said = directive.confirmations.filter(Q(until=None) | Q(until__gt=now), subject=Confirmation.Subject.DIRECTIVE, ended_at=None, voice=str(voice)).exclude(verdict=Confirmation.Verdict.REFUSED)
    return voice is not None and not said.exists()


def vouch(directive: Directive, person: UUID, sources: tuple[Source, ...], acting: Principal, now: dt.datetime) -> None:
    """What the one who acts says of it by acting: patients stand behind their own decisions, as far as their way in proves who they are; for what another
    hospital's system sent, whoever has seen the paper does. Who records for their own hospital alone stands behind nothing."""
    voice = voice_of(acting, directive.hospital_id, (), knows=acting.kind == "staff" and is_tied(acting.hospital_id, person, sources))
    if acting.kind == "staff" and voice is not Voice.REGISTRAR:
        return
    strength = strength_of(Fact.PERMIT, voice)
    if strength is not Strength.NONE:
        staff = int(acting.id) if acting.kind == "staff" else None
        Confirmation.objects.create(
            subject=Confirmation.Subject.DIRECTIVE, verdict="full" if strength is Strength.FULL else "provisional", voice=str(voice), person=person, hospital_id=directive.hospital_id,
            directive=directive, evidence=directive.evidence or "access", staff_id=staff, acted_at_id=acting.hospital_id if staff else None, at=now,
            until=now + HOURS if strength is Strength.PROVISIONAL else None)


CIRCUMSTANCES = frozenset({"dateTime", "performer", "verification", "sourceAttachment"})


def decided(consent: dict[str, Any]) -> dict[str, Any]:
    """What a Consent says, without how and when it was given."""
    return {k: v for k, v in consent.items() if k not in CIRCUMSTANCES}


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
        directive.verified_at, directive.verified_by_id, directive.evidence = hold(sources), int(acting.id), evidence
        directive.guardian, directive.verified_where_id = guardian, acting.hospital_id
        directive.save(update_fields=["verified_at", "verified_by", "verified_where", "evidence", "guardian"])
        note(acting, EventCode.CONSENT_VERIFY, directive, person)
        vouch(directive, person, sources, acting, directive.verified_at)


@transaction.atomic
def do_withdraw_directive(directive_id: int, person: UUID, *, reason: str, evidence: str = "", sources: tuple[Source, ...], acting: Principal) -> None:
    """Withdrawing is as easy as giving (PIPL 15): patients need not say why, staff do, and how the patient asked for it. Withdrawing twice changes
    nothing. Raises ValueError for staff who do not say both."""
    check(acting, person, sources)
    if acting.kind == "staff" and not (reason.strip() and evidence.strip()):
        raise ValueError("say why it is withdrawn, and how the patient asked for it")
    withdraw(of(person, sources).select_for_update().get(pk=directive_id), person, sources, acting, reason=reason.strip(), evidence=evidence.strip())


def withdraw(directive: Directive, person: UUID, sources: tuple[Source, ...], acting: Principal, *, reason: str, evidence: str) -> None:
    """Its permits end at once. What it refuses ends at once where the patient says so, or a hospital that is tied to the patient and to which it refuses nothing;
    else when others confirm it (docs/adr/0030). A denial that also protects registrations of which the index says by now that they are another person's stays with these: one human
    does not withdraw another's."""
    if directive.withdrawn_at is None:
        directive.withdrawn_at = timezone.now()
        directive.withdrawn_by_id, directive.withdrawn_where_id = int(acting.id) if acting.kind == "staff" else None, acting.hospital_id
        directive.withdrawn_reason, directive.withdrawn_evidence = reason[:200], evidence[:120]
        directive.lifted_at = directive.withdrawn_at if lifts(directive, acting, tied=acting.kind == "patient" or is_tied(acting.hospital_id, person, sources)) else None
        directive.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_where", "withdrawn_reason", "withdrawn_evidence", "lifted_at"])
        others = sorted(set(directive.covers) - {s.id for s in sources})
        if directive.denies and others:
            fields = ("resource", "denies", "template", "hospital_id", "method", "evidence", "image", "image_type", "guardian", "valid_from", "valid_until", "recorded_by_id",
                      "verified_at", "verified_by_id", "verified_where_id")
            kept = Directive.objects.create(person=NOBODY, covers=others, **{f: getattr(directive, f) for f in fields})
            note(acting, EventCode.CONSENT_RECORD, kept, None, f"kept of directive/{directive.pk} for others")
    note(acting, EventCode.CONSENT_WITHDRAW, directive, person, " · ".join(filter(None, (reason, evidence))))


def lifts(directive: Directive, acting: Principal, *, tied: bool) -> bool:
    """Whether it ends as a whole on the word of the one who withdraws it: of the patient, or of a hospital whose staff and systems can read nothing more by it.
    tied: whether others stand fully behind it that this hospital treats the patient."""
    if acting.kind == "patient":
        return strength_of(Fact.WITHDRAWAL, voice_of(acting, directive.hospital_id, (), knows=False)) is Strength.FULL
    if not tied:
        return False
    rule = read(directive.resource, directive.hospital.code)
    named = Staff.objects.filter(pk__in=staff_named(rule), hospital_id=acting.hospital_id).values_list("pk", flat=True)
    codes = Hospital.objects.exclude(pk=acting.hospital_id).values_list("code", flat=True)
    newest = AlliancePolicy.objects.filter(starts_at__lte=timezone.now()).order_by("-starts_at", "-pk").first()
    return not opens_by_end(rule, acting.hospital, {"", *map(str, named)}, codes, timezone.now(), OPEN.get(newest.code if newest else Policy().code))
