"""Whoever reads about several patients stands under each of them: in the auditor's filter, on the patient's own page, and for the auditor of the hospital
where they are registered; a patient about whom nothing was read stands nowhere."""

import json
import re
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser

from alliance.models import Client, Hospital
from alliance.roles import Role
from consent.audit.append import append, append_about
from consent.audit.event import Event, EventCode
from consent.audit.export import export
from consent.audit.package import check
from consent.audit.query import Filter, looks, page, sealed_lines
from consent.audit.seal import seal_all
from consent.audit.verify import examine, verify
from records.models import SourcePatient
from records.mpi.find import find
from tests.factories import alliance
from tests.factories.access import opened
from tests.factories.fhir import Api, Reply, bundle, observation, patient, somebody
from tests.http.test_administration import signed_in
from tests.until import until

NEWEST = 300


@dataclass
class Ward:
    """A hospital with three patients, one observation each."""

    api: Api
    patients: list[str]
    persons: list[UUID]
    observations: list[str]

    def lines(self, request: str, who: int) -> list[dict[str, Any]]:
        """Lines of a request that are found under a patient."""
        return [x for x in page(Filter(person=self.persons[who]), None, NEWEST) if x["request_id"] == request]

    def ids(self, *who: int) -> str:
        return ",".join(self.patients[i] for i in who)

    def number(self, who: int) -> str:
        return self.patients[who].split("/")[1]


@pytest.fixture
def ward(server: str) -> Ward:
    at = alliance.hospital("ward")
    api = Api(server, at.code, credentials=alliance.credentials(at))
    patients = [api.create(patient(name)) for name in (somebody(), somebody(), somebody())]
    observations = [api.create(observation(p, code="4548-4")) for p in patients]
    persons = {f"Patient/{s.fhir_id}": s.person_id for s in SourcePatient.objects.filter(hospital=at)}
    return Ward(api, patients, [persons[p] for p in patients], observations)


def asked(ward: Ward, path: str, method: str = "GET", body: Any = None) -> tuple[str, Reply]:
    request = f"saw-{secrets.token_hex(6)}"
    reply = ward.api(method, path, body, X_Request_Id=request)
    assert reply.status < 300, reply.body
    return request, reply


ABOUT_TWO = {
    "two patients in a search": lambda w: f"Observation?patient={w.ids(0, 1)}",
    "a search that finds nothing": lambda w: f"Observation?patient={w.ids(0, 1)}&code=no-such-code",
    "a search that only counts": lambda w: f"Observation?patient={w.ids(0, 1)}&_summary=count",
    "patients by id": lambda w: f"Patient?_id={w.number(0)},{w.number(1)}",
    "a patient and what refers to them": lambda w: f"Patient?_id={w.number(0)},{w.number(1)}&_revinclude=Observation:patient",
    "the newest of each code": lambda w: f"Observation/$lastn?patient={w.ids(0, 1)}&max=10",
    "the newest first, one a page": lambda w: f"Observation?patient={w.ids(0, 1)}&_count=2",
}
ABOUT_ALL = {
    "a search by code": lambda w: "Observation?code=4548-4&_count=500",
    "all patients": lambda w: "Patient?_count=500",
    "what the observations are about": lambda w: "Observation?code=4548-4&_include=Observation:patient",
    "the history of a type": lambda w: "Observation/_history?_count=500",
    "the whole base": lambda w: "?_type=Observation",
    "with a chain": lambda w: "Observation?patient.gender=male",
}


@pytest.mark.parametrize("how", ABOUT_TWO)
def test_a_read_about_two_patients_is_found_under_both(ward: Ward, how: str) -> None:
    request, _ = asked(ward, ABOUT_TWO[how](ward))
    assert [bool(ward.lines(request, i)) for i in range(3)] == [True, True, False], how


@pytest.mark.parametrize("how", ABOUT_ALL)
def test_a_read_about_everybody_is_found_under_each(ward: Ward, how: str) -> None:
    request, _ = asked(ward, ABOUT_ALL[how](ward))
    assert all(ward.lines(request, i) for i in range(3)), how
    [line] = ward.lines(request, 0)[-1:]
    assert line["several"] == 3 and {*line["persons"]} == {str(p) for p in ward.persons} and line["person"] is None


def test_each_page_of_the_feed_names_whom_it_shows_and_nobody_of_the_next(ward: Ward) -> None:
    until(lambda: len(ward.api("GET", "_history").json.get("entry", [])) == 6, "the feed has all")
    first, reply = asked(ward, "_history?_count=2")
    assert [bool(ward.lines(first, i)) for i in range(3)] == [True, True, False], "two Patients; the third one is on the next page"
    following = next(x["url"] for x in reply.json["link"] if x["relation"] == "next").split(f"/{ward.api.base}/")[1]
    second, _ = asked(ward, following)
    assert [bool(ward.lines(second, i)) for i in range(3)] == [True, False, True], "the third Patient and the first one's observation"


