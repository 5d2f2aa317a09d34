"""The patient's code goes to the patient: who may print it, who may activate it and how far that counts, the passphrase, and that an earlier code does not die
silently."""

import dataclasses
import itertools
import re

import pytest
from django.test import Client as Browser
from django.utils import timezone

from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Role
from consent.audit.query import Filter, page
from consent.models import AccessActivation, PatientAccess
from consent.services import accesses, seals
from consent.services.accesses import do_give_access, do_stop_access
from consent.services.activations import do_activate_access
from consent.services.confirmations import do_confirm_withdrawal, do_refuse_tie
from records.models import SourcePatient
from records.mpi import sources
from tests.factories import alliance
from tests.factories.access import PASSPHRASE, code_in, number_for, number_in, opened, printed
from tests.factories.consents import signed
from tests.factories.ties import officer, tie
from tests.http.test_my import ENGLISH, enter
from tests.http.test_persons import signed_in
from tests.leaks.test_shared_record import World, related, w

__all__ = ["w"]
BORN = "1958-03-12"


def found(w: World):  # type: ignore[no-untyped-def]
    return sources.of_person(w.person)  # type: ignore[arg-type]


def staff(w: World, role: Role = Role.CLERK) -> Principal:
    return alliance.principal(alliance.staff(w.b, role))


def give(w: World, acting: Principal) -> str:
    return do_give_access(w.person, sources=found(w), acting=acting)  # type: ignore[arg-type]


def refused(w: World, code: str = "") -> list[str]:
    """Reasons of refusals about codes in the log, the newest first."""
    return [x["reason"] for x in page(Filter(person=w.person, outcome="refused"), None, 50) if x["code"].startswith(f"consent:access:{code}")]  # type: ignore[arg-type]


def tried(code: str, secret: str = "", browser: Browser | None = None) -> str:
    """What the sign-in page, or the one that it leads to, says."""
    return (browser or Browser(headers=ENGLISH)).post("/my/sign-in/", {"code": code, "birth_date": BORN, "secret": secret}, follow=True).content.decode()


def first_time(code: str, number: str, passphrase: str = PASSPHRASE) -> Browser:
    """With the number, then a passphrase of one's own."""
    browser = Browser(headers=ENGLISH)
    assert "Set your passphrase" in tried(code, number, browser)
    assert browser.post("/my/passphrase/", {"passphrase": passphrase, "again": passphrase}, follow=True).redirect_chain[-1][0] == "/my/"
    return browser


def test_only_a_hospital_that_is_known_to_treat_the_patient_prints(w: World) -> None:
    path = f"/person/{w.person}/consent/access/"
    clerk = signed_in(alliance.staff(w.b, Role.CLERK))
    said = clerk.get(path, headers=ENGLISH).content.decode()
    assert "from your hospital alone" in said and "Make a new code" not in said
    assert clerk.post(path, headers=ENGLISH).status_code == 403 and refused(w, "give") == ["tie"] and not PatientAccess.objects.filter(hospital=w.b).exists()
    do_refuse_tie(w.person, w.b.pk, evidence="not known there", sources=found(w), acting=officer())  # type: ignore[arg-type]
    assert clerk.post(path).status_code == 403
    tie(w.person, w.b)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        give(w, dataclasses.replace(staff(w), vouched=False))
    assert refused(w, "give")[0] in ("role", "vouched")
    made = clerk.post(path, headers=ENGLISH, follow=True).content.decode()
    assert code_in(made) and "opens nothing yet" in made, "the control"


def test_no_code_is_printed_that_no_birth_date_would_open(w: World) -> None:
    tie(w.person, w.b)  # type: ignore[arg-type]
    path, clerk = f"/person/{w.person}/consent/access/", signed_in(alliance.staff(w.b, Role.CLERK))
    for known in ("", "1958", "1958-03"):
        SourcePatient.objects.filter(person_id=w.person).update(birth_date=known)
        said = clerk.get(path, headers=ENGLISH).content.decode()
        assert "the day on which the patient was born" in said and "Make a new code" not in said
        assert clerk.post(path, headers=ENGLISH).status_code == 403 and not PatientAccess.objects.filter(hospital=w.b).exists()
    SourcePatient.objects.filter(person_id=w.person).update(birth_date=BORN)
    assert code_in(clerk.post(path, headers=ENGLISH, follow=True).content.decode()), "the control"


