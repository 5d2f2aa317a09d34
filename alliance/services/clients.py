"""Register, change and revoke the systems of member hospitals."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.scopes import (
    HOSTED_TYPES,
    covers_grant,
    grant_from_letters,
    intersect_grants,
    parse_scopes,
)
from alliance.auth.token_clients import hash_secret
from alliance.models import AccessToken, Client, Hospital, Proposal
from alliance.models.client import ALL_SCOPES
from alliance.roles import Permission, Role
from alliance.services.authority import (
    administrative_transaction,
    check_may_administer,
    check_two_administrators,
)
from alliance.services.handover import forget_secret, keep_secret
from alliance.services.proposals import ProposalAct, make_proposal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

MORE_NEEDS_TWO = gettext_noop(
    "This system would be allowed more than today: an administrator of the alliance proposes it and"
    " another agrees. Or register a new system."
)


@administrative_transaction(EventCode.CLIENT_REGISTER)
def do_register_client(
    hospital: Hospital,
    *,
    name: str,
    acting: Principal,
    jwks: dict[str, Any] | None = None,
    again: bool = False,
    scopes: str = ALL_SCOPES,
    origins: Sequence[str] = (),
    may_launch: bool = False,
    frame_origins: Sequence[str] = (),
) -> tuple[Client, str]:
    """(the client, its secret). The acting one may see the secret for ten minutes, then it is
    kept as a hash alone; a client with keys of its own has none. Who has the secret could be the
    system: it reaches its hospital's own store alone until somebody else vouches, and nothing at
    all where a script registered it. What the server's operator registers counts.

    again: another one of the same name is wanted; scopes: what its tokens may have at most;
    origins: of its pages in browsers; may_launch: whether it opens records as doctors, and
    frame_origins: in whose frames (docs/adr/0059). Raises ValidationError where the hospital has a
    system of this name, and it was not said so.
    """
    check_may_administer(acting, Permission.CLIENT_MANAGE, hospital)
    if not again and is_name_taken(hospital, name):
        raise ValidationError(
            {
                "name": _(
                    "A system of this name is registered at this hospital already. Choose another"
                    " name, or revoke that one first."
                )
            }
        )
    secret = "" if jwks else secrets.token_urlsafe(32)
    client = Client.objects.create(
        client_id=draw_client_id(hospital),
        hospital=hospital,
        name=name.strip(),
        jwks=jwks,
        secret_hash=hash_secret(secret) if secret else b"",
        scopes=str(parse_scopes(scopes, HOSTED_TYPES)),
        origins=list(origins),
        may_launch=may_launch,
        frame_origins=list(frame_origins),
        **registration_fields(
            hospital,
            None if acting.kind == "operator" else int(acting.id),
            acting.client,
        ),
    )
    if secret:
        keep_secret(f"client/{client.client_id}", secret, acting=acting)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.CLIENT_REGISTER,
            target=f"client/{client.client_id}",
            detail=" · ".join(
                filter(
                    None,
                    (
                        "" if client.scopes == ALL_SCOPES else client.scopes,
                        describe_launch(client.may_launch, client.frame_origins),
                    ),
                )
            ),
        )
    )
    return client, secret


def of_members(hospitals: Sequence[Hospital]) -> Q:
    """Of what belongs to these members or to their sandboxes."""
    return Q(hospital__in=hospitals) | Q(hospital__sandbox_of__in=hospitals)


def is_name_taken(hospital: Hospital, name: str) -> bool:
    return Client.objects.filter(
        hospital=hospital, name__iexact=name.strip(), revoked_at=None
    ).exists()


def draw_client_id(hospital: Hospital) -> str:
    return f"{hospital.code}-{secrets.token_hex(4)}"


def registration_fields(hospital: Hospital, staff_id: int | None, through: str) -> dict[str, Any]:
    """Who stands behind a new system. staff_id: None for the server's operator, whose word counts
    at once; through: the administrator's client by which the staff member did it. In a sandbox
    nobody vouches for anything, so that no system of it is ever more than a stranger to the rest.
    """
    if staff_id is not None:
        return {"registered_by_id": staff_id, "registered_through": through}
    return {} if hospital.is_sandbox else {"vouched_at": timezone.now()}


def describe_launch(may_launch: bool, frame_origins: Sequence[str]) -> str:
    """As the audit line says it; "" where it opens nothing."""
    return f"launch {' '.join(frame_origins)}".strip() if may_launch else ""


@administrative_transaction(EventCode.CLIENT_CHANGE)
def do_change_client(
    client: Client, *, scopes: str, origins: Sequence[str], reason: str, acting: Principal
) -> Proposal | None:
    """Less than it may do today at once, and its tokens end; more is proposed to another
    administrator of the alliance. Raises Forbidden, and BadScope.
    """
    check_may_administer(acting, Permission.CLIENT_MANAGE, client.hospital)
    client = Client.objects.select_for_update().get(pk=client.pk)
    now, then = parse_scopes(client.scopes), parse_scopes(scopes, HOSTED_TYPES)
    told = []
    if list(origins) != client.origins:
        client.origins = list(origins)
        told.append(f"origins {' '.join(client.origins) or '-'}")
    wider = not covers_grant(now, then)
    if then != now and not wider:
        told.append(f"{now}>{then}")
        client.scopes = str(then)
        AccessToken.objects.filter(client=client).delete()
    if told:
        client.save(update_fields=["scopes", "origins"])
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.CLIENT_CHANGE,
                target=f"client/{client.client_id}",
                detail=" · ".join((*told, reason)),
            )
        )
    return propose_client_scopes(client, str(then), reason, acting) if wider else None


def propose_client_scopes(client: Client, scopes: str, reason: str, acting: Principal) -> Proposal:
    if acting.kind != "operator" and not acting.alliance_wide:
        raise Forbidden("second", MORE_NEEDS_TWO)
    return make_proposal(
        "client-scopes",
        f"client/{client.client_id}",
        {"client": client.client_id, "scopes": scopes},
        reason=reason,
        acting=acting,
    )


@administrative_transaction(EventCode.CLIENT_CHANGE)
def do_change_client_launch(
    client: Client,
    *,
    may_launch: bool,
    frame_origins: Sequence[str],
    reason: str,
    acting: Principal,
) -> Proposal | None:
    """Whether the system opens records as doctors, and in whose frames: less at once, and what it
    has opened ends; more is proposed to another administrator of the alliance. Raises Forbidden.
    """
    check_may_administer(acting, Permission.CLIENT_MANAGE, client.hospital)
    client = Client.objects.select_for_update().get(pk=client.pk)
    frames = sorted(frame_origins) if may_launch else []
    if (may_launch, frames) == (client.may_launch, client.frame_origins):
        return None
    if may_launch and not (client.may_launch and set(frames) <= set(client.frame_origins)):
        if acting.kind != "operator" and not acting.alliance_wide:
            raise Forbidden("second", MORE_NEEDS_TWO)
        return make_proposal(
            "client-launch",
            f"client/{client.client_id}",
            {"client": client.client_id, "frame_origins": frames},
            reason=reason,
            acting=acting,
        )
    store_client_launch(client, may_launch, frames, reason, acting)
    return None


def store_client_launch(
    client: Client, may_launch: bool, frame_origins: Sequence[str], reason: str, acting: Principal
) -> None:
    before = describe_launch(client.may_launch, client.frame_origins) or "-"
    client.may_launch, client.frame_origins = may_launch, list(frame_origins)
    client.save(update_fields=["may_launch", "frame_origins"])
    after = describe_launch(client.may_launch, client.frame_origins) or "-"
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.CLIENT_CHANGE,
            target=f"client/{client.client_id}",
            detail=" · ".join(filter(None, (f"{before}>{after}", reason))),
        )
    )


@administrative_transaction(EventCode.CLIENT_CHANGE)
def do_set_client_launch(
    client: Client,
    *,
    frame_origins: Sequence[str],
    acting: Principal,
    proposer: Principal | None = None,
) -> None:
    """From now on the system opens records as doctors of its hospital, in frames of these pages.
    Raises Forbidden unless two administrators stand behind it.
    """
    check_two_administrators(acting, proposer, Permission.CLIENT_MANAGE)
    client = Client.objects.select_for_update().get(pk=client.pk)
    store_client_launch(client, True, frame_origins, "", acting)


def describe_client_launch(values: dict[str, Any]) -> list[str]:
    client = Client.objects.select_related("hospital").get(client_id=values["client"])
    said = {
        "name": client.name,
        "hospital": client.hospital.name,
        "frames": " ".join(values["frame_origins"]) or "-",
    }
    return [
        _(
            "%(name)s of %(hospital)s may open records as doctors of its hospital, in frames of"
            " these pages: %(frames)s."
        )
        % said
    ]


CLIENT_LAUNCH_ACT = ProposalAct(
    gettext_lazy("A system opens records as doctors"),
    describe_client_launch,
    lambda values, acting, proposer: do_set_client_launch(
        Client.objects.get(client_id=values["client"]),
        frame_origins=values["frame_origins"],
        acting=acting,
        proposer=proposer,
    ),
)


@administrative_transaction(EventCode.CLIENT_CHANGE)
def do_set_client_scopes(
    client: Client, *, scopes: str, acting: Principal, proposer: Principal | None = None
) -> None:
    """With its next token the system may do this. Raises Forbidden unless two administrators
    stand behind it.
    """
    check_two_administrators(acting, proposer, Permission.CLIENT_MANAGE)
    client = Client.objects.select_for_update().get(pk=client.pk)
    before, client.scopes = client.scopes, str(parse_scopes(scopes, HOSTED_TYPES))
    client.save(update_fields=["scopes"])
    AccessToken.objects.filter(client=client).delete()
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.CLIENT_CHANGE,
            target=f"client/{client.client_id}",
            detail=f"{before}>{client.scopes}",
        )
    )


def describe_client_scopes(values: dict[str, Any]) -> list[str]:
    client = Client.objects.select_related("hospital").get(client_id=values["client"])
    said = {
        "name": client.name,
        "hospital": client.hospital.name,
        "scopes": values["scopes"],
        "before": client.scopes,
    }
    return [_("%(name)s of %(hospital)s may be granted %(scopes)s (until now: %(before)s).") % said]


CLIENT_SCOPES_ACT = ProposalAct(
    gettext_lazy("A system is allowed more"),
    describe_client_scopes,
    lambda values, acting, proposer: do_set_client_scopes(
        Client.objects.get(client_id=values["client"]),
        scopes=values["scopes"],
        acting=acting,
        proposer=proposer,
    ),
)


@administrative_transaction(EventCode.CLIENT_REVOKE)
def do_revoke_client(client: Client, *, reason: str, acting: Principal) -> None:
    """Its tokens stop at once."""
    check_may_administer(acting, Permission.CLIENT_MANAGE, client.hospital)
    if not Client.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=timezone.now()):
        return
    AccessToken.objects.filter(client=client).delete()
    forget_secret(f"client/{client.client_id}")
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CLIENT_REVOKE, target=f"client/{client.client_id}", detail=reason
        )
    )


def client_principal(client_id: str, request_id: str, scopes: str) -> Principal:
    """A member's system as it stands now, for work that goes on after its request; not active
    once it or its hospital is stopped, or where it is not there any more. scopes: those of the
    request, of which it has what the system may be granted still.
    """
    client = (
        Client.objects.select_related("hospital__sandbox_of").filter(client_id=client_id).first()
    )
    if client is None:
        return Principal(
            kind="client",
            id=client_id,
            hospital_id=0,
            hospital="",
            role=Role.MEMBER_SYSTEM,
            active=False,
            request_id=request_id,
            grant=grant_from_letters({}),
        )
    return Principal(
        kind="client",
        id=client_id,
        hospital_id=client.hospital_id,
        hospital=client.hospital.code,
        role=Role.MEMBER_SYSTEM,
        active=client.revoked_at is None and client.hospital.active,
        request_id=request_id,
        vouched=client.vouched_at is not None,
        sandbox=client.hospital.is_sandbox,
        grant=intersect_grants(parse_scopes(scopes), parse_scopes(client.scopes)),
    )
