"""End the clients that act for an administrator, with what they hang on: an employment, a role, a
password or authenticator that somebody resets, a hospital's membership (docs/adr/0052).
"""

from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import AdministratorClient, AdministratorToken, Hospital, Staff
from alliance.services.handover import forget_secret
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode


def end_administrator_clients(of: Staff | Hospital, *, reason: str, acting: Principal) -> None:
    """Revoke all that act for this person, or for somebody of this hospital, each with its line:
    they do not come back with the employment or the hospital. Call it in the transaction of a verb.
    """
    rows = AdministratorClient.objects.filter(revoked_at=None).order_by("pk")
    for client in (
        rows.filter(staff=of) if isinstance(of, Staff) else rows.filter(staff__hospital=of)
    ):
        mark_revoked(client, reason=reason, acting=acting)


def mark_revoked(client: AdministratorClient, *, reason: str, acting: Principal) -> None:
    """Its tokens stop at once. Call it in the transaction of a verb."""
    client.revoked_at = timezone.now()
    client.revoked_by_id = None if acting.kind == "operator" else int(acting.id)
    client.save(update_fields=["revoked_at", "revoked_by"])
    AdministratorToken.objects.filter(client=client).delete()
    forget_secret(f"administrator-client/{client.client_id}")
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.ADMINISTRATOR_CLIENT_REVOKE,
            target=f"administrator-client/{client.client_id}",
            detail=" · ".join(filter(None, (f"of staff {client.staff_id}", reason))),
        )
    )
