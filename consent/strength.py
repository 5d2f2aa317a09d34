"""TABLE fact that opens a record x who stands behind it -> how far it counts for the one who
gains by it (docs/adr/0030). Pure.

The one who gains is a hospital: its staff and its systems could read more afterwards. What they
alone say opens nothing.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.roles import Role

PROVISIONAL_LIFETIME = dt.timedelta(hours=72)  # for which a second person's word counts
TRACE_MIN_AGE = dt.timedelta(days=30)  # so old is a clinical trace that counts by itself


class Strength(IntEnum):
    """NONE opens nothing, PROVISIONAL what carries no sensitive label, FULL what the fact says."""

    NONE = 0
    PROVISIONAL = 1
    FULL = 2


class OpeningFact(StrEnum):
    TIE = "tie"  # this hospital's registration is this person, and the hospital treats them
    PERMIT = "directive"  # a patient's decision that permits
    WITHDRAWAL = "withdrawal"  # a patient's decision ends that refuses something
    CODE = "code"  # who has this code of a patient's own page is the patient


class Voice(StrEnum):
    """Who says so. The gainer's own word is no voice."""

    PATIENT = "patient"  # with a factor of their own
    REGISTRAR = "registrar"  # a record clerk of another hospital that knows the patient
    OFFICER = "officer"  # the privacy officer of the alliance
    CURATORS = "curators"  # two, of two hospitals, who agree on who is who
    # an encounter, panel or admission noted long ago, of a registration that was this person's then
    TRACE = "trace"
    # a referral or consultation that another hospital asked for, which is tied to the patient
    # itself, or for its own records
    ASKED = "asked"
    ELSEWHERE = "elsewhere"  # recorded at another hospital, which is tied to the patient itself
    CUSTODIAN = "custodian"  # recorded at the hospital whose records it opens
    SECOND = "second"  # a second person of another role in the same hospital
    CODE = "code"  # the patient's own code, proven to nobody but the hospital that gave it


F, P = Strength.FULL, Strength.PROVISIONAL
STRENGTH_BY_FACT_AND_VOICE: Mapping[OpeningFact, Mapping[Voice, Strength]] = {
    OpeningFact.TIE: {
        Voice.PATIENT: F,
        Voice.REGISTRAR: F,
        Voice.OFFICER: F,
        Voice.CURATORS: F,
        Voice.TRACE: F,
        Voice.ASKED: F,
        Voice.SECOND: P,
        Voice.CODE: P,
    },
    OpeningFact.PERMIT: {
        Voice.PATIENT: F,
        Voice.REGISTRAR: F,
        Voice.OFFICER: F,
        Voice.ELSEWHERE: F,
        Voice.CUSTODIAN: F,
        Voice.SECOND: P,
        Voice.CODE: P,
    },
    OpeningFact.WITHDRAWAL: {Voice.PATIENT: F, Voice.REGISTRAR: F, Voice.OFFICER: F},
    OpeningFact.CODE: {Voice.REGISTRAR: F, Voice.OFFICER: F, Voice.SECOND: P},
}


def look_up_strength(fact: OpeningFact, voice: Voice | None) -> Strength:
    """How far the fact counts when it is this one who says so; None: the gainer alone."""
    return (
        Strength.NONE
        if voice is None
        else STRENGTH_BY_FACT_AND_VOICE[fact].get(voice, Strength.NONE)
    )


@dataclass(frozen=True, slots=True)
class Asserter:
    """A human on whose word a fact stands so far, and their role when they gave it; hospital:
    whose word it is.
    """

    staff: int
    role: str
    hospital: int


def determine_voice(
    who: Principal, gains: int, asserters: Collection[Asserter], *, knows: bool
) -> Voice | None:
    """Whose voice this would be about a fact by which the hospital `gains`; None for one that
    does not count. knows: whether the hospital of `who` has a tie of its own to the patient that
    counts fully. Within the gaining hospital a first human has to have said so before a second one
    can: its system is nobody.
    """
    if not who.active:
        return None
    if who.kind == "patient":
        return {"full": Voice.PATIENT, "provisional": Voice.CODE}.get(who.factor)
    if who.kind != "staff" or not who.vouched or int(who.id) in {a.staff for a in asserters}:
        return None
    if who.role == Role.PRIVACY and who.alliance_wide:
        return Voice.OFFICER
    if who.hospital_id != gains:
        return (
            Voice.REGISTRAR
            if who.role == Role.CLERK
            and knows
            and who.hospital_id not in {a.hospital for a in asserters}
            else None
        )
    said = [a for a in asserters if a.hospital == gains]
    return (
        Voice.SECOND
        if said
        and who.role in (Role.CLERK, Role.CLINICIAN, Role.PRIVACY)
        and who.role not in {a.role for a in said}
        else None
    )


