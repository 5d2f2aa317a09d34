"""Confirm or refuse that a hospital treats a patient, and that its registration is theirs."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal, act_for_hospital, hospitals_served
from alliance.roles import Permission
from alliance.services.advisory_locks import take_advisory_locks
from consent.models import Confirmation, Relationship
from consent.services.confirmation_voices import (
    asserters_from_staff,
    check_may_refuse,
    check_voice_counts,
    determine_acting_voice,
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
from consent.services.directives import home_person_ids
from consent.services.ties import load_facts_at_hospital
from consent.strength import (
    Asserter,
    OpeningFact,
    Strength,
    Voice,
    look_up_strength,
)
from consent.terms import Source


def list_declarations(
    hospital_id: int, person: UUID, sources: tuple[Source, ...]
) -> list[Relationship]:
    """What clinicians of the hospital have declared of the patient and what holds, the newest
    first.
    """
    now = timezone.now()
    return list(
        Relationship.objects.declared()
        .filter(
            person__in={person, *home_person_ids(person, sources)},
            hospital_id=hospital_id,
            starts_at__lte=now,
            ends_at__gt=now,
        )
        .select_related("declared_by__hospital")
        .order_by("-starts_at")
    )


def can_confirm_tie(
    person: UUID, hospital_id: int, sources: tuple[Source, ...], acting: Principal
) -> bool:
    """Whether this one's word would count of what clinicians of the hospital have declared, or
    its systems have written.
    """
    asserters = [
        a
        for d in list_declarations(hospital_id, person, sources)
        for a in asserters_from_staff(d.declared_by, hospital_id)
    ]
    return (
        look_up_strength(
            OpeningFact.TIE, determine_acting_voice(acting, hospital_id, asserters, person, sources)
        )
        is not Strength.NONE
    )


def can_see_tie(
    acting: Principal, hospital_id: int, person: UUID, sources: tuple[Source, ...]
) -> bool:
    """Whether this one is told who treats the patient at the hospital, and why: of a hospital that
    they serve, or as one whose word would count.
    """
    return hospital_id in hospitals_served(acting) or determine_acting_voice(
        acting, hospital_id, (), person, sources
    ) in (Voice.OFFICER, Voice.REGISTRAR)


@transaction.atomic
def do_confirm_tie(
    person: UUID, hospital_id: int, *, evidence: str, sources: tuple[Source, ...], acting: Principal
) -> Confirmation:
    """The patient of these registrations is treated at the hospital, and its registration is
    this patient's. evidence: what was compared. Raises Forbidden, AlreadyDone, ValueError without
    evidence.
    """
    take_advisory_locks("tie", [f"{hospital_id}/{h}" for h in home_person_ids(person, sources)])
    said = list_declarations(hospital_id, person, sources)
    asserters = [a for d in said for a in asserters_from_staff(d.declared_by, hospital_id)]
    who = determine_acting_voice(acting, hospital_id, asserters, person, sources)
    found = check_voice_counts(
        Subject.TIE, who, OpeningFact.TIE, new=is_new_here(acting, hospital_id, person, sources)
    )
    if who is None or not (
        said
        or any(s.hospital_id == hospital_id for s in sources)
        or load_facts_at_hospital(hospital_id, person, sources).related
    ):
        raise Forbidden(
            "nothing",
            "The hospital has no registration of this patient, and nobody there has declared to"
            " treat them.",
        )
    now = timezone.now()
    before = load_facts_at_hospital(
        hospital_id, person, sources, said[0].declared_by_id or 0 if said else 0
    ).tie
    lasting = Confirmation.objects.filter(
        subject=Subject.TIE,
        person__in=home_person_ids(person, sources),
        hospital_id=hospital_id,
        verdict=Verdict.PROVISIONAL,
        ended_at=None,
        until__gt=now + CONFIRMATION_RENEWAL,
    )
    if before > found or (before is found and (found is Strength.FULL or lasting.exists())):
        raise AlreadyDone(
            "confirmation", "This is confirmed already. Nothing was confirmed a second time."
        )
    if found is Strength.PROVISIONAL and is_refused(Subject.TIE, person, sources, hospital_id):
        raise Forbidden(
            "refused",
            "A privacy officer or the patient has refused this: only a full confirmation counts"
            " now.",
        )
    return record_confirmation(
        acting,
        Subject.TIE,
        VERDICT_BY_STRENGTH[found],
        who,
        hospital_id=hospital_id,
        evidence=evidence,
        person=home_person_ids(person, sources)[0],
        sources=sources,
        asserters=asserters,
    )


@transaction.atomic
def do_agree_on_tie(
    person: UUID, curators: Iterable[Principal], *, evidence: str, sources: tuple[Source, ...]
) -> list[Confirmation]:
    """Curators of two hospitals agree that their registrations are this patient: it is confirmed
    for both. Raises Forbidden where they are not two of two.
    """
    who = {c.hospital_id: c for c in curators}
    if (
        len(who) < 2
        or len({c.id for c in who.values()}) < 2
        or not all(
            c.kind == "staff" and c.vouched and c.may(Permission.LINK_REVIEW) for c in who.values()
        )
    ):
        raise Forbidden("voice", "Two curators of two hospitals have to agree.")
    return [
        record_confirmation(
            next(c for o, c in who.items() if o != h),
            Subject.TIE,
            Verdict.FULL,
            Voice.CURATORS,
            hospital_id=h,
            evidence=evidence,
            person=home_person_ids(person, sources)[0],
            sources=sources,
            asserters=[Asserter(int(who[h].id), who[h].role, h)],
        )
        for h in who
        if any(s.hospital_id == h for s in sources)
    ]


@transaction.atomic
def do_refuse_tie(
    person: UUID, hospital_id: int, *, evidence: str, sources: tuple[Source, ...], acting: Principal
) -> Confirmation:
    """The hospital does not treat this patient, or its registration is not theirs: old traces
    and second persons no longer count.
    """
    check_may_refuse(acting, hospital_id, person, sources)
    take_advisory_locks("tie", [f"{hospital_id}/{h}" for h in home_person_ids(person, sources)])
    if is_refused(Subject.TIE, person, sources, hospital_id):
        raise AlreadyDone("confirmation", "This is refused already. Nothing was changed.")
    return record_confirmation(
        act_for_hospital(acting, hospital_id),
        Subject.TIE,
        Verdict.REFUSED,
        acting.role,
        hospital_id=hospital_id,
        evidence=evidence,
        person=home_person_ids(person, sources)[0],
        sources=sources,
    )
