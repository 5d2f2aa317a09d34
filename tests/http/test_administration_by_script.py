"""A script with the token of an administrator's client does what that administrator may do at that
moment through the administration API, and nothing else; each refusal beside what is allowed.
"""

import datetime as dt
from collections.abc import Callable

import pytest
import requests
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.utils import timezone

from alliance.auth.administration_scopes import AdministrationScope
from alliance.auth.administrator_tokens import administrator_client_principal
from alliance.auth.errors import Forbidden
from alliance.auth.scopes import BadScope
from alliance.auth.token_clients import hash_secret
from alliance.models import (
    AdministratorClient,
    AdministratorToken,
    Client,
    Hospital,
    Proposal,
    Staff,
    User,
)
from alliance.roles import Role
from alliance.services.administrator_clients import (
    LONGEST_LIFE,
    do_register_administrator_client,
    do_revoke_administrator_client,
    query_visible_clients,
)
from alliance.services.clients import do_register_client
from alliance.services.credentials import do_reset_credentials
from alliance.services.membership import do_resume_hospital, do_suspend_hospital
from alliance.services.proposals import do_agree_to_proposal, query_open_proposals
from alliance.services.staffing import do_change_staff, do_end_staff, do_return_staff
from alliance.services.vouching import do_vouch_client, do_vouch_staff
from tests import draws
from tests.factories import alliance
from tests.factories.administrator_clients import (
    EVERYTHING,
    Script,
    make_administrator,
    make_script,
    register,
    register_standing,
)
from tests.factories.fhir import Api, make_patient
from tests.factories.web_session import WebSession
from tests.support.audit_lines import told

READ, WRITE = AdministrationScope.HOSPITALS_READ, AdministrationScope.HOSPITALS_WRITE


def test_a_script_does_what_its_administrator_may(server: str) -> None:
    who, other = make_administrator(), alliance.make_hospital("other")
    script = make_script(server, who)
    listed = script("GET", "/api/hospitals/").json()
    assert [h["code"] for h in listed["results"]] == [who.hospital.code]
    made = script("POST", "/api/clients/", {"hospital": who.hospital.code, "name": "HIS"})
    assert made.status_code == 201 and made.json()["client_secret"]
    registered = Client.objects.get(client_id=made.json()["client_id"])
    assert registered.registered_by == who and registered.vouched_at is None
    [line] = told(f"client/{registered.client_id}", "alliance:client:register")
    assert (line["actor_kind"], line["actor"]) == ("administrator_client", str(who.pk))
    assert line["detail"] == f"by client/{script.client_id}"
    away = script("POST", "/api/clients/", {"hospital": other.code, "name": "HIS"})
    assert away.status_code == 403 and away.json()["code"] == "object"
    gone = script("DELETE", f"/api/clients/{registered.client_id}/", {"reason": "replaced"})
    assert gone.status_code == 204
    admit = {"code": f"n-{draws.token_hex(4)}", "name_zh": "新", "name_en": "New"}
    body = admit | {"tier": "community"}
    assert script("POST", "/api/hospitals/", body).status_code == 403, "one hospital's alone"
    wide = make_script(server, make_administrator(wide=True))
    assert wide("POST", "/api/hospitals/", body).status_code == 201


