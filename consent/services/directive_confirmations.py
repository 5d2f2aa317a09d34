"""Confirm or refuse that a patient has decided so, or wants the decision to end."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal, act_for_hospital
from consent.models import Confirmation, Directive
from consent.services.confirmation_voices import (
    asserters_of_directive,
    check_may_refuse,
    check_voice_counts,
    determine_acting_voice,
    gaining_hospital_id,
    is_new_here,
)
from consent.services.confirmations import (
    CONFIRMATION_RENEWAL,
    VERDICT_BY_STRENGTH,
    Subject,
    Verdict,
    is_refused,
    record_confirmation,
)
from consent.services.directive_withdrawals import is_lifted_by_withdrawal
from consent.services.directives import query_directives
from consent.strength import (
    OpeningFact,
    Strength,
    Voice,
    look_up_strength,
)
from consent.terms import Source


def can_confirm_directive(
    directive: Directive,
    person: UUID,
    sources: tuple[Source, ...],
    acting: Principal,
    *,
    before: str,
) -> bool:
    """Whether this one's word would add to what stands behind a decision, or its end. before:
    "full", "provisional", "refused" or "".
    """
    subject, fact = (
        (Subject.DIRECTIVE, OpeningFact.PERMIT)
        if directive.withdrawn_at is None
        else (Subject.WITHDRAWAL, OpeningFact.WITHDRAWAL)
    )
    found = look_up_strength(
        fact,
        determine_acting_voice(
            acting,
            gaining_hospital_id(subject, directive),
            asserters_of_directive(subject, directive),
            person,
            sources,
        ),
    )
    return found > {"full": Strength.FULL, "": Strength.NONE}.get(before, Strength.PROVISIONAL)


def lock_directive(directive_id: int, person: UUID, sources: tuple[Source, ...]) -> Directive:
    return (
        query_directives(person, sources)
        .select_related("recorded_by", "verified_by", "withdrawn_by", "hospital")
        .select_for_update(of=("self",))
        .get(pk=directive_id)
    )


@transaction.atomic
def do_confirm_directive(
    directive_id: int,
    person: UUID,
    *,
    evidence: str,
    sources: tuple[Source, ...],
    acting: Principal,
) -> Confirmation:
    """The patient has decided so: what it permits counts for the hospital that recorded it too.
    Raises Directive.DoesNotExist, Forbidden, AlreadyDone, ValueError.
    """
    directive = lock_directive(directive_id, person, sources)
    if directive.withdrawn_at is not None or (directive.verified_at is None):
        raise Forbidden(
            "nothing", "This decision is withdrawn, or nobody has seen the signed paper yet."
        )
    gains, asserters = (
        gaining_hospital_id(Subject.DIRECTIVE, directive),
        asserters_of_directive(Subject.DIRECTIVE, directive),
    )
    who = determine_acting_voice(acting, gains, asserters, person, sources)
    found = check_voice_counts(
        Subject.DIRECTIVE, who, OpeningFact.PERMIT, new=is_new_here(acting, gains, person, sources)
    )
    now = timezone.now()
    given = directive.confirmations.filter(subject=Subject.DIRECTIVE, ended_at=None)
    shut = is_refused(Subject.DIRECTIVE, person, sources, gains, directive)
    full = given.filter(verdict=Verdict.FULL)
    if (
        found is Strength.FULL
        # a record clerk's word does not count for the clerk's own hospital: somebody else's adds
        # that
    ):
        full = full.exclude(
            ~Q(acted_at_id=acting.hospital_id) | Q(acted_at=None), voice=Voice.REGISTRAR.value
        )
    if not shut and (
        full.exists()
        or (
            found is Strength.PROVISIONAL
            and given.filter(until__gt=now + CONFIRMATION_RENEWAL).exists()
        )
    ):
        raise AlreadyDone(
            "confirmation", "This is confirmed already. Nothing was confirmed a second time."
        )
    if shut and found is Strength.PROVISIONAL:
        raise Forbidden(
            "refused",
            "A privacy officer or the patient has refused this: only a full confirmation counts"
            " now.",
        )
    return record_confirmation(
        acting,
        Subject.DIRECTIVE,
        VERDICT_BY_STRENGTH[found],
        who or "",
        hospital_id=gains,
        evidence=evidence,
        person=person,
        sources=sources,
        directive=directive,
        asserters=asserters,
    )


@transaction.atomic
def do_confirm_withdrawal(
    directive_id: int,
    person: UUID,
    *,
    evidence: str,
    sources: tuple[Source, ...],
    acting: Principal,
) -> Confirmation:
    """The patient wants the decision to end: what it refused is open from now on to what else
    permits. Raises Directive.DoesNotExist, Forbidden, AlreadyDone, ValueError.
    """
    directive = lock_directive(directive_id, person, sources)
    if directive.withdrawn_at is None:
        raise Forbidden("nothing", "Nobody has withdrawn this decision.")
    if directive.lifted_at is not None:
        raise AlreadyDone(
            "confirmation", "This is confirmed already. Nothing was confirmed a second time."
        )
    gains, asserters = (
        gaining_hospital_id(Subject.WITHDRAWAL, directive),
        asserters_of_directive(Subject.WITHDRAWAL, directive),
    )
    who = determine_acting_voice(acting, gains, asserters, person, sources)
    check_voice_counts(
        Subject.WITHDRAWAL,
        who,
        OpeningFact.WITHDRAWAL,
        new=is_new_here(acting, gains, person, sources),
    )
    if (
        who is Voice.REGISTRAR
        and is_refused(Subject.WITHDRAWAL, person, sources, gains, directive)
        and not is_lifted_by_withdrawal(directive, acting, tied=True)
    ):
        raise Forbidden(
            "refused",
            "A privacy officer or the patient wants this refusal to stand: a hospital that it"
            " refuses does not end it.",
        )
    directive.lifted_at = timezone.now()
    directive.save(update_fields=["lifted_at"])
    return record_confirmation(
        acting,
        Subject.WITHDRAWAL,
        Verdict.FULL,
        who or "",
        hospital_id=gains,
        evidence=evidence,
        person=person,
        sources=sources,
        directive=directive,
        asserters=asserters,
    )


@transaction.atomic
def do_refuse_directive(
    directive_id: int,
    person: UUID,
    *,
    evidence: str,
    sources: tuple[Source, ...],
    acting: Principal,
) -> Confirmation:
    """The patient has not decided so, or does not want it to end. What it denies stands; what it
    permits counts for nobody.
    """
    directive = lock_directive(directive_id, person, sources)
    subject = Subject.DIRECTIVE if directive.withdrawn_at is None else Subject.WITHDRAWAL
    gains = gaining_hospital_id(subject, directive)
    check_may_refuse(acting, gains, person, sources)
    if is_refused(subject, person, sources, gains, directive) or directive.lifted_at is not None:
        raise AlreadyDone("confirmation", "This is refused already. Nothing was changed.")
    return record_confirmation(
        act_for_hospital(acting, gains),
        subject,
        Verdict.REFUSED,
        acting.role,
        hospital_id=gains,
        evidence=evidence,
        person=person,
        sources=sources,
        directive=directive,
    )
