"""Register and revoke the systems of member hospitals."""

import secrets
from typing import Any

from django.db import transaction
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.auth.tokens import digest
from alliance.models import AccessToken, Client, Hospital
from alliance.roles import Permission, Role
from alliance.services.authority import must
from consent.audit.append import append
from consent.audit.event import Event, EventCode


@transaction.atomic
def do_register_client(hospital: Hospital, *, name: str, acting: Principal, jwks: dict[str, Any] | None = None) -> tuple[Client, str]:
    """(the client, its secret). The secret is shown once and kept only as a hash; a client with keys of its own has none."""
    must(acting, Permission.CLIENT_MANAGE, hospital)
    secret = "" if jwks else secrets.token_urlsafe(32)
    client = Client.objects.create(
        client_id=f"{hospital.code}-{secrets.token_hex(4)}", hospital=hospital, name=name, jwks=jwks, secret_hash=digest(secret) if secret else b"")
    append(Event.of(acting, EventCode.CLIENT_REGISTER, target=f"client/{client.client_id}"))
    return client, secret


@transaction.atomic
def do_revoke_client(client: Client, *, acting: Principal) -> None:
    """Its tokens stop at once."""
    must(acting, Permission.CLIENT_MANAGE, client.hospital)
    Client.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=timezone.now())
    AccessToken.objects.filter(client=client).delete()
    append(Event.of(acting, EventCode.CLIENT_REVOKE, target=f"client/{client.client_id}"))


def standing(client_id: str, request_id: str) -> Principal:
    """A member's system as it stands now, for work that goes on after its request; not active once it or its hospital is stopped."""
    client = Client.objects.select_related("hospital").get(client_id=client_id)
    return Principal(
        kind="client", id=client_id, hospital_id=client.hospital_id, hospital=client.hospital.code, role=Role.MEMBER_SYSTEM,
        active=client.revoked_at is None and client.hospital.active, request_id=request_id)
