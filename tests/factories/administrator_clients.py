"""Clients that act for an administrator, and their requests to the administration API."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import requests
from allauth.mfa.totp.internal.auth import TOTP
from django.utils import timezone

from alliance.auth.administration_scopes import AdministrationScope
from alliance.models import AdministratorClient, Handover, Proposal, Staff
from alliance.roles import Role
from alliance.services.administrator_clients import (
    do_agree_to_administrator_client,
    do_register_administrator_client,
)
from alliance.services.handover import find_secret
from tests import draws
from tests.factories import alliance
from tests.factories.web_session import SECRET

EVERYTHING = " ".join(AdministrationScope)


def make_administrator(*, wide: bool = False, at: Any = None) -> Staff:
    """An administrator with password and authenticator of their own."""
    made = alliance.make_staff(at or alliance.make_hospital("adm"), Role.ADMINISTRATOR, wide=wide)
    TOTP.activate(made.user, SECRET)
    return made


def register(
    who: Staff, scopes: str = EVERYTHING, **more: Any
) -> tuple[AdministratorClient, str, Proposal | None]:
    """(the client, its secret, the proposal for which it waits)"""
    acting = alliance.get_staff_principal(who)
    values = {
        "name": f"script {draws.token_hex(3)}",
        "scopes": scopes,
        "last_day": timezone.localdate() + dt.timedelta(days=30),
        "reason": "test",
    } | more
    client, proposal = do_register_administrator_client(acting=acting, **values)
    shown = find_secret(f"administrator-client/{client.client_id}", acting=acting)
    Handover.objects.filter(target=f"administrator-client/{client.client_id}").delete()
    return client, shown.text if shown else "", proposal


def register_standing(who: Staff, scopes: str = EVERYTHING) -> tuple[AdministratorClient, str]:
    """One that counts: where it takes another administrator, the server's operator agrees."""
    client, secret, proposal = register(who, scopes)
    if proposal is not None:
        do_agree_to_administrator_client(client, acting=alliance.OPERATOR)
    return client, secret


@dataclass
class Script:
    """The client at the server, with a token of its own as soon as it asks something."""

    server: str
    client_id: str
    secret: str
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def ask_token(self, **more: str) -> requests.Response:
        return requests.post(
            f"{self.server}/oauth/token",
            data={"grant_type": "client_credentials", **more},
            auth=(self.client_id, self.secret),
            timeout=60,
        )

    def __call__(self, method: str, path: str, body: Any = None) -> requests.Response:
        self.token = self.token or self.ask_token().json()["access_token"]
        return requests.request(
            method,
            self.server + path,
            json=body,
            headers={"Authorization": f"Bearer {self.token}", **self.headers},
            timeout=60,
        )


def make_script(server: str, who: Staff, scopes: str = EVERYTHING) -> Script:
    client, secret = register_standing(who, scopes)
    return Script(server, client.client_id, secret)
