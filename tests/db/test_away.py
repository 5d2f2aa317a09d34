"""What means that the database is away, by errors of a real one; what is then tried once more,
and what must not be.
"""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import Error, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from alliance.database.connections import PendingStatements, drop_dead_connections, is_read_only
from alliance.models import FormUse
from alliance.platform.database_away import (
    find_away_cause,
    find_retryable_cause,
    has_stored_nothing,
)
from alliance.platform.unavailable_response import answer_unavailable
from alliance.server.database_retry import retry_when_away
from alliance.web.errors import show_bad_request, show_server_error
from tests.wait_until import wait_until


@pytest.fixture(autouse=True)
def over(world: None) -> Iterator[None]:
    yield
    connection.close()
    FormUse.objects.filter(key__startswith="away-").delete()


def ask(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone() if cursor.description else None


def make_read_only() -> None:
    """As the operator of a planned switch does; here for this connection alone."""
    ask("SELECT set_config('default_transaction_read_only', 'on', false)")


def end_line() -> None:
    """An administrator's shutdown, for this connection alone."""
    with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        wait_until(
            lambda: (
                other.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE pid = %s",
                    [connection.connection.info.backend_pid],
                ).fetchone()
                == (0,)
            ),
            "it has ended",
        )


def write(key: str) -> None:
    ask(
        "INSERT INTO alliance_formuse (key, location, used_at) VALUES (%s, '', now())",
        f"away-{key}",
    )


def written(key: str) -> int:
    return FormUse.objects.filter(key=f"away-{key}").count()


def nowhere() -> None:
    """A question to a port at which nobody listens."""
    kept = connection.settings_dict["PORT"], connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict |= {"PORT": "1", "HOST": "127.0.0.1"}
    try:
        ask("SELECT 1")
    finally:
        connection.settings_dict["PORT"], connection.settings_dict["HOST"] = kept


def met(happens: Callable[[], Any]) -> BaseException:
    with pytest.raises(Exception) as raised:
        happens()
    return raised.value


def read_only_write() -> None:
    make_read_only()
    write("x")


def lost_write() -> None:
    ask("SELECT 1")
    end_line()
    write("x")


def lost_transaction() -> None:
    with transaction.atomic():
        ask("SELECT 1")
        end_line()
        write("x")


def deadline() -> None:
    with transaction.atomic():
        ask("SET LOCAL statement_timeout = 20")
        ask("SELECT pg_sleep(5)")


def locked() -> None:
    with psycopg.connect(**connection.get_connection_params()) as other, transaction.atomic():
        other.execute("SELECT pg_advisory_xact_lock(8740)")
        ask("SET LOCAL lock_timeout = 20")
        ask("SELECT pg_advisory_xact_lock(8740)")


def twice() -> None:
    write("twice")
    write("twice")


@pytest.mark.parametrize(
    ("happens", "cause", "nothing"),
    [
        (read_only_write, "25006", True),
        (lost_write, "57P01", False),
        (lost_transaction, "57P01", False),
        (nowhere, "unreachable", True),
    ],
)
def test_what_is_away(happens: Callable[[], None], cause: str, nothing: bool) -> None:
    error = met(happens)
    assert (find_away_cause(error), find_retryable_cause(error), has_stored_nothing(error)) == (
        cause,
        cause,
        nothing,
    )


@pytest.mark.parametrize(
    ("happens", "cause"), [(deadline, ""), (locked, "55P03"), (twice, ""), (lambda: 1 / 0, "")]
)
def test_what_is_not(happens: Callable[[], None], cause: str) -> None:
    error = met(happens)
    assert (find_away_cause(error), find_retryable_cause(error), has_stored_nothing(error)) == (
        "",
        cause,
        False,
    )


def test_a_session_that_could_not_be_kept_tells_why() -> None:
    def save() -> None:
        try:
            read_only_write()
        except Error:
            raise UpdateError

    def response() -> None:
        try:
            save()
        except UpdateError:
            raise SessionInterrupted("gone")

    assert find_away_cause(met(response)) == "25006"
    assert find_away_cause(SessionInterrupted("gone")) == ""