def test_no_code_is_printed_or_activated_while_a_record_is_sealed(w: World) -> None:
    _code, access = printed(w.person, w.clerk)  # type: ignore[arg-type]
    seal = seals.do_seal(w.person, ground="dispute", reason="a dispute", listed=[], manifest="", sources=found(w), acting=alliance.principal(alliance.staff(w.a, Role.PRIVACY)))  # type: ignore[arg-type]
    with pytest.raises(Forbidden, match="sealed"):
        give(w, w.clerk)
    with pytest.raises(Forbidden, match="sealed"):
        number_for(access, officer())
    assert refused(w)[:2] == ["sealed", "sealed"]
    seals.do_ask_lift(seal.pk, reason="settled", acting=alliance.principal(alliance.staff(w.a, Role.PRIVACY)))
    seals.do_lift(seal.pk, sources=found(w), acting=officer())
    assert give(w, w.clerk) and number_for(access, officer()), "the control"


def test_what_is_printed_opens_nothing_alone(w: World) -> None:
    code, access = printed(w.person, w.clerk)  # type: ignore[arg-type]
    for secret in ("", "00000000", PASSPHRASE):
        said = tried(code, secret)
        assert "not activated yet" in said and f"no. {access.pk}" in said
    assert set(refused(w, "use")) == {"not_activated"}
    number = number_for(access, officer())
    for secret in ("", "00000000", PASSPHRASE):
        assert "This opens nothing" in tried(code, secret)
    browser = first_time(code.lower(), number.replace(" ", ""))
    assert "My decisions" in browser.get("/my/").content.decode(), "the control"
    assert "in use since" in tried(code, number), "a number opens once"
    assert enter(code).get("/my/").status_code == 200


@pytest.mark.parametrize(("role", "factor"), [
    ("printer", ""), ("another clerk there", ""), ("clinician there", "provisional"), ("privacy officer there", "provisional"), ("auditor there", ""), ("clerk elsewhere", "full"),
    ("clerk elsewhere, unknown", ""), ("clinician elsewhere", ""), ("privacy officer elsewhere", ""), ("alliance's privacy officer", "full"), ("unvouched", "")])
def test_who_activates_a_code_and_how_far_it_counts(w: World, role: str, factor: str) -> None:
    _code, access = printed(w.person, w.clerk)  # type: ignore[arg-type]
    if "unknown" not in role:
        tie(w.person, w.a)  # type: ignore[arg-type]
    at_a = {"clerk elsewhere": Role.CLERK, "clerk elsewhere, unknown": Role.CLERK, "clinician elsewhere": Role.CLINICIAN, "privacy officer elsewhere": Role.PRIVACY}
    at_b = {"another clerk there": Role.CLERK, "clinician there": Role.CLINICIAN, "privacy officer there": Role.PRIVACY, "auditor there": Role.AUDITOR}
    who = w.clerk if role == "printer" else alliance.principal(alliance.staff(w.a, at_a[role])) if role in at_a else staff(w, at_b[role]) if role in at_b else officer()
    who = dataclasses.replace(who, vouched=role != "unvouched")
    if not factor:
        with pytest.raises(Forbidden):
            number_for(access, who)
        assert len(refused(w, "activate")) == 1 and not AccessActivation.objects.filter(access=access).exists()
        return
    with pytest.raises(ValueError, match="compared"):
        do_activate_access(access.pk, access.person, compared=" ", sources=found(w), acting=who)
    assert number_for(access, who) and AccessActivation.objects.get(access=access).factor == factor


def test_one_insider_is_never_the_patient_and_two_of_one_hospital_only_provisionally(w: World) -> None:
    """Every order in which one, and then two, of the hospital print and activate: a number, a second one, another code."""
    tie(w.person, w.b)  # type: ignore[arg-type]
    tie(w.person, w.a)  # type: ignore[arg-type]
    people = [staff(w, r) for r in (Role.CLERK, Role.CLINICIAN, Role.PRIVACY, Role.AUDITOR, Role.ADMINISTRATOR)]
    got: dict[int, set[str]] = {1: set(), 2: set()}
    for one, two in itertools.product(people, repeat=2):
        try:
            code = give(w, one)
        except Forbidden:
            continue
        access = PatientAccess.objects.latest("pk")
        for again in (one, two, one, two):
            try:
                number_for(access, again)
            except Forbidden:
                continue
            got[len({one.id, two.id})].add(AccessActivation.objects.filter(access=access).latest("pk").factor)
        assert code
    assert got == {1: set(), 2: {"provisional"}}
    number_for(access, officer())
    assert AccessActivation.objects.filter(access=access).latest("pk").factor == "full", "the control"


