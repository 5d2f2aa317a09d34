"""One door for FHIR over HTTP: authenticate, look up the interaction in the table, run it, answer; errors become outcomes.

The five steps of docs/request-flow.md. The gate and the audit log are inside the interactions.
"""

import gzip
import logging
from collections.abc import Callable
from email.utils import format_datetime

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import parse_http_date_safe
from django.views.decorators.csrf import csrf_exempt
from psycopg.errors import QueryCanceled

from alliance.auth.bearer import confirm, principal_of
from alliance.auth.errors import AuthenticationFailed
from consent.audit.event import ProvisoFailed
from records.api import negotiate
from records.api.interactions import INTERACTIONS, PROVIDED, Handler, shape
from records.capability import statement
from records.fhir import outcome
from records.fhir.issues import Issue, MethodNotAllowed, NotFound, TooLarge
from records.fhir.json import dump, pretty
from records.interactions.ask import Answer, base

log = logging.getLogger("xinglin.fhir")
MEDIA = "application/fhir+json; charset=utf-8"


@csrf_exempt
def dispatch(request: HttpRequest, base_code: str, path: str = "") -> HttpResponseBase:
    response = tried(lambda: answer(request, base_code, path))
    return tried(lambda: confirmed(request, response))


def tried(attempt: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    try:
        return attempt()
    except Exception as error:
        return failure(error)


def answer(request: HttpRequest, base_code: str, path: str) -> HttpResponseBase:
    root = (settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")) + "/fhir"
    if path == "metadata" and request.method == "GET":
        return reply(request, Answer(200, statement(base_code, root)))
    negotiate.acceptable(request)
    parts = [p for p in path.split("/") if p]
    address = ("GET" if request.method == "HEAD" else request.method or "", shape(parts))
    caller = request.caller = principal_of(request, provided=address in PROVIDED)  # type: ignore[attr-defined]
    ask = base(caller, base_code, root)
    if "\x00" in path:
        raise NotFound(Issue("not-found", "An address holds no NUL character."))
    found = served(*address)(request, ask, parts)
    return found if isinstance(found, HttpResponseBase) else reply(request, found)


def confirmed(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """No answer leaves, not even an error, before the caller's token is known to stand. Raises AuthenticationFailed."""
    if caller := getattr(request, "caller", None):
        confirm(caller)
    return response


def served(method: str, found: str) -> Handler:
    """Raises NotFound or MethodNotAllowed."""
    handler = INTERACTIONS.get((method, found))
    if handler is None:
        if found and (allowed := sorted(m for m, s in INTERACTIONS if s == found)):
            raise MethodNotAllowed(Issue("not-supported", f"{method} is not served here; {', '.join(allowed)} is."))
        raise NotFound(Issue("not-found", "There is no such address below a FHIR base; GET metadata tells what there is."))
    return handler


def reply(request: HttpRequest, answer: Answer) -> HttpResponse:
    """Commit came first, now the bytes. Prefer: return= chooses the body of a write; 304 where nothing changed."""
    body = answer.body
    etag = f'W/"{answer.version}"' if answer.version else ""
    prefer = request.headers.get("Prefer", "")
    if request.method in ("POST", "PUT", "PATCH") and answer.location and "return=minimal" in prefer:
        body = b""
    elif request.method in ("POST", "PUT", "PATCH") and answer.location and "return=OperationOutcome" in prefer:
        body = dump(outcome.outcome(Issue("informational", "Stored.", severity="information")))
    if request.method in ("GET", "HEAD") and etag and not_modified(request, etag, answer):
        return HttpResponse(status=304, headers={"ETag": etag})
    if body and "_pretty=true" in request.META.get("QUERY_STRING", ""):
        body = pretty(body)
    response = HttpResponse(body, status=answer.status, content_type=MEDIA)
    if len(body) > 1400 and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.content = gzip.compress(body, 1, mtime=0)
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = "no-store"
    if etag:
        response["ETag"] = etag
    if answer.last_updated:
        response["Last-Modified"] = format_datetime(answer.last_updated, usegmt=True)
    if answer.location:
        response["Location"] = answer.location
    return response


def not_modified(request: HttpRequest, etag: str, answer: Answer) -> bool:
    """Conditional read (FHIR R4 http.html#cread); If-None-Match wins over If-Modified-Since (RFC 9110 13.2.2)."""
    known = request.headers.get("If-None-Match")
    if known is not None:
        return known.strip() == etag
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and answer.last_updated is not None and int(answer.last_updated.timestamp()) <= since


def failure(error: Exception) -> HttpResponse:
    status, body = outcome.of(error)
    if isinstance(error, OperationalError) and isinstance(error.__cause__, QueryCanceled):
        status, body = outcome.of(TooLarge(Issue("too-costly", "This takes the server too long. Narrow it, for example by patient, code or date, or ask for fewer things at once. "
                                                               "Nothing was stored.")))
    elif isinstance(error, OperationalError | InterfaceError | ProvisoFailed):
        log.error("FHIR503 the database cannot be reached or is too busy: %s", type(error).__name__)
        status, body = 503, outcome.outcome(Issue("transient", "The server is busy or restarting. Nothing was stored; send the same request again."))
    elif status == 500:
        log.error("FHIR500 an unexpected error", exc_info=error)
    response = HttpResponse(dump(body), status=status, content_type=MEDIA)
    response["Cache-Control"] = "no-store"
    if status in (429, 503):
        response["Retry-After"] = "5"
    if isinstance(error, AuthenticationFailed):
        response["WWW-Authenticate"] = 'Bearer realm="xinglin"'
    return response
