"""Who must have said what for it to count: the table of decision 30, one line a rule of it."""

import datetime as dt
from dataclasses import replace

import pytest

from alliance.auth.principal import Principal
from alliance.roles import Role
from consent.strength import (
    PROVISIONAL_LIFETIME,
    STRENGTH_BY_FACT_AND_VOICE,
    TRACE_MIN_AGE,
    Asserter,
    Attestation,
    KnownRegistration,
    OpeningFact,
    RelationshipNote,
    Strength,
    Voice,
    determine_voice,
    evaluate_strength,
    evaluate_tie_strength,
    is_still_about_person,
    look_up_strength,
)

NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
GAINS, OTHER = 1, 2
F, P, N = Strength.FULL, Strength.PROVISIONAL, Strength.NONE
DOCTOR = Asserter(10, "clinician", GAINS)


def staff(number: int, role: Role, hospital: int = GAINS, **more: bool) -> Principal:
    return Principal("staff", str(number), hospital, "h", role, **more)


def patient(factor: str) -> Principal:
    return Principal("patient", "p", GAINS, "h", Role.PATIENT, factor=factor)


@pytest.mark.parametrize(
    ("what", "who", "asserters", "knows", "voice"),
    [
        ("the one who said so", staff(10, Role.CLINICIAN), (DOCTOR,), True, None),
        ("the same one in another role", staff(10, Role.CLERK), (DOCTOR,), True, None),
        (
            "the same one for the alliance",
            staff(10, Role.PRIVACY, alliance_wide=True),
            (DOCTOR,),
            True,
            None,
        ),
        ("a colleague of the same role", staff(11, Role.CLINICIAN), (DOCTOR,), True, None),
        ("a colleague of another role", staff(11, Role.CLERK), (DOCTOR,), False, Voice.SECOND),
        ("their privacy officer", staff(11, Role.PRIVACY), (DOCTOR,), False, Voice.SECOND),
        ("one whose role sees no patients", staff(11, Role.AUDITOR), (DOCTOR,), True, None),
        ("a colleague, where a system alone has said so", staff(11, Role.CLERK), (), True, None),
        (
            "a colleague, where somebody elsewhere has said so",
            staff(11, Role.CLERK),
            (Asserter(20, "clinician", OTHER),),
            True,
            None,
        ),
        (
            "a registrar of a hospital that knows the patient",
            staff(20, Role.CLERK, OTHER),
            (DOCTOR,),
            True,
            Voice.REGISTRAR,
        ),
        ("of one that does not", staff(20, Role.CLERK, OTHER), (DOCTOR,), False, None),
        (
            "of one that has said so itself",
            staff(20, Role.CLERK, OTHER),
            (Asserter(21, "clinician", OTHER),),
            True,
            None,
        ),
        ("a clinician elsewhere", staff(20, Role.CLINICIAN, OTHER), (DOCTOR,), True, None),
        ("a privacy officer elsewhere", staff(20, Role.PRIVACY, OTHER), (DOCTOR,), True, None),
        (
            "the alliance's",
            staff(20, Role.PRIVACY, OTHER, alliance_wide=True),
            (DOCTOR,),
            False,
            Voice.OFFICER,
        ),
        (
            "the alliance's, employed by the one who gains",
            staff(12, Role.PRIVACY, alliance_wide=True),
            (),
            False,
            Voice.OFFICER,
        ),
        (
            "the alliance's administrator",
            staff(12, Role.ADMINISTRATOR, alliance_wide=True),
            (DOCTOR,),
            True,
            None,
        ),
        (
            "somebody for whom nobody vouches",
            staff(11, Role.CLERK, vouched=False),
            (DOCTOR,),
            True,
            None,
        ),
        ("somebody who has left", staff(11, Role.CLERK, active=False), (DOCTOR,), True, None),
        ("a system", replace(staff(11, Role.CLERK), kind="client"), (DOCTOR,), True, None),
        ("the patient", patient("full"), (DOCTOR,), False, Voice.PATIENT),
        (
            "with a code that only the hospital knows",
            patient("provisional"),
            (DOCTOR,),
            False,
            Voice.CODE,
        ),
        ("with a code alone", patient(""), (DOCTOR,), False, None),
    ],
)
def test_whose_voice_counts(
    what: str, who: Principal, asserters: tuple[Asserter, ...], knows: bool, voice: Voice | None
) -> None:
    assert determine_voice(who, GAINS, asserters, knows=knows) is voice, what


def test_the_table() -> None:
    assert all(look_up_strength(fact, None) is N for fact in STRENGTH_BY_FACT_AND_VOICE), (
        "the gainer alone"
    )
    assert [
        look_up_strength(f, Voice.SECOND)
        for f in (OpeningFact.TIE, OpeningFact.PERMIT, OpeningFact.WITHDRAWAL)
    ] == [P, P, N], "a second person never ends a refusal"
    assert [
        look_up_strength(f, Voice.CODE)
        for f in (OpeningFact.TIE, OpeningFact.PERMIT, OpeningFact.WITHDRAWAL)
    ] == [P, P, N]
    assert all(
        look_up_strength(fact, v) is F
        for fact in STRENGTH_BY_FACT_AND_VOICE
        for v in (Voice.REGISTRAR, Voice.OFFICER)
    )
    assert [
        look_up_strength(f, Voice.PATIENT)
        for f in (OpeningFact.TIE, OpeningFact.PERMIT, OpeningFact.WITHDRAWAL, OpeningFact.CODE)
    ] == [F, F, F, N], "who has a code does not say that they are the patient"
    assert {v for v in Voice if look_up_strength(OpeningFact.CODE, v) is P} == {Voice.SECOND}
    assert (
        look_up_strength(OpeningFact.TIE, Voice.TRACE)
        is look_up_strength(OpeningFact.TIE, Voice.ASKED)
        is look_up_strength(OpeningFact.TIE, Voice.CURATORS)
        is F
    )
    assert (
        look_up_strength(OpeningFact.PERMIT, Voice.ELSEWHERE)
        is look_up_strength(OpeningFact.PERMIT, Voice.CUSTODIAN)
        is F
        and look_up_strength(OpeningFact.TIE, Voice.ELSEWHERE)
        is look_up_strength(OpeningFact.PERMIT, Voice.TRACE)
        is N
    )


