"""A system that asks for a token with an assertion that its key signs (SMART Backend Services)."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.core.management import call_command
from joserfc import jwt
from joserfc.jwk import ECKey

from alliance.auth.assertion import ASSERTION_TYPE
from alliance.models import Hospital
from tests import draws
from tests.factories.fhir import Api, Reply

KEY = ECKey.generate_key("P-384", {"kid": "one"})


def register(at: Hospital, folder: Path, *keys: Any) -> str:
    """The client of the hospital that signs with these keys."""
    path = folder / f"{draws.token_hex(4)}.json"
    path.write_text(json.dumps({"keys": [k.as_dict(private=False) for k in keys]}))
    said = folder / "said"
    with said.open("w") as out:
        call_command("register_client", hospital=at.code, name="keys", jwks=path, stdout=out)
    told = json.loads(said.read_text())
    assert "client_secret" not in told
    return str(told["client_id"])


class Asker:
    """The client at the token endpoint."""

    def __init__(self, server: str, at: Hospital, client: str) -> None:
        self.api, self.client, self.server = Api(server, at.code), client, server

    def assertion(self, key: Any = KEY, alg: str = "ES384", **claims: Any) -> str:
        whole = {
            "iss": self.client,
            "sub": self.client,
            "aud": self.server + "/oauth/token",
            "exp": int(time.time()) + 240,
            "jti": draws.token_hex(8),
        } | claims
        return jwt.encode(
            {"alg": alg, **({"kid": key.kid} if key.kid else {})},
            {k: v for k, v in whole.items() if v is not None},
            key,
            algorithms=[alg],
        )

    def ask(self, assertion: str, **more: str) -> Reply:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        } | more
        return self.api.raw(
            "POST",
            "/oauth/token",
            urlencode(form).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
