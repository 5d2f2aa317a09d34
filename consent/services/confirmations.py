"""Stand behind what a hospital says, refuse it, end it: ties between hospitals and patients, patients' decisions, and the end of refusals
(docs/adr/0030). Who counts how far is the table of consent/strength.py."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.auth.principal import Principal, Purpose
from alliance.models import Hospital, Staff
from alliance.roles import Permission, Role
from alliance.services.turn import wait_turn
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.models import Confirmation, Directive, PatientAccess, Relationship
from consent.services.directives import homes, lifts, of
from consent.services.hold import hold, hold_all
from consent.services.ties import facts_at, is_tied
from consent.strength import HOURS, Asserter, Fact, Strength, Voice, strength_of, voice_of
from consent.terms import Source

RENEWED = dt.timedelta(hours=12)  # with less left of a provisional confirmation, it may be given anew
Subject, Verdict = Confirmation.Subject, Confirmation.Verdict
VERDICT = {Strength.FULL: Verdict.FULL, Strength.PROVISIONAL: Verdict.PROVISIONAL}
CONFIRMED = {Subject.TIE: EventCode.TIE_CONFIRM, Subject.DIRECTIVE: EventCode.CONSENT_CONFIRM, Subject.WITHDRAWAL: EventCode.WITHDRAWAL_CONFIRM, Subject.INTAKE: EventCode.INTAKE_CONFIRM}
NEW = ("That your own hospital treats this patient is known from your hospital alone, and not for 30 days yet. Until the alliance's privacy officer or another hospital has confirmed that, your word "
       "does not count for the patient. The officer confirms all registrations of a new member in one act.")
REFUSED = {Subject.TIE: EventCode.TIE_REFUSE, Subject.DIRECTIVE: EventCode.CONSENT_REFUSE, Subject.WITHDRAWAL: EventCode.WITHDRAWAL_REFUSE}


def declarations(hospital_id: int, person: UUID, sources: tuple[Source, ...]) -> list[Relationship]:
    """What clinicians of the hospital have declared of the patient and what holds, the newest first."""
    now = timezone.now()
    return list(Relationship.objects.filter(person__in={person, *homes(person, sources)}, hospital_id=hospital_id, basis=Relationship.Basis.DECLARED, starts_at__lte=now, ends_at__gt=now)
                .select_related("declared_by__hospital").order_by("-starts_at"))


def asserter(staff: Staff | None, hospital_id: int) -> list[Asserter]:
    return [Asserter(staff.pk, staff.role, hospital_id)] if staff is not None else []


def asserters_of(subject: str, directive: Directive) -> list[Asserter]:
    """On whose word a decision, or its end, stands so far; of what a patient decided with a code alone, on that of who printed the code."""
    if subject == Subject.WITHDRAWAL:
        return asserter(directive.withdrawn_by, gaining(subject, directive))
    if directive.method == Directive.Method.ONLINE and directive.evidence.startswith("access/"):
        printed = PatientAccess.objects.select_related("made_by").filter(pk=int(directive.evidence.removeprefix("access/"))).first()
        return asserter(printed.made_by, directive.hospital_id) if printed else []
    return [a for who in {directive.recorded_by, directive.verified_by} for a in asserter(who, directive.hospital_id)]


def gaining(subject: str, directive: Directive) -> int:
    """The hospital on whose word alone the decision does not count, or does not end; of a patient's word the one that gave the code."""
    if subject != Subject.WITHDRAWAL:
        return directive.hospital_id
    earlier = directive.withdrawn_by.hospital_id if directive.withdrawn_by else directive.hospital_id  # by an earlier release
    return directive.withdrawn_where_id or earlier


def voice(acting: Principal, gains: int, asserters: Sequence[Asserter], person: UUID, sources: tuple[Source, ...]) -> Voice | None:
    """The voice of the one who acts, who is the patient, or knows them."""
    if acting.kind == "patient":
        return voice_of(acting, gains, asserters, knows=False) if acting.id in {str(h) for h in homes(person, sources)} else None
    asked = voice_of(acting, gains, asserters, knows=True)
    return None if asked is Voice.REGISTRAR and not is_tied(acting.hospital_id, person, sources) else asked


