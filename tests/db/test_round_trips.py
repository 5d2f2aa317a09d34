"""How often an interaction goes to the database: a number that must not grow with the data."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.factories import alliance
from tests.factories.fhir import (
    FHIR,
    Api,
    make_bundle,
    make_citizen_number,
    make_observation,
    make_patient,
)
from tests.support.sync_batches import NDJSON, Line, build_batch, put, take_out


class Counted:
    """The server in this process, so that its statements can be counted."""

    def __init__(self, api: Api) -> None:
        self.api, self.client = api, Client()

    def __call__(self, method: str, path: str, body: Any = None) -> int:
        data = json.dumps(body) if body else ""
        return self.count(method, f"/fhir/{self.api.base}/{path}", data, FHIR)

    def push(self, stream: str, number: int, *items: Line) -> int:
        batch = build_batch(stream, number, list(items))
        return self.count("POST", f"/sync/{self.api.base}/batches", batch, NDJSON)

    def count(self, method: str, path: str, data: Any, media: str) -> int:
        seen: list[str] = []

        def count(
            execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
        ) -> Any:
            seen.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(count):
            reply = self.client.generic(
                method,
                path,
                data,
                content_type=media,
                headers={"Authorization": f"Bearer {self.api.token}"},
            )
        assert reply.status_code < 300, reply.content
        return len(seen)


@pytest.fixture
def counted(server: str) -> Counted:
    at = alliance.make_hospital("trips")
    return Counted(Api(server, at.code, credentials=alliance.make_credentials(at)))


def test_reads_are_one_statement_however_much_there_is(counted: Counted) -> None:
    about = counted.api.create(make_patient())
    for i in range(30):
        made = counted.api.create(make_observation(about, value=i))
    counted("GET", made)
    assert counted("GET", made) == 1, "the row, its audit line, and whether the caller still stands"
    assert (
        counted("GET", f"Observation?patient={about}&_count=2")
        == counted("GET", f"Observation?patient={about}&_count=30")
        == 1
    )
    assert counted("GET", f"{made}/_history") == 2, "who asks; and the rows with their audit line"


def test_writes(counted: Counted) -> None:
    about = counted.api.create(make_patient())
    counted("GET", about)
    assert counted("POST", "Observation", make_observation(about)) == 4, (
        "what it refers to, whom, store, audit"
    )
    assert counted("POST", "Patient", make_patient(birth="1931-07-19")) == 6, (
        "row of the index, store, turn, index, those beside them, audit"
    )
    made = counted.api.create(make_observation(about))
    assert counted("PUT", made, make_observation(about) | {"id": made.split("/")[1]}) == 5, (
        "lock, what it refers to, whom, store, audit"
    )


def test_a_small_push_is_seven_statements(counted: Counted) -> None:
    def observed(record: str, version: int, value: int = 1) -> Line:
        return put(make_observation("Patient/his-1", value=value), record, version=version)

    counted.push("his-0", 1, put(make_patient(), "1"))
    for number in (2, 3):
        at_most = 7 + 1  # the head of the log, which a process asks for once a second
        assert counted.push("his-0", number, observed(f"O{number}", 1)) <= at_most, (
            "stream, ledger and letters, what it refers to, whom, store, what has changed with the"
            " answer, audit"
        )
    more = [observed(f"M{n}", 1) for n in range(20)]
    assert counted.push("his-0", 4, *more) <= 7 + 2 + 1 + 2, "a savepoint; two for many bodies"
    assert counted.push("his-0", 5, observed("O2", 2, 7)) <= 7 + 1 + 1, "the row is locked first"
    assert counted.push("his-0", 6, take_out("delete", "Observation", "O3")) <= 11


def test_a_bundle_of_forty_costs_what_a_bundle_of_four_does(counted: Counted) -> None:
    def sent(patients: int) -> int:
        rows = []
        for i in range(patients):
            birth = f"{1920 + 7 * i}-0{i % 9 + 1}-11"
            rows.append(
                (
                    "POST",
                    "Patient",
                    make_patient(birth=birth, resident=make_citizen_number(birth.replace("-", "")))
                    | {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-{i:012d}"},
                )
            )
            rows += [
                (
                    "POST",
                    "Observation",
                    make_observation(f"urn:uuid:00000000-0000-4000-8000-{i:012d}", value=v),
                )
                for v in range(3)
            ]
        return counted("POST", "", make_bundle(*rows))

    one, ten = sent(1), sent(10)
    assert ten - one <= 9, "only the comparison with those beside them is once a patient"
