"""The patient's code goes to the patient: who may print it, who may activate it and how far that
counts, and the passphrase.
"""

import dataclasses
import itertools

import pytest

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Role
from consent.models import AccessActivation, PatientAccess
from consent.services import incident_seals
from consent.services.access_codes import do_give_access
from consent.services.activations import do_activate_access
from consent.services.tie_confirmations import do_refuse_tie
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.portal_access import (
    PASSPHRASE,
    find_access_code,
    get_activation_number,
    open_access,
    print_access_code,
)
from tests.factories.ties import confirm_tie, make_privacy_officer
from tests.support.browser import ENGLISH, enter, signed_in
from tests.support.html import Browser
from tests.support.patients_code import BORN, first_time, found, refused, staff, tried
from tests.support.world import World, w

__all__ = ["w"]


def give(w: World, acting: Principal) -> str:
    return do_give_access(w.person, sources=found(w), acting=acting)  # type: ignore[arg-type]


def test_only_a_hospital_that_is_known_to_treat_the_patient_prints(w: World) -> None:
    path = f"/person/{w.person}/consent/access/"
    clerk = signed_in(alliance.make_staff(w.b, Role.CLERK))
    said = clerk.get(path, headers=ENGLISH).content.decode()
    assert "from your hospital alone" in said and "Make a new code" not in said
    assert (
        clerk.post(path, headers=ENGLISH).status_code == 403
        and refused(w, "give") == ["tie"]
        and not PatientAccess.objects.filter(hospital=w.b).exists()
    )
    do_refuse_tie(
        w.person,
        w.b.pk,
        evidence="not known there",
        sources=found(w),
        acting=make_privacy_officer(),
    )  # type: ignore[arg-type]
    assert clerk.post(path).status_code == 403
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        give(w, dataclasses.replace(staff(w), vouched=False))
    assert refused(w, "give")[0] in ("role", "vouched")
    made = clerk.post(path, headers=ENGLISH, follow=True).content.decode()
    assert find_access_code(made) and "opens nothing yet" in made, "the control"


def test_no_code_is_printed_that_no_birth_date_would_open(w: World) -> None:
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    path, clerk = (
        f"/person/{w.person}/consent/access/",
        signed_in(alliance.make_staff(w.b, Role.CLERK)),
    )
    for known in ("", "1958", "1958-03"):
        SourcePatient.objects.filter(person_id=w.person).update(birth_date=known)
        said = clerk.get(path, headers=ENGLISH).content.decode()
        assert "the day on which the patient was born" in said and "Make a new code" not in said
        assert (
            clerk.post(path, headers=ENGLISH).status_code == 403
            and not PatientAccess.objects.filter(hospital=w.b).exists()
        )
    SourcePatient.objects.filter(person_id=w.person).update(birth_date=BORN)
    assert find_access_code(clerk.post(path, headers=ENGLISH, follow=True).content.decode()), (
        "the control"
    )


def test_no_code_is_printed_or_activated_while_a_record_is_sealed(w: World) -> None:
    _code, access = print_access_code(w.person, w.clerk)  # type: ignore[arg-type]
    seal = incident_seals.do_create_incident_seal(
        w.person,
        ground="dispute",
        reason="a dispute",
        listed=[],
        manifest="",
        sources=found(w),
        acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.PRIVACY)),
    )  # type: ignore[arg-type]
    with pytest.raises(Forbidden, match="sealed"):
        give(w, w.clerk)
    with pytest.raises(Forbidden, match="sealed"):
        get_activation_number(access, make_privacy_officer())
    assert refused(w)[:2] == ["sealed", "sealed"]
    incident_seals.do_request_unseal(
        seal.pk,
        reason="settled",
        acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.PRIVACY)),
    )
    incident_seals.do_unseal_record(seal.pk, sources=found(w), acting=make_privacy_officer())
    assert give(w, w.clerk) and get_activation_number(access, make_privacy_officer()), "the control"


def test_what_is_printed_opens_nothing_alone(w: World) -> None:
    code, access = print_access_code(w.person, w.clerk)  # type: ignore[arg-type]
    for secret in ("", "00000000", PASSPHRASE):
        said = tried(code, secret)
        assert "not activated yet" in said and f"no. {access.pk}" in said
    assert set(refused(w, "use")) == {"not_activated"}
    number = get_activation_number(access, make_privacy_officer())
    for secret in ("", "00000000", PASSPHRASE):
        assert "This opens nothing" in tried(code, secret)
    browser = first_time(code.lower(), number.replace(" ", ""))
    assert "My decisions" in browser.get("/my/").content.decode(), "the control"
    assert "in use since" in tried(code, number), "a number opens once"
    assert enter(code).get("/my/").status_code == 200


