"""An agent's home whose settings lead to the test server, by client secret, with a witness key."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from alliance.models import Client, Hospital
from consent.audit.signing_keys import own_public_key_bytes, pem_from_key, raw_key_bytes
from records.agent.context import AgentContext, open_context
from records.agent.sender import Sender
from tests.factories import alliance


@contextmanager
def agent_at(server: str, at: Hospital, home: Path) -> Iterator[AgentContext]:
    client_id, secret = alliance.make_credentials(at)
    key = Ed25519PrivateKey.generate()
    Client.objects.filter(client_id=client_id).update(witness_key=raw_key_bytes(key.public_key()))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (home / "witness.pem").write_bytes(pem)
    (home / "platform-keys.pem").write_text(pem_from_key(own_public_key_bytes()))
    (home / "agent.ini").write_text(
        f"[platform]\nurl = {server}\nhospital = {at.code}\nclient_id = {client_id}\n"
        f"secret = {secret}\n[witness]\nkey = witness.pem\n"
    )
    context = open_context(home)
    try:
        yield context
    finally:
        context.close()


def send_all(context: AgentContext) -> None:
    Sender(context).run(until_empty=True)
