"""Bearer token to Principal (RFC 6750); suspension and revocation count at once.

Who was asked about lately is remembered, so that a request need not ask first: its principal comes
with a proviso, that the token still stands, and the statement that reads or writes asks that too.
`confirm` asks where no statement did; no answer leaves before one has.
"""

import datetime as dt
import hashlib
import ipaddress
from dataclasses import replace
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from alliance.auth.administrator_tokens import authenticate_administrator_token
from alliance.auth.errors import AuthenticationFailed, Forbidden
from alliance.auth.principal import Principal
from alliance.auth.scopes import parse_scopes
from alliance.roles import Role
from consent.audit.event import Proviso

# m: the member whose system or sandbox it is
ACTIVE_MEMBER_SQL = (
    "m.suspended_at IS NULL AND m.admitted_on <= %(caller_today)s AND (m.leaves_on IS NULL OR"
    " m.leaves_on >= %(caller_today)s)"
)
# index: alliance_accesstoken_digest_key
TOKEN_JOIN_SQL = (
    "alliance_accesstoken t JOIN alliance_client c ON c.id = t.client_id JOIN alliance_hospital h"  # noqa: S105
    " ON h.id = c.hospital_id JOIN alliance_hospital m ON m.id = coalesce(h.sandbox_of_id, h.id)"
    " WHERE t.digest = %(caller_digest)s"
)
LOOK_UP_TOKEN_SQL = (
    f"SELECT c.client_id, h.id, h.code, t.expires_at, c.revoked_at IS NULL, {ACTIVE_MEMBER_SQL},"
    f" c.vouched_at IS NOT NULL, t.scopes, h.sandbox_of_id IS NOT NULL FROM {TOKEN_JOIN_SQL}"
)
TOKEN_VALID_SQL = f"""EXISTS (SELECT FROM {TOKEN_JOIN_SQL}
  AND t.expires_at > %(caller_moment)s
  AND c.revoked_at IS NULL
  AND (c.client_id, h.id, h.code) = (
    %(caller_client)s::text, %(caller_hospital_id)s::bigint, %(caller_hospital)s::text)
  AND {ACTIVE_MEMBER_SQL})"""
MAX_REMEMBERED_TOKENS = 10_000  # tokens that a process remembers
ZONE = ZoneInfo(settings.TIME_ZONE)
remembered_tokens: dict[bytes, Principal] = {}


def resolve_client_address(request: HttpRequest) -> str:
    """The caller's network address, past as many proxies as the operator declared."""
    return address_past_proxies(
        request.META.get("HTTP_X_FORWARDED_FOR", ""), str(request.META.get("REMOTE_ADDR", ""))
    )


def address_past_proxies(forwarded: str, peer: str) -> str:
    """forwarded: the field X-Forwarded-For; peer: who holds the connection."""
    count = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    hops = [x.strip() for x in forwarded.split(",") if x.strip()] if count else []
    return (parse_network_address(hops[-count]) if count and len(hops) >= count else "") or peer


def parse_network_address(text: str) -> str:
    """The address without port and brackets, as proxies write them; "" for what is none."""
    host = (
        text[1:].partition("]")[0]
        if text.startswith("[")
        else text.partition(":")[0]
        if text.count(":") == 1
        else text
    )
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ""


def hash_bearer_token(request: HttpRequest) -> bytes | None:
    """By which a token is found; None where the request has none."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    return hashlib.sha256(token.strip().encode()).digest()


def authenticate_bearer(request: HttpRequest, *, provided: bool = False) -> Principal:
    """The system behind the bearer token. Raises AuthenticationFailed with the mend, and
    Forbidden for an administrator's client, which reaches no record.

    provided: the caller of this will have the principal's proviso asked by the first line in the
    audit log, or by `confirm`.
    """
    digest = hash_bearer_token(request)
    if digest is None:
        raise AuthenticationFailed(
            "No bearer token. Ask POST /oauth/token for one and send it as 'Authorization:"
            " Bearer …'.",
            "no_token",
        )
    known = remembered_tokens.get(digest) if provided else None
    try:
        principal = known or look_up_token(digest)
    except AuthenticationFailed as error:
        if error.code == "unknown_token":
            refuse_administrator_token(request, digest)
        raise
    return replace(
        principal,
        address=resolve_client_address(request),
        request_id=getattr(request, "request_id", ""),
        proviso=token_proviso(digest, known) if known else None,
    )


def refuse_administrator_token(request: HttpRequest, digest: bytes) -> None:
    """Raises Forbidden where the token is one of an administrator's client."""
    if (found := authenticate_administrator_token(digest)) is None:
        return
    request.caller = replace(  # type: ignore[attr-defined]
        found[1],
        address=resolve_client_address(request),
        request_id=getattr(request, "request_id", ""),
    )
    raise Forbidden(
        "scope",
        "This token is an administrator's client's, for the administration API (/api/) alone: it"
        " reads and writes no records. A system that the hospital has registered gets one that"
        " does.",
    )


def look_up_token(digest: bytes) -> Principal:
    now = dt.datetime.now(ZONE)
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP_TOKEN_SQL, {"caller_digest": digest, "caller_today": now.date()})
        row = cursor.fetchone()
    if row is None:
        raise AuthenticationFailed(
            "This token is not known here. Ask POST /oauth/token for a new one.", "unknown_token"
        )
    client_id, hospital_id, code, expires, valid, member, vouched, scopes, sandbox = row
    if expires <= now:
        raise AuthenticationFailed(
            "This token has expired. Ask POST /oauth/token for a new one.",
            "expired_token",
            client_id,
            code,
        )
    if not valid:
        raise AuthenticationFailed(
            "This client has been revoked. The alliance administrator can register a new one.",
            "revoked",
            client_id,
            code,
        )
    if not member:
        raise AuthenticationFailed(
            "This hospital's membership is suspended or ended. Ask the alliance administrator.",
            "viewer_inactive",
            client_id,
            code,
        )
    if len(remembered_tokens) >= MAX_REMEMBERED_TOKENS:
        remembered_tokens.clear()
    remembered_tokens[digest] = Principal(
        kind="client",
        id=client_id,
        hospital_id=hospital_id,
        hospital=code,
        role=Role.MEMBER_SYSTEM,
        vouched=vouched,
        grant=parse_scopes(scopes),
        sandbox=sandbox,
    )
    return remembered_tokens[digest]


def token_proviso(digest: bytes, known: Principal) -> Proviso:
    now = dt.datetime.now(ZONE)
    return Proviso(
        TOKEN_VALID_SQL,
        {
            "caller_digest": digest,
            "caller_moment": now,
            "caller_today": now.date(),
            "caller_client": known.id,
            "caller_hospital_id": known.hospital_id,
            "caller_hospital": known.hospital,
        },
    )


def confirm_proviso(principal: Principal) -> None:
    """Before an answer leaves. Raises AuthenticationFailed with the mend where the token does
    not stand any more.
    """
    if principal.proviso is not None and not principal.proviso.met:
        look_up_token(principal.proviso.parameters["caller_digest"])
        principal.proviso.met = True