FULL, SECOND, OVER, REFUSED = (
    Attestation(F, NOW - HOUR),
    Attestation(P, NOW - HOUR, NOW + PROVISIONAL_LIFETIME - HOUR),
    Attestation(P, NOW - PROVISIONAL_LIFETIME, NOW),
    Attestation(None, NOW - HOUR),
)


@pytest.mark.parametrize(
    ("start", "words", "strength"),
    [
        (N, (), N),
        (F, (), F),
        (N, (FULL,), F),
        (N, (SECOND,), P),
        (N, (OVER,), N),
        (F, (SECOND,), F),
        (N, (FULL, SECOND), F),
        (N, (FULL, OVER), F),
        (F, (REFUSED,), N),
        (N, (FULL, REFUSED), N),
        (F, (REFUSED, SECOND), N),
        (N, (SECOND, REFUSED), N),
        (N, (REFUSED, FULL), F),
        (N, (REFUSED, FULL, SECOND), F),
        (N, (FULL, REFUSED, SECOND, OVER), N),
        (N, (Attestation(P, NOW),), N),
    ],
)
def test_words_are_weighed_in_order(
    start: Strength, words: tuple[Attestation, ...], strength: Strength
) -> None:
    assert evaluate_strength(start, words, NOW) is strength


LONG, RECENT = NOW - TRACE_MIN_AGE, NOW - TRACE_MIN_AGE + HOUR
OWN, NEW, ELSEWHERE = (
    KnownRegistration(1, True, LONG),
    KnownRegistration(1, True, RECENT),
    KnownRegistration(2, False, RECENT),
)


@pytest.mark.parametrize(
    ("what", "notes", "known", "intake", "words", "strength"),
    [
        ("nothing", (), (OWN, ELSEWHERE), None, (), N),
        (
            "an old encounter of an old registration",
            (RelationshipNote(1, False, True),),
            (OWN, ELSEWHERE),
            None,
            (),
            F,
        ),
        ("a new encounter", (RelationshipNote(1, True, False),), (OWN, ELSEWHERE), None, (), N),
        (
            "an old encounter of a registration that has just joined",
            (RelationshipNote(1, True, True),),
            (NEW, ELSEWHERE),
            None,
            (),
            N,
        ),
        (
            "another hospital asks",
            (RelationshipNote(2, True, False),),
            (OWN, ELSEWHERE),
            None,
            (),
            F,
        ),
        ("it asked once", (RelationshipNote(2, False, True),), (OWN, ELSEWHERE), None, (), N),
        (
            "it asked, and the person was refused",
            (RelationshipNote(2, True, False),),
            (OWN, ELSEWHERE),
            None,
            (REFUSED,),
            N,
        ),
        (
            "it asked, the person was refused, and somebody has confirmed since",
            (RelationshipNote(2, True, False),),
            (OWN, ELSEWHERE),
            None,
            (REFUSED, FULL),
            F,
        ),
        (
            "of a registration that is somebody else's now",
            (RelationshipNote(3, True, True),),
            (OWN, ELSEWHERE),
            None,
            (),
            N,
        ),
        ("a declaration", (RelationshipNote(None, True, False),), (OWN, ELSEWHERE), None, (), N),
        (
            "a second person stands behind it",
            (RelationshipNote(None, True, False),),
            (OWN, ELSEWHERE),
            None,
            (SECOND,),
            P,
        ),
        ("an intake", (RelationshipNote(1, True, False),), (OWN, ELSEWHERE), NOW, (), F),
        (
            "of one of two registrations",
            (RelationshipNote(1, True, False),),
            (OWN, KnownRegistration(3, True, NOW), ELSEWHERE),
            RECENT,
            (),
            F,
        ),
        (
            "before the registration joined",
            (RelationshipNote(1, True, False),),
            (NEW, ELSEWHERE),
            RECENT - HOUR,
            (),
            N,
        ),
        (
            "an intake, and a refusal",
            (RelationshipNote(1, True, False),),
            (OWN, ELSEWHERE),
            NOW,
            (REFUSED,),
            N,
        ),
        (
            "an old encounter, and a refusal",
            (RelationshipNote(1, True, True),),
            (OWN, ELSEWHERE),
            None,
            (REFUSED,),
            N,
        ),
    ],
)
def test_the_tie(
    what: str,
    notes: tuple[RelationshipNote, ...],
    known: tuple[KnownRegistration, ...],
    intake: dt.datetime | None,
    words: tuple[Attestation, ...],
    strength: Strength,
) -> None:
    assert evaluate_tie_strength(notes, words, known, intake, NOW) is strength, what


def test_what_was_said_of_other_registrations_is_not_about_this_person() -> None:
    known = (OWN, ELSEWHERE)
    assert (
        is_still_about_person((1, 2), LONG, known)
        and is_still_about_person((2,), LONG - HOUR, known)
        and is_still_about_person((), NOW, known)
    )
    assert not is_still_about_person((1, 3), NOW, known), "one of them is somebody else's now"
    assert not is_still_about_person((1,), LONG - HOUR, known), (
        "the hospital's own registration says something else since then"
    )
