"""Build the HTTP response of what an interaction answered, or of what stopped it (FHIR R4
http.html; RFC 9110).
"""

import gzip
import logging
from email.utils import format_datetime

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from alliance.auth.errors import AuthenticationFailed, Forbidden
from alliance.platform.counters import count_unavailable
from alliance.platform.database_away import find_retryable_cause
from consent.audit.event import ProvisoFailed
from records.fhir import operation_outcome
from records.fhir.issues import Issue, Malformed, MethodNotAllowed
from records.fhir.json_codec import dump_json, indent_json
from records.interactions.preconditions import is_not_modified, preconditions_from_headers
from records.interactions.response_entries import READ_METHODS, collect_outcome_issues
from records.requests.fhir_request import FhirResponse

log = logging.getLogger("xinglin.fhir")
FHIR_JSON_UTF8 = "application/fhir+json; charset=utf-8"
WARNING_QUOTES = str.maketrans({'"': "'", "\\": "/"})


def build_http_response(
    request: HttpRequest, answer: FhirResponse, returns: str = ""
) -> HttpResponse:
    """Commit came first, now the bytes. Prefer: return= chooses the body of a write; 304 where
    nothing changed.
    """
    body = answer.body
    etag = f'W/"{answer.version}"' if answer.version else ""
    if answer.location and returns == "minimal":
        body = b""
    elif answer.location and (returns == "OperationOutcome" or not body):
        body = dump_json(operation_outcome.build_outcome(*collect_outcome_issues(answer)))
    if (
        request.method in READ_METHODS
        and answer.version
        and is_not_modified(
            preconditions_from_headers(request.headers), answer.version, answer.last_updated
        )
    ):
        return HttpResponse(status=304, headers={"ETag": etag})
    if body and not answer.media and "_pretty=true" in request.META.get("QUERY_STRING", ""):
        body = indent_json(body)
    response = HttpResponse(body, status=answer.status, content_type=answer.media or FHIR_JSON_UTF8)
    if answer.media:
        response["Content-Disposition"] = "attachment"  # whatever it is, no browser runs it here
        response["X-Content-Type-Options"] = "nosniff"
    if (
        len(body) > 1400
        and not answer.media
        and "gzip" in request.headers.get("Accept-Encoding", "")
    ):
        response.content = gzip.compress(body, 1, mtime=0)
        response["Content-Encoding"] = "gzip"
    if not response.content:
        del response["Content-Type"]
    response["Vary"] = "Accept, Accept-Encoding"
    response["Cache-Control"] = "no-store"
    if etag:
        response["ETag"] = etag
    if answer.warnings:
        response["Warning"] = ", ".join(
            f'299 - "{i.says.translate(WARNING_QUOTES)}"' for i in answer.warnings
        )  # RFC 7234 5.5: for those who did not ask for an OperationOutcome
    if answer.last_updated:
        response["Last-Modified"] = format_datetime(answer.last_updated, usegmt=True)
    if answer.location:
        response["Location"] = answer.location
    return response


def build_error_response(error: Exception) -> HttpResponse:
    status, body = operation_outcome.outcome_from_error(error)
    if isinstance(error, UnreadablePostError):
        status, body = operation_outcome.outcome_from_error(
            Malformed(Issue("structure", "The body breaks off, or came too slowly: send it again."))
        )
    elif isinstance(error, OperationalError | ProvisoFailed) and status >= 500:
        if not isinstance(
            error, ProvisoFailed
        ):  # that one is for the caller, whose token has ended meanwhile: `confirmed` says so
            log.error(
                "FHIR503 the database is too busy: %s",
                find_retryable_cause(error) or type(error).__name__,
            )
            count_unavailable("")
        status, body = 503, operation_outcome.build_outcome(operation_outcome.BUSY)
    elif status == 500:
        log.error("FHIR500 an unexpected error", exc_info=error)
    response = HttpResponse(dump_json(body), status=status, content_type=FHIR_JSON_UTF8)
    response["Cache-Control"] = "no-store"
    if isinstance(error, MethodNotAllowed):
        response["Allow"] = ", ".join(error.allowed)  # RFC 9110 15.5.6
    if status in (429, 503):
        response["Retry-After"] = str(getattr(error, "seconds", 5))
    if isinstance(error, Forbidden) and error.code == "scope":
        response["WWW-Authenticate"] = (
            'Bearer realm="xinglin", error="insufficient_scope"'  # RFC 6750 3.1
        )
    if isinstance(error, AuthenticationFailed):
        response["WWW-Authenticate"] = 'Bearer realm="xinglin"'
    return response


def build_accepted_response(headers: dict[str, str]) -> HttpResponse:
    """202 without a body, which has no media type either."""
    response = HttpResponse(status=202, headers=headers)
    del response["Content-Type"]
    return response
