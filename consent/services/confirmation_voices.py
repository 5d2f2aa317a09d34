"""Determine whose word counts for a tie, a directive or a withdrawal, and refuse the word that does
not (docs/adr/0030; the table is consent/strength.py).
"""

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext_noop

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, hospitals_served
from alliance.models import Staff
from alliance.roles import Role
from consent.models import Directive, PatientAccess
from consent.services.confirmations import Subject
from consent.services.directives import home_person_ids
from consent.services.ties import is_tied
from consent.strength import (
    Asserter,
    OpeningFact,
    Strength,
    Voice,
    determine_voice,
    look_up_strength,
)
from consent.terms import Source

NEW_HOSPITAL_MESSAGE = gettext_noop(
    "That your own hospital treats this patient is known from your hospital alone, and not for 30"
    " days yet. Until the alliance's privacy officer or another hospital has confirmed that, your"
    " word does not count for the patient. The officer confirms all registrations of a new member"
    " in one act."
)
OTHER_VOICE_MESSAGES = {
    Subject.TIE: gettext_noop(
        "Somebody else has to confirm this: a colleague of another role after a clinician has"
        " declared the treatment, a record clerk of another hospital that knows the patient, the"
        " alliance's privacy officer, or the patient."
    ),
    Subject.DIRECTIVE: gettext_noop(
        "Somebody else has to confirm this: a colleague of another role than who recorded it, a"
        " record clerk of another hospital that knows the patient, the alliance's privacy officer,"
        " or the patient."
    ),
    Subject.WITHDRAWAL: gettext_noop(
        "Only a record clerk of another hospital that knows the patient, the alliance's privacy"
        " officer or the patient ends a refusal."
    ),
}


def asserters_from_staff(staff: Staff | None, hospital_id: int) -> list[Asserter]:
    return [Asserter(staff.pk, staff.role, hospital_id)] if staff is not None else []


def asserters_of_directive(subject: str, directive: Directive) -> list[Asserter]:
    """On whose word a decision, or its end, stands so far; of what a patient decided with a code
    alone, on that of who printed the code.
    """
    if subject == Subject.WITHDRAWAL:
        return asserters_from_staff(directive.withdrawn_by, gaining_hospital_id(subject, directive))
    if directive.method == Directive.Method.ONLINE and directive.evidence.startswith("access/"):
        printed = (
            PatientAccess.objects.select_related("made_by")
            .filter(pk=int(directive.evidence.removeprefix("access/")))
            .first()
        )
        return asserters_from_staff(printed.made_by, directive.hospital_id) if printed else []
    return [
        a
        for who in {directive.recorded_by, directive.verified_by}
        for a in asserters_from_staff(who, directive.hospital_id)
    ]


def gaining_hospital_id(subject: str, directive: Directive) -> int:
    """The hospital on whose word alone the decision does not count, or does not end; of a
    patient's word the one that gave the code.
    """
    if subject != Subject.WITHDRAWAL:
        return directive.hospital_id
    earlier = (
        directive.withdrawn_by.hospital_id if directive.withdrawn_by else directive.hospital_id
    )  # by an earlier release
    return directive.withdrawn_where_id or earlier


def determine_acting_voice(
    acting: Principal,
    gains: int,
    asserters: Sequence[Asserter],
    person: UUID,
    sources: tuple[Source, ...],
) -> Voice | None:
    """The voice of the one who acts, who is the patient, or knows them."""
    if acting.kind == "patient":
        return (
            determine_voice(acting, gains, asserters, knows=False)
            if acting.id in {str(h) for h in home_person_ids(person, sources)}
            else None
        )
    asked = determine_voice(acting, gains, asserters, knows=True)
    return (
        None
        if asked is Voice.REGISTRAR and not is_tied(acting.hospital_id, person, sources)
        else asked
    )


def is_new_here(acting: Principal, gains: int, person: UUID, sources: tuple[Source, ...]) -> bool:
    """Whether this alone keeps a record clerk's word about another hospital from counting:
    nobody stands behind their own hospital's tie to the patient yet.
    """
    return (
        acting.kind == "staff"
        and acting.role == Role.CLERK
        and acting.vouched
        and acting.hospital_id != gains
        and not is_tied(acting.hospital_id, person, sources)
    )


def check_voice_counts(
    subject: str, who: Voice | None, fact: OpeningFact, *, new: bool
) -> Strength:
    """Raises Forbidden where the word of this one does not count. new: is_new_here."""
    found = look_up_strength(fact, who)
    if found is Strength.NONE and new:
        raise Forbidden("new", NEW_HOSPITAL_MESSAGE)
    if found is Strength.NONE:
        raise Forbidden("voice", OTHER_VOICE_MESSAGES[Subject(subject)])
    return found


def check_may_refuse(
    acting: Principal, hospital_id: int, person: UUID, sources: tuple[Source, ...]
) -> None:
    """The patient, a privacy officer who serves the hospital that gains, or the alliance's. Raises
    Forbidden.
    """
    if (
        acting.kind == "patient"
        and acting.factor == "full"
        and acting.id in {str(h) for h in home_person_ids(person, sources)}
    ):
        return
    if (
        acting.kind == "staff"
        and acting.active
        and acting.vouched
        and acting.role == Role.PRIVACY
        and (acting.alliance_wide or hospital_id in hospitals_served(acting))
    ):
        return
    raise Forbidden("role", "Only the patient or a privacy officer refuses what a hospital says.")