def test_the_last_row_of_so_many_is_on_the_next_page_only(ward: Ward) -> None:
    request, _ = asked(ward, "Observation?code=4548-4&_sort=_lastUpdated&_count=2")
    assert [bool(ward.lines(request, i)) for i in range(3)] == [True, True, False]


def test_whom_a_resource_names_beside_its_subject(ward: Ward) -> None:
    group = ward.api.create({"resourceType": "Group", "type": "person", "actual": True, "member": [{"entity": {"reference": p}} for p in ward.patients[:2]]})
    request, _ = asked(ward, group)
    assert [bool(ward.lines(request, i)) for i in range(3)] == [True, True, False]


def test_writes_of_several_patients(ward: Ward) -> None:
    request, _ = asked(ward, "", "POST", bundle(*(("POST", "Observation", observation(p)) for p in ward.patients[:2])))
    assert [bool(ward.lines(request, i)) for i in range(3)] == [True, True, False], "a transaction"
    read = [("GET", o, None) for o in ward.observations[:2]]
    request, _ = asked(ward, "", "POST", bundle(*read, kind="batch"))
    assert [len(ward.lines(request, i)) for i in range(3)] == [1, 1, 0], "a batch: a line for each entry"


def test_a_condition_that_fits_tells_of_somebody_too(ward: Ward) -> None:
    number = ward.api("GET", ward.patients[0]).json["identifier"][0]
    request = f"saw-{secrets.token_hex(6)}"
    assert ward.api("POST", "Patient", patient(), If_None_Exist=f"identifier={number['system']}|{number['value']}", X_Request_Id=request).status == 200
    assert [bool(ward.lines(request, i)) for i in range(3)] == [True, False, False]
    entry = {"ifNoneExist": f"identifier={number['system']}|{number['value']}", **patient()}
    request, _ = asked(ward, "", "POST", bundle(("POST", "Patient", entry), ("POST", "Observation", observation(ward.patients[1]))))
    assert [bool(ward.lines(request, i)) for i in range(3)] == [True, True, False], "in a transaction"


def test_the_patients_page_shows_every_way_and_no_flood_hides_anybody(ward: Ward) -> None:
    at = Hospital.objects.get(code=ward.api.base)
    clerk, doctor = alliance.staff(at, Role.CLERK), alliance.staff(at)
    asked(ward, "Observation?code=4548-4")
    asked(ward, "Observation/_history")
    find(SourcePatient.objects.get(hospital=at, fhir_id=ward.number(0)).name, acting=alliance.principal(doctor))
    system = Client.objects.get(hospital=at).client_id
    for _ in range(260):
        append(Event(EventCode.RECORD_READ, "client", system, at.code, Role.MEMBER_SYSTEM, "TREAT", person=ward.persons[0]))
    found = looks(ward.persons[0], 200)
    assert {(x.actor, x.code) for x in found} >= {(system, EventCode.RECORD_SEARCH), (system, EventCode.RECORD_HISTORY), (str(doctor.pk), EventCode.PERSON_FIND)}
    assert next(x for x in found if x.code == EventCode.RECORD_READ).times == 260
    code, passphrase = opened(ward.persons[0], alliance.principal(clerk))
    browser = Browser(headers={"Accept-Language": "en"})
    browser.post("/my/sign-in/", {"code": code, "birth_date": "1958-03-12", "secret": passphrase})
    shown = browser.get("/my/").content.decode()
    assert all(words in shown for words in ("searched records", "read the history", "looked for a patient", doctor.name)) and "× 260" in shown