def may_confirm(directive: Directive, person: UUID, sources: tuple[Source, ...], acting: Principal, *, before: str) -> bool:
    """Whether this one's word would add to what stands behind a decision, or its end. before: "full", "provisional", "refused" or ""."""
    subject, fact = (Subject.DIRECTIVE, Fact.PERMIT) if directive.withdrawn_at is None else (Subject.WITHDRAWAL, Fact.WITHDRAWAL)
    found = strength_of(fact, voice(acting, gaining(subject, directive), asserters_of(subject, directive), person, sources))
    return found > {"full": Strength.FULL, "": Strength.NONE}.get(before, Strength.PROVISIONAL)


def may_confirm_tie(person: UUID, hospital_id: int, sources: tuple[Source, ...], acting: Principal) -> bool:
    """Whether this one's word would count of what clinicians of the hospital have declared, or its systems have written."""
    asserters = [a for d in declarations(hospital_id, person, sources) for a in asserter(d.declared_by, hospital_id)]
    return strength_of(Fact.TIE, voice(acting, hospital_id, asserters, person, sources)) is not Strength.NONE


def is_new_here(acting: Principal, gains: int, person: UUID, sources: tuple[Source, ...]) -> bool:
    """Whether this alone keeps a record clerk's word about another hospital from counting: nobody stands behind their own hospital's tie to the patient yet."""
    return acting.kind == "staff" and acting.role == Role.CLERK and acting.vouched and acting.hospital_id != gains and not is_tied(acting.hospital_id, person, sources)


def may_see_tie(acting: Principal, hospital_id: int, person: UUID, sources: tuple[Source, ...]) -> bool:
    """Whether this one is told who treats the patient at the hospital, and why: of their own hospital, or as one whose word would count."""
    return acting.hospital_id == hospital_id or voice(acting, hospital_id, (), person, sources) in (Voice.OFFICER, Voice.REGISTRAR)


def stands(subject: str, who: Voice | None, fact: Fact, *, new: bool) -> Strength:
    """Raises Forbidden where the word of this one does not count. new: is_new_here."""
    found = strength_of(fact, who)
    if found is Strength.NONE and new:
        raise Forbidden("new", NEW)
    if found is Strength.NONE:
        raise Forbidden("voice", {
            Subject.TIE: "Somebody else has to confirm this: a colleague of another role after a clinician has declared the treatment, a record clerk of another hospital that knows the patient, "
                         "the alliance's privacy officer, or the patient.",
            Subject.DIRECTIVE: "Somebody else has to confirm this: a colleague of another role than who recorded it, a record clerk of another hospital that knows the patient, the alliance's "
                               "privacy officer, or the patient.",
            Subject.WITHDRAWAL: "Only a record clerk of another hospital that knows the patient, the alliance's privacy officer or the patient ends a refusal.",
        }[Subject(subject)])
    return found


def compared(evidence: str) -> str:
    """Raises ValueError where nobody says what was compared."""
    if len(evidence.strip()) < 2:
        raise ValueError("say what was compared")
    return evidence.strip()[:200]


def written(acting: Principal, subject: str, verdict: str, who: Voice | str, *, hospital_id: int, evidence: str, person: UUID | None = None, sources: tuple[Source, ...] = (),
            directive: Directive | None = None, asserters: Sequence[Asserter] = ()) -> Confirmation:
    """sources: the registrations that were seen by who says so; a tie covers these."""
    staff, now = int(acting.id) if acting.kind == "staff" else None, hold(sources) if subject != Subject.INTAKE else hold_all()
    made = Confirmation.objects.create(
        subject=subject, verdict=verdict, voice=str(who), person=person, covers=[s.id for s in sources] if subject == Subject.TIE else [], hospital_id=hospital_id, directive=directive,
        evidence=compared(evidence), asserted_by_id=next((a.staff for a in asserters), None), staff_id=staff, acted_at_id=acting.hospital_id if staff else None, at=now,
        until=now + HOURS if verdict == Verdict.PROVISIONAL else None)
    code = (REFUSED if verdict == Verdict.REFUSED else CONFIRMED)[Subject(subject)]
    target = f"directive/{directive.pk}" if directive else f"confirmation/{made.pk}"
    append(Event.of(acting, code, person=person, target=target, detail=f"{verdict}@{Hospital.objects.get(pk=hospital_id).code}", purpose=Purpose.PATIENT.value))
    return made