def door(
    steps: list[Callable[[], None]], seen: list[bytes]
) -> Callable[[HttpRequest], HttpResponse]:
    """One step an attempt."""

    def handle(request: HttpRequest) -> HttpResponse:
        seen.append(request.body)
        try:
            steps[len(seen) - 1]()
        except Exception as error:
            return answer_unavailable(request, error)
        return HttpResponse(status=201)

    return handle


def then_lost() -> None:
    write("first")
    nowhere()


def then_read_only() -> None:
    with transaction.atomic():
        write("first")
    make_read_only()
    write("second")


def lost_then_nowhere() -> None:
    try:
        lost_write()
    finally:
        nowhere()


def fine() -> None:
    write("fine")


@pytest.mark.parametrize(
    ("method", "first", "again"),
    [
        ("POST", nowhere, True),
        ("POST", read_only_write, True),
        ("PUT", read_only_write, True),
        ("POST", lost_write, False),
        ("POST", lost_transaction, False),
        ("POST", then_lost, False),
        ("POST", then_read_only, False),
        ("POST", lost_then_nowhere, False),
        ("GET", lost_write, True),
        ("GET", nowhere, True),
    ],
)
def test_what_is_tried_once_more(method: str, first: Callable[[], None], again: bool) -> None:
    seen: list[bytes] = []
    request = RequestFactory().generic(
        method, "/fhir/donghu/Patient", b"{}", content_type="application/fhir+json"
    )
    request.request_id = "x"  # type: ignore[attr-defined]
    reply = retry_when_away(door([first, fine], seen))(request)
    assert (reply.status_code, len(seen), written("fine")) == (
        (201, 2, 1) if again else (503, 1, 0)
    )
    assert set(seen) == {b"{}"}, "the same was sent again"
    assert again or reply["Retry-After"]


def test_a_search_by_post_is_a_question_and_a_second_failure_is_told() -> None:
    seen: list[bytes] = []
    request = RequestFactory().generic(
        "POST",
        "/fhir/donghu/Patient/_search",
        b"name=x",
        content_type="application/x-www-form-urlencoded",
    )
    request.request_id = "x"  # type: ignore[attr-defined]
    reply = retry_when_away(door([lost_write, nowhere, fine], seen))(request)
    assert reply.status_code == 503 and len(seen) == 2 and b"OperationOutcome" in reply.content


def test_a_connection_that_cannot_be_written_to_is_dropped() -> None:
    ask("SELECT 1")
    drop_dead_connections()
    kept = connection.connection
    assert kept is not None and not is_read_only(kept), "the control"
    make_read_only()
    assert is_read_only(kept)
    drop_dead_connections()
    assert connection.connection is None
    fine()


def test_a_line_without_an_answer_is_cut() -> None:
    found = PendingStatements()
    ask("SELECT 1")
    found.note_activity(connection.connection)
    assert found.cut_overdue(60) == 0, "the control"
    assert found.cut_overdue(-1) == 1
    assert find_away_cause(met(lambda: write("x"))) == "line lost"


def test_the_page_of_an_error_never_fails_itself() -> None:
    """Who asks cannot be found out, so that the usual page cannot be made."""
    request = RequestFactory().get("/patients/")
    request.user = SimpleLazyObject(lambda: 1 / 0)  # type: ignore[assignment]
    try:
        raise ValueError("of ours")
    except ValueError:
        reply = show_server_error(request)
    assert (
        reply.status_code == 500
        and "The server failed" in reply.content.decode()
        and "系统出错" in reply.content.decode()
    )
    try:
        read_only_write()
    except Error as error:
        assert (
            show_server_error(request).status_code
            == show_bad_request(request, error).status_code
            == 503
        )
    assert show_bad_request(request, SessionInterrupted("gone")).status_code == 400, "the control"
