"""GET /fhir/alliance/AuditEvent over real HTTP: what a hospital's system finds of its own
hospital's lines, by which parameters, page by page.
"""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction

from alliance.services.clients import do_register_client
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.line_names import load_line_names
from consent.audit.line_places import LineSearch, list_placed_lines
from consent.audit.log_query import AuditFilter
from consent.audit.sealer import seal_all
from records.audit_events.audit_event import build_audit_event
from records.fhir.structure_check import is_certainly_valid
from records.fhir.validate import check_by_model
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.alliance import OPERATOR
from tests.factories.fhir import Api, Reply, make_observation, make_patient
from tests.support.audit_lines import told
from tests.support.balp import balp_faults, profile_name
from tests.wait_until import wait_until

SCOPES = "system/*.cruds alliance/AuditEvent.rs"
FORM = "application/x-www-form-urlencoded"


class Reader:
    """A hospital with a system that was granted its log, and one patient with one result."""

    def __init__(self, server: str) -> None:
        self.at = alliance.make_hospital("log")
        client, secret = do_register_client(
            self.at, name="log reader", acting=OPERATOR, scopes=SCOPES
        )
        self.client_id = client.client_id
        self.api = Api(server, self.at.code, credentials=(client.client_id, secret))
        self.patient = self.api.create(make_patient())
        self.result = self.api.create(make_observation(self.patient))
        self.person = str(
            SourcePatient.objects.get(
                hospital_id=self.at.pk, fhir_id=self.patient.split("/")[1]
            ).person_id
        )
        assert self.api("GET", self.result).status == 200

    def ask(self, query: str = "", **headers: str) -> Reply:
        return self.api("GET", f"AuditEvent{query}", base="alliance", **headers)

    def find(self, query: str = "") -> list[dict[str, Any]]:
        reply = self.ask(query)
        assert reply.status == 200, reply.body
        return [e["resource"] for e in reply.json.get("entry", [])]


@pytest.fixture
def reader(server: str) -> Reader:
    return Reader(server)


def codes(events: list[dict[str, Any]]) -> list[str]:
    return [e["extension"][0]["extension"][0]["valueCoding"]["code"] for e in events]


READ, CREATE, LOOK = "records:record:read", "records:record:create", "consent:audit:read"


def test_the_hospitals_own_lines_the_newest_first(reader: Reader) -> None:
    reply = reader.ask()
    check_by_model(reply.json, "Bundle")
    assert reply.json["type"] == "searchset" and "total" not in reply.json
    events = [e["resource"] for e in reply.json["entry"]]
    assert codes(events)[:3] == [READ, CREATE, CREATE]
    numbers = [int(e["id"]) for e in events]
    assert numbers == sorted(numbers, reverse=True)
    for entry in reply.json["entry"]:
        event = entry["resource"]
        assert entry["fullUrl"].endswith(f"/fhir/alliance/AuditEvent/{event['id']}")
        assert is_certainly_valid(event) and event["source"]["site"] == reader.at.code
        assert not (name := profile_name(event)) or balp_faults(event, name) == []
    assert profile_name(events[0]) == "PatientRead"


def test_whatever_has_written_a_line_it_is_an_event(reader: Reader) -> None:
    """A line of each code, done and refused, beside those that the requests have left: taken back,
    for what some of them say is acted on.
    """
    acting = alliance.get_staff_principal(alliance.make_staff(reader.at))
    with transaction.atomic():
        for code in EventCode:
            for more in ({}, {"outcome": AuditOutcome.REFUSED, "reason": "no_relationship"}):
                line = {"person": reader.person, "target": reader.result, "detail": "a\n b "}
                append_event(AuditEvent.from_principal(acting, code, **line | more))
        lines = list_placed_lines(LineSearch(AuditFilter(hospitals=(reader.at.code,))), None, 3000)
        names = load_line_names(lines)
        transaction.set_rollback(True)
    for line in lines:
        event = build_audit_event(line, names, "https://alliance.example.org/fhir")
        assert is_certainly_valid(event), (line, event)
        assert not (name := profile_name(event)) or balp_faults(event, name) == [], event
    assert {line["code"] for line in lines} >= {str(code) for code in EventCode}


