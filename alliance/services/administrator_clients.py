"""Register and revoke clients that act for one administrator: scripts of the administration API
(docs/adr/0052). One for the whole alliance counts once another administrator agrees.
"""

import datetime as dt
import hashlib
import secrets
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.administration_scopes import parse_administration_scopes
from alliance.auth.administrator_tokens import CLIENT_PREFIX, fetch_client_state
from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.auth.token_clients import hash_secret
from alliance.models import AdministratorClient, Proposal, Staff
from alliance.roles import Permission
from alliance.services.administrator_client_ends import mark_revoked
from alliance.services.authority import (
    administrative_transaction,
    check_in_person,
    check_may_manage_staff,
    check_two_administrators,
    hospitals_with_permission,
)
from alliance.services.handover import keep_secret
from alliance.services.proposals import ProposalAct, make_proposal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

LONGEST_LIFE = dt.timedelta(days=365)
MOST_STANDING = 20  # of one administrator that are neither revoked nor over


@administrative_transaction(EventCode.ADMINISTRATOR_CLIENT_REGISTER)
def do_register_administrator_client(
    *,
    name: str,
    scopes: str,
    last_day: dt.date,
    reason: str,
    acting: Principal,
    jwks: dict[str, Any] | None = None,
) -> tuple[AdministratorClient, Proposal | None]:
    """(the client, the proposal for which it waits). It acts for the acting one, whose page shows
    its secret for ten minutes; a client with keys of its own has none. Of a hospital's
    administrator it counts at once.

    Raises ValidationError by field, BadScope, and Forbidden for all but a vouched administrator who
    has set up an authenticator.
    """
    check_in_person(acting)
    check_permission(acting, Permission.CLIENT_MANAGE, "This role does not administer.")
    staff = Staff.objects.select_related("user", "hospital").get(pk=int(acting.id))
    factor = Authenticator.objects.filter(
        user_id=staff.user_id, type=Authenticator.Type.TOTP
    ).first()
    if factor is None:
        raise Forbidden("credentials", "First set up an authenticator under My account.")
    now = timezone.now()
    check_values(staff, name.strip(), last_day)
    secret = "" if jwks else secrets.token_urlsafe(32)
    client = AdministratorClient.objects.create(
        client_id=f"{CLIENT_PREFIX}{secrets.token_hex(4)}",
        staff=staff,
        hospital=staff.hospital,
        alliance_wide=staff.alliance_wide,
        password_digest=hashlib.sha256(staff.user.password.encode()).digest(),
        authenticator_id=factor.pk,
        name=name.strip(),
        jwks=jwks,
        secret_hash=hash_secret(secret) if secret else b"",
        scopes=str(parse_administration_scopes(scopes)),
        registered_at=now,
        expires_at=end_of_day(last_day),
        agreed_at=None if staff.alliance_wide else now,
    )
    target = f"administrator-client/{client.client_id}"
    if secret:
        keep_secret(target, secret, acting=acting)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.ADMINISTRATOR_CLIENT_REGISTER,
            target=target,
            detail=" · ".join((client.scopes, last_day.isoformat(), reason)),
        )
    )
    if not staff.alliance_wide:
        return client, None
    return client, make_proposal(
        "admin-client", target, {"client": client.client_id}, reason=reason, acting=acting
    )


def check_values(staff: Staff, name: str, last_day: dt.date) -> None:
    """Raises ValidationError by field."""
    today = timezone.localdate()
    if not today <= last_day <= today + LONGEST_LIFE:
        raise ValidationError(
            {
                "last_day": _("The last day is today or later, and at most %(days)s days ahead.")
                % {"days": LONGEST_LIFE.days}
            }
        )
    standing = query_standing_clients().filter(staff=staff)
    if standing.filter(name__iexact=name).exists():
        raise ValidationError(
            {
                "name": _(
                    "A client of yours has this name: choose another, or revoke that one first."
                )
            }
        )
    if standing.count() >= MOST_STANDING:
        raise ValidationError(
            _("You have %(most)s clients already: revoke one that you do not need.")
            % {"most": MOST_STANDING}
        )