def test_the_patients_own_passphrase(w: World) -> None:
    code, access = printed(w.person, w.clerk)  # type: ignore[arg-type]
    number = number_for(access, officer())
    browser = Browser(headers=ENGLISH)
    tried(code, number, browser)
    assert browser.get("/my/").status_code == 302, "the number alone opens no page"
    for poor, again in (("abc12", "abc12"), ("19580312", "19580312"), ("password", "password"), (PASSPHRASE, "another one")):
        assert "fault" in browser.post("/my/passphrase/", {"passphrase": poor, "again": again}).content.decode()
    other = Browser(headers=ENGLISH)
    tried(code, number, other)
    assert browser.post("/my/passphrase/", {"passphrase": PASSPHRASE, "again": PASSPHRASE}).url == "/my/", "the control"
    assert "used or replaced meanwhile" in other.post("/my/passphrase/", {"passphrase": "something else 7", "again": "something else 7"}, follow=True).content.decode()
    stored = AccessActivation.objects.get(access=access)
    assert stored.passphrase.startswith("scrypt$") and number.replace(" ", "").encode() not in bytes(stored.number)


def test_a_code_that_another_passphrase_opens_says_so_and_the_officer_sees_it(w: World) -> None:
    code, _ = opened(w.person, w.clerk)  # type: ignore[arg-type]
    said = tried(code, "not my passphrase")
    assert "in use since" in said and "privacy officer" in said and refused(w, "use") == ["in_use"]
    path = f"/person/{w.person}/privacy/"
    for who in (alliance.staff(w.b, Role.PRIVACY), alliance.staff(alliance.hospital("o"), Role.PRIVACY, wide=True)):
        officers = signed_in(who)
        assert "somebody had code and birth date" in officers.get("/privacy/", headers=ENGLISH).content.decode()
        assert "somebody had code and birth date" in officers.get(path, headers=ENGLISH).content.decode()
    assert "with a wrong passphrase" in enter(code).get("/my/").content.decode(), "the patient too"
    for _ in range(4):
        tried(code, "not my passphrase")
    assert enter(code).get("/my/").status_code == 200, "four wrong ones do not close it, and a right one forgives"
    for _ in range(5):
        tried(code, "not my passphrase")
    assert "after five wrong tries" in tried(code, PASSPHRASE)


def test_an_earlier_code_does_not_die_silently(w: World) -> None:
    first, _ = opened(w.person, w.clerk)  # type: ignore[arg-type]
    browser = enter(first)
    assert "Another code was printed" not in browser.get("/my/").content.decode()
    clerk = signed_in(alliance.staff(w.b, Role.CLERK))
    second = code_in(clerk.post(f"/person/{w.person}/consent/access/", headers=ENGLISH, follow=True).content.decode())
    new = accesses.every(w.person, found(w))[0]  # type: ignore[arg-type]
    told = browser.get("/my/").content.decode()
    assert "Another code was printed" in told and str(w.b) in told and f"no. {new.pk}" in told, "at once"
    number = number_for(new, officer())
    assert "activation number was given" in browser.get("/my/").content.decode(), "and the earlier one is still open"
    first_time(second, number)
    ended = browser.get("/my/", follow=True).content.decode()
    assert "a newer code" in ended and f"no. {new.pk}" in ended and str(w.b) in ended
    assert "a newer code" in tried(first, PASSPHRASE), "whoever comes with it is told too"
    assert "Birth date" in browser.get("/my/sign-in/").content.decode() and "a newer code" not in browser.get("/my/sign-in/").content.decode(), "once"


