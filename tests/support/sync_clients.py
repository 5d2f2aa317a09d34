"""Systems of a hospital, for tests that need no token of theirs."""

import secrets

from alliance.models import Client, Hospital


def make_client(hospital: Hospital) -> Client:
    code = secrets.token_hex(6)
    return Client.objects.create(
        client_id=f"c-{code}", hospital=hospital, name=code, secret_hash=b""
    )