def test_by_patient(reader: Reader) -> None:
    other = reader.api.create(make_patient())
    for value in (reader.person, f"Patient/{reader.person}"):
        found = reader.find(f"?patient={value}")
        assert {READ, CREATE} <= set(codes(found))
        assert all(reader.person in str(e["entity"]) for e in found)
        assert other.split("/")[1] not in str(found)
    at = urlsplit(reader.ask().json["entry"][0]["fullUrl"])
    root = f"{at.scheme}://{at.netloc}/fhir"
    assert reader.find(f"?patient={root}/alliance/Patient/{reader.person}")
    assert reader.find("?patient=Patient/0b6d1c1a-0000-4000-8000-00000000dead") == []


def test_a_look_at_the_log_is_a_line_that_names_whom_it_showed(reader: Reader) -> None:
    reader.find()
    look = told("alliance/AuditEvent", LOOK)[0]
    assert look["actor"] == reader.client_id and look["outcome"] == "success"
    assert reader.person in (look["persons"] or [look["person"]])
    nobody = "0b6d1c1a-0000-4000-8000-00000000dead"
    assert reader.find(f"?patient={nobody}") == []
    look = told("alliance/AuditEvent", LOOK)[0]
    assert look["person"] == nobody and look["detail"] == "patient"
    assert codes(reader.find(f"?patient={reader.person}"))[0] == LOOK, "and is found itself"


def test_by_agent(reader: Reader) -> None:
    found = reader.find(f"?agent:identifier=urn:xinglin:client|{reader.client_id}")
    assert {READ, CREATE} <= set(codes(found))
    assert reader.find("?agent:identifier=urn:xinglin:staff|1") == []
    assert reader.find(f"?agent=Patient/{reader.person}") == []
    reply = reader.ask("?agent=staff/7")
    assert reply.status == 400 and "agent:identifier=urn:xinglin:staff|<number>" in reply.says


def test_by_date(reader: Reader) -> None:
    moment = reader.find(f"?patient={reader.person}")[-1]["recorded"]
    day = moment[:10]
    at = moment.replace("Z", "%2B00:00")
    exactly = codes(reader.find(f"?date={at}"))
    assert exactly == ["records:record:create"]
    assert CREATE in codes(reader.find(f"?date=ge{at}&date=le{at}"))
    assert all(e["recorded"] > moment for e in reader.find(f"?date=gt{at}"))
    assert all(e["recorded"] < moment for e in reader.find(f"?date=lt{at}"))
    assert reader.find(f"?date=lt{at}&date=gt{at}") == []
    assert reader.find("?date=lt2020-01-01") == [] and reader.find(f"?date=ge{day}")
    assert reader.ask("?date=yesterday").status == 400
    assert reader.ask("?date=ap2026").status == 400


def test_by_outcome(reader: Reader) -> None:
    assert reader.api("GET", "Observation/not-there").status == 404
    for value, outcome in (("0", "0"), ("4", "4"), ("4,8", "4")):
        found = reader.find(f"?outcome={value}")
        assert found and {e["outcome"] for e in found} == {outcome}
    assert reader.find("?outcome=12") == []
    assert reader.ask("?outcome=success").status == 400


def test_by_entity(reader: Reader) -> None:
    about, store = f"&patient={reader.person}", f"{reader.at.code}/{reader.result}"
    root = reader.ask().json["link"][0]["url"].partition("/alliance/")[0]
    for value in (f"{root}/{store}", f"{root}/{store}/_history/1", store):
        assert codes(reader.find(f"?entity={value}{about}"))[-2:] == [READ, CREATE]
    assert reader.find(f"?entity={store}/_history/9{about}") == []
    assert reader.find(f"?entity={store}&date=ge2020")
    reply = reader.ask(f"?entity={store}")
    assert reply.status == 413 and "date=ge" in reply.says
    assert reader.ask(f"?entity=Nothing/1{about}").status == 400
    request = reader.api("GET", reader.result).headers["x-request-id"]
    found = reader.find(f"?entity:identifier={request}{about}")
    assert codes(found) == [READ]
    assert found[0]["entity"][-1]["what"]["identifier"]["value"] == request


def test_by_number(reader: Reader) -> None:
    first, second = reader.find("?_count=2")
    assert [e["id"] for e in reader.find(f"?_id={first['id']},{second['id']},no")] == [
        first["id"],
        second["id"],
    ]