@dataclass(frozen=True, slots=True)
class Attestation:
    """What somebody said of a fact: a strength, or None for a refusal; a provisional one counts
    until then.
    """

    strength: Strength | None
    at: dt.datetime
    until: dt.datetime | None = None


def evaluate_strength(start: Strength, words: Sequence[Attestation], now: dt.datetime) -> Strength:
    """words: in the order in which they were said. A refusal ends what was said before, and what
    follows from old traces, from an intake or from what another hospital's system asks, whenever it
    asked; after it only a full word counts.
    """
    found, refused = start, False
    for word in words:
        if word.strength is None:
            found, refused = Strength.NONE, True
        elif word.strength is Strength.FULL:
            found = Strength.FULL
        elif not refused and word.until is not None and now < word.until:
            found = max(found, word.strength)
    return found


def find_full_confirmation(words: Sequence[Attestation]) -> dt.datetime | None:
    """When somebody last stood fully behind the fact, if nobody has refused it since."""
    found = None
    for word in words:
        found = (
            None if word.strength is None else word.at if word.strength is Strength.FULL else found
        )
    return found


@dataclass(frozen=True, slots=True)
class RelationshipNote:
    """A relationship of the viewer's hospital, or one that the viewer declared: of which
    registration (None: of none); whether it holds now, and whether it was noted long ago (OLD) by
    the clock here.
    """

    source: int | None
    holds: bool
    old: bool


@dataclass(frozen=True, slots=True)
class KnownRegistration:
    """A registration of the person; own: of the viewer's hospital; since: from when on its
    hospital's word has it at this person.
    """

    id: int
    own: bool
    since: dt.datetime


def is_still_about_person(
    covers: Collection[int], at: dt.datetime, known: Collection[KnownRegistration]
) -> bool:
    """Whether what was said then of these registrations still speaks of this person: all are
    theirs, and the hospital's own say since then what they said.
    """
    own = {k.id: k for k in known if k.own}
    return {k.id for k in known} >= set(covers) and all(
        own[i].since <= at for i in covers if i in own
    )


def is_refusal_still_valid(covers: Collection[int], known: Collection[KnownRegistration]) -> bool:
    """Whether a refused tie is about this person still: others' records of theirs stay closed,
    whatever the refused hospital does with its own registrations.
    """
    return any(not k.own and k.id in covers for k in known)


def is_decision_of_person(
    covers: Collection[int],
    given: dt.datetime,
    ties: Collection[tuple[Collection[int], dt.datetime]],
    known: Collection[KnownRegistration],
) -> bool:
    """Whether a decision given then was this person's: each registration that it covers has been
    theirs since before, or somebody has stood fully behind a tie of it since it is. Else a
    registration that comes to another person would bring along what somebody else has decided.
    ties: (covers, when).
    """
    return all(
        k.since <= max([given, *(at for of, at in ties if k.id in of)])
        for k in known
        if k.id in covers
    )


def is_emergency_still_valid(home: UUID, at: dt.datetime, own: Mapping[UUID, dt.datetime]) -> bool:
    """Whether what was opened then in an emergency, of the person whose home this is, is about
    who was meant still: a registration of the viewer's own hospital there has been this person's
    since before. Else one emergency would go along from patient to patient, and its trail would
    stay behind. own: {home: since when}.
    """
    return own.get(home, at) <= at


def evaluate_tie_strength(
    notes: Collection[RelationshipNote],
    words: Sequence[Attestation],
    known: Collection[KnownRegistration],
    intake: dt.datetime | None,
    now: dt.datetime,
) -> Strength:
    """How far others stand behind it that the viewer's hospital treats the person. notes: of
    what others asked for, only that of hospitals that are tied to the person themselves. intake:
    when the alliance's privacy officer confirmed all registrations that the hospital had then.
    """
    elsewhere = {k.id for k in known if not k.own}
    own = {k.id: k.since for k in known if k.own}
    asked = any(n.holds and n.source in elsewhere for n in notes)
    traced = any(n.old and own[n.source] <= now - TRACE_MIN_AGE for n in notes if n.source in own)
    taken = intake is not None and any(since <= intake for since in own.values())
    voice = Voice.ASKED if asked else Voice.TRACE if traced else Voice.OFFICER if taken else None
    return evaluate_strength(look_up_strength(OpeningFact.TIE, voice), words, now)
