"""The log by FHIR tells a hospital's system nothing of what others did: whatever is asked, another
hospital's lines, people and patients look like those that are not there.
"""

import json
from typing import Any

import pytest

from alliance.services.clients import do_register_client
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.alliance import OPERATOR
from tests.factories.fhir import Api, Reply, make_observation, make_patient
from tests.support.audit_lines import told

SCOPES = "system/*.cruds alliance/AuditEvent.rs"


class Side:
    """A hospital with a reader of its log, a patient and a result that was looked at."""

    def __init__(self, server: str, name: str) -> None:
        self.at = alliance.make_hospital(name)
        client, secret = do_register_client(self.at, name="log", acting=OPERATOR, scopes=SCOPES)
        self.client_id = client.client_id
        self.api = Api(server, self.at.code, credentials=(client.client_id, secret))
        self.patient = self.api.create(make_patient())
        self.result = self.api.create(make_observation(self.patient))
        reply = self.api("GET", self.result)
        self.request = reply.headers["x-request-id"]
        self.line = told(f"{self.at.code}/{self.result}", "records:record:read")[0]
        self.person = str(
            SourcePatient.objects.get(
                hospital_id=self.at.pk, fhir_id=self.patient.split("/")[1]
            ).person_id
        )

    def ask(self, path: str) -> Reply:
        return self.api("GET", path, base="alliance")


@pytest.fixture
def sides(server: str) -> tuple[Side, Side]:
    return Side(server, "ours"), Side(server, "theirs")


def questions(of: Side) -> list[str]:
    day, number = of.line["recorded"][:10], of.line["id"]
    store = f"{of.at.code}/{of.result}"
    return [
        f"_id={number}",
        f"patient={of.person}",
        f"agent:identifier=urn:xinglin:client|{of.client_id}",
        f"entity={store}&date=ge{day}",
        f"entity={store}/_history/1&patient={of.person}",
        f"entity:identifier={of.request}&date=ge{day}",
        f"patient={of.person}&outcome=0,4,8,12",
    ]


def entries(reply: Reply) -> list[Any]:
    assert reply.status == 200, reply.body
    return list(reply.json.get("entry", []))


def is_own_look(entry: Any) -> bool:
    """That we have asked for somebody is a line of ours about them."""
    event = entry["resource"]
    return bool(event["type"]["code"] == "110101" and event["source"]["site"].startswith("ours-"))


def test_no_question_finds_anothers_lines(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    for question in questions(theirs):
        found = entries(ours.ask(f"AuditEvent?{question}"))
        assert [e for e in found if not is_own_look(e)] == [], question
        assert entries(theirs.ask(f"AuditEvent?{question}")), f"its own finds it: {question}"


def test_anothers_line_looks_like_one_that_is_not_there(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    number = theirs.line["id"]
    hidden, absent = (ours.ask(f"AuditEvent/{n}") for n in (number, 10**17))
    assert (hidden.status, hidden.body) == (absent.status, absent.body) and hidden.status == 404
    assert theirs.ask(f"AuditEvent/{number}").status == 200
    assert told(f"alliance/AuditEvent/{number}", "consent:audit:read")[1]["outcome"] == "not-found"


def test_all_that_it_finds_is_its_own(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    found = entries(ours.ask("AuditEvent?_count=200"))
    assert found and {e["resource"]["source"]["site"] for e in found} == {ours.at.code}
    text = json.dumps(found)
    for secret in (theirs.at.code, theirs.person, theirs.client_id, theirs.request):
        assert secret not in text
    assert ours.person in text and ours.at.code in text


def test_a_cursor_is_its_own_callers(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    link = theirs.ask("AuditEvent?_count=1").json["link"][1]["url"]
    cursor = link.partition("_cursor=")[2]
    assert ours.ask(f"AuditEvent?_count=1&_cursor={cursor}").status == 400
    assert theirs.ask(f"AuditEvent?_count=1&_cursor={cursor}").status == 200
