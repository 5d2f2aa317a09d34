"""Note what a sandbox system shows by a request of sync; nothing of any other system's."""

import datetime as dt
import logging

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.http.request import RawPostDataException
from django.utils import timezone

from alliance.auth.principal import Principal
from records.sync.acceptance import Exchange, note_exchange

log = logging.getLogger("xinglin.sync")


def keep_sandbox_body(request: HttpRequest, caller: Principal) -> None:
    """Read it before the view does, so that it is there afterwards."""
    if caller.sandbox:
        request.sandbox_began = timezone.now()  # type: ignore[attr-defined]
        try:
            request.body  # noqa: B018
        except (RequestDataTooBig, UnreadablePostError, RawPostDataException):
            pass


def note_sandbox_exchange(request: HttpRequest, response: HttpResponseBase) -> None:
    caller: Principal | None = getattr(request, "caller", None)
    began: dt.datetime | None = getattr(request, "sandbox_began", None)
    if caller is None or began is None or not isinstance(response, HttpResponse):
        return
    try:
        note_exchange(
            caller,
            Exchange(
                request.method or "",
                (request.resolver_match.url_name or "").removeprefix("sync-")
                if request.resolver_match
                else "",
                {name: str(value) for name, value in request.GET.items()},
                getattr(request, "_body", b""),
                "gzip" in request.headers.get("Content-Encoding", "").lower(),
                response.status_code,
                response.content,
                began,
            ),
        )
    except DatabaseError as error:  # the answer stands: this is only a note
        log.warning("a sandbox exchange was not noted", exc_info=error)
