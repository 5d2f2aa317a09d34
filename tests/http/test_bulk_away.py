"""The line of a bulk job's process breaks at one of its statements, whichever: the same process
goes on with the job when the database is back, and nothing comes twice.
"""

from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from tests.factories.bulk_jobs import ASYNC_HEADERS, read_export_keys, send, strip_fhir_base
from tests.factories.fhir import Api, make_observation, make_patient


class Breaks:
    """Before the statement `at` the server ends the line, as a shutdown does."""

    def __init__(self, at: int) -> None:
        self.left, self.broken = at, False

    def __call__(self, execute: Any, *statement: Any) -> Any:
        self.left -= 1
        if not self.left:
            with psycopg.connect(
                **connection.get_connection_params() | {"autocommit": True}
            ) as other:
                other.execute(
                    "SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid]
                )
            self.broken = True
        return execute(*statement)


def worked(at: int) -> None:
    breaks = Breaks(at)
    with connection.execute_wrapper(breaks):
        call_command("bulk_work")
    assert breaks.broken, "the control"


@pytest.mark.parametrize("statement", [5, 9, *range(13, 18)])
def test_an_export_goes_on(api: Api, statement: int) -> None:
    about = api.create(make_patient())
    seen = [about, *(api.create(make_observation(about)) for _ in range(3))]
    link = strip_fhir_base(api, api("GET", "$export", **ASYNC_HEADERS).headers["content-location"])
    worked(statement)
    done = api("GET", link)
    assert done.status == 200 and read_export_keys(api, done.json) == sorted(seen)


@pytest.mark.parametrize("statement", [5, 9, 14])
def test_an_import_goes_on(api: Api, statement: int) -> None:
    rows = [
        make_patient() | {"id": "one"},
        *({**make_observation("Patient/one"), "id": f"o{i}"} for i in range(3)),
    ]
    link = strip_fhir_base(api, send(api, rows).headers["content-location"])
    worked(statement)
    done = api("GET", link)
    assert done.status == 200 and done.json["extension"] == {"lines": 4, "taken": 4, "refused": 0}
    assert [api("GET", f"Observation/o{i}").json["meta"]["versionId"] for i in range(3)] == [
        "1"
    ] * 3
