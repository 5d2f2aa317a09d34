"""One door for FHIR over HTTP: authenticate, look up the interaction in the table, run it, answer; errors become outcomes.

The five steps of docs/request-flow.md. The gate and the audit log are inside the interactions.
"""

import gzip
import logging
from collections.abc import Callable
from dataclasses import replace
from email.utils import format_datetime

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from psycopg.errors import QueryCanceled

from alliance.auth.bearer import confirm, principal_of
from alliance.auth.errors import AuthenticationFailed, Forbidden
from alliance.auth.refusals import note
from alliance.config.away import away, passing
from alliance.config.unavailable import unavailable
from consent.audit.event import ProvisoFailed
from consent.terms import Refused
from records.api import binary, definitions, negotiate
from records.api.asked import query
from records.api.interactions import INTERACTIONS, PROVIDED, Handler, shape
from records.capability import statement
from records.fhir import outcome, published
from records.fhir.issues import Issue, Malformed, MethodNotAllowed, NotFound, TooLarge
from records.fhir.json import dump, pretty
from records.interactions.ask import Answer, base
from records.interactions.entries import READING, told
from records.interactions.preconditions import not_modified, of_headers

log = logging.getLogger("xinglin.fhir")
MEDIA = "application/fhir+json; charset=utf-8"


@csrf_exempt
def dispatch(request: HttpRequest, base_code: str, path: str = "") -> HttpResponseBase:
    response = tried(request, lambda: answer(request, base_code, path))
    return tried(request, lambda: confirmed(request, response))


def tried(request: HttpRequest, attempt: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer, or what the error is to a client; a refusal is in the audit log before it leaves."""
    try:
        try:
            return attempt()
        except (AuthenticationFailed, Forbidden, Refused) as refusal:
            note(request, refusal, "fhir")
            raise
    except Exception as error:
        return unavailable(request, error) if away(error) else failure(error)


def answer(request: HttpRequest, base_code: str, path: str) -> HttpResponseBase:
    request.get_host()  # raises DisallowedHost, whatever links are made of
    root = (settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")) + "/fhir"
    parts = [p for p in path.split("/") if p]
    if not binary.is_read(request.method or "", parts):
        negotiate.acceptable(request, query(request))
    if base_code == published.BASE:
        return reply(request, definitions.answer(request.method or "", parts, query(request), root))
    if parts == ["metadata"] and request.method in READING:
        return reply(request, Answer(200, statement(base_code, root)))
    address = ("GET" if request.method == "HEAD" else request.method or "", shape(parts))
    caller = request.caller = principal_of(request, provided=address in PROVIDED)  # type: ignore[attr-defined]
    ask = replace(base(caller, base_code, root), returns=negotiate.preferences(request).get("return", ""))
    if "\x00" in path:
        raise NotFound(Issue("not-found", "An address holds no NUL character."))
    found = served(*address)(request, ask, parts)
    return found if isinstance(found, HttpResponseBase) else reply(request, found, ask.returns)


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


QUOTED = str.maketrans({'"': "'", "\\": "/"})


def reply(request: HttpRequest, answer: Answer, returns: str = "") -> HttpResponse:
    """Commit came first, now the bytes. Prefer: return= chooses the body of a write; 304 where nothing changed."""
    body = answer.body
    etag = f'W/"{answer.version}"' if answer.version else ""
    if answer.location and returns == "minimal":
        body = b""
    elif answer.location and (returns == "OperationOutcome" or not body):
        body = dump(outcome.outcome(*told(answer)))
    if request.method in READING and answer.version and not_modified(of_headers(request.headers), answer.version, answer.last_updated):
        return HttpResponse(status=304, headers={"ETag": etag})
    if body and not answer.media and "_pretty=true" in request.META.get("QUERY_STRING", ""):
        body = pretty(body)
    response = HttpResponse(body, status=answer.status, content_type=answer.media or MEDIA)
    if answer.media:
        response["Content-Disposition"] = "attachment"  # whatever it is, no browser runs it here
        response["X-Content-Type-Options"] = "nosniff"
    if len(body) > 1400 and not answer.media and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.content = gzip.compress(body, 1, mtime=0)
        response["Content-Encoding"] = "gzip"
    if not response.content:
        del response["Content-Type"]
    response["Vary"] = "Accept, Accept-Encoding"
    response["Cache-Control"] = "no-store"
    if etag:
        response["ETag"] = etag
    if answer.warnings:
        response["Warning"] = ", ".join(f'299 - "{i.says.translate(QUOTED)}"' for i in answer.warnings)  # RFC 7234 5.5: for those who did not ask for an OperationOutcome
    if answer.last_updated:
        response["Last-Modified"] = format_datetime(answer.last_updated, usegmt=True)
    if answer.location:
        response["Location"] = answer.location
    return response


def failure(error: Exception) -> HttpResponse:
    status, body = outcome.of(error)
    if isinstance(error, OperationalError) and isinstance(error.__cause__, QueryCanceled):
        status, body = outcome.of(TooLarge(Issue("too-costly", "This takes the server too long. Narrow it, for example by patient, code or date, or ask for fewer things at once. "
                                                               "Nothing was stored.")))
    elif isinstance(error, UnreadablePostError):
        status, body = outcome.of(Malformed(Issue("structure", "The body breaks off, or came too slowly: send it again.")))
    elif isinstance(error, OperationalError | ProvisoFailed):
        if not isinstance(error, ProvisoFailed):  # that one is for the caller, whose token has ended meanwhile: `confirmed` says so
            log.error("FHIR503 the database is too busy: %s", passing(error) or type(error).__name__)
        status, body = 503, outcome.outcome(Issue("transient", "The server is busy. Nothing was stored; send the same request again."))
    elif status == 500:
        log.error("FHIR500 an unexpected error", exc_info=error)
    response = HttpResponse(dump(body), status=status, content_type=MEDIA)
    response["Cache-Control"] = "no-store"
    if status in (429, 503):
        response["Retry-After"] = str(getattr(error, "seconds", 5))
    if isinstance(error, Forbidden) and error.code == "scope":
        response["WWW-Authenticate"] = 'Bearer realm="xinglin", error="insufficient_scope"'  # RFC 6750 3.1
    if isinstance(error, AuthenticationFailed):
        response["WWW-Authenticate"] = 'Bearer realm="xinglin"'
    return response
