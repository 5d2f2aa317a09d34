"""Token of an administrator's client to Principal. Whether it counts is asked anew for each
request, as one statement: the client, the account for which it acts, and the hospital.
"""

import datetime as dt
from dataclasses import replace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from alliance.auth.administration_scopes import AdministrationGrant, parse_administration_scopes
from alliance.auth.errors import AuthenticationFailed
from alliance.auth.principal import Principal, principal_from_staff
from alliance.auth.scopes import grant_from_letters
from alliance.models import Staff

CLIENT_PREFIX = "admin_"  # no code of a hospital has a "_", so no system's client_id begins so
KIND = "administrator_client"
ZONE = ZoneInfo(settings.TIME_ZONE)
PASSWORD_DIGEST_SQL = "sha256(convert_to(u.password, 'UTF8'))"  # noqa: S105
END_SQL = f"""CASE
  WHEN c.revoked_at IS NOT NULL THEN 'revoked'
  WHEN c.agreed_at IS NULL THEN 'unagreed'
  WHEN c.expires_at <= %(now)s THEN 'client_expired'
  WHEN NOT u.is_active OR (u.demo AND NOT %(demo)s)
    OR s.ended_at IS NOT NULL OR s.starts_on > %(today)s OR s.ends_on < %(today)s THEN 'ended'
  WHEN h.suspended_at IS NOT NULL OR h.admitted_on > %(today)s OR h.leaves_on < %(today)s
    THEN 'viewer_inactive'
  WHEN (s.role, s.hospital_id, s.alliance_wide)
      IS DISTINCT FROM ('administrator', c.hospital_id, c.alliance_wide)
    OR u.must_change_password OR {PASSWORD_DIGEST_SQL} <> c.password_digest
    OR NOT EXISTS (SELECT FROM mfa_authenticator a
      WHERE a.id = c.authenticator_id AND a.user_id = u.id AND a.type = 'totp') THEN 'credentials'
  WHEN s.vouched_at IS NULL THEN 'unvouched'
  ELSE '' END"""
CLIENT_JOIN_SQL = """alliance_administratorclient c JOIN alliance_staff s ON s.id = c.staff_id
  JOIN alliance_user u ON u.id = s.user_id JOIN alliance_hospital h ON h.id = s.hospital_id"""
# index: alliance_administratorclient_client_id_key
CLIENT_STATE_SQL = f"""SELECT c.client_id, s.id, h.code, {END_SQL}, c.scopes, c.expires_at
  FROM {CLIENT_JOIN_SQL} WHERE c.client_id = %(client)s"""
# index: alliance_administratortoken_digest_key
TOKEN_STATE_SQL = f"""SELECT c.client_id, s.id, h.code, {END_SQL}, t.scopes, t.expires_at
  FROM {CLIENT_JOIN_SQL} JOIN alliance_administratortoken t ON t.client_id = c.id
  WHERE t.digest = %(digest)s"""
REGISTER_ANEW = "Its administrator can register a new one (page Administrators' clients)."
END_MESSAGES = {
    "revoked": f"This administrator's client has been revoked. {REGISTER_ANEW}",
    "unagreed": (
        "This administrator's client waits for another administrator of the alliance to agree (page"
        " To be agreed)."
    ),
    "client_expired": f"The last day of this administrator's client is over. {REGISTER_ANEW}",
    "ended": f"The employment of this client's administrator is over. {REGISTER_ANEW}",
    "viewer_inactive": (
        "The membership of the administrator's hospital is suspended or ended. Ask an administrator"
        " of the alliance."
    ),
    "credentials": (
        "Role, hospital, password or authenticator of the administrator has changed since this"
        f" client was registered. {REGISTER_ANEW}"
    ),
    "unvouched": (
        "Nobody has vouched for the administrator's account since it was changed. A privacy officer"
        " or auditor does it (page Vouch)."
    ),
}


class ClientState(NamedTuple):
    """end: why the client does not count, a key of END_MESSAGES; "": it does."""

    client_id: str
    staff_id: int
    hospital: str
    end: str
    scopes: str
    expires_at: dt.datetime


def fetch_client_state(client_id: str) -> ClientState | None:
    return fetch_state(CLIENT_STATE_SQL, {"client": client_id})


def fetch_token_state(digest: bytes) -> ClientState | None:
    """Of the client whose token it is; its own scopes and end of life."""
    return fetch_state(TOKEN_STATE_SQL, {"digest": digest})


def fetch_state(sql: str, parameters: dict[str, Any]) -> ClientState | None:
    now = dt.datetime.now(ZONE)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": now, "today": now.date(), "demo": settings.DEMO, **parameters})
        row = cursor.fetchone()
    return None if row is None else ClientState(*row)


def authenticate_administrator_token(digest: bytes) -> tuple[Staff, Principal] | None:
    """(the administrator, the client that acts for them); None where no administrator's client
    has this token. Raises AuthenticationFailed with the mend where it does not count any more.
    """
    state = fetch_token_state(digest)
    if state is None:
        return None
    code = state.end or ("" if state.expires_at > dt.datetime.now(ZONE) else "expired_token")
    if code:
        raise AuthenticationFailed(
            END_MESSAGES.get(code, "This token has expired. Ask POST /oauth/token for a new one."),
            code,
            state.client_id,
            state.hospital,
            account=str(state.staff_id),
        )
    staff = Staff.objects.select_related("hospital", "user").get(pk=state.staff_id)
    return staff, administrator_client_principal(
        staff, state.client_id, parse_administration_scopes(state.scopes)
    )


def administrator_client_principal(
    staff: Staff, client_id: str, administration: AdministrationGrant, **more: Any
) -> Principal:
    """The client as it may act for the staff member now: no record is in its reach."""
    return replace(
        principal_from_staff(staff, **more),
        kind=KIND,
        client=client_id,
        grant=grant_from_letters({}),
        administration=administration,
    )