@transaction.atomic
def do_confirm_tie(person: UUID, hospital_id: int, *, evidence: str, sources: tuple[Source, ...], acting: Principal) -> Confirmation:
    """The patient of these registrations is treated at the hospital, and its registration is this patient's. evidence: what was compared. Raises Forbidden,
    AlreadyStands, ValueError without evidence."""
    wait_turn("tie", [f"{hospital_id}/{h}" for h in homes(person, sources)])
    said = declarations(hospital_id, person, sources)
    asserters = [a for d in said for a in asserter(d.declared_by, hospital_id)]
    who = voice(acting, hospital_id, asserters, person, sources)
    found = stands(Subject.TIE, who, Fact.TIE, new=is_new_here(acting, hospital_id, person, sources))
    if who is None or not (said or any(s.hospital_id == hospital_id for s in sources) or facts_at(hospital_id, person, sources).related):
        raise Forbidden("nothing", "The hospital has no registration of this patient, and nobody there has declared to treat them.")
    now = timezone.now()
    before = facts_at(hospital_id, person, sources, said[0].declared_by_id or 0 if said else 0).tie
    lasting = Confirmation.objects.filter(subject=Subject.TIE, person__in=homes(person, sources), hospital_id=hospital_id, verdict=Verdict.PROVISIONAL, ended_at=None, until__gt=now + RENEWED)
    if before > found or (before is found and (found is Strength.FULL or lasting.exists())):
        raise AlreadyStands("confirmation", "This is confirmed already. Nothing was confirmed a second time.")
    if found is Strength.PROVISIONAL and refused(Subject.TIE, person, sources, hospital_id):
        raise Forbidden("refused", "A privacy officer or the patient has refused this: only a full confirmation counts now.")
    return written(acting, Subject.TIE, VERDICT[found], who, hospital_id=hospital_id, evidence=evidence, person=homes(person, sources)[0], sources=sources, asserters=asserters)


def refused(subject: str, person: UUID, sources: tuple[Source, ...], hospital_id: int, directive: Directive | None = None) -> bool:
    """Whether a refusal stands after which nobody has confirmed fully."""
    last = last_word(subject, person, sources, hospital_id, directive)
    return last is not None and last.verdict == Verdict.REFUSED


def last_word(subject: str, person: UUID, sources: tuple[Source, ...], hospital_id: int, directive: Directive | None = None) -> Confirmation | None:
    """The newest refusal or full confirmation that stands."""
    others = [s.id for s in sources if s.hospital_id != hospital_id]  # whose registrations it keeps closed, wherever they are now
    about = Q(directive=directive) if directive else Q(hospital_id=hospital_id) & (Q(person__in=homes(person, sources)) | Q(verdict=Verdict.REFUSED, covers__overlap=others))
    return Confirmation.objects.filter(about, subject=subject, ended_at=None).exclude(verdict=Verdict.PROVISIONAL).select_related("staff", "acted_at").order_by("-pk").first()


@transaction.atomic
def do_agree_on_tie(person: UUID, curators: Iterable[Principal], *, evidence: str, sources: tuple[Source, ...]) -> list[Confirmation]:
    """Curators of two hospitals agree that their registrations are this patient: it is confirmed for both. Raises Forbidden where they are not two of two."""
    who = {c.hospital_id: c for c in curators}
    if len(who) < 2 or len({c.id for c in who.values()}) < 2 or not all(c.kind == "staff" and c.vouched and c.may(Permission.LINK_REVIEW) for c in who.values()):
        raise Forbidden("voice", "Two curators of two hospitals have to agree.")
    return [written(next(c for o, c in who.items() if o != h), Subject.TIE, Verdict.FULL, Voice.CURATORS, hospital_id=h, evidence=evidence, person=homes(person, sources)[0], sources=sources,
                    asserters=[Asserter(int(who[h].id), who[h].role, h)]) for h in who if any(s.hospital_id == h for s in sources)]


