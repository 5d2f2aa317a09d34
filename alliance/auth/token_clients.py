"""Who asks for a token: a system of a hospital, or a client that acts for one administrator; what
each may be granted, and why it does not count any more.
"""

import hashlib
import hmac
from typing import TypeAlias

from alliance.auth import administration_scopes, administrator_tokens, scopes
from alliance.auth.principal import Principal
from alliance.models import AdministratorClient, Client
from alliance.roles import Role

UNKNOWN_CLIENT = "Unknown client, wrong secret, revoked client or suspended hospital."
SYSTEM_UNVOUCHED = (
    "A script has registered this system: it gets tokens once a privacy officer or auditor has"
    " vouched for it (page Vouch)."
)
TokenClient: TypeAlias = Client | AdministratorClient


def hash_secret(secret: str) -> bytes:
    """Secrets carry 256 random bits, so a plain hash cannot be reversed by guessing."""
    return hashlib.sha256(secret.encode()).digest()


def find_token_client(client_id: str) -> TokenClient | None:
    if client_id.startswith(administrator_tokens.CLIENT_PREFIX):
        return (
            AdministratorClient.objects.select_related("hospital", "staff__hospital")
            .filter(client_id=client_id)
            .first()
        )
    return Client.objects.select_related("hospital__sandbox_of").filter(client_id=client_id).first()


def find_secret_fault(client: TokenClient | None, secret: str) -> str:
    right = hmac.compare_digest(
        bytes(client.secret_hash) if client else b"\0" * 32, hash_secret(secret)
    )
    return "" if right else "wrong secret"


def find_client_end(client: TokenClient) -> str:
    """Why it gets no token any more, as the audit log calls it; "": it gets one."""
    if isinstance(client, AdministratorClient):
        state = administrator_tokens.fetch_client_state(client.client_id)
        return state.end if state else "revoked"
    if client.revoked_at:
        return "revoked"
    if not client.hospital.active:
        return "viewer_inactive"
    if client.hospital.is_sandbox:
        return ""  # nobody vouches there: it never reaches anything of the alliance
    return "unvouched" if client.registered_through and client.vouched_at is None else ""


def describe_client_end(client: TokenClient, end: str) -> str:
    """To whoever has proved to be the client: why it gets no token, and what would mend it."""
    if isinstance(client, AdministratorClient):
        return administrator_tokens.END_MESSAGES[end]
    return SYSTEM_UNVOUCHED if end == "unvouched" else UNKNOWN_CLIENT


def principal_of_token_client(
    client: TokenClient | None, address: str, request_id: str
) -> Principal:
    if isinstance(client, AdministratorClient):
        return administrator_tokens.administrator_client_principal(
            client.staff,
            client.client_id,
            administration_scopes.NO_ADMINISTRATION,
            address=address,
            request_id=request_id,
        )
    return Principal(
        kind="client",
        id=client.client_id if client else "",
        hospital_id=client.hospital_id if client else 0,
        hospital=client.hospital.code if client else "",
        role=Role.MEMBER_SYSTEM,
        sandbox=bool(client and client.hospital.is_sandbox),
        address=address,
        request_id=request_id,
    )


def resolve_requested_grant(client: TokenClient, asked: str | None) -> tuple[str, str]:
    """(the scopes that the token has, as the client is told them). asked: None where the client
    names none, as older ones do: it gets all that it is registered for (RFC 6749 3.3). Raises
    BadScope.
    """
    if isinstance(client, AdministratorClient):
        whole = administration_scopes.parse_administration_scopes(client.scopes)
        given = (
            whole
            if asked is None
            else administration_scopes.grant_requested_administration(asked, whole)
        )
        return str(given), str(given)
    allowed = scopes.parse_scopes(client.scopes)
    if asked is None:
        return str(allowed), str(allowed)
    grant, told = scopes.grant_requested_scopes(asked, allowed, scopes.HOSTED_TYPES)
    return str(grant), told
