"""A token that ends counts as ended in the process that remembers it: nothing read, nothing
stored, nothing in the audit log.
"""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Caller
from django.utils import timezone

from alliance.auth import bearer
from alliance.models import AccessToken, Client, Hospital
from records.requests.served_routes import list_routes
from tests.factories import alliance
from tests.factories.fhir import FHIR, Api, make_bundle, make_observation, make_patient


class Known:
    """A member's system that this process has answered before."""

    def __init__(self, server: str) -> None:
        self.at = alliance.make_hospital("standing")
        self.client, secret = alliance.make_credentials(self.at)
        self.api = Api(server, self.at.code, credentials=(self.client, secret))
        self.about = self.api.create(make_patient())
        self.made = self.api.create(make_observation(self.about))
        body = make_observation(self.about)
        self.asked: list[tuple[str, str, Any, int]] = [
            ("GET", self.made, None, 200),
            ("HEAD", self.made, None, 200),
            ("GET", f"{self.made}/_history/1", None, 200),
            ("GET", f"Observation?patient={self.about}", None, 200),
            ("POST", "Observation", body, 201),
            ("PUT", self.made, body | {"id": self.made.split("/")[1]}, 200),
            ("POST", "", make_bundle(("POST", "Observation", body)), 200),
            ("POST", "", make_bundle(("POST", "Observation", body), kind="batch"), 200),
            ("GET", "Observation/none", None, 404),
            ("GET", "Nothing/1", None, 400),
            ("POST", "Observation", {"resourceType": "Observation"}, 422),
            ("POST", "Observation", [1], 422),
            ("PUT", "Patient/a_b", make_patient(), 400),
            ("POST", "", make_bundle(("POST", "Nothing", {"resourceType": "Nothing"})), 422),
            ("GET", "nowhere/at/all/here", None, 404),
            ("GET", f"{self.made}/_history", None, 200),
        ]

    def ask(self, method: str, path: str, body: Any) -> int:
        return (
            Caller()
            .generic(
                method,
                f"/fhir/{self.at.code}/{path}",
                json.dumps(body) if body is not None else "",
                content_type=FHIR,
                headers={"Authorization": f"Bearer {self.api.token}"},
            )
            .status_code
        )

    def written(self) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM consent_audit_event WHERE actor = %s AND outcome <>"
                " 'refused'), (SELECT count(*) FROM record_resource WHERE hospital = %s), (SELECT"
                " count(*) FROM record_history WHERE hospital = %s)",
                [self.client, self.at.pk, self.at.pk],
            )
            return list(cursor.fetchone())


def change(model: Any, key: str, **values: Any) -> Callable[[Known], Callable[[], Any]]:
    """Ends the standing; what it gives mends it again."""

    def end(known: Known) -> Callable[[], Any]:
        rows = model.objects.filter(**{key: known.client if model is Client else known.at.pk})
        before = [{k: getattr(r, k) for k in values} for r in rows]
        rows.update(**values)
        return lambda: rows.update(**before[0])

    return end


ENDS = {
    "the client is revoked": change(Client, "client_id", revoked_at=timezone.now()),
    "the hospital is suspended": change(Hospital, "pk", suspended_at=timezone.now()),
    "the hospital has left": change(Hospital, "pk", leaves_on=dt.date(2021, 1, 1)),
    "the hospital is not a member yet": change(Hospital, "pk", admitted_on=dt.date(2090, 1, 1)),
    "the token has run out": change(AccessToken, "client__hospital", expires_at=timezone.now()),
}


@pytest.mark.parametrize("why", ENDS)
def test_an_ended_token_gets_nothing_from_a_process_that_knows_it(server: str, why: str) -> None:
    known = Known(server)
    for method, path, body, status in known.asked:
        assert known.ask(method, path, body) == status, f"{method} {path}: the control"
    before = known.written()
    mend = ENDS[why](known)
    for method, path, body, _ in known.asked:
        assert known.ask(method, path, body) == 401, f"{method} {path} after {why}"
    assert known.written() == before, "nothing but that it was refused (test_refusals.py)"
    mend()
    assert known.ask("GET", known.made, None) == 200, "it was this that ended it"


def test_a_token_that_is_gone(server: str) -> None:
    known = Known(server)
    assert known.ask("GET", known.made, None) == 200
    AccessToken.objects.filter(client__client_id=known.client).delete()
    assert known.ask("GET", known.made, None) == 401


def test_a_hospital_that_got_another_code_is_looked_up_anew(server: str) -> None:
    known = Known(server)
    assert known.ask("GET", known.made, None) == 200
    known.at.code += "x"
    known.at.save()
    assert known.ask("GET", known.made, None) == 503, (
        "what the process remembers is not so any more; nothing leaves, and it learns"
    )
    assert known.ask("GET", known.made, None) == 200


def test_the_interactions_that_ask_on_the_way_are_tried_here(server: str) -> None:
    """One that is declared so needs a line in `asked`."""
    assert {
        (method, route.name)
        for route in list_routes()
        for method, declared in route.interactions.items()
        if declared.asks_proviso
    } == {
        ("GET", "resource"),
        ("GET", "version"),
        ("GET", "type"),
        ("POST", "type"),
        ("PUT", "resource"),
        ("POST", "base"),
    }
    assert bearer.MAX_REMEMBERED_TOKENS < 100_000, "what a process remembers is bounded"