@pytest.mark.parametrize(
    ("scopes", "method", "path", "body", "allowed"),
    [
        (READ, "GET", "/api/hospitals/", None, True),
        (READ, "GET", "/api/clients/", None, False),
        (READ, "POST", "/api/hospitals/", {}, False),
        (WRITE, "GET", "/api/hospitals/", None, True),
        (WRITE, "POST", "/api/hospitals/", {}, True),
        ("administration/clients.read", "POST", "/api/clients/", {}, False),
        ("administration/clients.write", "POST", "/api/clients/", {}, True),
        ("administration/proposals.read", "PUT", "/api/proposals/1/", {}, False),
        ("administration/proposals.write", "PUT", "/api/proposals/1/", {}, True),
        (EVERYTHING, "OPTIONS", "/api/hospitals/", None, False),
    ],
)
def test_each_method_takes_its_scope(
    server: str, scopes: str, method: str, path: str, body: object, allowed: bool
) -> None:
    answer = make_script(server, make_administrator(wide=True), scopes)(method, path, body)
    if allowed:
        assert answer.status_code in (200, 400), answer.text
    else:
        assert answer.status_code == 403 and answer.json()["code"] == "scope"
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_a_token_has_what_was_asked_for_and_no_more_than_the_client(server: str) -> None:
    client, secret = register_standing(make_administrator(), f"{READ} administration/clients.write")
    script = Script(server, client.client_id, secret)
    assert script.ask_token().json()["scope"] == f"administration/clients.write {READ}"
    assert script.ask_token(scope=READ).json()["scope"] == READ
    assert script.ask_token(scope=WRITE).json()["scope"] == READ, "of writing, reading is granted"
    for wrong in ("system/*.rs", f"{READ} system/Patient.r", "administration/all", "", "x"):
        answer = script.ask_token(scope=wrong)
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_scope", wrong
    beyond = script.ask_token(scope="administration/proposals.read")
    assert beyond.status_code == 400
    at = alliance.make_hospital("sys")
    system = Script(server, *alliance.make_credentials(at))
    assert system.ask_token(scope=READ).json()["error"] == "invalid_scope"
    assert system.ask_token(scope="system/*.rs").status_code == 200, "the control"
    with pytest.raises(BadScope):
        register(make_administrator(), f"{READ} system/*.rs")


def test_neither_token_opens_the_other_door(server: str) -> None:
    who = make_administrator()
    script = make_script(server, who)
    assert script("GET", "/api/hospitals/").status_code == 200
    system = Api(server, who.hospital.code, credentials=alliance.make_credentials(who.hospital))
    patient = system.create(make_patient())
    for base in (who.hospital.code, "alliance"):
        for path in ("Patient", patient, "_history", "$export", "metadata-not", "$ihe-pix"):
            answer = script("GET", f"/fhir/{base}/{path}")
            assert answer.status_code == 403, (base, path)
            assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert system("GET", patient).status == 200, "the control"
    refused = requests.get(
        f"{server}/api/clients/",
        headers={"Authorization": f"Bearer {system.token}"},
        timeout=60,
    )
    assert refused.status_code == 403 and refused.json()["code"] == "scope"


def test_a_system_that_a_script_registers_reads_nothing_before_somebody_vouches(
    server: str,
) -> None:
    who = make_administrator()
    at, script = who.hospital, make_script(server, who)
    made = script("POST", "/api/clients/", {"hospital": at.code, "name": "HIS"}).json()
    system = Script(server, made["client_id"], made["client_secret"])
    waits = system.ask_token()
    assert waits.status_code == 401 and "vouched" in waits.json()["error_description"]
    wrong = Script(server, made["client_id"], "wrong").ask_token()
    assert "vouched" not in wrong.json()["error_description"], "told to its holder alone"
    officer = alliance.mark_vouched(alliance.make_staff(at, Role.PRIVACY))
    do_vouch_client(
        Client.objects.get(client_id=made["client_id"]),
        acting=alliance.get_staff_principal(officer),
    )
    assert system.ask_token().status_code == 200
    own, secret = do_register_client(at, name="LIS", acting=alliance.get_staff_principal(who))
    assert Script(server, own.client_id, secret).ask_token().status_code == 200, "by a person"


def test_what_is_no_token_is_told_how_to_get_one(server: str) -> None:
    script = make_script(server, make_administrator())
    assert script("GET", "/api/hospitals/").status_code == 200, "the control"
    for header in (None, "Bearer", "Bearer x", "Basic eDp5", f"Token {script.token}"):
        answer = requests.get(
            f"{server}/api/hospitals/",
            headers={"Authorization": header} if header else {},
            timeout=60,
        )
        assert answer.status_code == 401 and answer.json()["code"], header
        assert answer.headers["WWW-Authenticate"].startswith("Bearer"), header


