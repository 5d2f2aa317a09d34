"""A refusal leaves a trace: who, from where, at which door and why; a flood of the same one leaves two lines a minute, and strangers fill no disk."""

import datetime as dt
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client as Browser
from django.test import RequestFactory
from django.utils import timezone

from alliance.models import AccessToken, Client, Staff
from alliance.roles import Role
from alliance.services.staffing import do_end_staff
from alliance.web.audit_words import describe_detail
from alliance.web.reasons import describe_refusal
from consent.audit.event import Event, EventCode, Outcome
from consent.audit.query import Filter, page
from consent.audit.refusal import ADDRESS, OWN, STRANGERS, flush, refuse
from records.interactions.ask import base
from tests.contracts.test_refusals import fresh
from tests.factories import alliance
from tests.factories.fhir import Api, patient
from tests.http.test_administration import SECRET, signed_in
from tests.http.test_sign_in import LOGIN, code, from_somewhere

ROOT = Path(__file__).resolve().parents[2]


def lines(**fits: str) -> list[dict[str, Any]]:
    return [x for x in page(Filter(), None, 400) if all(x[k] == v for k, v in fits.items())]


def over() -> None:
    """The minute is over, and the sealer comes by."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consent_audit_refusal SET minute = minute - interval '2 minutes'")
    flush()


def address() -> str:
    return f"203.0.113.{secrets.randbelow(250)}"


@pytest.fixture(autouse=True)
def quiet(world: None) -> None:
    fresh()


@pytest.mark.parametrize(("state", "reason"), [("none", "no_token"), ("wrong", "unknown_token"), ("expired", "expired_token"), ("revoked", "revoked"), ("suspended", "viewer_inactive")])
def test_a_token_that_does_not_open(server: str, state: str, reason: str) -> None:
    at = alliance.hospital("tok")
    client = Client.objects.get(client_id=alliance.credentials(at)[0])
    _, secret = alliance.credentials(at)
    api = Api(server, at.code, credentials=(Client.objects.filter(hospital=at).latest("pk").client_id, secret))
    client = Client.objects.filter(hospital=at).latest("pk")
    if state in ("none", "wrong"):
        api.token = "" if state == "none" else "no-such-token"
    elif state == "expired":
        AccessToken.objects.filter(client=client).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    elif state == "revoked":
        Client.objects.filter(pk=client.pk).update(revoked_at=timezone.now())
    else:
        at.suspended_at = timezone.now()
        at.save()
    request = f"tok-{secrets.token_hex(6)}"
    assert api("GET", "Patient", X_Request_Id=request).status == 401
    [line] = lines(request_id=request)
    named = state not in ("none", "wrong")
    assert (line["code"], line["outcome"], line["reason"], line["target"]) == (EventCode.DOOR, "refused", reason, "fhir")
    assert (line["actor"], line["actor_hospital"]) == ((client.client_id, at.code) if named else ("", "")) and line["address"] == "127.0.0.1"


def test_a_flood_of_one_kind_is_two_lines(server: str) -> None:
    api = Api(server, alliance.hospital("flood").code, token="wrong")
    first = f"fl-{secrets.token_hex(6)}"
    for i in range(40):
        assert api("GET", "Patient", X_Request_Id=first if i == 0 else "later").status == 401
    [line] = lines(request_id=first)
    over()
    [sum_] = [x for x in lines(request_id=first) if x["id"] != line["id"]]
    assert sum_["detail"] == "39 more" and {k: sum_[k] for k in ("code", "outcome", "reason", "actor", "address", "target")} == {
        k: line[k] for k in ("code", "outcome", "reason", "actor", "address", "target")}
    assert not [x for x in lines(request_id="later") if x["address"] == "127.0.0.1"]
    assert "39" in describe_detail("39 more") and describe_detail("39 more") != "39 more" and describe_refusal("unknown_token") != "unknown_token"
    flush()
    assert len(lines(request_id=first)) == 2, "told once"


def test_what_came_once_is_not_told_again() -> None:
    mark = secrets.token_hex(8)
    refuse(Event(EventCode.DOOR, "stranger", "", "", "", "", Outcome.REFUSED, "login", address=address(), request_id=mark), account=False)
    over()
    assert len(lines(request_id=mark)) == 1


def strangers(n: int, at: str, mark: str) -> None:
    refuse(Event(EventCode.TOKEN_ISSUE, "client", f"no-such-{n}", "", "", "", Outcome.REFUSED, "unknown_client", address=at, request_id=mark), account=False)


def test_strangers_do_not_fill_the_disk() -> None:
    """Each try names another account, from one address and from many."""
    mark, at = secrets.token_hex(8), address()
    for n in range(50):
        strangers(n, at, mark)
    assert len(lines(request_id=mark)) == ADDRESS + 1, "and one for all the others of this address"
    rest = next(x for x in lines(request_id=mark) if x["reason"] == "many")
    assert rest["address"] == at and not rest["actor"] and rest["actor_kind"] == "stranger"
    for n in range(2 * STRANGERS):
        strangers(n, f"10.1.{n // 200}.{n % 200}", mark)
    over()
    told = lines(request_id=mark)
    assert len(told) <= 2 * (STRANGERS + 2)
    assert len(told) + sum(int(x["detail"].split()[0]) - 1 for x in told if x["detail"]) == 50 + 2 * STRANGERS, "and none is lost"


def test_who_names_no_account_takes_no_room_from_guesses_at_one() -> None:
    mark = secrets.token_hex(8)
    for n in range(2 * STRANGERS):
        refuse(Event(EventCode.DOOR, "stranger", "", "", "", "", Outcome.REFUSED, "no_token", address=f"10.3.{n // 200}.{n % 200}"), account=False)
    strangers(7, address(), mark)
    assert [x["actor"] for x in lines(request_id=mark)] == ["no-such-7"]


def test_strangers_do_not_hide_what_is_refused_to_staff() -> None:
    mark = secrets.token_hex(8)
    for n in range(2 * STRANGERS):
        strangers(n, f"10.2.{n // 200}.{n % 200}", secrets.token_hex(4))
    who = alliance.staff(alliance.hospital("kept"), Role.AUDITOR)
    assert signed_in(who).get("/privacy/", headers={"X-Request-Id": mark}).status_code == 403
    [line] = lines(request_id=mark)
    assert (line["actor"], line["reason"], line["target"]) == (str(who.pk), "role", "page/privacy")
    for n in range(2 * OWN):
        refuse(Event(EventCode.DOOR, "staff", str(who.pk), "x", "", "", Outcome.REFUSED, "object", target=f"page/{n}", address="10.2.3.4", request_id=mark), account=True)
    assert OWN - 1 <= len(lines(request_id=mark, actor=str(who.pk))) <= OWN + 1, "one account, too, writes a bounded number"


def test_a_patient_whom_a_refusal_is_about_stands_in_it(server: str) -> None:
    at, other = alliance.hospital("of"), alliance.hospital("to")
    api = Api(server, at.code, credentials=alliance.credentials(at))
    from records.models import SourcePatient

    person = SourcePatient.objects.get(hospital=at, fhir_id=api.create(patient()).split("/")[1]).person_id
    clerk = alliance.staff(other, Role.CLERK)
    assert signed_in(clerk).get(f"/person/{person}/identity/").status_code == 403
    assert [(x["reason"], x["target"]) for x in page(Filter(person=person, actor_kind="staff", actor=str(clerk.pk)), None, 5)] == [("object", "page/identity")]


@pytest.mark.parametrize(("path", "role"), [("/api/hospitals/", Role.CLERK), ("/api/clients/no-such/", Role.CLINICIAN), ("/api/hospitals/", None)])
def test_the_administration_interface(world: None, path: str, role: Role | None) -> None:
    browser, mark = signed_in(alliance.staff(alliance.hospital("api"), role)) if role else Browser(REMOTE_ADDR=address()), secrets.token_hex(8)
    assert browser.get(path, headers={"X-Request-Id": mark}).status_code == 403
    [line] = lines(request_id=mark)
    assert (line["code"], line["target"], line["reason"], bool(line["actor"])) == (EventCode.DOOR, "api", "role" if role else "login", bool(role))


def test_client_authentication_that_fails_and_that_waits(server: str) -> None:
    at = alliance.hospital("oauth")
    name, _ = alliance.credentials(at)
    api = Api(server, at.code)
    form = f"grant_type=client_credentials&client_id={name}&client_secret=wrong".encode()
    status = [api.raw("POST", "/oauth/token", form, {"Content-Type": "application/x-www-form-urlencoded"}).status for _ in range(12)]
    assert status == [401] * 10 + [429] * 2
    assert {x["reason"] for x in lines(actor=name)} == {"secret", "wait"} and len(lines(actor=name)) == 2
    over()
    assert {(x["reason"], x["detail"]) for x in lines(actor=name)} == {("secret", ""), ("wait", ""), ("secret", "9 more"), ("wait", "1 more")}


def test_guesses_at_passwords_and_codes_and_those_that_wait(world: None) -> None:
    who = alliance.staff(alliance.hospital("guess"))
    TOTP.activate(who.user, SECRET)
    browser = from_somewhere()
    for _ in range(7):
        browser.post(LOGIN, {"login": who.user.username, "password": "wrong-password-1"})
    assert {(x["code"], x["reason"]) for x in lines(actor=str(who.pk), outcome="refused")} == {(EventCode.SIGN_IN, "password"), (EventCode.SIGN_IN, "wait")}
    fresh()
    browser = from_somewhere()
    assert browser.post(LOGIN, {"login": who.user.username, "password": alliance.PASSWORD}).status_code == 302
    for _ in range(7):
        browser.post("/account/2fa/authenticate/", {"code": "000000"})
    reasons = [x["reason"] for x in lines(actor=str(who.pk), outcome="refused")]
    assert reasons.count("code") == 1 and reasons.count("wait") == 2, "each kind once in its minute"
    assert not lines(actor=str(who.pk), outcome="success", code=EventCode.SIGN_IN), "the right password alone opened nothing"


def test_a_recovery_code_and_a_step_up_that_failed(world: None) -> None:
    who = alliance.staff(alliance.hospital("rec"))
    TOTP.activate(who.user, SECRET)
    codes = RecoveryCodes.activate(who.user).get_unused_codes()
    browser = from_somewhere()
    browser.post(LOGIN, {"login": who.user.username, "password": alliance.PASSWORD})
    assert browser.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    said = [(x["code"], x["outcome"]) for x in lines(actor=str(who.pk))]
    assert (EventCode.RECOVERY_CODE_USE, "success") in said and (EventCode.SIGN_IN, "success") in said
    browser.post("/account/reauthenticate/", {"password": "wrong-password-1"})
    assert lines(actor=str(who.pk), code=EventCode.STEP_UP, reason="password", outcome="refused")
    assert Authenticator.objects.filter(user=who.user).count() == 2


def test_an_ended_employment_never_reads_signed_in(world: None) -> None:
    """By the sign-in page, between the two factors, and by whatever else might open a session."""
    at = alliance.hospital("ended")
    gone, between, other = (alliance.staff(at) for _ in range(3))
    for who in (gone, between, other):
        TOTP.activate(who.user, SECRET)
    do_end_staff(gone, reason="test", acting=alliance.OPERATOR)
    from_somewhere().post(LOGIN, {"login": gone.user.username, "password": alliance.PASSWORD})
    browser = from_somewhere()
    assert browser.post(LOGIN, {"login": between.user.username, "password": alliance.PASSWORD}).status_code == 302
    do_end_staff(between, reason="test", acting=alliance.OPERATOR)
    browser.post("/account/2fa/authenticate/", {"code": code()})
    do_end_staff(other, reason="test", acting=alliance.OPERATOR)
    request = RequestFactory().get("/", REMOTE_ADDR=address())
    request.session = SessionStore()
    login(request, other.user, backend="alliance.auth.backend.StaffBackend")
    for who in (gone, between, other):
        assert not lines(actor=str(who.pk), code=EventCode.SIGN_IN, outcome="success"), who.pk
        assert who is between or lines(actor=str(who.pk), code=EventCode.SIGN_IN, outcome="refused", reason="viewer_inactive"), who.pk
    still = alliance.staff(at)
    signed_in(still)
    assert lines(actor=str(still.pk), code=EventCode.SIGN_IN, outcome="success"), "the control"


def test_what_a_batch_refuses(server: str) -> None:
    at = alliance.hospital("batch")
    api, mark = Api(server, at.code, credentials=alliance.credentials(at)), secrets.token_hex(8)
    other = alliance.hospital("not")
    body = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "POST", "url": "Patient"}, "resource": patient()}]}
    reply = api("POST", "", body, base=other.code, X_Request_Id=mark)
    assert reply.status == 200 and reply.json["entry"][0]["response"]["status"].startswith("403")
    assert [x["outcome"] for x in lines(request_id=mark)] == ["refused"]
    assert base(alliance.principal(alliance.staff(at)), at.code, "").own, "the control: its own base is"


def run(*command: str) -> int:
    return subprocess.run([sys.executable, str(ROOT / "manage.py"), *command], cwd=ROOT, env={**os.environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, check=False).returncode


def test_commands_that_touch_data_leave_a_line(world: None) -> None:
    before = len(lines(code=EventCode.COMMAND))
    assert run("dumpdata", "alliance.hospital") == 0 and run("shell", "--no-imports", "-c", "name = 'of a patient'") == 0
    run("changepassword", "nobody-of-this-name")
    assert run("check") == 0 and run("dumpdata", "--help") == 0
    made = lines(code=EventCode.COMMAND)[: len(lines(code=EventCode.COMMAND)) - before]
    assert [(x["target"], x["detail"]) for x in made] == [("command/changepassword", "nobody-of-this-name"), ("command/shell", ""), ("command/dumpdata", "alliance.hospital")]
    assert all(x["actor_kind"] == "operator" and x["actor"] for x in made)


def test_where_the_log_cannot_be_written_no_command_runs(world: None) -> None:
    left = subprocess.run([sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", "print('ran')"], cwd=ROOT, capture_output=True, text=True, check=False,
                          env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert left.returncode != 0 and "ran" not in left.stdout.split() and "was not run" in left.stderr


def test_staff_who_may_are_not_in_it(world: None) -> None:
    who = alliance.staff(alliance.hospital("may"))
    assert signed_in(who).get("/patients/").status_code == 200
    assert not lines(actor=str(who.pk), outcome="refused") and Staff.objects.filter(pk=who.pk).exists()


def test_what_a_curator_or_an_officer_is_refused_beside_the_form(server: str) -> None:
    """These pages answer with the form and the reason instead of 403: it is a refusal all the same."""
    from consent.services.seals import do_ask_lift, do_seal
    from records.models import SourcePatient
    from records.mpi import sources
    from tests.factories.fhir import number, somebody

    at, other = alliance.hospital("own"), alliance.hospital("others")
    name, card = somebody(), number()
    made = [Api(server, h.code, credentials=alliance.credentials(h)).create(patient(name, resident=card)) for h in (at, other, alliance.hospital("third"))]
    rows = [SourcePatient.objects.get(fhir_id=x.split("/")[1]) for x in made]
    clerk, mark = alliance.staff(at, Role.CLERK), secrets.token_hex(8)
    page_ = f"/person/{rows[0].person_id}/identity/split/"
    signed_in(clerk).post(page_, {"source": [rows[1].pk], "note": "x"}, headers={"X-Request-Id": mark})
    [line] = lines(request_id=mark, outcome="refused")
    assert (line["reason"], line["target"], line["person"]) == ("others", "page/split", str(rows[0].person_id))
    officer, mark = alliance.staff(at, Role.PRIVACY), secrets.token_hex(8)
    browser = signed_in(officer)
    seal = do_seal(rows[0].person_id, ground="dispute", reason="because", listed=[], manifest="", sources=sources.of_person(rows[0].person_id), acting=alliance.principal(officer))
    do_ask_lift(seal.pk, reason="it is over", acting=alliance.principal(officer))
    browser.post(f"/privacy/seals/{seal.pk}/lift/", {"agree": "1"}, headers={"X-Request-Id": mark})
    [line] = lines(request_id=mark, outcome="refused")
    assert (line["reason"], line["target"]) == ("self", "page/seal-lift")
