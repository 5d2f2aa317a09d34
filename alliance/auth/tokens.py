"""POST /oauth/token: client credentials, by secret or by the client's own key, to a bearer token
(RFC 6749 4.4; SMART Backend Services).
"""

import base64
import binascii
import datetime as dt
import re
import secrets
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from alliance.auth import assertion, scopes, throttle
from alliance.auth.bearer import resolve_client_address
from alliance.auth.errors import AuthenticationFailed
from alliance.auth.guess_limits import (
    TOKEN_ADDRESS_LIMIT,
    TOKEN_ISSUE_LIMIT,
    TOKEN_PROOF_LIMIT,
    GuessBucket,
)
from alliance.auth.principal import Principal
from alliance.auth.refusal_log import log_caller_refusal
from alliance.auth.token_clients import (
    UNKNOWN_CLIENT,
    TokenClient,
    describe_client_end,
    find_client_end,
    find_secret_fault,
    find_token_client,
    hash_secret,
    principal_of_token_client,
    resolve_requested_grant,
)
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
SUPPORTED_SCOPES = [
    "system/*.cruds",
    "system/*.rs",
    "system/*.read",
    "system/*.write",
    "system/*.*",
]  # of each type, too, and with fewer letters
MAX_LIVE_TOKENS = 200  # tokens of one client; one more ends the oldest


def token_error(status: int, error: str, description: str) -> JsonResponse:
    response = JsonResponse({"error": error, "error_description": description}, status=status)
    response["Cache-Control"] = "no-store"
    if status == 401:
        response["WWW-Authenticate"] = 'Basic realm="xinglin"'
    return response


def parse_client_credentials(request: HttpRequest) -> tuple[str, str]:
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
def serve_token_request(request: HttpRequest) -> JsonResponse:
    """Answers RFC 6749 5.1, or 5.2 with a description that says what to mend. Wrong proofs are
    counted, and too many of them not even told why; a right one passes all the same, for nobody
    guesses 256 random bits, and who sends wrong ones must shut nobody out.
    """
    if request.method != "POST":
        return token_error(
            405, "invalid_request", "Use POST with Content-Type application/x-www-form-urlencoded."
        )
    if request.content_type != "application/x-www-form-urlencoded":
        return token_error(
            400, "invalid_request", "Send the parameters as application/x-www-form-urlencoded."
        )
    if request.POST.get("grant_type") != "client_credentials":
        return token_error(400, "unsupported_grant_type", "grant_type must be client_credentials.")
    proof = request.POST.get("client_assertion", "")
    if proof and request.POST.get("client_assertion_type") != assertion.ASSERTION_TYPE:
        return token_error(
            400, "invalid_request", f"client_assertion_type must be {assertion.ASSERTION_TYPE}."
        )
    name, secret = (
        (assertion.read_claimed_client_id(proof), "")
        if proof
        else parse_client_credentials(request)
    )
    name = name if CLIENT_ID.fullmatch(name) else ""
    address = resolve_client_address(request)
    client = find_token_client(name)
    acting = principal_of_token_client(client, address, getattr(request, "request_id", ""))
    wrong = "" if proof else find_secret_fault(client, secret)
    if proof:
        try:
            assertion.verify_client_assertion(
                proof, name, (client and client.jwks) or {"keys": []}, token_url(request)
            )
        except AuthenticationFailed as error:
            wrong = str(error)
    end = find_client_end(client) if client else ""
    if not client or wrong or end:
        place = throttle.client_network(request)
        try:
            throttle.count_guess(
                [
                    GuessBucket(TOKEN_PROOF_LIMIT, throttle.hash_parts("token", name, place)),
                    GuessBucket(TOKEN_ADDRESS_LIMIT, throttle.hash_parts("token", place)),
                ]
            )
        except throttle.TooManyGuesses as error:
            log_caller_refusal(
                acting, code=EventCode.TOKEN_ISSUE, reason="wait", target="", account=False
            )
            return slow_down_error(error.seconds, "Too many wrong proofs from this address.")
        why = (
            "unknown_client"
            if not client
            else ("proof" if wrong and proof else "secret" if wrong else end)
        )
        log_caller_refusal(acting, code=EventCode.TOKEN_ISSUE, reason=why, target="", account=False)
        return token_error(
            401,
            "invalid_client",
            (wrong if proof else UNKNOWN_CLIENT)
            if not client or wrong
            else describe_client_end(client, end),
        )
    try:
        throttle.count_guess([GuessBucket(TOKEN_ISSUE_LIMIT, throttle.hash_parts("tokens", name))])
    except throttle.TooManyGuesses as error:
        log_caller_refusal(
            acting, code=EventCode.TOKEN_ISSUE, reason="wait", target="", account=True
        )
        return slow_down_error(
            error.seconds,
            f"A token lives for {settings.TOKEN_SECONDS} seconds: keep it instead of asking for"
            " another.",
        )
    given = request.POST.getlist("scope")
    try:
        grant, told = resolve_requested_grant(client, " ".join(given) if given else None)
    except scopes.BadScope as error:
        log_caller_refusal(
            acting, code=EventCode.TOKEN_ISSUE, reason="scope", target="", account=True
        )
        return token_error(400, "invalid_scope", str(error))
    return issue_token(client, acting, grant, told)


def slow_down_error(seconds: int, says: str) -> JsonResponse:
    response = token_error(429, "slow_down", f"{says} Wait {seconds} seconds.")
    response["Retry-After"] = str(seconds)
    return response


def public_root(request: HttpRequest) -> str:
    """The site as its callers address it, without a slash."""
    return str(settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/"))


def token_url(request: HttpRequest) -> str:
    return public_root(request) + "/oauth/token"


def issue_token(client: TokenClient, acting: Principal, grant: str, told: str) -> JsonResponse:
    value = secrets.token_urlsafe(32)
    expires = timezone.now() + dt.timedelta(seconds=settings.TOKEN_SECONDS)
    client.tokens.create(digest=hash_secret(value), expires_at=expires, scopes=grant)
    client.tokens.filter(
        pk__in=client.tokens.order_by("-expires_at", "-pk").values("pk")[MAX_LIVE_TOKENS:]
    ).delete()
    append_event(AuditEvent.from_principal(acting, EventCode.TOKEN_ISSUE))
    body: dict[str, Any] = {
        "access_token": value,
        "token_type": "bearer",
        "expires_in": settings.TOKEN_SECONDS,
        "scope": told,
    }
    response = JsonResponse(body)
    response["Cache-Control"] = "no-store"
    return response


def smart_configuration(request: HttpRequest, base: str) -> JsonResponse:
    """GET /fhir/<base>/.well-known/smart-configuration (SMART App Launch 2.2, conformance)."""
    return JsonResponse(
        {
            "token_endpoint": token_url(request),
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
            ],
            "token_endpoint_auth_signing_alg_values_supported": assertion.ASSERTION_ALGORITHMS,
            "grant_types_supported": ["client_credentials"],
            "scopes_supported": SUPPORTED_SCOPES,
            "capabilities": [
                "client-confidential-symmetric",
                "client-confidential-asymmetric",
                "permission-v1",
                "permission-v2",
            ],
        }
    )