def locked(directive_id: int, person: UUID, sources: tuple[Source, ...]) -> Directive:
    return of(person, sources).select_related("recorded_by", "verified_by", "withdrawn_by", "hospital").select_for_update(of=("self",)).get(pk=directive_id)


@transaction.atomic
def do_confirm_directive(directive_id: int, person: UUID, *, evidence: str, sources: tuple[Source, ...], acting: Principal) -> Confirmation:
    """The patient has decided so: what it permits counts for the hospital that recorded it too. Raises Directive.DoesNotExist, Forbidden, AlreadyStands, ValueError."""
    directive = locked(directive_id, person, sources)
    if directive.withdrawn_at is not None or (directive.verified_at is None):
        raise Forbidden("nothing", "This decision is withdrawn, or nobody has seen the signed paper yet.")
    gains, asserters = gaining(Subject.DIRECTIVE, directive), asserters_of(Subject.DIRECTIVE, directive)
    who = voice(acting, gains, asserters, person, sources)
    found = stands(Subject.DIRECTIVE, who, Fact.PERMIT, new=is_new_here(acting, gains, person, sources))
    now = timezone.now()
    given = directive.confirmations.filter(subject=Subject.DIRECTIVE, ended_at=None)
    shut = refused(Subject.DIRECTIVE, person, sources, gains, directive)
    full = given.filter(verdict=Verdict.FULL)
    if found is Strength.FULL:  # a record clerk's word does not count for the clerk's own hospital: somebody else's adds that
        full = full.exclude(~Q(acted_at_id=acting.hospital_id) | Q(acted_at=None), voice=Voice.REGISTRAR.value)
    if not shut and (full.exists() or (found is Strength.PROVISIONAL and given.filter(until__gt=now + RENEWED).exists())):
        raise AlreadyStands("confirmation", "This is confirmed already. Nothing was confirmed a second time.")
    if shut and found is Strength.PROVISIONAL:
        raise Forbidden("refused", "A privacy officer or the patient has refused this: only a full confirmation counts now.")
    return written(acting, Subject.DIRECTIVE, VERDICT[found], who or "", hospital_id=gains, evidence=evidence, person=person, sources=sources, directive=directive, asserters=asserters)


@transaction.atomic
def do_confirm_withdrawal(directive_id: int, person: UUID, *, evidence: str, sources: tuple[Source, ...], acting: Principal) -> Confirmation:
    """The patient wants the decision to end: what it refused is open from now on to what else permits. Raises Directive.DoesNotExist, Forbidden, AlreadyStands, ValueError."""
    directive = locked(directive_id, person, sources)
    if directive.withdrawn_at is None:
        raise Forbidden("nothing", "Nobody has withdrawn this decision.")
    if directive.lifted_at is not None:
        raise AlreadyStands("confirmation", "This is confirmed already. Nothing was confirmed a second time.")
    gains, asserters = gaining(Subject.WITHDRAWAL, directive), asserters_of(Subject.WITHDRAWAL, directive)
    who = voice(acting, gains, asserters, person, sources)
    stands(Subject.WITHDRAWAL, who, Fact.WITHDRAWAL, new=is_new_here(acting, gains, person, sources))
    if who is Voice.REGISTRAR and refused(Subject.WITHDRAWAL, person, sources, gains, directive) and not lifts(directive, acting, tied=True):
        raise Forbidden("refused", "A privacy officer or the patient wants this refusal to stand: a hospital that it refuses does not end it.")
    directive.lifted_at = timezone.now()
    directive.save(update_fields=["lifted_at"])
    return written(acting, Subject.WITHDRAWAL, Verdict.FULL, who or "", hospital_id=gains, evidence=evidence, person=person, sources=sources, directive=directive, asserters=asserters)


def may_refuse(acting: Principal, hospital_id: int, person: UUID, sources: tuple[Source, ...]) -> None:
    """The patient, the privacy officer of the hospital that gains, or the alliance's. Raises Forbidden."""
    if acting.kind == "patient" and acting.factor == "full" and acting.id in {str(h) for h in homes(person, sources)}:
        return
    if acting.kind == "staff" and acting.active and acting.vouched and acting.role == Role.PRIVACY and (acting.alliance_wide or acting.hospital_id == hospital_id):
        return
    raise Forbidden("role", "Only the patient or a privacy officer refuses what a hospital says.")


