"""Bearer token to Principal (RFC 6750), in one statement; suspension and revocation count at once."""

import hashlib

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from alliance.auth.errors import AuthenticationFailed
from alliance.auth.principal import Principal
from alliance.roles import Role

# index: alliance_accesstoken_digest_key
LOOK_UP = """
SELECT c.client_id, h.id, h.code, t.expires_at, c.revoked_at IS NULL,
       h.suspended_at IS NULL AND h.admitted_on <= %(today)s AND (h.leaves_on IS NULL OR h.leaves_on >= %(today)s)
FROM alliance_accesstoken t JOIN alliance_client c ON c.id = t.client_id JOIN alliance_hospital h ON h.id = c.hospital_id
WHERE t.digest = %(digest)s
"""


def address_of(request: HttpRequest) -> str:
    """The caller's network address, past as many proxies as the operator declared."""
    from django.conf import settings

    hops = [x.strip() for x in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if x.strip()]
    count = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if count and len(hops) >= count:
        return hops[-count]
    return str(request.META.get("REMOTE_ADDR", ""))


def principal_of(request: HttpRequest) -> Principal:
    """The system behind the bearer token. Raises AuthenticationFailed with the mend."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise AuthenticationFailed("No bearer token. Ask POST /oauth/token for one and send it as 'Authorization: Bearer …'.")
    digest = hashlib.sha256(token.strip().encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, {"digest": digest, "today": timezone.localdate()})
        row = cursor.fetchone()
    if row is None:
        raise AuthenticationFailed("This token is not known here. Ask POST /oauth/token for a new one.")
    client_id, hospital_id, code, expires, valid, member = row
    if expires <= timezone.now():
        raise AuthenticationFailed("This token has expired. Ask POST /oauth/token for a new one.")
    if not valid:
        raise AuthenticationFailed("This client has been revoked. The alliance administrator can register a new one.")
    if not member:
        raise AuthenticationFailed("This hospital's membership is suspended or ended. Ask the alliance administrator.")
    return Principal(
        kind="client", id=client_id, hospital_id=hospital_id, hospital=code, role=Role.MEMBER_SYSTEM,
        address=address_of(request), request_id=getattr(request, "request_id", ""), until=expires,
    )