def test_a_cookie_and_a_token_together_open_nothing(server: str) -> None:
    who = make_administrator()
    script, session = make_script(server, who), WebSession(server, who)
    assert session.get("/api/hospitals/").status_code == 200
    assert script("GET", "/api/hospitals/").status_code == 200
    both = session.get("/api/hospitals/", headers={"Authorization": f"Bearer {script.token}"})
    assert both.status_code == 401 and both.json()["code"] == "two_callers"
    unmarked = session.http.post(
        f"{server}/api/clients/", json={"hospital": who.hospital.code, "name": "x"}
    )
    assert unmarked.status_code == 403 and "CSRF" in unmarked.json()["detail"]


# what happens to the account, and why its client does not count any more
def change_role(who: Staff) -> None:
    do_change_staff(who, role=Role.CLERK.value, acting=alliance.OPERATOR)
    do_change_staff(
        Staff.objects.get(pk=who.pk), role=Role.ADMINISTRATOR.value, acting=alliance.OPERATOR
    )


def end_and_return(who: Staff) -> None:
    do_end_staff(who, reason="test", acting=alliance.OPERATOR)
    do_return_staff(who, ends_on=dt.date(2099, 1, 1), reason="test", acting=alliance.OPERATOR)


def suspend_and_resume(who: Staff) -> None:
    do_suspend_hospital(who.hospital, reason="test", acting=alliance.OPERATOR)
    do_resume_hospital(who.hospital, acting=alliance.OPERATOR)


def reset(who: Staff) -> None:
    do_reset_credentials(who, second_factor=False, reason="test", acting=alliance.OPERATOR)


def choose_password(who: Staff) -> None:
    user = User.objects.get(pk=who.user_id)
    user.set_password("another-long-password-7")
    user.save()


def change_authenticator(who: Staff) -> None:
    Authenticator.objects.filter(user=who.user).delete()
    Authenticator.objects.create(user=who.user, type="totp", data={"secret": "x"})


def leave(who: Staff) -> None:
    Staff.objects.filter(pk=who.pk).update(ends_on=timezone.localdate() - dt.timedelta(days=1))


def suspend(who: Staff) -> None:
    Hospital.objects.filter(pk=who.hospital_id).update(suspended_at=timezone.now())


def move(who: Staff) -> None:
    Staff.objects.filter(pk=who.pk).update(hospital=alliance.make_hospital("moved"))


def widen(who: Staff) -> None:
    Staff.objects.filter(pk=who.pk).update(alliance_wide=True)


def demote(who: Staff) -> None:
    Staff.objects.filter(pk=who.pk).update(role=Role.CLINICIAN)


def unvouch(who: Staff) -> None:
    Staff.objects.filter(pk=who.pk).update(vouched_at=None)


def lock(who: Staff) -> None:
    User.objects.filter(pk=who.user_id).update(is_active=False)


def outlive(who: Staff) -> None:
    AdministratorClient.objects.filter(staff=who).update(expires_at=timezone.now())


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (change_role, "unknown_token"),
        (end_and_return, "unknown_token"),
        (suspend_and_resume, "unknown_token"),
        (reset, "unknown_token"),
        (choose_password, "credentials"),
        (change_authenticator, "credentials"),
        (leave, "ended"),
        (suspend, "viewer_inactive"),
        (move, "credentials"),
        (widen, "credentials"),
        (demote, "credentials"),
        (unvouch, "unvouched"),
        (lock, "ended"),
        (outlive, "client_expired"),
    ],
)
def test_it_ends_with_what_it_hangs_on(
    server: str, happens: Callable[[Staff], None], code: str
) -> None:
    who = make_administrator()
    script, colleague = make_script(server, who), make_script(server, make_administrator())
    assert script("GET", "/api/hospitals/").status_code == 200
    happens(who)
    answer = script("GET", "/api/hospitals/")
    assert answer.status_code == 401 and answer.json()["code"] == code, answer.text
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert script.ask_token().json()["error"] == "invalid_client"
    assert colleague("GET", "/api/hospitals/").status_code == 200, "the control"


