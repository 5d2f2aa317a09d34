"""How often an interaction goes to the database: a number that must not grow with the data."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.factories import alliance
from tests.factories.fhir import FHIR, Api, bundle, number, observation, patient


class Counted:
    """The server in this process, so that its statements can be counted."""

    def __init__(self, api: Api) -> None:
        self.api, self.client = api, Client()

    def __call__(self, method: str, path: str, body: Any = None) -> int:
        seen: list[str] = []

        def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            seen.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(count):
            reply = self.client.generic(method, f"/fhir/{self.api.base}/{path}", json.dumps(body) if body else "", content_type=FHIR,
                                        headers={"Authorization": f"Bearer {self.api.token}"})
        assert reply.status_code < 300, reply.content
        return len(seen)


@pytest.fixture
def counted(server: str) -> Counted:
    at = alliance.hospital("trips")
    return Counted(Api(server, at.code, credentials=alliance.credentials(at)))


def test_reads_are_one_statement_however_much_there_is(counted: Counted) -> None:
    about = counted.api.create(patient())
    for i in range(30):
        made = counted.api.create(observation(about, value=i))
    counted("GET", made)
    assert counted("GET", made) == 1, "the row, its audit line, and whether the caller still stands"
    assert counted("GET", f"Observation?patient={about}&_count=2") == counted("GET", f"Observation?patient={about}&_count=30") == 1
    assert counted("GET", f"{made}/_history") == 2, "who asks; and the rows with their audit line"


def test_writes(counted: Counted) -> None:
    about = counted.api.create(patient())
    counted("GET", about)
    assert counted("POST", "Observation", observation(about)) == 4, "what it refers to, whom, store, audit"
    assert counted("POST", "Patient", patient(birth="1931-07-19")) == 6, "row of the index, store, turn, index, those beside him, audit"
    made = counted.api.create(observation(about))
    assert counted("PUT", made, observation(about) | {"id": made.split("/")[1]}) == 5, "lock, what it refers to, whom, store, audit"


def test_a_bundle_of_forty_costs_what_a_bundle_of_four_does(counted: Counted) -> None:
    def sent(patients: int) -> int:
        rows = []
        for i in range(patients):
            birth = f"{1920 + 7 * i}-0{i % 9 + 1}-11"
            rows.append(("POST", "Patient", patient(birth=birth, resident=number(birth.replace("-", ""))) | {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-{i:012d}"}))
            rows += [("POST", "Observation", observation(f"urn:uuid:00000000-0000-4000-8000-{i:012d}", value=v)) for v in range(3)]
        return counted("POST", "", bundle(*rows))

    one, ten = sent(1), sent(10)
    assert ten - one <= 9, "only the comparison with those beside him is once a patient"