def end_of_day(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()))


@administrative_transaction(EventCode.ADMINISTRATOR_CLIENT_AGREE)
def do_agree_to_administrator_client(
    client: AdministratorClient, *, acting: Principal, proposer: Principal | None = None
) -> None:
    """It gets tokens from now on. Raises Forbidden unless another administrator of the alliance
    than the one for whom it acts stands behind it, and where it would not count.
    """
    check_two_administrators(acting, proposer, Permission.CLIENT_MANAGE)
    client = AdministratorClient.objects.select_for_update().get(pk=client.pk)
    if str(client.staff_id) == acting.id:
        raise Forbidden("self", "It acts for yourself: another administrator agrees.")
    ended = Forbidden(
        "changed", "This client has ended meanwhile: its administrator may register a new one."
    )
    state = fetch_client_state(client.client_id)
    if state is None or state.end != "unagreed":
        raise ended
    client.agreed_at = timezone.now()
    client.agreed_by_id = None if acting.kind == "operator" else int(acting.id)
    client.save(update_fields=["agreed_at", "agreed_by"])
    state = fetch_client_state(client.client_id)
    if state is None or state.end:
        raise ended
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.ADMINISTRATOR_CLIENT_AGREE,
            target=f"administrator-client/{client.client_id}",
            detail=client.scopes,
        )
    )


@administrative_transaction(EventCode.ADMINISTRATOR_CLIENT_REVOKE)
def do_revoke_administrator_client(
    client: AdministratorClient, *, reason: str, acting: Principal
) -> None:
    """Its tokens stop at once. By its administrator, or by one who manages that account. Raises
    Forbidden, AlreadyDone.
    """
    check_in_person(acting)
    client = (
        AdministratorClient.objects.select_for_update(of=("self",))
        .select_related("staff__hospital")
        .get(pk=client.pk)
    )
    if acting.kind != "staff" or acting.id != str(client.staff_id):
        check_may_manage_staff(acting, client.staff)
    if client.revoked_at is not None:
        raise AlreadyDone("revoked", "This client is revoked already. Nothing was changed.")
    mark_revoked(client, reason=reason, acting=acting)


def query_standing_clients() -> QuerySet[AdministratorClient]:
    """Those that are neither revoked nor over."""
    return AdministratorClient.objects.filter(revoked_at=None, expires_at__gt=timezone.now())


def query_visible_clients(acting: Principal) -> QuerySet[AdministratorClient]:
    """One's own, and those of the accounts that the acting one manages."""
    managed = Q(staff__hospital__in=hospitals_with_permission(acting, "administer_hospital"))
    if not acting.alliance_wide:
        managed &= Q(staff__alliance_wide=False)
    return AdministratorClient.objects.filter(managed | Q(staff_id=int(acting.id))).select_related(
        "staff__hospital"
    )


def describe_administrator_client(values: dict[str, Any]) -> list[str]:
    client = AdministratorClient.objects.select_related("staff__hospital").get(
        client_id=values["client"]
    )
    said = {
        "name": client.name,
        "who": client.staff.name,
        "hospital": client.staff.hospital.name,
        "scopes": client.scopes,
        "until": (timezone.localtime(client.expires_at) - dt.timedelta(days=1)).date().isoformat(),
    }
    return [
        _("The script “%(name)s” acts for %(who)s, %(hospital)s, until %(until)s.") % said,
        _("It may: %(scopes)s. It needs no second factor, reads no records and agrees to nothing.")
        % said,
    ]


ADMINISTRATOR_CLIENT_ACT = ProposalAct(
    gettext_lazy("A script acts for an administrator of the alliance"),
    describe_administrator_client,
    lambda values, acting, proposer: do_agree_to_administrator_client(
        AdministratorClient.objects.get(client_id=values["client"]),
        acting=acting,
        proposer=proposer,
    ),
)
