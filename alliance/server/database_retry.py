"""Retry once, over a new connection, a request that met a database that is away and of which
nothing has left: reads always, changes only where nothing of them can have been stored (no
connection was got, or one that cannot be written to, and nothing was committed before). Never
after a connection that broke in a change.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

from alliance.database.connections import pending_statements
from alliance.database.statement_time import current_work, execute_within_time, set_work_kind
from alliance.platform.database_away import find_away_cause, has_stored_nothing
from alliance.platform.page_priority import yield_to_pages

Handler = Callable[[HttpRequest], HttpResponse]
QUESTIONS = ("GET", "HEAD")
MACHINE_DOORS = ("/fhir/", "/sync/", "/oauth/", "/api/", "/healthz", "/readyz")


class AttemptState:
    """Record whether one attempt has committed anything, or may have. Wraps each statement."""

    def __init__(self) -> None:
        self.may_have_stored = False

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: Any,
        parameters: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        if current_work.kind != "page" and not connection.in_atomic_block:
            yield_to_pages()
        pending_statements.note_activity(connection.connection)
        try:
            found = execute_within_time(execute, sql, parameters, many, context)
        except Exception as error:
            self.meet(error)
            raise
        if connection.in_atomic_block:
            pending_statements.note_activity(
                connection.connection
            )  # its end, which no wrapper sees, is still to come
        else:
            pending_statements.clear_own()
        if not connection.in_atomic_block:
            self.may_have_stored = self.may_have_stored or not str(sql).lstrip().startswith(
                "SELECT"
            )
        elif not any(hook[1] == self.note_commit for hook in connection.run_on_commit):
            connection.on_commit(self.note_commit)
        return found

    def note_commit(self) -> None:
        self.may_have_stored = True

    def meet(self, error: BaseException) -> None:
        self.may_have_stored = self.may_have_stored or bool(
            find_away_cause(error) and not has_stored_nothing(error)
        )


def retry_when_away(get_response: Handler) -> Handler:
    """Middleware, before all that reads the request or asks the database. Whoever answers that
    the database is away says so (response.away), and tells request.spent why: an answer may come of
    several errors.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        spent = request.spent = AttemptState()  # type: ignore[attr-defined]
        response = run_attempt(get_response, request, spent)
        if (
            not getattr(response, "away", False)
            or (spent.may_have_stored and not is_read_request(request))
            or not can_reread_body(request)
        ):
            return response
        return run_attempt(get_response, copy_request(request), AttemptState())

    return handle


def run_attempt(get_response: Handler, request: HttpRequest, spent: AttemptState) -> HttpResponse:
    set_work_kind(
        "read" if request.path_info.startswith(MACHINE_DOORS) else "page"
    )  # until the door says more
    try:
        with connection.execute_wrapper(spent):
            return get_response(request)
    finally:
        pending_statements.clear_own()


def is_read_request(request: HttpRequest) -> bool:
    return request.method in QUESTIONS or (
        request.path_info.startswith("/fhir/") and request.path_info.endswith("/_search")
    )


def can_reread_body(request: HttpRequest) -> bool:
    """Whether its body can be read again: there is none, it was kept, or nobody has looked at it
    yet.
    """
    return (
        request.method in QUESTIONS
        or hasattr(request, "_body")
        or not getattr(request, "_read_started", False)
    )


def copy_request(request: Any) -> HttpRequest:
    """Copy the request as it came: who asks, and what a session says, is determined anew."""
    again: Any = type(request)(request.environ)
    again.request_id = request.request_id
    if hasattr(request, "_body"):
        again._body = request._body
        again._read_started = True
    return again  # type: ignore[no-any-return]
