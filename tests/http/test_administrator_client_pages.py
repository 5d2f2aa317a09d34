"""The pages of administrators' clients: registered after password and authenticator's code, shown
once, revoked.
"""

import datetime as dt
import json
from typing import Any

import pytest
from django.utils import timezone

from alliance.auth.administration_scopes import NO_ADMINISTRATION, AdministrationScope
from alliance.auth.administrator_tokens import administrator_client_principal
from alliance.models import AdministratorClient, Staff
from alliance.roles import Role
from alliance.services.clients import do_register_client
from alliance.services.proposals import query_open_proposals
from tests.factories import alliance
from tests.factories.administrator_clients import Script, make_administrator, register_standing
from tests.support.assertion import KEY
from tests.support.audit_lines import told
from tests.support.browser import ENGLISH, code, signed_in
from tests.support.html import Browser

LIST = "/alliance/administrator-clients/"
REGISTER = LIST + "register/"


def confirmed(who: Staff) -> Browser:
    """A browser in which they have just given their password once more."""
    browser = signed_in(who)
    browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
    return browser


def form(**more: Any) -> dict[str, Any]:
    return {
        "name": "nightly report",
        "scopes": [str(AdministrationScope.HOSPITALS_READ)],
        "last_day": (timezone.localdate() + dt.timedelta(days=30)).isoformat(),
        "reason": "report",
        "code": code(),
    } | more


def test_it_is_registered_shown_once_used_and_revoked(server: str) -> None:
    who = make_administrator()
    browser = confirmed(who)
    assert browser.get(REGISTER).status_code == 200
    made = browser.post(REGISTER, form())
    assert made.status_code == 302, made.content.decode()
    client = AdministratorClient.objects.get(staff=who)
    shown = browser.get(made["Location"], headers=ENGLISH)
    assert client.client_id in shown.content.decode() and "no-store" in shown["Cache-Control"]
    secret = shown.context["shown"].text
    script = Script(server, client.client_id, secret)
    assert script("GET", "/api/hospitals/").status_code == 200
    other = confirmed(make_administrator(at=who.hospital))
    assert other.get(made["Location"]).status_code == 404, "its secret is shown to nobody else"
    assert client.client_id in other.get(LIST).content.decode(), "a colleague sees and revokes it"
    revoke = f"{LIST}{client.client_id}/revoke/"
    far = confirmed(make_administrator())
    assert client.client_id not in far.get(LIST).content.decode()
    assert far.post(revoke, {"reason": "leaked"}).status_code == 404
    assert script("GET", "/api/hospitals/").status_code == 200
    assert other.post(revoke, {"reason": "leaked"}).status_code == 302
    assert script("GET", "/api/hospitals/").status_code == 401
    twice = other.post(revoke, {"reason": "leaked"})
    assert twice.status_code == 302 and twice["Location"] == LIST, "it stands already"
    assert browser.get(made["Location"]).status_code == 410
    page = browser.get(LIST, headers=ENGLISH).content.decode()
    assert "revoked" in page and revoke not in page


def test_without_password_or_code_nothing_is_registered(world: None) -> None:
    who = make_administrator()
    browser = signed_in(who)
    away = browser.post(REGISTER, form())
    assert away.status_code == 302 and "/reauthenticate/" in away["Location"]
    browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
    for wrong in ("000000", "", "no code"):
        assert browser.post(REGISTER, form(code=wrong)).status_code == 200
    for missing in ({"scopes": []}, {"last_day": "2001-01-01"}, {"reason": ""}, {"jwks": "x"}):
        assert browser.post(REGISTER, form(**missing, code="000000")).status_code == 200
    assert not AdministratorClient.objects.filter(staff=who).exists()
    right = form()
    assert browser.post(REGISTER, right).status_code == 302, "the control"
    again = browser.post(REGISTER, right | {"name": "another"}, headers=ENGLISH)
    assert "has been used already" in again.content.decode(), "a code opens once"


def test_a_client_with_keys_of_its_own_gets_no_secret(world: None) -> None:
    who = make_administrator()
    keys = json.dumps({"keys": [KEY.as_dict(private=False)]})
    made = confirmed(who).post(REGISTER, form(jwks=keys))
    assert made["Location"] == LIST
    client = AdministratorClient.objects.get(staff=who)
    assert client.jwks and not bytes(client.secret_hash)
    [line] = told(
        f"administrator-client/{client.client_id}", "alliance:administrator-client:register"
    )
    assert line["actor"] == str(who.pk) and "administration/hospitals.read" in line["detail"]


def test_of_the_alliance_another_agrees_on_the_page(world: None) -> None:
    who, other = make_administrator(wide=True), make_administrator(wide=True)
    assert confirmed(who).post(REGISTER, form()).status_code == 302
    client = AdministratorClient.objects.get(staff=who)
    proposal = query_open_proposals().get(target=f"administrator-client/{client.client_id}")
    page = signed_in(other).get("/alliance/proposals/", headers=ENGLISH).content.decode()
    assert "nightly report" in page and "administration/hospitals.read" in page
    signed_in(who).post(f"/alliance/proposals/{proposal.pk}/agree/", {})
    assert AdministratorClient.objects.get(pk=client.pk).agreed_at is None
    signed_in(other).post(f"/alliance/proposals/{proposal.pk}/agree/", {})
    assert AdministratorClient.objects.get(pk=client.pk).agreed_by == other


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.CLERK, Role.AUDITOR, Role.PRIVACY])
def test_nobody_else_has_these_pages(world: None, role: Role) -> None:
    browser = confirmed(alliance.make_staff(alliance.make_hospital("no"), role))
    for page in (LIST, REGISTER):
        assert browser.get(page).status_code == 403
    assert "administrator-clients" not in browser.get("/account/").content.decode()
    administrator = confirmed(make_administrator())
    assert LIST in administrator.get("/account/").content.decode(), "the control"


def test_the_auditor_finds_what_a_client_did_under_the_account(world: None) -> None:
    who = make_administrator()
    client, _ = register_standing(who)
    do_register_client(
        who.hospital,
        name="HIS",
        acting=administrator_client_principal(who, client.client_id, NO_ADMINISTRATION),
    )
    auditor = signed_in(alliance.make_staff(who.hospital, Role.AUDITOR))
    page = auditor.get(f"/audit/?actor={who.pk}", headers=ENGLISH).content.decode()
    assert f"by the client {client.client_id}" in page and "registered a system" in page