def test_a_page_goes_on_where_it_ended(reader: Reader) -> None:
    whole = [e["id"] for e in reader.find("?outcome=0&_count=200")]
    seen: list[str] = []
    reply = reader.ask("?outcome=0&_count=2")
    while True:
        page = reply.json
        seen += [e["resource"]["id"] for e in page.get("entry", [])]
        assert len(page.get("entry", [])) <= 2
        following = [x["url"] for x in page["link"] if x["relation"] == "next"]
        if not following:
            break
        at = urlsplit(following[0])
        reply = reader.api.raw(
            "GET",
            f"{at.path}?{at.query}",
            headers={"Authorization": f"Bearer {reader.api.token}"},
        )
    assert seen[1:] == whole, "the look at the whole is the newest"
    cursor = following or reader.ask("?outcome=0&_count=1").json["link"][1]["url"]
    assert reader.ask(f"?outcome=8&_cursor={cursor.partition('_cursor=')[2]}").status == 400


def test_a_page_by_form(reader: Reader) -> None:
    reply = reader.api.raw(
        "POST",
        "/fhir/alliance/AuditEvent/_search",
        f"patient={reader.person}".encode(),
        {"Authorization": f"Bearer {reader.api.token}", "Content-Type": FORM},
    )
    assert reply.status == 200 and READ in codes([e["resource"] for e in reply.json["entry"]])


def test_what_is_not_understood_is_refused(reader: Reader) -> None:
    for query in ("?policy=x", "?patient:missing=true", "?_total=accurate", "?_sort=date"):
        reply = reader.ask(query)
        assert reply.status == 400 and "agent:identifier" in reply.says, query
        assert reply.json["resourceType"] == "OperationOutcome"
    for query in ("?patient=", "?_count=0", "?_count=x", "?patient=a&patient=b", "?_cursor=x"):
        assert reader.ask(query).status == 400, query
    lenient = reader.ask("?policy=x&outcome=0", Prefer="handling=lenient")
    assert lenient.status == 200 and lenient.json["link"][0]["url"].endswith("?outcome=0")
    assert reader.ask("?_format=xml").status == 406
    assert reader.ask("?_format=json").status == 200


def test_one_by_its_number_with_its_place_once_it_is_sealed(reader: Reader) -> None:
    [event] = reader.find(f"?patient={reader.person}&entity={reader.at.code}/{reader.result}")[:1]
    path = f"AuditEvent/{event['id']}"

    def place() -> dict[str, Any]:
        found = reader.api("GET", path, base="alliance").json
        assert is_certainly_valid(found) and found["id"] == event["id"]
        return {p["url"]: p.get("valueString") for p in found["extension"][0]["extension"]}

    def is_sealed() -> bool:
        seal_all()
        return "position" in place()

    wait_until(is_sealed, "the line is sealed")
    assert len(place()["hash"]) == 64 and place()["number"] == event["id"]
    assert told(f"alliance/{path}", LOOK)[0]["person"] == reader.person
    for absent in ("999999999999999", "none", "99999999999999999999", "0"):
        assert reader.api("GET", f"AuditEvent/{absent}", base="alliance").status == 404
    assert reader.api("GET", f"{path}/_history/1", base="alliance").status == 404
    assert reader.api("DELETE", path, base="alliance").status in (400, 403)


def test_what_is_stated(reader: Reader) -> None:
    rows = reader.api("GET", "metadata", base="alliance").json["rest"][0]["resource"]
    [row] = [r for r in rows if r["type"] == "AuditEvent"]
    assert [i["code"] for i in row["interaction"]] == ["read", "search-type"]
    assert {p["name"] for p in row["searchParam"]} == {
        "_id",
        "agent",
        "date",
        "entity",
        "outcome",
        "patient",
    }


def test_an_own_store_keeps_its_own_audit_events(reader: Reader) -> None:
    """At /fhir/<hospital>/ AuditEvent is a resource as any."""
    event = reader.find()[0]
    made = reader.api("POST", "AuditEvent", {k: v for k, v in event.items() if k != "id"})
    assert made.status == 201 and reader.api("GET", f"AuditEvent/{made.json['id']}").status == 200
