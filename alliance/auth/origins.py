"""Origins of browser apps whose scripts may read what the machine doors answer (Fetch Standard,
CORS protocol): those of registered systems alone, never with cookies, for these doors know none.
What everyone may read without a token, every origin may.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

from alliance.models import Client
from alliance.platform.database_away import find_retryable_cause

CORS_PATHS = ("/fhir/", "/oauth/")
PUBLIC_PATHS = re.compile(
    r"/fhir/[^/]+/(metadata|openapi\.json|\.well-known/smart-configuration)/?"
)
ALLOWED_REQUEST_HEADERS = (
    "Accept, Authorization, Content-Encoding, Content-Type, If-Match, If-Modified-Since,"
    " If-None-Exist, If-None-Match, Prefer, Range, X-Request-Id"
)
EXPOSED_RESPONSE_HEADERS = (
    "Accept-Ranges, Content-Location, Content-Range, ETag, Expires, Last-Modified, Location,"
    " Retry-After, WWW-Authenticate, X-Progress, X-Request-Id"
)
ORIGIN_PATTERN = re.compile(
    r"https?://[a-z0-9.-]+(:[1-9][0-9]{0,4})?|https?://\[[0-9a-f:.]+\](:[1-9][0-9]{0,4})?"
)
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
DEFAULT_PORTS = {"https": ":443", "http": ":80"}
MAX_ORIGINS = 20


class BadOrigin(ValueError):
    """An origin that is not taken; args: the text of it."""


def parse_origins(text: str) -> list[str]:
    """Origins with spaces or commas between them, as browsers write them. Raises BadOrigin."""
    return sorted({parse_origin(word) for word in re.split(r"[\s,]+", text) if word})


def parse_origin(word: str) -> str:
    found = word.lower().rstrip("/")
    scheme = found.partition(":")[0]
    if (
        not ORIGIN_PATTERN.fullmatch(found)
        or len(found) > 200
        or (scheme == "http" and urlsplit(found).hostname not in LOCAL_HOSTS)
    ):
        raise BadOrigin(word[:80])
    return found.removesuffix(DEFAULT_PORTS[scheme])


def is_registered_origin(origin: str) -> bool:
    """Whether a system that takes part has this origin."""
    if not ORIGIN_PATTERN.fullmatch(origin) or len(origin) > 200:
        return False
    try:
        return Client.objects.filter(
            origins__contains=[origin], revoked_at=None, hospital__suspended_at=None
        ).exists()
    except Error as error:
        if not find_retryable_cause(error):
            raise
        return False


def find_allowed_origin(request: HttpRequest) -> str:
    """What Access-Control-Allow-Origin says, "" for nothing."""
    origin = request.headers.get("Origin", "")
    if PUBLIC_PATHS.fullmatch(request.path_info):
        return "*"
    return origin if origin and is_registered_origin(origin) else ""


def answer_preflight(request: HttpRequest, origin: str) -> HttpResponse | None:
    """The answer to OPTIONS of a page that may go on, without a token, for browsers send none;
    None for anything else.
    """
    if (
        request.method != "OPTIONS"
        or not origin
        or (origin != "*" and "Access-Control-Request-Method" not in request.headers)
    ):
        return None
    methods = (
        ("GET", "HEAD", "OPTIONS")
        if origin == "*"
        else ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    )
    return HttpResponse(
        status=204,
        headers={
            "Allow": ", ".join(methods),
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": ALLOWED_REQUEST_HEADERS,
            "Access-Control-Max-Age": "600",
        },
    )


def add_cors_headers(response: HttpResponseBase, origin: str, headers: Iterable[str]) -> None:
    """Let the page read it, refusals too."""
    if "Origin" in headers and origin != "*":
        patch_vary_headers(response, ["Origin"])
    if origin:
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = EXPOSED_RESPONSE_HEADERS
