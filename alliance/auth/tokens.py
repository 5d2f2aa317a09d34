"""POST /oauth/token: client credentials, by secret or by the client's own key, to a bearer token (RFC 6749 4.4; SMART Backend Services)."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
import secrets
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from alliance.auth import assertion, scopes, throttle
from alliance.auth.bearer import address_of
from alliance.auth.errors import AuthenticationFailed
from alliance.auth.guesses import TOKEN_ADDRESS, TOKEN_PROOF, TOKENS, Bucket
from alliance.auth.principal import Principal
from alliance.auth.refusals import say
from alliance.models import AccessToken, Client
from alliance.roles import Role
from consent.audit.append import append
from consent.audit.event import Event, EventCode

CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
SUPPORTED = ["system/*.cruds", "system/*.rs", "system/*.read", "system/*.write", "system/*.*"]  # of each type, too, and with fewer letters
MOST_LIVE = 200  # tokens of one client; one more ends the oldest


def digest(secret: str) -> bytes:
    """Secrets carry 256 random bits, so a plain hash cannot be reversed by guessing."""
    return hashlib.sha256(secret.encode()).digest()


def failed(status: int, error: str, description: str) -> JsonResponse:
    response = JsonResponse({"error": error, "error_description": description}, status=status)
    response["Cache-Control"] = "no-store"
    if status == 401:
        response["WWW-Authenticate"] = 'Basic realm="xinglin"'
    return response


def credentials(request: HttpRequest) -> tuple[str, str]:
    """client_id and client_secret, from HTTP Basic or the form (RFC 6749 2.3.1)."""
    scheme, _, value = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return unquote_plus(name), unquote_plus(secret)
    return request.POST.get("client_id", ""), request.POST.get("client_secret", "")


@csrf_exempt
def token(request: HttpRequest) -> JsonResponse:
    """Answers RFC 6749 5.1, or 5.2 with a description that says what to mend. Wrong proofs are counted, and too many of them not even told why; a
    right one passes all the same, for nobody guesses 256 random bits, and who sends wrong ones must shut nobody out."""
    if request.method != "POST":
        return failed(405, "invalid_request", "Use POST with Content-Type application/x-www-form-urlencoded.")
    if request.content_type != "application/x-www-form-urlencoded":
        return failed(400, "invalid_request", "Send the parameters as application/x-www-form-urlencoded.")
    if request.POST.get("grant_type") != "client_credentials":
        return failed(400, "unsupported_grant_type", "grant_type must be client_credentials.")
    proof = request.POST.get("client_assertion", "")
    if proof and request.POST.get("client_assertion_type") != assertion.TYPE:
        return failed(400, "invalid_request", f"client_assertion_type must be {assertion.TYPE}.")
    name, secret = (assertion.named(proof), "") if proof else credentials(request)
    name = name if CLIENT_ID.fullmatch(name) else ""
    address = address_of(request)
    client = Client.objects.select_related("hospital").filter(client_id=name).first()
    acting = acting_client(client, address, getattr(request, "request_id", ""))
    wrong = "" if proof else secret_fault(client, secret)
    if proof:
        try:
            assertion.check(proof, name, (client and client.jwks) or {"keys": []}, token_url(request))
        except AuthenticationFailed as error:
            wrong = str(error)
    if not client or wrong or client.revoked_at or not client.hospital.active:
        place = throttle.network_of(request)
        try:
            throttle.count([Bucket(TOKEN_PROOF, throttle.hashed("token", name, place)), Bucket(TOKEN_ADDRESS, throttle.hashed("token", place))])
        except throttle.TooManyGuesses as error:
            say(acting, code=EventCode.TOKEN_ISSUE, reason="wait", target="", account=False)
            return wait(error.seconds, "Too many wrong proofs from this address.")
        why = "unknown_client" if not client else "proof" if wrong and proof else "secret" if wrong else "revoked" if client.revoked_at else "viewer_inactive"
        say(acting, code=EventCode.TOKEN_ISSUE, reason=why, target="", account=False)
        return failed(401, "invalid_client", wrong if proof and wrong else "Unknown client, wrong secret, revoked client or suspended hospital.")
    try:
        throttle.count([Bucket(TOKENS, throttle.hashed("tokens", client.pk))])
    except throttle.TooManyGuesses as error:
        say(acting, code=EventCode.TOKEN_ISSUE, reason="wait", target="", account=True)
        return wait(error.seconds, f"A token lives for {settings.TOKEN_SECONDS} seconds: keep it instead of asking for another.")
    try:
        grant, told = asked_for(request, scopes.parse(client.scopes))
    except scopes.BadScope as error:
        say(acting, code=EventCode.TOKEN_ISSUE, reason="scope", target="", account=True)
        return failed(400, "invalid_scope", str(error))
    return issue(client, acting, grant, told)


def asked_for(request: HttpRequest, allowed: scopes.Grant) -> tuple[scopes.Grant, str]:
    """(what the token may do, its scopes in words). A client that names none, as older ones do, gets all that it is registered for (RFC 6749 3.3).
    Raises BadScope."""
    given = request.POST.getlist("scope")
    return scopes.granted(" ".join(given), allowed, scopes.HOSTED) if given else (allowed, str(allowed))


def wait(seconds: int, says: str) -> JsonResponse:
    response = failed(429, "slow_down", f"{says} Wait {seconds} seconds.")
    response["Retry-After"] = str(seconds)
    return response


def secret_fault(client: Client | None, secret: str) -> str:
    right = hmac.compare_digest(bytes(client.secret_hash) if client else b"\0" * 32, digest(secret))
    return "" if right else "wrong secret"


def token_url(request: HttpRequest) -> str:
    return (settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")) + "/oauth/token"


def acting_client(client: Client | None, address: str, request_id: str) -> Principal:
    return Principal(
        kind="client", id=client.client_id if client else "", hospital_id=client.hospital_id if client else 0,
        hospital=client.hospital.code if client else "", role=Role.MEMBER_SYSTEM, address=address, request_id=request_id,
    )


def issue(client: Client, acting: Principal, grant: scopes.Grant, told: str) -> JsonResponse:
    value = secrets.token_urlsafe(32)
    expires = timezone.now() + dt.timedelta(seconds=settings.TOKEN_SECONDS)
    AccessToken.objects.create(digest=digest(value), client=client, expires_at=expires, scopes=str(grant))
    AccessToken.objects.filter(pk__in=client.tokens.order_by("-expires_at", "-pk").values("pk")[MOST_LIVE:]).delete()
    append(Event.of(acting, EventCode.TOKEN_ISSUE))
    body: dict[str, Any] = {"access_token": value, "token_type": "bearer", "expires_in": settings.TOKEN_SECONDS, "scope": told}
    response = JsonResponse(body)
    response["Cache-Control"] = "no-store"
    return response


def smart_configuration(request: HttpRequest, base: str) -> JsonResponse:
    """GET /fhir/<base>/.well-known/smart-configuration (SMART App Launch 2.2, conformance)."""
    return JsonResponse({
        "token_endpoint": token_url(request),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": assertion.ALGORITHMS,
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": SUPPORTED,
        "capabilities": ["client-confidential-symmetric", "client-confidential-asymmetric", "permission-v1", "permission-v2"],
    })
