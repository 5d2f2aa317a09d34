"""An earlier code does not die silently, and a provisional one opens and decides little."""

import re

import pytest
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.roles import Role
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.models import AccessActivation, PatientAccess
from consent.services import access_codes
from consent.services.access_codes import do_stop_access
from consent.services.directive_confirmations import do_confirm_withdrawal
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.consents import post_signed_decision
from tests.factories.portal_access import (
    PASSPHRASE,
    find_access_code,
    find_activation_number,
    get_activation_number,
    open_access,
    print_access_code,
)
from tests.factories.ties import confirm_tie, make_privacy_officer
from tests.support.browser import ENGLISH, enter, signed_in
from tests.support.patients_code import first_time, found, refused, staff, tried
from tests.support.world import World, related, w

__all__ = ["w"]


def test_an_earlier_code_does_not_die_silently(w: World) -> None:
    first, _ = open_access(w.person, w.clerk)  # type: ignore[arg-type]
    browser = enter(first)
    assert "Another code was printed" not in browser.get("/my/").content.decode()
    clerk = signed_in(alliance.make_staff(w.b, Role.CLERK))
    second = find_access_code(
        clerk.post(
            f"/person/{w.person}/consent/access/", headers=ENGLISH, follow=True
        ).content.decode()
    )
    new = access_codes.query_codes_of_person(w.person, found(w))[0]  # type: ignore[arg-type]
    told = browser.get("/my/").content.decode()
    assert "Another code was printed" in told and str(w.b) in told and f"no. {new.pk}" in told, (
        "at once"
    )
    number = get_activation_number(new, make_privacy_officer())
    assert "activation number was given" in browser.get("/my/").content.decode(), (
        "and the earlier one is still open"
    )
    first_time(second, number)
    ended = browser.get("/my/", follow=True).content.decode()
    assert "a newer code" in ended and f"no. {new.pk}" in ended and str(w.b) in ended
    assert "a newer code" in tried(first, PASSPHRASE), "whoever comes with it is told too"
    assert (
        "Birth date" in browser.get("/my/sign-in/").content.decode()
        and "a newer code" not in browser.get("/my/sign-in/").content.decode()
    ), "once"


def test_the_patient_stops_a_code_that_they_did_not_ask_for(w: World) -> None:
    browser = enter(open_access(w.person, w.clerk)[0])  # type: ignore[arg-type]
    second, new = print_access_code(w.person, w.clerk)  # type: ignore[arg-type]
    number = get_activation_number(new, make_privacy_officer())
    assert f"/my/codes/{new.pk}/stop/" in browser.get("/my/").content.decode()
    stranger = access_codes.query_codes_of_person(w.person, found(w)).last()  # type: ignore[arg-type]
    assert browser.post(f"/my/codes/{new.pk + 1000}/stop/").status_code == 404
    assert browser.post(f"/my/codes/{new.pk}/stop/", follow=True).status_code == 200
    assert "was stopped" in tried(second, number) and browser.get("/my/").status_code == 200
    lines = list_audit_lines(AuditFilter(person=w.person), None, 50)  # type: ignore[arg-type]
    assert [x["actor_kind"] for x in lines if x["code"] == "consent:access:stop"] == ["patient"]
    assert (
        "stopped by the patient"
        in signed_in(alliance.make_staff(w.b, Role.PRIVACY))
        .get(f"/person/{w.person}/privacy/", headers=ENGLISH)
        .content.decode()
    )
    assert stranger is not None and stranger.open, "the control: the own code goes on"


def test_a_provisional_way_in_neither_ends_nor_stops_a_full_one(w: World) -> None:
    full, _ = open_access(w.person, w.clerk)  # type: ignore[arg-type]
    patient = enter(full)
    weak, access = print_access_code(w.person, w.clerk)  # type: ignore[arg-type]
    insider = first_time(
        weak, get_activation_number(access, staff(w, Role.CLINICIAN)), "an insider knows it 1"
    )
    assert patient.get("/my/").status_code == 200 and enter(full).get("/my/").status_code == 200
    mine = access_codes.query_codes_of_person(w.person, found(w)).exclude(pk=access.pk).get()  # type: ignore[arg-type]
    assert (
        insider.post(f"/my/codes/{mine.pk}/stop/").status_code == 403
        and "cannot be stopped from here" in insider.get("/my/").content.decode()
    )
    with pytest.raises(Forbidden):
        get_activation_number(mine, staff(w, Role.CLINICIAN))
    assert (
        patient.post(f"/my/codes/{access.pk}/stop/", follow=True).status_code == 200
        and insider.get("/my/").status_code == 302
    ), "the control"