def test_an_expired_token_and_an_ended_client(server: str) -> None:
    who = make_administrator()
    script = make_script(server, who)
    assert script("GET", "/api/hospitals/").status_code == 200
    AdministratorToken.objects.filter(digest=hash_secret(script.token)).update(
        expires_at=timezone.now()
    )
    assert script("GET", "/api/hospitals/").json()["code"] == "expired_token"
    script.token = ""
    assert script("GET", "/api/hospitals/").status_code == 200, "a new one"


def test_who_may_revoke_it(server: str) -> None:
    who, elsewhere = make_administrator(), make_administrator()
    colleague, wide = make_administrator(at=who.hospital), make_administrator(wide=True)
    for by in (who, colleague, wide):
        script = make_script(server, who)
        client = AdministratorClient.objects.get(client_id=script.client_id)
        assert script("GET", "/api/hospitals/").status_code == 200
        with pytest.raises(Forbidden):
            do_revoke_administrator_client(
                client, reason="no", acting=alliance.get_staff_principal(elsewhere)
            )
        assert client not in query_visible_clients(alliance.get_staff_principal(elsewhere))
        assert client in query_visible_clients(alliance.get_staff_principal(by))
        do_revoke_administrator_client(
            client, reason="leaked", acting=alliance.get_staff_principal(by)
        )
        assert script("GET", "/api/hospitals/").status_code == 401
        assert script.ask_token().status_code == 401
        refused, done = sorted(
            told(
                f"administrator-client/{client.client_id}", "alliance:administrator-client:revoke"
            ),
            key=lambda line: line["outcome"],
        )
        assert (refused["outcome"], refused["actor"]) == ("refused", str(elsewhere.pk))
        assert done["actor"] == str(by.pk) and "leaked" in done["detail"]
    office = register_standing(wide)[0]
    with pytest.raises(Forbidden):
        do_revoke_administrator_client(
            office, reason="no", acting=alliance.get_staff_principal(who)
        )


def test_one_of_the_whole_alliance_waits_for_another(server: str) -> None:
    who, other = make_administrator(wide=True), make_administrator(wide=True)
    client, secret, proposal = register(who)
    assert proposal is not None
    script = Script(server, client.client_id, secret)
    waits = script.ask_token()
    assert waits.status_code == 401 and "another administrator" in waits.json()["error_description"]
    with pytest.raises(Forbidden):
        do_agree_to_proposal(proposal, acting=alliance.get_staff_principal(who))
    assert script.ask_token().status_code == 401
    do_agree_to_proposal(proposal, acting=alliance.get_staff_principal(other))
    assert script("GET", "/api/hospitals/").status_code == 200
    own, _, none = register(make_administrator())
    assert none is None and own.agreed_at, "of one hospital, it counts at once"


def test_what_waits_and_has_ended_is_not_agreed_to(world: None) -> None:
    who, other = make_administrator(wide=True), make_administrator(wide=True)
    client, _, proposal = register(who)
    assert proposal is not None
    choose_password(who)
    with pytest.raises(Forbidden):
        do_agree_to_proposal(proposal, acting=alliance.get_staff_principal(other))
    assert AdministratorClient.objects.get(pk=client.pk).agreed_at is None