def test_a_search_for_the_same_patient(ward: Ward) -> None:
    body = {k: v for k, v in ward.api("GET", ward.patients[0]).json.items() if k not in ("id", "meta", "identifier")}
    ward.api.create(body)
    request, reply = asked(ward, "Patient/$match", "POST", {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": body}]})
    assert reply.json["entry"] and ward.lines(request, 0) and not ward.lines(request, 2)


def test_whom_an_index_search_shows(ward: Ward) -> None:
    """Two of one name: both were shown, masked or not."""
    name = somebody()
    made = [ward.api.create(patient(name, birth=b)) for b in ("1931-02-03", "1977-05-06")]
    persons = SourcePatient.objects.filter(hospital__code=ward.api.base, fhir_id__in=[m.split("/")[1] for m in made]).values_list("person_id", flat=True)
    clerk = alliance.principal(alliance.staff(Hospital.objects.get(code=ward.api.base), Role.CLERK))
    assert len(set(persons)) == 2 and len(find(name, acting=clerk)) == 2
    for p in persons:
        assert [x["code"] for x in page(Filter(person=p, actor=clerk.id, actor_kind="staff"), None, 10)] == [EventCode.PERSON_FIND]


def test_an_exported_file_names_everybody_in_it(ward: Ward) -> None:
    kicked = ward.api("GET", "$export?_type=Observation,Practitioner", Prefer="respond-async")
    job = kicked.headers["content-location"].rsplit("/", 1)[1]
    call_command("bulk_work")
    assert all(ward.lines(f"bulk-{job}", i) for i in range(3)), "when it was made"
    [file] = [o["url"] for o in ward.api("GET", f"_bulk/{job}").json["output"]]
    request, reply = asked(ward, file.split(f"/{ward.api.base}/")[1])
    assert len(reply.body.splitlines()) == 3 and all(ward.lines(request, i) for i in range(3)), "when it left"
    again, _ = asked(ward, file.split(f"/{ward.api.base}/")[1])
    assert not ward.lines(again, 0) and [x for x in page(Filter(), None, NEWEST) if x["request_id"] == again], "again: a line, and no row a person"
    only = ward.api("GET", f"Patient/$export?_type=Observation&patient={ward.patients[1]}", Prefer="respond-async")
    call_command("bulk_work")
    job = only.headers["content-location"].rsplit("/", 1)[1]
    assert [bool(ward.lines(f"bulk-{job}", i)) for i in range(3)] == [False, True, False]


def test_an_export_of_fifty_thousand_is_one_statement(world: None) -> None:
    event = Event.of(alliance.OPERATOR, EventCode.RECORD_EXPORT, target=secrets.token_hex(8))
    seen: list[str] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        append_about(event, "SELECT gen_random_uuid() FROM generate_series(1, 50000)", {})
    assert len(seen) == 1
    [line] = [x for x in page(Filter(), None, 50) if x["target"] == event.target]
    assert line["several"] == 50000 and len(line["persons"]) == 20


def audit(at: Hospital) -> Browser:
    return signed_in(alliance.staff(at, Role.AUDITOR))


def test_the_auditor_of_a_hospital_sees_who_of_others_looked_at_its_patients(ward: Ward, server: str) -> None:
    own, other, third = Hospital.objects.get(code=ward.api.base), alliance.hospital("looks"), alliance.hospital("third")
    doctor = alliance.staff(other)
    find_ = find(SourcePatient.objects.get(hospital=own, fhir_id=ward.number(0)).name, acting=alliance.principal(doctor))
    assert len(find_) == 1
    browser = signed_in(doctor)
    assert browser.get(f"/person/{ward.persons[0]}/").status_code == 403, "no consent: refused, and told all the same"
    shown = audit(own).get("/audit/", headers={"Accept-Language": "en"}).content.decode()
    row = next(r for r in re.findall(r"<tr class=.*?</tr>", shown, re.S) if doctor.user.username in r and "looked for a patient" in r)
    assert "Clinician" in row and str(other) in row and str(ward.persons[0])[:8] in row and doctor.name not in row, "by hospital, role and account"
    assert any(doctor.user.username in r and "opened the record" in r and "refused" in r for r in re.findall(r"<tr class=.*?</tr>", shown, re.S))
    about = audit(own).get("/audit/", {"person": ward.persons[0]}, headers={"Accept-Language": "en"}).content.decode()
    assert doctor.user.username in about
    for stranger in (audit(third), audit(third)):
        for query in ({}, {"person": ward.persons[0]}):
            assert doctor.user.username not in stranger.get("/audit/", query).content.decode(), "the control: neither their staff nor their patient"
    assert f'?actor={doctor.pk}">{doctor.name}' in audit(other).get("/audit/", {"actor": doctor.pk}).content.decode(), "their own auditor sees the name"


def test_of_what_others_did_their_auditor_sees_only_what_is_the_hospitals(ward: Ward, server: str) -> None:
    """A search at another hospital is about two patients, of whom one is registered here, too."""
    here, there = Hospital.objects.get(code=ward.api.base), alliance.hospital("there")
    api = Api(server, there.code, credentials=alliance.credentials(there))
    shared = {k: v for k, v in ward.api("GET", ward.patients[0]).json.items() if k not in ("id", "meta")}
    both, only = api.create(shared), api.create(patient())
    SourcePatient.objects.filter(hospital=there, fhir_id=both.split("/")[1]).update(person_id=ward.persons[0])
    alone = SourcePatient.objects.get(hospital=there, fhir_id=only.split("/")[1]).person_id
    for p in (both, only):
        api.create(observation(p))
    request = f"saw-{secrets.token_hex(6)}"
    assert len(api("GET", "Observation?code=4548-4", X_Request_Id=request).json["entry"]) == 2
    whole = next(x for x in page(Filter(), None, NEWEST) if x["request_id"] == request)
    assert whole["several"] == 2 and len(whole["refs"]) == 2
    mine = Filter(hospitals=(here.code,), patients=True)
    cut = next(x for x in page(mine, None, NEWEST) if x["id"] == whole["id"])
    assert cut["foreign"] and cut["persons"] == [str(ward.persons[0])] and not cut["refs"] and not cut["address"] and not cut["detail"] and cut["several"] == 1
    assert str(alone) not in json.dumps(cut, default=str) and only not in json.dumps(cut, default=str)
    assert not [x for x in page(Filter(hospitals=(here.code,)), None, NEWEST) if x["id"] == whole["id"]], "an export of the hospital holds what its own did"
    assert [x["id"] for x in page(Filter(hospitals=(there.code,), patients=True), None, 5)].count(whole["id"]) == 1 and not page(
        Filter(hospitals=(there.code,), patients=True), None, 5)[0]["foreign"], "their own auditor sees it whole"


def test_the_leaf_proves_whom_a_line_was_about(ward: Ward, tmp_path: Any) -> None:
    request, _ = asked(ward, "Observation?code=4548-4")
    line = ward.lines(request, 0)[0]
    until(lambda: (seal_all(), any(x["id"] == line["id"] for x, _, _ in sealed_lines(Filter(person=ward.persons[0]))))[1], "it is sealed")
    sealed = next(x for x, _, _ in sealed_lines(Filter(person=ward.persons[0])) if x["id"] == line["id"])
    assert sealed["v"] == 2 and sealed["persons"] == sorted(str(p) for p in ward.persons)
    assert all("persons" not in x and x["v"] == 1 for x, _, _ in sealed_lines(Filter(person=ward.persons[0])) if x["person"]), "lines about one are what they were"
    for form in ("ndjson", "csv", "xlsx"):
        path = tmp_path / f"log.{form}"
        export(Filter(person=ward.persons[0]), form, path)
        assert check(path) == []
    assert all(str(p) in (tmp_path / "log.csv").read_text("utf-8-sig") for p in ward.persons)
    report = verify()
    assert report.intact, report.faults[:3]


@pytest.mark.parametrize(("change", "says"), [
    ("DELETE FROM consent_audit_person WHERE event = {id} AND person = '{person}'", "was changed after it was sealed"),
    ("DELETE FROM consent_audit_person WHERE event = {id}", "was changed after it was sealed"),
    ("UPDATE consent_audit_person SET person = gen_random_uuid() WHERE event = {id} AND person = '{person}'", "was changed after it was sealed"),
    ("INSERT INTO consent_audit_person SELECT id, recorded, gen_random_uuid() FROM consent_audit_event WHERE id = {id}", "was changed after it was sealed"),
    ("INSERT INTO consent_audit_person SELECT id, recorded, gen_random_uuid() FROM consent_audit_event WHERE id = {single}", "audit line {single} "),
    ("INSERT INTO consent_audit_person VALUES (9000000000000, now(), gen_random_uuid())", "audit line 9000000000000 is gone"),
])
def test_verify_tells_of_every_person_added_or_taken(ward: Ward, change: str, says: str) -> None:
    from django.db import transaction

    request, _ = asked(ward, "Observation?code=4548-4")
    line = ward.lines(request, 0)[0]
    single = ward.lines(asked(ward, ward.observations[0])[0], 0)[0]
    until(lambda: (seal_all(), {line["id"], single["id"]} <= {x["id"] for x, _, _ in sealed_lines(Filter(person=ward.persons[0]))})[1], "both are sealed")
    faults: list[str] = []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(change.format(id=line["id"], person=ward.persons[0], single=single["id"]))
            assert cursor.rowcount > 0
        faults = examine().faults
        transaction.set_rollback(True)
    assert any(says.format(single=single["id"]) in f for f in faults), faults
    assert verify().intact, "the control: rolled back, the log is intact again"


def test_the_web_role_cannot_take_a_person_from_a_line(ward: Ward) -> None:
    from django.db import DatabaseError, transaction

    for sql in ("DELETE FROM consent_audit_person", "UPDATE consent_audit_person SET person = gen_random_uuid()", "TRUNCATE consent_audit_person"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE xinglin_web")
            cursor.execute(sql)
    assert ward.lines(asked(ward, "Observation?code=4548-4")[0], 2), "the control: it adds"
