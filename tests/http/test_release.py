"""A database that was brought to another release, or has other keys, while the site runs:
nothing is answered from it, and the site comes back by itself.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from django.db import connection

from alliance.database import release
from alliance.database.connections import wait_for_notification
from records.bulk import bulk_jobs
from tests.factories.fhir import Api, make_patient
from tests.wait_until import wait_until

NEWER = "UPDATE alliance_release SET number = number + 1, served_since = number + 1"
OLDER = "UPDATE alliance_release SET number = number - 1"
COMPATIBLE = "UPDATE alliance_release SET number = number + 1"
OTHER_KEY = (
    "UPDATE alliance_keyprint SET fingerprint = reverse(fingerprint) WHERE name = 'index_key'"
)


def say(*statements: str) -> None:
    """As `setup` of another release does it."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        release.notify_release_change(cursor)


@pytest.fixture
def restored(world: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, served_since FROM alliance_release")
        number, since = cursor.fetchone()
        cursor.execute("SELECT fingerprint FROM alliance_keyprint WHERE name = 'index_key'")
        mark = cursor.fetchone()[0]
    yield
    say(
        f"UPDATE alliance_release SET number = {number}, served_since = {since}",
        f"UPDATE alliance_keyprint SET fingerprint = '{mark}' WHERE name = 'index_key'",
    )


def statuses(ask: Callable[[], int]) -> set[int]:
    """Of many requests, for the server has several processes with several threads."""
    return {ask() for _ in range(12)}


def checks(server: str) -> dict[str, str]:
    return requests.get(server + "/readyz", timeout=10).json()["checks"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("change", "check"), [(NEWER, "migrations"), (OLDER, "migrations"), (OTHER_KEY, "keys")]
)
def test_nothing_is_answered_from_it(
    api: Api, server: str, restored: None, change: str, check: str
) -> None:
    made = api.create(make_patient())
    assert statuses(lambda: api("GET", made).status) == {200} and checks(server)[check] == "ok", (
        "the control"
    )
    say(change)
    wait_until(
        lambda: statuses(lambda: api("GET", made).status) == {503}, "each connection hears the call"
    )
    reply = api("GET", made)
    assert (
        reply.headers["retry-after"]
        and reply.json["issue"][0]["code"] == "transient"
        and api("GET", "Patient").status == 503
        and api("POST", "Patient", make_patient()).status == 503
    )
    page = requests.get(server + "/", cookies={"sessionid": "a" * 32}, timeout=10)
    assert page.status_code == 503 and "manage.py doctor" in page.text, (
        "the reader is told, in both languages"
    )
    ready = requests.get(server + "/readyz", timeout=10).json()
    assert (
        ready["checks"]["database"] == "ok"
        and ready["checks"][check] == "failing"
        and "doctor" in ready["says"]
    )


def test_it_comes_back(api: Api, server: str, world: None) -> None:
    made = api.create(make_patient())
    say(NEWER)
    wait_until(
        lambda: statuses(lambda: api("GET", made).status) == {503}, "each connection hears the call"
    )
    say("UPDATE alliance_release SET number = number - 1, served_since = served_since - 1")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE alliance_release SET served_since = %s", [release.SERVED_SINCE])
    wait_until(lambda: statuses(lambda: api("GET", made).status) == {200}, "by itself")


def test_a_newer_release_that_lets_this_one_serve(api: Api, server: str, restored: None) -> None:
    made = api.create(make_patient())
    say(COMPATIBLE)
    assert statuses(lambda: api("GET", made).status) == {200}


def test_a_database_that_takes_no_write_is_not_ready(server: str, world: None) -> None:
    """Somebody holds the row: as where the disk is full nothing is written, and readiness says
    so soon and does not hang.
    """
    wait_until(lambda: checks(server)["writes"] == "ok", "the control")
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT FROM alliance_writeprobe FOR UPDATE")
        try:
            wait_until(
                lambda: [checks(server)[k] for k in ("database", "writes")] == ["ok", "failing"],
                "it is told",
            )
        finally:
            cursor.execute("ROLLBACK")
    wait_until(lambda: checks(server)["writes"] == "ok", "and that it is over")


def test_whoever_waits_is_called_by_its_name_alone(
    world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The courier waits for bulk jobs on the connection that is called when another release
    comes: the one is no cause to give it up, the other is, at work or at rest.
    """
    monkeypatch.setenv("XINGLIN_PROCESS", "courier")
    part: Any = connection.copy()
    part.ensure_connection()
    part.connection.execute(f"LISTEN {bulk_jobs.WORK_CHANNEL}")

    def told(channel: str, waits: bool) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {channel}")
        if waits:
            wait_for_notification(part, 30)
        else:
            part.connection.execute("SELECT 1")
        return bool(part.called)

    try:
        assert not told(bulk_jobs.WORK_CHANNEL, False) and told(release.CHANNEL, False), "at work"
        part.called = False
        assert not told(bulk_jobs.WORK_CHANNEL, True) and told(release.CHANNEL, True), "at rest"
    finally:
        part.close()
