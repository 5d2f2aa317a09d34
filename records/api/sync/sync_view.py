"""The view of one address of sync: authenticate, only at the own hospital's address, run the method
of the verb, answer; errors become JSON in Chinese and English.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import DisallowedHost
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from psycopg.errors import QueryCanceled

from alliance.auth.bearer import authenticate_bearer, confirm_proviso
from alliance.auth.errors import AuthenticationFailed, Forbidden
from alliance.auth.refusal_log import log_refused_request
from alliance.database.statement_time import set_work_kind
from alliance.platform.counters import count_unavailable
from alliance.platform.database_away import find_away_cause, find_retryable_cause
from alliance.platform.unavailable_response import answer_unavailable
from consent.audit.event import ProvisoFailed
from consent.terms import Refused
from records.api.fhir_view import find_root, read_method
from records.api.sync.sandbox_exchange import keep_sandbox_body, note_sandbox_exchange
from records.fhir.json_codec import dump_json
from records.requests.fhir_request import FhirRequest
from records.sync.sync_error import SyncError

log = logging.getLogger("xinglin.sync")
JSON = "application/json; charset=utf-8"
METHODS = ("GET", "POST")


class SyncView(View):
    """A method takes the request as HTTP has it, who asks at which base, and the variables of the
    address.
    """

    work = "read"  # a key of alliance.database.statement_time.SECONDS

    @classmethod
    def as_view(cls, **options: Any) -> Callable[..., HttpResponseBase]:
        return csrf_exempt(super().as_view(**options))

    def dispatch(self, request: HttpRequest, *_: Any, **about: str) -> HttpResponseBase:
        response = answer_or_error(request, lambda: self.answer(request, **about))
        note_sandbox_exchange(request, response)
        return answer_or_error(request, lambda: confirm_before_reply(request, response))

    def answer(self, request: HttpRequest, hospital: str, **about: str) -> HttpResponseBase:
        root, method = find_root(request), read_method(request)
        request.interaction = request.resolver_match.url_name  # type: ignore[attr-defined, union-attr]
        set_work_kind(self.work)
        caller = request.caller = authenticate_bearer(request, provided=True)  # type: ignore[attr-defined]
        keep_sandbox_body(request, caller)
        if hospital != caller.hospital:
            message = f"/sync/{caller.hospital}/"
            raise Forbidden("foreign_store", message)
        handler = getattr(self, method.lower(), None) if method in METHODS else None
        if handler is None:
            raise SyncError("method", name=method[:20])
        fhir_request = FhirRequest(caller, caller.hospital, caller.hospital_id, root)
        return handler(request, fhir_request, **about)  # type: ignore[no-any-return]


def build_response(
    content: Any, status: int = 200, headers: dict[str, str] | None = None
) -> HttpResponse:
    """content: JSON, or its bytes."""
    data = content if isinstance(content, bytes) else dump_json(content)
    return HttpResponse(data, status=status, content_type=JSON, headers=headers or {})


def answer_or_error(
    request: HttpRequest, attempt: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """The answer, or what the error is to a client; a refusal is in the audit log before it
    leaves.
    """
    try:
        try:
            return attempt()
        except (AuthenticationFailed, Forbidden, Refused) as refusal:
            log_refused_request(request, refusal, "sync")
            raise
    except Exception as error:
        if find_away_cause(error):
            return answer_unavailable(request, error)
        return build_error_response(error)


def build_error_response(error: Exception) -> HttpResponse:
    told = explain_error(error)
    headers = {}
    if told.status in (429, 503):
        headers["Retry-After"] = str(told.seconds or 5)
    if told.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="xinglin"'
    if isinstance(error, Forbidden) and error.code == "scope":
        headers["WWW-Authenticate"] = 'Bearer realm="xinglin", error="insufficient_scope"'
    return build_response(told.as_json(), told.status, headers)


def explain_error(error: Exception) -> SyncError:
    if isinstance(error, SyncError):
        return error
    if isinstance(error, AuthenticationFailed):
        return SyncError("token", detail=str(error))
    if isinstance(error, Forbidden):
        return SyncError("forbidden", detail=str(error))
    if isinstance(error, Refused):
        return SyncError("forbidden", detail="")
    if isinstance(error, DisallowedHost):
        return SyncError("forbidden", detail="XINGLIN_HOSTS")
    if isinstance(error, UnreadablePostError):
        return SyncError("cut")
    if isinstance(error, ProvisoFailed):
        return SyncError("token", detail="")
    if find_retryable_cause(error) or (
        isinstance(error, OperationalError) and isinstance(error.__cause__, QueryCanceled)
    ):
        log.error("SYNC503 the database is too busy: %s", find_retryable_cause(error))
        count_unavailable("")
        return SyncError("busy", seconds=5)
    log.error("SYNC500 an unexpected error", exc_info=error)
    return SyncError("server")


def confirm_before_reply(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """No answer leaves before the caller's token is known to stand. Raises AuthenticationFailed."""
    if caller := getattr(request, "caller", None):
        confirm_proviso(caller)
    return response
