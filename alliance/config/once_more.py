"""A request that met a database that is away, and of which nothing has left, is tried once more over a new connection: questions always, changes only where nothing of
them can have been stored (no connection was got, or one that cannot be written to, and nothing was committed before). Never after a line that broke in a change."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

from alliance.config.away import away, unspent
from alliance.config.connections import under_way

Handler = Callable[[HttpRequest], HttpResponse]
QUESTIONS = ("GET", "HEAD")


class Spent:
    """Whether one attempt has committed anything, or may have. Wraps each statement."""

    def __init__(self) -> None:
        self.anything = False

    def __call__(self, execute: Callable[..., Any], sql: Any, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
        under_way.touch(connection.connection)
        try:
            found = execute(sql, parameters, many, context)
        except Exception as error:
            self.meet(error)
            raise
        if connection.in_atomic_block:
            under_way.touch(connection.connection)  # its end, which no wrapper sees, is still to come
        else:
            under_way.over()
        if not connection.in_atomic_block:
            self.anything = self.anything or not str(sql).lstrip().startswith("SELECT")
        elif not any(hook[1] == self.committed for hook in connection.run_on_commit):
            connection.on_commit(self.committed)
        return found

    def committed(self) -> None:
        self.anything = True

    def meet(self, error: BaseException) -> None:
        self.anything = self.anything or bool(away(error) and not unspent(error))


def once_more(get_response: Handler) -> Handler:
    """Middleware, before all that reads the request or asks the database. Whoever answers that the database is away says so (response.away), and tells request.spent why:
    an answer may come of several errors."""

    def handle(request: HttpRequest) -> HttpResponse:
        spent = request.spent = Spent()  # type: ignore[attr-defined]
        response = tried(get_response, request, spent)
        if not getattr(response, "away", False) or (spent.anything and not question(request)) or not whole(request):
            return response
        return tried(get_response, anew(request), Spent())

    return handle


def tried(get_response: Handler, request: HttpRequest, spent: Spent) -> HttpResponse:
    try:
        with connection.execute_wrapper(spent):
            return get_response(request)
    finally:
        under_way.over()


def question(request: HttpRequest) -> bool:
    return request.method in QUESTIONS or (request.path_info.startswith("/fhir/") and request.path_info.endswith("/_search"))


def whole(request: HttpRequest) -> bool:
    """Whether its body can be read again: there is none, it was kept, or nobody has looked at it yet."""
    return request.method in QUESTIONS or hasattr(request, "_body") or not getattr(request, "_read_started", False)


def anew(request: Any) -> HttpRequest:
    """As it came: who was found to ask, and what a session said, is asked again."""
    again: Any = type(request)(request.environ)
    again.request_id = request.request_id
    if hasattr(request, "_body"):
        again._body = request._body
        again._read_started = True
    return again  # type: ignore[no-any-return]