def test_a_full_activation_puts_out_who_had_the_provisional_one(w: World) -> None:
    code, access = print_access_code(w.person, w.clerk)  # type: ignore[arg-type]
    insider = first_time(
        code, get_activation_number(access, staff(w, Role.CLINICIAN)), "an insider knows it 1"
    )
    said = insider.get("/my/").content.decode()
    assert "confirmed provisionally" in said and f"no. {access.pk}" in said
    number = get_activation_number(access, make_privacy_officer())
    assert "new activation number was given" in insider.get("/my/", follow=True).content.decode()
    assert "This opens nothing" in tried(code, "an insider knows it 1")
    patient = first_time(code, number)
    said = patient.get("/my/").content.decode()
    assert "confirmed provisionally" not in said and "not confirmed yet" not in said
    assert (
        access_codes.patient_principal(access_codes.query_access_codes().get(pk=access.pk)).factor
        == "full"
    )
    other = get_activation_number(access, make_privacy_officer())
    assert (
        patient.get("/my/").status_code == 200
        and "new activation number was given" in patient.get("/my/").content.decode()
    ), "a full one stays until the number is used"
    first_time(code, other, "I had forgotten it 5")
    assert patient.get("/my/").status_code == 302


def test_codes_of_an_earlier_release_read_and_close_until_they_are_activated(w: World) -> None:
    code, access = print_access_code(w.person, w.clerk)  # type: ignore[arg-type]
    PatientAccess.objects.filter(pk=access.pk).update(bare=True)
    browser = enter(code, secret="")
    said = browser.get("/my/").content.decode()
    assert "not confirmed yet" in said and access_codes.patient_principal(access).factor == ""
    assert "This opens nothing" in tried(code, "guessed")
    number = get_activation_number(access, make_privacy_officer())
    assert enter(code, secret="").get("/my/").status_code == 200, "until the number is used"
    first_time(code, number)
    assert (
        browser.get("/my/").status_code == 302
        and enter(code, secret="").get("/my/").status_code == 302
    )


def test_a_code_does_not_come_along_when_its_registration_joins_another_person(w: World) -> None:
    code, _ = open_access(w.person, w.clerk)  # type: ignore[arg-type]
    access = access_codes.query_codes_of_person(w.person, found(w)).get()  # type: ignore[arg-type]
    browser = enter(code)
    assert browser.get("/my/").status_code == 200, "the control"
    SourcePatient.objects.filter(home=access.person).update(
        joined_at=timezone.now()
    )  # as a decision of the index does
    assert "have the code activated anew" in browser.get("/my/", follow=True).content.decode()
    assert "have the code activated anew" in tried(code, PASSPHRASE) and refused(w, "use") == [
        "moved"
    ]
    assert (
        first_time(code, get_activation_number(access, make_privacy_officer()))
        .get("/my/")
        .status_code
        == 200
    )


