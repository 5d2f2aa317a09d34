"""Origins of browser apps whose scripts may read what the machine doors answer (Fetch Standard, CORS protocol): those of registered systems alone, never with
cookies, for these doors know none. What everyone may read without a token, every origin may."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

from alliance.config.away import passing
from alliance.models import Client

DOORS = ("/fhir/", "/oauth/")
PUBLIC = re.compile(r"/fhir/[^/]+/(metadata|\.well-known/smart-configuration)/?")
SENT = "Accept, Authorization, Content-Encoding, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer, Range, X-Request-Id"
SHOWN = "Accept-Ranges, Content-Location, Content-Range, ETag, Expires, Last-Modified, Location, Retry-After, WWW-Authenticate, X-Progress, X-Request-Id"
SHAPE = re.compile(r"https?://[a-z0-9.-]+(:[1-9][0-9]{0,4})?|https?://\[[0-9a-f:.]+\](:[1-9][0-9]{0,4})?")
LOCAL = ("localhost", "127.0.0.1", "::1")
USUAL = {"https": ":443", "http": ":80"}
MOST = 20


class BadOrigin(ValueError):
    """An origin that is not taken; args: the text of it."""


def parse(text: str) -> list[str]:
    """Origins with spaces or commas between them, as browsers write them. Raises BadOrigin."""
    return sorted({one(word) for word in re.split(r"[\s,]+", text) if word})


def one(word: str) -> str:
    found = word.lower().rstrip("/")
    scheme = found.partition(":")[0]
    if not SHAPE.fullmatch(found) or len(found) > 200 or (scheme == "http" and urlsplit(found).hostname not in LOCAL):
        raise BadOrigin(word[:80])
    return found.removesuffix(USUAL[scheme])


def registered(origin: str) -> bool:
    """Whether a system that takes part has this origin."""
    if not SHAPE.fullmatch(origin) or len(origin) > 200:
        return False
    try:
        return Client.objects.filter(origins__contains=[origin], revoked_at=None, hospital__suspended_at=None).exists()
    except Error as error:
        if not passing(error):
            raise
        return False


def allowed(request: HttpRequest) -> str:
    """What Access-Control-Allow-Origin says, "" for nothing."""
    origin = request.headers.get("Origin", "")
    if PUBLIC.fullmatch(request.path_info):
        return "*"
    return origin if origin and registered(origin) else ""


def preflight(request: HttpRequest, origin: str) -> HttpResponse | None:
    """The answer to OPTIONS of a page that may go on, without a token, for browsers send none; None for anything else."""
    if request.method != "OPTIONS" or not origin or (origin != "*" and "Access-Control-Request-Method" not in request.headers):
        return None
    methods = ("GET", "HEAD", "OPTIONS") if origin == "*" else ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return HttpResponse(status=204, headers={
        "Allow": ", ".join(methods), "Access-Control-Allow-Methods": ", ".join(methods), "Access-Control-Allow-Headers": SENT, "Access-Control-Max-Age": "600"})


def share(response: HttpResponseBase, origin: str, headers: Iterable[str]) -> None:
    """Let the page read it, refusals too."""
    if "Origin" in headers and origin != "*":
        patch_vary_headers(response, ["Origin"])
    if origin:
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = SHOWN
