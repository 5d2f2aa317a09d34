"""A machine that enrols with a code and asks for tokens with the key that it made."""

import io
import json
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from joserfc.jwk import ECKey

from alliance.models import Client, Hospital
from consent.audit.signing_keys import raw_key_bytes
from tests import draws
from tests.factories.fhir import Api, Reply
from tests.support.assertion import Asker

JSON = {"Content-Type": "application/json"}


def operator_code(at: Hospital, *, sandbox: bool = False, **more: Any) -> str:
    """As the command prints it."""
    out = io.StringIO()
    call_command(
        "enrolment_code",
        hospital=at.code,
        sandbox=sandbox,
        stdout=out,
        stderr=io.StringIO(),
        **more,
    )
    return out.getvalue().strip()


class Machine:
    """What a member's machine has: its keys, and once it is enrolled what the platform told it."""

    def __init__(self, server: str, name: str = "") -> None:
        self.server, self.name = server, name or f"HIS {draws.token_hex(4)}"
        self.key, self.told = ECKey.generate_key("P-384"), {}  # type: ECKey, dict[str, Any]
        self.witness = raw_key_bytes(Ed25519PrivateKey.generate().public_key())

    def form(self, code: str, **other: Any) -> dict[str, Any]:
        whole = {
            "code": code,
            "name": self.name,
            "jwk": self.key.as_dict(private=False),
            "witness_key": self.witness.hex(),
        } | other
        return {k: v for k, v in whole.items() if v is not None}

    def enrol(self, code: str, **other: Any) -> Reply:
        reply = Api(self.server, "").raw(
            "POST", "/sync/enrol", json.dumps(self.form(code, **other)).encode(), JSON
        )
        if reply.status == 201:
            self.told = reply.json
        return reply

    @property
    def client(self) -> Client:
        return Client.objects.get(client_id=self.told["client_id"])

    def ask_token(self, key: ECKey | None = None, scope: str = "", **claims: Any) -> Reply:
        asker = Asker(self.server, self.client.hospital, self.told["client_id"])
        made = asker.assertion(key or self.key, **claims)
        return asker.ask(made, **({"scope": scope} if scope else {}))

    def api(self, scope: str = "") -> Api:
        reply = self.ask_token(scope=scope)
        assert reply.status == 200, reply.body
        return Api(self.server, self.told["hospital"], token=reply.json["access_token"])

    def prove(self, key: ECKey, signer: ECKey | None = None, **claims: Any) -> str:
        """What the key that counts says of the one that shall."""
        asker = Asker(self.server, self.client.hospital, self.told["client_id"])
        about = {
            "aud": f"{self.server}/sync/{self.told['hospital']}/key",
            "cnf": {"jkt": key.thumbprint()},
        }
        return asker.assertion(signer or self.key, **about | claims)

    def replace_key(
        self, api: Api, key: ECKey, at: str = "", signer: ECKey | None = None, **other: Any
    ) -> Reply:
        """signer: the key that counts; other: what the request says otherwise."""
        whole = {"jwk": key.as_dict(private=False), "proof": self.prove(key, signer)} | other
        return api.raw(
            "POST",
            f"/sync/{at or self.told['hospital']}/key",
            json.dumps({k: v for k, v in whole.items() if v is not None}).encode(),
            JSON | {"Authorization": f"Bearer {api.token}"},
        )


def enrolled(server: str, at: Hospital, *, sandbox: bool = False) -> Machine:
    machine = Machine(server)
    reply = machine.enrol(operator_code(at, sandbox=sandbox))
    assert reply.status == 201, reply.body
    return machine


def seconds_from_now(seconds: int) -> int:
    return int(time.time()) + seconds