@transaction.atomic
def do_refuse_tie(person: UUID, hospital_id: int, *, evidence: str, sources: tuple[Source, ...], acting: Principal) -> Confirmation:
    """The hospital does not treat this patient, or its registration is not theirs: old traces and second persons no longer count."""
    may_refuse(acting, hospital_id, person, sources)
    wait_turn("tie", [f"{hospital_id}/{h}" for h in homes(person, sources)])
    if refused(Subject.TIE, person, sources, hospital_id):
        raise AlreadyStands("confirmation", "This is refused already. Nothing was changed.")
    return written(acting, Subject.TIE, Verdict.REFUSED, acting.role, hospital_id=hospital_id, evidence=evidence, person=homes(person, sources)[0], sources=sources)


@transaction.atomic
def do_refuse_directive(directive_id: int, person: UUID, *, evidence: str, sources: tuple[Source, ...], acting: Principal) -> Confirmation:
    """The patient has not decided so, or does not want it to end. What it denies stands; what it permits counts for nobody."""
    directive = locked(directive_id, person, sources)
    subject = Subject.DIRECTIVE if directive.withdrawn_at is None else Subject.WITHDRAWAL
    gains = gaining(subject, directive)
    may_refuse(acting, gains, person, sources)
    if refused(subject, person, sources, gains, directive) or directive.lifted_at is not None:
        raise AlreadyStands("confirmation", "This is refused already. Nothing was changed.")
    return written(acting, subject, Verdict.REFUSED, acting.role, hospital_id=gains, evidence=evidence, person=person, sources=sources, directive=directive)


@transaction.atomic
def do_end_confirmation(confirmation_id: int, *, reason: str, acting: Principal) -> Confirmation:
    """It no longer counts: who gave it takes it back, or a privacy officer. A refusal is ended only by the alliance's. Raises Confirmation.DoesNotExist, Forbidden, AlreadyStands."""
    made = Confirmation.objects.select_for_update().get(pk=confirmation_id)
    own = acting.kind == "staff" and made.staff_id == int(acting.id) and made.verdict != Verdict.REFUSED
    officer = acting.kind == "staff" and acting.active and acting.vouched and acting.role == Role.PRIVACY and (
        acting.alliance_wide or (acting.hospital_id == made.hospital_id and made.verdict != Verdict.REFUSED))
    if not (own or officer) or made.subject == Subject.WITHDRAWAL:
        raise Forbidden("role", "Only who gave a confirmation or a privacy officer ends it; the end of a refusal is not taken back: record the refusal anew.")
    if made.ended_at is not None:
        raise AlreadyStands("confirmation", "This has ended already. Nothing was changed.")
    made.ended_at, made.ended_by_id, made.ended_reason = timezone.now(), int(acting.id), compared(reason)
    made.save(update_fields=["ended_at", "ended_by", "ended_reason"])
    append(Event.of(acting, EventCode.CONFIRMATION_END, person=made.person, target=f"confirmation/{made.pk}", purpose=Purpose.PATIENT.value))
    return made


@transaction.atomic
def do_confirm_intake(hospital_id: int, *, evidence: str, acting: Principal) -> Confirmation:
    """All registrations that the hospital has now are whom they say, and are its patients: a new member's first load has no traces yet. Only the alliance's
    privacy officer; single ones are refused beside it."""
    if voice_of(replace(acting, hospital_id=0), hospital_id, (), knows=False) is not Voice.OFFICER:
        raise Forbidden("role", "Only the alliance's privacy officer confirms all registrations of a hospital.")
    return written(acting, Subject.INTAKE, Verdict.FULL, Voice.OFFICER, hospital_id=hospital_id, evidence=evidence)


def standing_of(person: UUID, sources: tuple[Source, ...]) -> list[Confirmation]:
    """What was said about the patient's ties and decisions and has not ended, the newest first."""
    return list(Confirmation.objects.filter(Q(person__in={person, *homes(person, sources)}), ended_at=None).select_related("hospital", "staff__hospital", "asserted_by", "acted_at").order_by("-pk"))