def test_the_patient_stops_a_code_that_they_did_not_ask_for(w: World) -> None:
    browser = enter(opened(w.person, w.clerk)[0])  # type: ignore[arg-type]
    second, new = printed(w.person, w.clerk)  # type: ignore[arg-type]
    number = number_for(new, officer())
    assert f"/my/codes/{new.pk}/stop/" in browser.get("/my/").content.decode()
    stranger = accesses.every(w.person, found(w)).last()  # type: ignore[arg-type]
    assert browser.post(f"/my/codes/{new.pk + 1000}/stop/").status_code == 404
    assert browser.post(f"/my/codes/{new.pk}/stop/", follow=True).status_code == 200
    assert "was stopped" in tried(second, number) and browser.get("/my/").status_code == 200
    lines = page(Filter(person=w.person), None, 50)  # type: ignore[arg-type]
    assert [x["actor_kind"] for x in lines if x["code"] == "consent:access:stop"] == ["patient"]
    assert "stopped by the patient" in signed_in(alliance.staff(w.b, Role.PRIVACY)).get(f"/person/{w.person}/privacy/", headers=ENGLISH).content.decode()
    assert stranger is not None and stranger.open, "the control: the own code goes on"


def test_a_provisional_way_in_neither_ends_nor_stops_a_full_one(w: World) -> None:
    full, _ = opened(w.person, w.clerk)  # type: ignore[arg-type]
    patient = enter(full)
    weak, access = printed(w.person, w.clerk)  # type: ignore[arg-type]
    insider = first_time(weak, number_for(access, staff(w, Role.CLINICIAN)), "an insider knows it 1")
    assert patient.get("/my/").status_code == 200 and enter(full).get("/my/").status_code == 200
    mine = accesses.every(w.person, found(w)).exclude(pk=access.pk).get()  # type: ignore[arg-type]
    assert insider.post(f"/my/codes/{mine.pk}/stop/").status_code == 403 and "cannot be stopped from here" in insider.get("/my/").content.decode()
    with pytest.raises(Forbidden):
        number_for(mine, staff(w, Role.CLINICIAN))
    assert patient.post(f"/my/codes/{access.pk}/stop/", follow=True).status_code == 200 and insider.get("/my/").status_code == 302, "the control"


def test_a_full_activation_puts_out_who_had_the_provisional_one(w: World) -> None:
    code, access = printed(w.person, w.clerk)  # type: ignore[arg-type]
    insider = first_time(code, number_for(access, staff(w, Role.CLINICIAN)), "an insider knows it 1")
    said = insider.get("/my/").content.decode()
    assert "confirmed provisionally" in said and f"no. {access.pk}" in said
    number = number_for(access, officer())
    assert "new activation number was given" in insider.get("/my/", follow=True).content.decode()
    assert "This opens nothing" in tried(code, "an insider knows it 1")
    patient = first_time(code, number)
    said = patient.get("/my/").content.decode()
    assert "confirmed provisionally" not in said and "not confirmed yet" not in said
    assert accesses.principal(accesses.loaded().get(pk=access.pk)).factor == "full"
    other = number_for(access, officer())
    assert patient.get("/my/").status_code == 200 and "new activation number was given" in patient.get("/my/").content.decode(), "a full one stays until the number is used"
    first_time(code, other, "I had forgotten it 5")
    assert patient.get("/my/").status_code == 302


def test_codes_of_an_earlier_release_read_and_close_until_they_are_activated(w: World) -> None:
    code, access = printed(w.person, w.clerk)  # type: ignore[arg-type]
    PatientAccess.objects.filter(pk=access.pk).update(bare=True)
    browser = enter(code, secret="")
    said = browser.get("/my/").content.decode()
    assert "not confirmed yet" in said and accesses.principal(access).factor == ""
    assert "This opens nothing" in tried(code, "guessed")
    number = number_for(access, officer())
    assert enter(code, secret="").get("/my/").status_code == 200, "until the number is used"
    first_time(code, number)
    assert browser.get("/my/").status_code == 302 and enter(code, secret="").get("/my/").status_code == 302


def test_a_code_does_not_come_along_when_its_registration_joins_another_person(w: World) -> None:
    code, _ = opened(w.person, w.clerk)  # type: ignore[arg-type]
    access = accesses.every(w.person, found(w)).get()  # type: ignore[arg-type]
    browser = enter(code)
    assert browser.get("/my/").status_code == 200, "the control"
    SourcePatient.objects.filter(home=access.person).update(joined_at=timezone.now())  # as a decision of the index does
    assert "have the code activated anew" in browser.get("/my/", follow=True).content.decode()
    assert "have the code activated anew" in tried(code, PASSPHRASE) and refused(w, "use") == ["moved"]
    assert first_time(code, number_for(access, officer())).get("/my/").status_code == 200


