"""Systems of a hospital, for tests that need no token of theirs."""

from alliance.models import Client, Hospital
from tests import draws


def make_client(hospital: Hospital) -> Client:
    code = draws.token_hex(6)
    return Client.objects.create(
        client_id=f"c-{code}", hospital=hospital, name=code, secret_hash=b""
    )
