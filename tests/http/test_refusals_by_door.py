"""Each door's refusals leave their line: interface, tokens, sign-in, batches, commands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from alliance.models import Staff
from alliance.roles import Role
from alliance.services.staffing import do_end_staff
from consent.audit.event import EventCode
from records.requests.fhir_request import build_fhir_request
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient
from tests.factories.web_session import SECRET
from tests.support.audit_lines import fresh
from tests.support.browser import LOGIN, code, from_somewhere, signed_in
from tests.support.html import Browser
from tests.support.refusal_lines import address, lines, over, quiet

__all__ = ["quiet"]


ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/api/hospitals/", Role.CLERK),
        ("/api/clients/no-such/", Role.CLINICIAN),
        ("/api/hospitals/", None),
    ],
)
def test_the_administration_interface(world: None, path: str, role: Role | None) -> None:
    browser, mark = (
        (
            signed_in(alliance.make_staff(alliance.make_hospital("api"), role))
            if role
            else Browser(REMOTE_ADDR=address())
        ),
        draws.token_hex(8),
    )
    answer = browser.get(path, headers={"X-Request-Id": mark})
    assert answer.status_code == (403 if role else 401)
    [line] = lines(request_id=mark)
    assert (line["code"], line["target"], line["reason"], bool(line["actor"])) == (
        EventCode.DOOR,
        "api",
        "role" if role else "login",
        bool(role),
    )


def test_client_authentication_that_fails_and_that_waits(server: str) -> None:
    at = alliance.make_hospital("oauth")
    name, _ = alliance.make_credentials(at)
    api = Api(server, at.code)
    form = f"grant_type=client_credentials&client_id={name}&client_secret=wrong".encode()
    status = [
        api.raw(
            "POST", "/oauth/token", form, {"Content-Type": "application/x-www-form-urlencoded"}
        ).status
        for _ in range(12)
    ]
    assert status == [401] * 10 + [429] * 2
    assert {x["reason"] for x in lines(actor=name)} == {"secret", "wait"}
    assert len(lines(actor=name)) == 2
    over()
    assert {(x["reason"], x["detail"]) for x in lines(actor=name)} == {
        ("secret", ""),
        ("wait", ""),
        ("secret", "9 more"),
        ("wait", "1 more"),
    }


def test_guesses_at_passwords_and_codes_and_those_that_wait(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("guess"))
    TOTP.activate(who.user, SECRET)
    browser = from_somewhere()
    for _ in range(7):
        browser.post(LOGIN, {"login": who.user.username, "password": "wrong-password-1"})
    assert {(x["code"], x["reason"]) for x in lines(actor=str(who.pk), outcome="refused")} == {
        (EventCode.SIGN_IN, "password"),
        (EventCode.SIGN_IN, "wait"),
    }
    fresh()
    browser = from_somewhere()
    assert (
        browser.post(LOGIN, {"login": who.user.username, "password": alliance.PASSWORD}).status_code
        == 302
    )
    for _ in range(7):
        browser.post("/account/2fa/authenticate/", {"code": "000000"})
    reasons = [x["reason"] for x in lines(actor=str(who.pk), outcome="refused")]
    assert reasons.count("code") == 1, "each kind once in its minute"
    assert reasons.count("wait") == 2, "each kind once in its minute"
    assert not lines(actor=str(who.pk), outcome="success", code=EventCode.SIGN_IN), (
        "the right password alone opened nothing"
    )


def test_a_recovery_code_and_a_step_up_that_failed(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("rec"))
    TOTP.activate(who.user, SECRET)
    codes = RecoveryCodes.activate(who.user).get_unused_codes()
    browser = from_somewhere()
    browser.post(LOGIN, {"login": who.user.username, "password": alliance.PASSWORD})
    assert browser.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    said = [(x["code"], x["outcome"]) for x in lines(actor=str(who.pk))]
    assert (EventCode.RECOVERY_CODE_USE, "success") in said
    assert (EventCode.SIGN_IN, "success") in said
    browser.post("/account/reauthenticate/", {"password": "wrong-password-1"})
    assert lines(actor=str(who.pk), code=EventCode.STEP_UP, reason="password", outcome="refused")
    assert Authenticator.objects.filter(user=who.user).count() == 2


def test_an_ended_employment_never_reads_signed_in(world: None) -> None:
    """By the sign-in page, between the two factors, and by whatever else might open a session."""
    at = alliance.make_hospital("ended")
    gone, between, other = (alliance.make_staff(at) for _ in range(3))
    for who in (gone, between, other):
        TOTP.activate(who.user, SECRET)
    do_end_staff(gone, reason="test", acting=alliance.OPERATOR)
    from_somewhere().post(LOGIN, {"login": gone.user.username, "password": alliance.PASSWORD})
    browser = from_somewhere()
    assert (
        browser.post(
            LOGIN, {"login": between.user.username, "password": alliance.PASSWORD}
        ).status_code
        == 302
    )
    do_end_staff(between, reason="test", acting=alliance.OPERATOR)
    browser.post("/account/2fa/authenticate/", {"code": code()})
    do_end_staff(other, reason="test", acting=alliance.OPERATOR)
    request = RequestFactory().get("/", REMOTE_ADDR=address())
    request.session = SessionStore()
    login(request, other.user, backend="alliance.auth.backend.StaffBackend")
    for who in (gone, between, other):
        assert not lines(actor=str(who.pk), code=EventCode.SIGN_IN, outcome="success"), who.pk
        assert who is between or lines(
            actor=str(who.pk), code=EventCode.SIGN_IN, outcome="refused", reason="viewer_inactive"
        ), who.pk
    still = alliance.make_staff(at)
    signed_in(still)
    assert lines(actor=str(still.pk), code=EventCode.SIGN_IN, outcome="success"), "the control"


def test_what_a_batch_refuses(server: str) -> None:
    at = alliance.make_hospital("batch")
    api, mark = (
        Api(server, at.code, credentials=alliance.make_credentials(at)),
        draws.token_hex(8),
    )
    other = alliance.make_hospital("not")
    body = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "POST", "url": "Patient"}, "resource": make_patient()}],
    }
    reply = api("POST", "", body, base=other.code, X_Request_Id=mark)
    assert reply.status == 200
    assert reply.json["entry"][0]["response"]["status"].startswith("403")
    assert [x["outcome"] for x in lines(request_id=mark)] == ["refused"]
    assert build_fhir_request(
        alliance.get_staff_principal(alliance.make_staff(at)), at.code, ""
    ).is_own_base, "the control: its own base is"


def run(*command: str) -> int:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *command],
        cwd=ROOT,
        env={**os.environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode


def test_commands_that_touch_data_leave_a_line(world: None) -> None:
    before = len(lines(code=EventCode.COMMAND))
    assert run("dumpdata", "alliance.hospital") == 0
    assert run("shell", "--no-imports", "-c", "name = 'of a patient'") == 0
    run("changepassword", "nobody-of-this-name")
    assert run("check") == 0
    assert run("dumpdata", "--help") == 0
    made = lines(code=EventCode.COMMAND)[: len(lines(code=EventCode.COMMAND)) - before]
    assert [(x["target"], x["detail"]) for x in made] == [
        ("command/changepassword", "nobody-of-this-name"),
        ("command/shell", ""),
        ("command/dumpdata", "alliance.hospital"),
    ]
    assert all(x["actor_kind"] == "operator" and x["actor"] for x in made)


def test_where_the_log_cannot_be_written_no_command_runs(world: None) -> None:
    left = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", "print('ran')"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
    )
    assert left.returncode != 0
    assert "ran" not in left.stdout.split()
    assert "was not run" in left.stderr


def test_staff_who_may_are_not_in_it(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("may"))
    assert signed_in(who).get("/patients/").status_code == 200
    assert not lines(actor=str(who.pk), outcome="refused")
    assert Staff.objects.filter(pk=who.pk).exists()


def test_what_a_curator_or_an_officer_is_refused_beside_the_form(server: str) -> None:
    """These pages answer with the form and the reason instead of 403: it is a refusal all the
    same.
    """
    from consent.services.incident_seals import do_create_incident_seal, do_request_unseal
    from records.models import SourcePatient
    from records.mpi.index import source_patients
    from tests.factories.fhir import make_citizen_number, make_unique_name

    at, other = alliance.make_hospital("own"), alliance.make_hospital("others")
    name, card = make_unique_name(), make_citizen_number()
    made = [
        Api(server, h.code, credentials=alliance.make_credentials(h)).create(
            make_patient(name, resident=card)
        )
        for h in (at, other, alliance.make_hospital("third"))
    ]
    rows = [SourcePatient.objects.get(fhir_id=x.split("/")[1]) for x in made]
    clerk, mark = alliance.make_staff(at, Role.CLERK), draws.token_hex(8)
    page_ = f"/person/{rows[0].person_id}/identity/split/"
    signed_in(clerk).post(
        page_, {"source": [rows[1].pk], "note": "x"}, headers={"X-Request-Id": mark}
    )
    [line] = lines(request_id=mark, outcome="refused")
    assert (line["reason"], line["target"], line["person"]) == (
        "others",
        "page/split",
        str(rows[0].person_id),
    )
    officer, mark = alliance.make_staff(at, Role.PRIVACY), draws.token_hex(8)
    browser = signed_in(officer)
    seal = do_create_incident_seal(
        rows[0].person_id,
        ground="dispute",
        reason="because",
        listed=[],
        manifest="",
        sources=source_patients.sources_of_person(rows[0].person_id),
        acting=alliance.get_staff_principal(officer),
    )
    do_request_unseal(seal.pk, reason="it is over", acting=alliance.get_staff_principal(officer))
    browser.post(f"/privacy/seals/{seal.pk}/lift/", {"agree": "1"}, headers={"X-Request-Id": mark})
    [line] = lines(request_id=mark, outcome="refused")
    assert (line["reason"], line["target"]) == ("self", "page/seal-lift")
