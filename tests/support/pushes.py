"""Pushes that are sent, carried out and read in tests."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from tests.factories.bulk_jobs import ASYNC_HEADERS, strip_fhir_base
from tests.factories.fhir import Api


@pytest.fixture(autouse=True)
def none_waiting(world: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM record_push")


def pushed(api: Api, method: str, path: str, body: Any, **headers: str) -> str:
    """The status address."""
    kicked = api(method, path, body, **{**ASYNC_HEADERS, **headers})
    assert (
        kicked.status == 202
        and kicked.body == b""
        and "respond-async" in kicked.headers["preference-applied"]
    ), kicked.body
    return strip_fhir_base(api, kicked.headers["content-location"])


def came(api: Api, link: str) -> dict[str, Any]:
    reply = api("GET", link)
    assert reply.status == 200 and reply.json["type"] == "batch-response", reply.body
    [entry] = reply.json["entry"]
    return entry  # type: ignore[no-any-return]


def work() -> None:
    call_command("push_work", linger=0.0)