def test_what_a_provisional_patient_decides_opens_nothing_denied_and_nothing_sensitive(w: World) -> None:
    related(w)
    w.permit()
    deny = w.permit(effect="deny", source_id=w.b.pk)
    tie(w.person, w.a)  # type: ignore[arg-type]
    clerk, doctor = alliance.principal(alliance.staff(w.a, Role.CLERK)), alliance.principal(alliance.staff(w.a))
    code, access = printed(w.person, clerk)  # type: ignore[arg-type]
    two = first_time(code, number_for(access, doctor), "two insiders know it")
    assert w.seen() == set()
    assert two.post(f"/my/consent/{deny.pk}/withdraw/", {"reason": ""}).status_code == 302 and w.seen() == set(), "two of the hospital that it refuses"
    assert signed(two, "/my/", {"template": "share", "kinds": "R", "instead": "on"}).status_code == 302
    assert w.seen() == set(), "what takes the place of a denial does not lift it either"
    patient = first_time(code, number_for(access, officer()))
    own = accesses.principal(accesses.loaded().get(pk=access.pk))
    do_confirm_withdrawal(deny.pk, w.person, evidence="my page", sources=found(w), acting=own)  # type: ignore[arg-type]
    assert w.seen() == {f"{w.b.code}/{w.plain}"}, "what two of the hospital permitted themselves: nothing sensitive"
    assert signed(patient, "/my/", {"template": "share", "kinds": "R"}).status_code == 302
    assert w.seen() == {f"{w.b.code}/{w.plain}", f"{w.b.code}/{w.sensitive}"}, "the control"


def test_the_officer_stops_a_code(w: World) -> None:
    code, _ = opened(w.person, w.clerk)  # type: ignore[arg-type]
    access = accesses.every(w.person, found(w)).get()  # type: ignore[arg-type]
    path = f"/person/{w.person}/consent/access/{access.pk}/stop/"
    far = signed_in(alliance.staff(alliance.hospital("far"), Role.PRIVACY))
    assert far.post(path, {"reason": "not asked for"}).status_code == 403 and enter(code).get("/my/").status_code == 200
    assert signed_in(alliance.staff(w.b, Role.CLERK)).post(path, {"reason": "not asked for"}).status_code == 403
    assert signed_in(alliance.staff(w.b, Role.PRIVACY)).post(path, {"reason": "not asked for"}).status_code == 302
    assert "by a privacy officer" in tried(code, PASSPHRASE)
    another = printed(w.person, w.clerk)[1]  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        do_stop_access(another.pk, w.person, sources=found(w), acting=w.clerk)  # type: ignore[arg-type]
    with pytest.raises(AlreadyStands):
        do_stop_access(access.pk, w.person, sources=found(w), acting=officer())  # type: ignore[arg-type]


def test_the_pages_of_who_activates(w: World) -> None:
    tie(w.person, w.a)  # type: ignore[arg-type]
    _code, access = printed(w.person, w.clerk)  # type: ignore[arg-type]
    path = f"/person/{w.person}/consent/access/{access.pk}/activate/"
    elsewhere = signed_in(alliance.staff(w.a, Role.CLERK))
    assert path in elsewhere.get(f"/person/{w.person}/consent/access/", headers=ENGLISH).content.decode()
    wide = signed_in(alliance.staff(alliance.hospital("o"), Role.PRIVACY, wide=True))
    assert path in wide.get(f"/person/{w.person}/privacy/", headers=ENGLISH).content.decode()
    assert signed_in(alliance.staff(w.b, Role.CLERK)).get(path).status_code == 403, "another clerk of the hospital that printed it"
    inside = signed_in(alliance.staff(w.b, Role.CLINICIAN)).get(path, headers=ENGLISH).content.decode()
    assert "the activation is provisional" in inside and "the activation is provisional" not in elsewhere.get(path, headers=ENGLISH).content.decode()
    assert "fault" in elsewhere.post(path, {"compared": ""}, headers=ENGLISH).content.decode(), "what was compared is asked for"
    number = number_in(elsewhere.post(path, {"compared": "identity card"}, headers=ENGLISH, follow=True).content.decode())
    assert number in elsewhere.get(path, headers=ENGLISH).content.decode(), "a reload does not lose it"
    assert number not in wide.get(path, headers=ENGLISH).content.decode(), "nobody else sees it"
    assert not re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", elsewhere.get(path).content.decode()), "nor does who activates see the code"
    AccessActivation.objects.filter(access=access).update(expires_at=timezone.now())
    assert "not activated yet" in tried(_code, number), "a number that nobody used in time"
