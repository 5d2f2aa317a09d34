"""Register, change and revoke the systems of member hospitals."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.scopes import HOSTED, covers, narrow, parse
from alliance.auth.tokens import digest
from alliance.models import AccessToken, Client, Hospital, Proposal
from alliance.models.client import EVERYTHING
from alliance.roles import Permission, Role
from alliance.services.authority import administrative, must, must_two
from alliance.services.handover import forget_secret, keep_secret
from alliance.services.proposals import Act, propose
from consent.audit.append import append
from consent.audit.event import Event, EventCode


@administrative(EventCode.CLIENT_REGISTER)
def do_register_client(hospital: Hospital, *, name: str, acting: Principal, jwks: dict[str, Any] | None = None, again: bool = False, scopes: str = EVERYTHING,
                       origins: Sequence[str] = ()) -> tuple[Client, str]:
    """(the client, its secret). The acting one may see the secret for ten minutes, then it is kept as a hash alone; a client with keys of its own has none. Who
    has the secret could be the system: it reaches its hospital's own store alone until somebody else vouches. What the server's operator registers counts.

    again: another one of the same name is wanted; scopes: what its tokens may have at most; origins: of its pages in browsers.
    Raises ValidationError where the hospital has a system of this name, and it was not said so.
    """
    must(acting, Permission.CLIENT_MANAGE, hospital)
    if not again and Client.objects.filter(hospital=hospital, name__iexact=name.strip(), revoked_at=None).exists():
        raise ValidationError({"name": _("A system of this name is registered at this hospital already. Choose another name, or revoke that one first.")})
    secret = "" if jwks else secrets.token_urlsafe(32)
    client = Client.objects.create(
        client_id=f"{hospital.code}-{secrets.token_hex(4)}", hospital=hospital, name=name.strip(), jwks=jwks, secret_hash=digest(secret) if secret else b"",
        scopes=str(parse(scopes, HOSTED)), origins=list(origins),
        **({"vouched_at": timezone.now()} if acting.kind == "operator" else {"registered_by_id": int(acting.id)}))
    if secret:
        keep_secret(f"client/{client.client_id}", secret, acting=acting)
    append(Event.of(acting, EventCode.CLIENT_REGISTER, target=f"client/{client.client_id}", detail="" if client.scopes == EVERYTHING else client.scopes))
    return client, secret


@administrative(EventCode.CLIENT_CHANGE)
def do_change_client(client: Client, *, scopes: str, origins: Sequence[str], reason: str, acting: Principal) -> Proposal | None:
    """Less than it may do today at once, and its tokens end; more is proposed to another administrator of the alliance. Raises Forbidden, and BadScope."""
    must(acting, Permission.CLIENT_MANAGE, client.hospital)
    client = Client.objects.select_for_update().get(pk=client.pk)
    now, then = parse(client.scopes), parse(scopes, HOSTED)
    told = []
    if list(origins) != client.origins:
        client.origins = list(origins)
        told.append(f"origins {' '.join(client.origins) or '-'}")
    wider = not covers(now, then)
    if then != now and not wider:
        told.append(f"{now}>{then}")
        client.scopes = str(then)
        AccessToken.objects.filter(client=client).delete()
    if told:
        client.save(update_fields=["scopes", "origins"])
        append(Event.of(acting, EventCode.CLIENT_CHANGE, target=f"client/{client.client_id}", detail=" · ".join((*told, reason))))
    return propose_scopes(client, str(then), reason, acting) if wider else None


def propose_scopes(client: Client, scopes: str, reason: str, acting: Principal) -> Proposal:
    if acting.kind != "operator" and not acting.alliance_wide:
        raise Forbidden("second", "This system would be allowed more than today: an administrator of the alliance proposes it and another agrees. Or register a new system.")
    return propose("client-scopes", f"client/{client.client_id}", {"client": client.client_id, "scopes": scopes}, reason=reason, acting=acting)


@administrative(EventCode.CLIENT_CHANGE)
def do_set_scopes(client: Client, *, scopes: str, acting: Principal, proposer: Principal | None = None) -> None:
    """With its next token the system may do this. Raises Forbidden unless two administrators stand behind it."""
    must_two(acting, proposer, Permission.CLIENT_MANAGE)
    client = Client.objects.select_for_update().get(pk=client.pk)
    before, client.scopes = client.scopes, str(parse(scopes, HOSTED))
    client.save(update_fields=["scopes"])
    AccessToken.objects.filter(client=client).delete()
    append(Event.of(acting, EventCode.CLIENT_CHANGE, target=f"client/{client.client_id}", detail=f"{before}>{client.scopes}"))


def tell_scopes(values: dict[str, Any]) -> list[str]:
    client = Client.objects.select_related("hospital").get(client_id=values["client"])
    said = {"name": client.name, "hospital": client.hospital.name, "scopes": values["scopes"], "before": client.scopes}
    return [_("%(name)s of %(hospital)s may be granted %(scopes)s (until now: %(before)s).") % said]


CLIENT_SCOPES = Act(gettext_lazy("A system is allowed more"), tell_scopes, lambda values, acting, proposer: do_set_scopes(
    Client.objects.get(client_id=values["client"]), scopes=values["scopes"], acting=acting, proposer=proposer))


@administrative(EventCode.CLIENT_REVOKE)
def do_revoke_client(client: Client, *, reason: str, acting: Principal) -> None:
    """Its tokens stop at once."""
    must(acting, Permission.CLIENT_MANAGE, client.hospital)
    if not Client.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=timezone.now()):
        return
    AccessToken.objects.filter(client=client).delete()
    forget_secret(f"client/{client.client_id}")
    append(Event.of(acting, EventCode.CLIENT_REVOKE, target=f"client/{client.client_id}", detail=reason))


def standing(client_id: str, request_id: str, scopes: str) -> Principal:
    """A member's system as it stands now, for work that goes on after its request; not active once it or its hospital is stopped. scopes: those of the
    request, of which it has what the system may be granted still."""
    client = Client.objects.select_related("hospital").get(client_id=client_id)
    return Principal(
        kind="client", id=client_id, hospital_id=client.hospital_id, hospital=client.hospital.code, role=Role.MEMBER_SYSTEM,
        active=client.revoked_at is None and client.hospital.active, request_id=request_id,
        vouched=client.vouched_at is not None, grant=narrow(parse(scopes), parse(client.scopes)))
