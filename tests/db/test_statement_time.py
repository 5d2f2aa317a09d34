"""Each kind of work has its own time in the database, and PostgreSQL keeps to it."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from psycopg.errors import QueryCanceled

from alliance.database import statement_time
from alliance.database.connection_settings import owner_connection_string
from alliance.database.statement_time import SECONDS, execute_within_time, set_work_kind
from alliance.platform.environment import STATEMENT_SECONDS
from alliance.roles import Role
from records.requests.served_routes import list_routes
from tests.factories import alliance
from tests.factories.fhir import FHIR, Api, make_bundle, make_observation, make_patient

ASKED = "SELECT current_setting('statement_timeout')"
SLEEP = "SELECT pg_sleep(20)"


@pytest.fixture(autouse=True)
def as_before(world: None) -> Iterator[None]:
    yield
    set_work_kind("page")
    connection.close()


def ask(sql: str) -> Any:
    with connection.execute_wrapper(execute_within_time), connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@pytest.mark.parametrize("kind", STATEMENT_SECONDS)
def test_a_statement_of_a_kind_ends_with_its_time(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = dict.fromkeys(SECONDS, 30)
    monkeypatch.setattr(statement_time, "SECONDS", {**others, kind: 1})
    set_work_kind(kind)
    with pytest.raises(OperationalError) as stopped:
        ask(SLEEP)
    assert isinstance(stopped.value.__cause__, QueryCanceled)
    set_work_kind("page" if kind != "page" else "read")
    assert ask("SELECT pg_sleep(1.2), 1") is not None, (
        "the control: the same connection, for work of another kind"
    )


def test_a_rollback_takes_back_what_was_told_inside_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_time, "SECONDS", SECONDS | {"page": 11, "search": 12})
    set_work_kind("page")
    assert ask(ASKED) == "11s"
    with transaction.atomic():
        assert ask(ASKED) == "11s"
        set_work_kind("search")
        assert ask(ASKED) == "12s"
        transaction.set_rollback(True)
    assert ask(ASKED) == "12s", "it is told anew"
    set_work_kind("page")
    with transaction.atomic():
        assert ask(ASKED) == "11s"
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute(ASKED)
        assert cursor.fetchone()[0] == "11s", "told before the transaction began"


def test_doors_say_what_work_they_do(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {kind: 100 + i for i, kind in enumerate(SECONDS)}
    monkeypatch.setattr(statement_time, "SECONDS", kinds)
    at = alliance.make_hospital("time")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    about = api.create(make_patient())

    def kind(method: str, path: str, body: Any = None, root: str = f"/fhir/{at.code}/") -> str:
        Client().generic(
            method,
            root + path,
            json.dumps(body) if body else "",
            content_type=FHIR,
            headers={
                "Authorization": f"Bearer {api.token}",
                "Cookie": "sessionid=abcdefgh12345678",
            },
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM current_setting('statement_timeout')::interval)::int"
            )
            found = cursor.fetchone()[0]
        return next(k for k, seconds in kinds.items() if seconds == found)

    assert (
        kind("GET", about) == "read"
        and kind("GET", "Observation?code=1") == "search"
        and kind("POST", "Observation", make_observation(about)) == "write"
    )
    assert (
        kind("POST", "", make_bundle(("POST", "Patient", make_patient()))) == "transaction"
        and kind("GET", "", root="/account/login/") == "page"
    )
    assert (
        kind("GET", f"{about}/$everything") == "search"
        and kind("PUT", about, make_patient() | {"id": about.split("/")[1]}) == "write"
    )


def test_every_address_is_of_a_kind() -> None:
    kinds = {i.work for route in list_routes() for i in route.interactions.values()}
    assert kinds == {"read", "write", "search", "transaction"} and kinds <= SECONDS.keys()


def test_a_page_that_takes_too_long_says_so(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    who = alliance.make_staff(alliance.make_hospital("slow"), Role.AUDITOR)
    browser = Client(raise_request_exception=False)
    browser.force_login(who.user, backend="alliance.auth.backend.StaffBackend")
    assert browser.get("/account/login/").status_code != 413, "the control"
    monkeypatch.setattr(statement_time, "SECONDS", SECONDS | {"page": 1})
    with psycopg.connect(owner_connection_string()) as other:
        other.execute(
            "LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE"
        )  # so that the page's question lasts
        found = browser.get("/audit/")
        assert (
            found.status_code == 413
            and "查询超时" in found.content.decode()
            and "fewer days" in found.content.decode()
        )
