"""Whom a hospital has told of troubles of its sync, and of which: set by its administrator
(docs/adr/0069).
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Permission
from alliance.services.authority import check_may_administer
from alliance.services.sealed_text import open_text, seal_text
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.ingest.subscription_request import is_allowed_endpoint
from records.sync.replay import actor_of

STATES = ("differs", "clock", "disk")
COLUMNS = "hospital, url, secret, mails, silent_minutes, new_letters, waiting_hours, states"
# index: record_sync_notice_setting_pkey
READ = f"SELECT {COLUMNS} FROM record_sync_notice_setting WHERE hospital = ANY(%s)"
READ_ALL = f"SELECT {COLUMNS} FROM record_sync_notice_setting WHERE url <> '' OR mails <> '{{}}'"
WRITE = f"""
INSERT INTO record_sync_notice_setting AS known ({COLUMNS}, changed_by)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (hospital) DO UPDATE SET url = excluded.url, secret = excluded.secret,
  mails = excluded.mails, silent_minutes = excluded.silent_minutes,
  new_letters = excluded.new_letters, waiting_hours = excluded.waiting_hours,
  states = excluded.states, changed_by = excluded.changed_by, changed_at = clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class NoticeSetting:
    """url: https, or ""; sealed: the secret by which its calls are signed. 0: is not told."""

    hospital_id: int
    url: str = ""
    sealed: bytes = b""
    mails: tuple[str, ...] = ()
    silent_minutes: int = 30
    new_letters: int = 100
    waiting_hours: int = 24
    states: tuple[str, ...] = STATES

    def open_secret(self) -> str:
        return open_text(self.sealed, describe_secret(self.hospital_id))


def describe_secret(hospital_id: int) -> str:
    return f"sync-notice/{hospital_id}"


def setting_from_row(row: tuple[object, ...]) -> NoticeSetting:
    hospital_id, url, sealed, mails, silent, letters, hours, states = row
    return NoticeSetting(
        hospital_id,  # type: ignore[arg-type]
        url,  # type: ignore[arg-type]
        bytes(sealed),  # type: ignore[call-overload]
        tuple(mails),  # type: ignore[arg-type]
        silent,  # type: ignore[arg-type]
        letters,  # type: ignore[arg-type]
        hours,  # type: ignore[arg-type]
        tuple(states),  # type: ignore[arg-type]
    )


def list_notice_settings(hospital_ids: Collection[int] | None = None) -> dict[int, NoticeSetting]:
    """{hospital: its setting}; None: of all that have somebody told."""
    with connection.cursor() as cursor:
        if hospital_ids is None:
            cursor.execute(READ_ALL)
        else:
            cursor.execute(READ, [list(hospital_ids)])
        found = [setting_from_row(row) for row in cursor.fetchall()]
    return {setting.hospital_id: setting for setting in found}


def check_notice_url(url: str) -> None:
    """Raises ValidationError unless it may be called: https, on the operator's list, so that nobody
    has the platform call addresses of its own network.
    """
    if not url:
        return
    if urlsplit(url).scheme != "https":
        raise ValidationError({"url": _("The address must begin with https://.")})
    if not is_allowed_endpoint(url):
        raise ValidationError(
            {
                "url": _(
                    "The platform calls only addresses that its operator has listed. Ask the"
                    " operator to add this one to XINGLIN_HOOKS."
                )
            }
        )


def do_set_notices(
    hospital: Hospital, setting: NoticeSetting, *, new_secret: bool = False, acting: Principal
) -> str:
    """The secret where a new one was made, which is shown once; else "". Raises Forbidden,
    ValidationError.
    """
    check_may_administer(acting, Permission.CLIENT_MANAGE, hospital)
    check_notice_url(setting.url)
    with transaction.atomic():
        known = list_notice_settings([hospital.pk]).get(hospital.pk)
        sealed, made = known.sealed if known else b"", ""
        if setting.url and (new_secret or not sealed):
            made = secrets.token_urlsafe(32)
            sealed = seal_text(made, describe_secret(hospital.pk))
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.SYNC_NOTICE_SET,
                target=f"hospital/{hospital.code}",
                detail=" · ".join(
                    filter(
                        None, (urlsplit(setting.url).hostname or "", f"{len(setting.mails)} mail")
                    )
                ),
            )
        )
        with connection.cursor() as cursor:
            cursor.execute(
                WRITE,
                [
                    hospital.pk,
                    setting.url,
                    sealed if setting.url else b"",
                    list(setting.mails),
                    setting.silent_minutes,
                    setting.new_letters,
                    setting.waiting_hours,
                    list(setting.states),
                    actor_of(acting),
                ],
            )
    return made
