"""Hand over a first password or a system's secret: whoever made it sees it for ten minutes, by a
page that a reload does not lose; nobody else does.
"""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import Handover
from alliance.services.sealed_text import open_text, seal_text

SECRET_SHOWN_FOR = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class HandedSecret:
    """What is handed over, and until when it is shown."""

    text: str
    until: dt.datetime


def keep_secret(target: str, text: str, *, acting: Principal) -> None:
    """Keep it for the acting staff member, in the caller's transaction, in place of an earlier
    one of the same target. The operator reads it in the terminal.
    """
    Handover.objects.filter(target=target).delete()
    if acting.kind != "staff":
        return
    Handover.objects.create(
        target=target,
        holder_id=int(acting.id),
        sealed=seal_text(text, f"{target} {acting.id}"),
        expires_at=timezone.now() + SECRET_SHOWN_FOR,
    )


def find_secret(target: str, *, acting: Principal) -> HandedSecret | None:
    """The secret, for whoever made it and as long as it is shown; else None."""
    row = Handover.objects.filter(
        target=target, holder_id=int(acting.id), expires_at__gt=timezone.now()
    ).first()
    if row is None:
        return None
    return HandedSecret(open_text(bytes(row.sealed), f"{target} {acting.id}"), row.expires_at)


def forget_secret(target: str) -> None:
    Handover.objects.filter(target=target).delete()


def forget_expired_secrets() -> None:
    Handover.objects.filter(expires_at__lte=timezone.now()).delete()