def test_a_script_proposes_and_refuses_and_never_agrees(server: str) -> None:
    who, other = make_administrator(wide=True), make_administrator(wide=True)
    at = alliance.make_hospital("stop")
    script, second = make_script(server, who), make_script(server, other)
    path = f"/api/hospitals/{at.code}/suspension/"
    assert script("PUT", path, {"suspended": True, "reason": "leak"}).status_code == 200
    made = script("PUT", path, {"suspended": False, "reason": "mended"})
    assert made.status_code == 202 and made.json()["outcome"] == ""
    again = script("PUT", path, {"suspended": False, "reason": "mended"})
    assert again.status_code == 409 and again.json()["code"] == "proposal"
    decide = f"/api/proposals/{made.json()['id']}/"
    for one in (script, second):
        refused = one("PUT", decide, {"agreed": True})
        assert refused.status_code == 403 and refused.json()["code"] == "in_person"
    assert Hospital.objects.get(pk=at.pk).suspended_at
    with pytest.raises(Forbidden):
        do_agree_to_proposal(
            Proposal.objects.get(pk=made.json()["id"]),
            acting=alliance.get_staff_principal(who),
        )
    do_agree_to_proposal(
        Proposal.objects.get(pk=made.json()["id"]), acting=alliance.get_staff_principal(other)
    )
    assert not Hospital.objects.get(pk=at.pk).suspended_at
    do_suspend_hospital(at, reason="again", acting=alliance.get_staff_principal(other))
    made = script("PUT", path, {"suspended": False, "reason": "mended"})
    decide = f"/api/proposals/{made.json()['id']}/"
    assert decide.split("/")[3] in {
        str(p["id"]) for p in second("GET", "/api/proposals/").json()["results"]
    }
    closed = second("PUT", decide, {"agreed": False, "reason": "not yet"})
    assert closed.json()["outcome"] == "refused"
    assert not query_open_proposals().filter(pk=made.json()["id"]).exists()


def test_a_script_vouches_for_nothing_and_registers_no_other(world: None) -> None:
    who = make_administrator(wide=True)
    client, _ = register_standing(who)
    script = administrator_client_principal(who, client.client_id, None)  # type: ignore[arg-type]
    system = Client.objects.create(client_id=draws.token_hex(4), hospital=who.hospital, name="x")
    for verb in (
        lambda: do_vouch_staff(make_administrator(), ground="card", seen="", acting=script),
        lambda: do_vouch_client(system, acting=script),
        lambda: do_revoke_administrator_client(client, reason="x", acting=script),
    ):
        with pytest.raises(Forbidden) as refusal:
            verb()
        assert refusal.value.code == "in_person"
    values = {"name": "x", "scopes": READ, "last_day": timezone.localdate(), "reason": "test"}
    with pytest.raises(Forbidden):
        do_register_administrator_client(acting=script, **values)  # type: ignore[arg-type]
    acting = alliance.get_staff_principal(who)
    assert do_register_administrator_client(acting=acting, **values)[0].staff == who  # type: ignore[arg-type]


def test_who_may_register_one(world: None) -> None:
    acting = register(make_administrator())[0]
    assert acting.staff.role == Role.ADMINISTRATOR
    at = alliance.make_hospital("no")
    for role in (Role.CLINICIAN, Role.CLERK, Role.AUDITOR, Role.PRIVACY):
        with pytest.raises(Forbidden):
            register(alliance.make_staff(at, role))
    without = alliance.make_staff(at, Role.ADMINISTRATOR)
    with pytest.raises(Forbidden) as refusal:
        register(without)
    assert refusal.value.code == "credentials"
    who = make_administrator()
    today = timezone.localdate()
    for day in (today - dt.timedelta(days=1), today + LONGEST_LIFE + dt.timedelta(days=1)):
        with pytest.raises(ValidationError):
            register(who, last_day=day)
    register(who, last_day=today + LONGEST_LIFE, name="nightly")
    with pytest.raises(ValidationError):
        register(who, name="Nightly")


def test_it_ends_under_the_feet_of_a_request(server: str) -> None:
    """What is asked for in the transaction counts, not what was when the request came."""
    who = make_administrator()
    client, _ = register_standing(who)
    script = administrator_client_principal(who, client.client_id, None)  # type: ignore[arg-type]
    assert do_register_client(who.hospital, name="one", acting=script)[0].registered_by == who
    do_revoke_administrator_client(
        client, reason="leaked", acting=alliance.get_staff_principal(who)
    )
    with pytest.raises(Forbidden) as refusal:
        do_register_client(who.hospital, name="two", acting=script)
    assert refusal.value.code == "revoked"


def test_a_secret_that_is_wrong_is_counted(server: str) -> None:
    client, secret = register_standing(make_administrator())
    wrong = Script(server, client.client_id, "wrong")
    answers = {wrong.ask_token().status_code for _ in range(14)}
    assert answers == {401, 429}
    assert Script(server, client.client_id, secret).ask_token().status_code == 200