def test_what_a_provisional_patient_decides_opens_nothing_denied_and_nothing_sensitive(
    w: World,
) -> None:
    related(w)
    w.permit()
    deny = w.permit(effect="deny", source_id=w.b.pk)
    confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    clerk, doctor = (
        alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK)),
        alliance.get_staff_principal(alliance.make_staff(w.a)),
    )
    code, access = print_access_code(w.person, clerk)  # type: ignore[arg-type]
    two = first_time(code, get_activation_number(access, doctor), "two insiders know it")
    assert w.seen() == set()
    assert (
        two.post(f"/my/consent/{deny.pk}/withdraw/", {"reason": ""}).status_code == 302
        and w.seen() == set()
    ), "two of the hospital that it refuses"
    assert (
        post_signed_decision(
            two, "/my/", {"template": "share", "kinds": "R", "instead": "on"}
        ).status_code
        == 302
    )
    assert w.seen() == set(), "what takes the place of a denial does not lift it either"
    patient = first_time(code, get_activation_number(access, make_privacy_officer()))
    own = access_codes.patient_principal(access_codes.query_access_codes().get(pk=access.pk))
    do_confirm_withdrawal(deny.pk, w.person, evidence="my page", sources=found(w), acting=own)  # type: ignore[arg-type]
    assert w.seen() == {f"{w.b.code}/{w.plain}"}, (
        "what two of the hospital permitted themselves: nothing sensitive"
    )
    assert (
        post_signed_decision(patient, "/my/", {"template": "share", "kinds": "R"}).status_code
        == 302
    )
    assert w.seen() == {f"{w.b.code}/{w.plain}", f"{w.b.code}/{w.sensitive}"}, "the control"


def test_the_officer_stops_a_code(w: World) -> None:
    code, _ = open_access(w.person, w.clerk)  # type: ignore[arg-type]
    access = access_codes.query_codes_of_person(w.person, found(w)).get()  # type: ignore[arg-type]
    path = f"/person/{w.person}/consent/access/{access.pk}/stop/"
    far = signed_in(alliance.make_staff(alliance.make_hospital("far"), Role.PRIVACY))
    assert (
        far.post(path, {"reason": "not asked for"}).status_code == 403
        and enter(code).get("/my/").status_code == 200
    )
    assert (
        signed_in(alliance.make_staff(w.b, Role.CLERK))
        .post(path, {"reason": "not asked for"})
        .status_code
        == 403
    )
    assert (
        signed_in(alliance.make_staff(w.b, Role.PRIVACY))
        .post(path, {"reason": "not asked for"})
        .status_code
        == 302
    )
    assert "by a privacy officer" in tried(code, PASSPHRASE)
    another = print_access_code(w.person, w.clerk)[1]  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        do_stop_access(another.pk, w.person, sources=found(w), acting=w.clerk)  # type: ignore[arg-type]
    with pytest.raises(AlreadyDone):
        do_stop_access(access.pk, w.person, sources=found(w), acting=make_privacy_officer())  # type: ignore[arg-type]


def test_the_pages_of_who_activates(w: World) -> None:
    confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    _code, access = print_access_code(w.person, w.clerk)  # type: ignore[arg-type]
    path = f"/person/{w.person}/consent/access/{access.pk}/activate/"
    elsewhere = signed_in(alliance.make_staff(w.a, Role.CLERK))
    assert (
        path
        in elsewhere.get(f"/person/{w.person}/consent/access/", headers=ENGLISH).content.decode()
    )
    wide = signed_in(alliance.make_staff(alliance.make_hospital("o"), Role.PRIVACY, wide=True))
    assert path in wide.get(f"/person/{w.person}/privacy/", headers=ENGLISH).content.decode()
    assert signed_in(alliance.make_staff(w.b, Role.CLERK)).get(path).status_code == 403, (
        "another clerk of the hospital that printed it"
    )
    inside = (
        signed_in(alliance.make_staff(w.b, Role.CLINICIAN))
        .get(path, headers=ENGLISH)
        .content.decode()
    )
    assert (
        "the activation is provisional" in inside
        and "the activation is provisional"
        not in elsewhere.get(path, headers=ENGLISH).content.decode()
    )
    assert "fault" in elsewhere.post(path, {"compared": ""}, headers=ENGLISH).content.decode(), (
        "what was compared is asked for"
    )
    number = find_activation_number(
        elsewhere.post(
            path, {"compared": "identity card"}, headers=ENGLISH, follow=True
        ).content.decode()
    )
    assert number in elsewhere.get(path, headers=ENGLISH).content.decode(), (
        "a reload does not lose it"
    )
    assert number not in wide.get(path, headers=ENGLISH).content.decode(), "nobody else sees it"
    assert not re.search(
        r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", elsewhere.get(path).content.decode()
    ), "nor does who activates see the code"
    AccessActivation.objects.filter(access=access).update(expires_at=timezone.now())
    assert "not activated yet" in tried(_code, number), "a number that nobody used in time"
