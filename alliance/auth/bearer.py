"""Bearer token to Principal (RFC 6750); suspension and revocation count at once.

Who was asked about lately is remembered, so that a request need not ask first: its principal comes with a proviso, that the token still
stands, and the statement that reads or writes asks that too. `confirm` asks where no statement did; no answer leaves before one has.
"""

import datetime as dt
import hashlib
import ipaddress
from dataclasses import replace
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from alliance.auth.errors import AuthenticationFailed
from alliance.auth.principal import Principal
from alliance.auth.scopes import parse
from alliance.roles import Role
from consent.audit.event import Proviso

MEMBER = "h.suspended_at IS NULL AND h.admitted_on <= %(caller_today)s AND (h.leaves_on IS NULL OR h.leaves_on >= %(caller_today)s)"
# index: alliance_accesstoken_digest_key
CHAIN = "alliance_accesstoken t JOIN alliance_client c ON c.id = t.client_id JOIN alliance_hospital h ON h.id = c.hospital_id WHERE t.digest = %(caller_digest)s"
LOOK_UP = f"SELECT c.client_id, h.id, h.code, t.expires_at, c.revoked_at IS NULL, {MEMBER}, c.vouched_at IS NOT NULL, t.scopes FROM {CHAIN}"
STANDS = f"""EXISTS (SELECT FROM {CHAIN} AND t.expires_at > %(caller_moment)s AND c.revoked_at IS NULL
  AND (c.client_id, h.id, h.code) = (%(caller_client)s::text, %(caller_hospital_id)s::bigint, %(caller_hospital)s::text) AND {MEMBER})"""
MOST = 10_000  # tokens that a process remembers
ZONE = ZoneInfo(settings.TIME_ZONE)
remembered: dict[bytes, Principal] = {}


def address_of(request: HttpRequest) -> str:
    """The caller's network address, past as many proxies as the operator declared."""
    return past_proxies(request.META.get("HTTP_X_FORWARDED_FOR", ""), str(request.META.get("REMOTE_ADDR", "")))


def past_proxies(forwarded: str, peer: str) -> str:
    """forwarded: the field X-Forwarded-For; peer: who holds the connection."""
    count = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    hops = [x.strip() for x in forwarded.split(",") if x.strip()] if count else []
    return (plain_address(hops[-count]) if count and len(hops) >= count else "") or peer


def plain_address(text: str) -> str:
    """The address without port and brackets, as proxies write them; "" for what is none."""
    host = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0] if text.count(":") == 1 else text
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ""


def principal_of(request: HttpRequest, *, provided: bool = False) -> Principal:
    """The system behind the bearer token. Raises AuthenticationFailed with the mend.

    provided: the caller of this will have the principal's proviso asked by the first line in the audit log, or by `confirm`.
    """
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise AuthenticationFailed("No bearer token. Ask POST /oauth/token for one and send it as 'Authorization: Bearer …'.", "no_token")
    digest = hashlib.sha256(token.strip().encode()).digest()
    known = remembered.get(digest) if provided else None
    principal = known or look_up(digest)
    return replace(principal, address=address_of(request), request_id=getattr(request, "request_id", ""), proviso=stands(digest, known) if known else None)


def look_up(digest: bytes) -> Principal:
    now = dt.datetime.now(ZONE)
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, {"caller_digest": digest, "caller_today": now.date()})
        row = cursor.fetchone()
    if row is None:
        raise AuthenticationFailed("This token is not known here. Ask POST /oauth/token for a new one.", "unknown_token")
    client_id, hospital_id, code, expires, valid, member, vouched, scopes = row
    if expires <= now:
        raise AuthenticationFailed("This token has expired. Ask POST /oauth/token for a new one.", "expired_token", client_id, code)
    if not valid:
        raise AuthenticationFailed("This client has been revoked. The alliance administrator can register a new one.", "revoked", client_id, code)
    if not member:
        raise AuthenticationFailed("This hospital's membership is suspended or ended. Ask the alliance administrator.", "viewer_inactive", client_id, code)
    if len(remembered) >= MOST:
        remembered.clear()
    remembered[digest] = Principal(kind="client", id=client_id, hospital_id=hospital_id, hospital=code, role=Role.MEMBER_SYSTEM, vouched=vouched, grant=parse(scopes))
    return remembered[digest]


def stands(digest: bytes, known: Principal) -> Proviso:
    now = dt.datetime.now(ZONE)
    return Proviso(STANDS, {"caller_digest": digest, "caller_moment": now, "caller_today": now.date(), "caller_client": known.id,
                            "caller_hospital_id": known.hospital_id, "caller_hospital": known.hospital})


def confirm(principal: Principal) -> None:
    """Before an answer leaves. Raises AuthenticationFailed with the mend where the token does not stand any more."""
    if principal.proviso is not None and not principal.proviso.met:
        look_up(principal.proviso.parameters["caller_digest"])
        principal.proviso.met = True