@pytest.mark.parametrize(
    ("role", "factor"),
    [
        ("printer", ""),
        ("another clerk there", ""),
        ("clinician there", "provisional"),
        ("privacy officer there", "provisional"),
        ("auditor there", ""),
        ("clerk elsewhere", "full"),
        ("clerk elsewhere, unknown", ""),
        ("clinician elsewhere", ""),
        ("privacy officer elsewhere", ""),
        ("alliance's privacy officer", "full"),
        ("unvouched", ""),
    ],
)
def test_who_activates_a_code_and_how_far_it_counts(w: World, role: str, factor: str) -> None:
    _code, access = print_access_code(w.person, w.clerk)  # type: ignore[arg-type]
    if "unknown" not in role:
        confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    at_a = {
        "clerk elsewhere": Role.CLERK,
        "clerk elsewhere, unknown": Role.CLERK,
        "clinician elsewhere": Role.CLINICIAN,
        "privacy officer elsewhere": Role.PRIVACY,
    }
    at_b = {
        "another clerk there": Role.CLERK,
        "clinician there": Role.CLINICIAN,
        "privacy officer there": Role.PRIVACY,
        "auditor there": Role.AUDITOR,
    }
    who = (
        w.clerk
        if role == "printer"
        else (
            alliance.get_staff_principal(alliance.make_staff(w.a, at_a[role]))
            if role in at_a
            else staff(w, at_b[role])
            if role in at_b
            else make_privacy_officer()
        )
    )
    who = dataclasses.replace(who, vouched=role != "unvouched")
    if not factor:
        with pytest.raises(Forbidden):
            get_activation_number(access, who)
        assert (
            len(refused(w, "activate")) == 1
            and not AccessActivation.objects.filter(access=access).exists()
        )
        return
    with pytest.raises(ValueError, match="compared"):
        do_activate_access(access.pk, access.person, compared=" ", sources=found(w), acting=who)
    assert (
        get_activation_number(access, who)
        and AccessActivation.objects.get(access=access).factor == factor
    )


def test_one_insider_is_never_the_patient_and_two_of_one_hospital_only_provisionally(
    w: World,
) -> None:
    """Every order in which one, and then two, of the hospital print and activate: a number, a
    second one, another code.
    """
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    people = [
        staff(w, r)
        for r in (Role.CLERK, Role.CLINICIAN, Role.PRIVACY, Role.AUDITOR, Role.ADMINISTRATOR)
    ]
    got: dict[int, set[str]] = {1: set(), 2: set()}
    for one, two in itertools.product(people, repeat=2):
        try:
            code = give(w, one)
        except Forbidden:
            continue
        access = PatientAccess.objects.latest("pk")
        for again in (one, two, one, two):
            try:
                get_activation_number(access, again)
            except Forbidden:
                continue
            got[len({one.id, two.id})].add(
                AccessActivation.objects.filter(access=access).latest("pk").factor
            )
        assert code
    assert got == {1: set(), 2: {"provisional"}}
    get_activation_number(access, make_privacy_officer())
    assert AccessActivation.objects.filter(access=access).latest("pk").factor == "full", (
        "the control"
    )


def test_the_patients_own_passphrase(w: World) -> None:
    code, access = print_access_code(w.person, w.clerk)  # type: ignore[arg-type]
    number = get_activation_number(access, make_privacy_officer())
    browser = Browser(headers=ENGLISH)
    tried(code, number, browser)
    assert browser.get("/my/").status_code == 302, "the number alone opens no page"
    for poor, again in (
        ("abc12", "abc12"),
        ("19580312", "19580312"),
        ("password", "password"),
        (PASSPHRASE, "another one"),
    ):
        assert (
            "fault"
            in browser.post(
                "/my/passphrase/", {"passphrase": poor, "again": again}
            ).content.decode()
        )
    other = Browser(headers=ENGLISH)
    tried(code, number, other)
    assert (
        browser.post("/my/passphrase/", {"passphrase": PASSPHRASE, "again": PASSPHRASE}).url
        == "/my/"
    ), "the control"
    assert (
        "used or replaced meanwhile"
        in other.post(
            "/my/passphrase/",
            {"passphrase": "something else 7", "again": "something else 7"},
            follow=True,
        ).content.decode()
    )
    stored = AccessActivation.objects.get(access=access)
    assert stored.passphrase.startswith("scrypt$") and number.replace(
        " ", ""
    ).encode() not in bytes(stored.number)


def test_a_code_that_another_passphrase_opens_says_so_and_the_officer_sees_it(w: World) -> None:
    code, _ = open_access(w.person, w.clerk)  # type: ignore[arg-type]
    said = tried(code, "not my passphrase")
    assert "in use since" in said and "privacy officer" in said and refused(w, "use") == ["in_use"]
    path = f"/person/{w.person}/privacy/"
    for who in (
        alliance.make_staff(w.b, Role.PRIVACY),
        alliance.make_staff(alliance.make_hospital("o"), Role.PRIVACY, wide=True),
    ):
        officers = signed_in(who)
        assert (
            "somebody had code and birth date"
            in officers.get("/privacy/", headers=ENGLISH).content.decode()
        )
        assert (
            "somebody had code and birth date"
            in officers.get(path, headers=ENGLISH).content.decode()
        )
    assert "with a wrong passphrase" in enter(code).get("/my/").content.decode(), "the patient too"
    for _ in range(4):
        tried(code, "not my passphrase")
    assert enter(code).get("/my/").status_code == 200, (
        "four wrong ones do not close it, and a right one forgives"
    )
    for _ in range(5):
        tried(code, "not my passphrase")
    assert "after five wrong tries" in tried(code, PASSPHRASE)
