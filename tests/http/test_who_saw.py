"""Whoever reads about several patients stands under each of them: in the auditor's filter and on
the patient's own page; a patient about whom nothing was read stands nowhere.
"""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from alliance.models import Client, Hospital
from alliance.roles import Role
from consent.audit.append import append_event, append_event_about
from consent.audit.event import AuditEvent, EventCode
from consent.audit.log_query import (
    AuditFilter,
    list_access_lines,
    list_audit_lines,
)
from records.models import SourcePatient
from records.mpi.index.patient_search import find_persons
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import (
    make_bundle,
    make_observation,
    make_patient,
    make_unique_name,
)
from tests.factories.portal_access import open_access
from tests.support.audit_ward import NEWEST, Ward, asked, ward
from tests.support.html import Browser
from tests.wait_until import wait_until

__all__ = ["ward"]


ABOUT_TWO = {
    "two patients in a search": lambda w: f"Observation?patient={w.ids(0, 1)}",
    "a search that finds nothing": lambda w: f"Observation?patient={w.ids(0, 1)}&code=no-such-code",
    "a search that only counts": lambda w: f"Observation?patient={w.ids(0, 1)}&_summary=count",
    "patients by id": lambda w: f"Patient?_id={w.number(0)},{w.number(1)}",
    "a patient and what refers to them": lambda w: (
        f"Patient?_id={w.number(0)},{w.number(1)}&_revinclude=Observation:patient"
    ),
    "the newest of each code": lambda w: f"Observation/$lastn?patient={w.ids(0, 1)}&max=10",
    "the newest first, one a page": lambda w: f"Observation?patient={w.ids(0, 1)}&_count=2",
}
ABOUT_ALL = {
    "a search by code": lambda w: "Observation?code=4548-4&_count=500",
    "all patients": lambda w: "Patient?_count=500",
    "what the observations are about": lambda w: (
        "Observation?code=4548-4&_include=Observation:patient"
    ),
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
    assert (
        line["several"] == 3
        and {*line["persons"]} == {str(p) for p in ward.persons}
        and line["person"] is None
    )


def test_each_page_of_the_feed_names_whom_it_shows_and_nobody_of_the_next(ward: Ward) -> None:
    wait_until(
        lambda: len(ward.api("GET", "_history").json.get("entry", [])) == 6, "the feed has all"
    )
    first, reply = asked(ward, "_history?_count=2")
    assert [bool(ward.lines(first, i)) for i in range(3)] == [
        True,
        True,
        False,
    ], "two Patients; the third one is on the next page"
    following = next(x["url"] for x in reply.json["link"] if x["relation"] == "next").split(
        f"/{ward.api.base}/"
    )[1]
    second, _ = asked(ward, following)
    assert [bool(ward.lines(second, i)) for i in range(3)] == [
        True,
        False,
        True,
    ], "the third Patient and the first one's observation"


def test_the_last_row_of_so_many_is_on_the_next_page_only(ward: Ward) -> None:
    request, _ = asked(ward, "Observation?code=4548-4&_sort=_lastUpdated&_count=2")
    assert [bool(ward.lines(request, i)) for i in range(3)] == [True, True, False]


def test_whom_a_resource_names_beside_its_subject(ward: Ward) -> None:
    group = ward.api.create(
        {
            "resourceType": "Group",
            "type": "person",
            "actual": True,
            "member": [{"entity": {"reference": p}} for p in ward.patients[:2]],
        }
    )
    request, _ = asked(ward, group)
    assert [bool(ward.lines(request, i)) for i in range(3)] == [True, True, False]


def test_writes_of_several_patients(ward: Ward) -> None:
    request, _ = asked(
        ward,
        "",
        "POST",
        make_bundle(*(("POST", "Observation", make_observation(p)) for p in ward.patients[:2])),
    )
    assert [bool(ward.lines(request, i)) for i in range(3)] == [True, True, False], "a transaction"
    read = [("GET", o, None) for o in ward.observations[:2]]
    request, _ = asked(ward, "", "POST", make_bundle(*read, kind="batch"))
    assert [len(ward.lines(request, i)) for i in range(3)] == [
        1,
        1,
        0,
    ], "a batch: a line for each entry"


def test_a_condition_that_fits_tells_of_somebody_too(ward: Ward) -> None:
    number = ward.api("GET", ward.patients[0]).json["identifier"][0]
    request = f"saw-{draws.token_hex(6)}"
    assert (
        ward.api(
            "POST",
            "Patient",
            make_patient(),
            If_None_Exist=f"identifier={number['system']}|{number['value']}",
            X_Request_Id=request,
        ).status
        == 200
    )
    assert [bool(ward.lines(request, i)) for i in range(3)] == [True, False, False]
    entry = {"ifNoneExist": f"identifier={number['system']}|{number['value']}", **make_patient()}
    request, _ = asked(
        ward,
        "",
        "POST",
        make_bundle(
            ("POST", "Patient", entry), ("POST", "Observation", make_observation(ward.patients[1]))
        ),
    )
    assert [bool(ward.lines(request, i)) for i in range(3)] == [
        True,
        True,
        False,
    ], "in a transaction"


def test_the_patients_page_shows_every_way_and_no_flood_hides_anybody(ward: Ward) -> None:
    at = Hospital.objects.get(code=ward.api.base)
    clerk, doctor = alliance.make_staff(at, Role.CLERK), alliance.make_staff(at)
    asked(ward, "Observation?code=4548-4")
    asked(ward, "Observation/_history")
    find_persons(
        SourcePatient.objects.get(hospital=at, fhir_id=ward.number(0)).name,
        acting=alliance.get_staff_principal(doctor),
    )
    system = Client.objects.get(hospital=at).client_id
    for _ in range(260):
        append_event(
            AuditEvent(
                EventCode.RECORD_READ,
                "client",
                system,
                at.code,
                Role.MEMBER_SYSTEM,
                "TREAT",
                person=ward.persons[0],
            )
        )
    found = list_access_lines(ward.persons[0], 200)
    assert {(x.actor, x.code) for x in found} >= {
        (system, EventCode.RECORD_SEARCH),
        (system, EventCode.RECORD_HISTORY),
        (str(doctor.pk), EventCode.PERSON_FIND),
    }
    assert next(x for x in found if x.code == EventCode.RECORD_READ).times == 260
    code, passphrase = open_access(ward.persons[0], alliance.get_staff_principal(clerk))
    browser = Browser(headers={"Accept-Language": "en"})
    browser.post("/my/sign-in/", {"code": code, "birth_date": "1958-03-12", "secret": passphrase})
    shown = browser.get("/my/").content.decode()
    assert (
        all(
            words in shown
            for words in (
                "searched records",
                "read the history",
                "looked for a patient",
                doctor.name,
            )
        )
        and "× 260" in shown
    )


def test_a_search_for_the_same_patient(ward: Ward) -> None:
    body = {
        k: v
        for k, v in ward.api("GET", ward.patients[0]).json.items()
        if k not in ("id", "meta", "identifier")
    }
    ward.api.create(body)
    request, reply = asked(
        ward,
        "Patient/$match",
        "POST",
        {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": body}]},
    )
    assert reply.json["entry"] and ward.lines(request, 0) and not ward.lines(request, 2)


def test_whom_an_index_search_shows(ward: Ward) -> None:
    """Two of one name: both were shown, masked or not."""
    name = make_unique_name()
    made = [ward.api.create(make_patient(name, birth=b)) for b in ("1931-02-03", "1977-05-06")]
    persons = SourcePatient.objects.filter(
        hospital__code=ward.api.base, fhir_id__in=[m.split("/")[1] for m in made]
    ).values_list("person_id", flat=True)
    clerk = alliance.get_staff_principal(
        alliance.make_staff(Hospital.objects.get(code=ward.api.base), Role.CLERK)
    )
    assert len(set(persons)) == 2 and len(find_persons(name, acting=clerk)) == 2
    for p in persons:
        assert [
            x["code"]
            for x in list_audit_lines(
                AuditFilter(person=p, actor=clerk.id, actor_kind="staff"), None, 10
            )
        ] == [EventCode.PERSON_FIND]


def test_an_exported_file_names_everybody_in_it(ward: Ward) -> None:
    kicked = ward.api("GET", "$export?_type=Observation,Practitioner", Prefer="respond-async")
    job = kicked.headers["content-location"].rsplit("/", 1)[1]
    call_command("bulk_work")
    assert all(ward.lines(f"bulk-{job}", i) for i in range(3)), "when it was made"
    [file] = [o["url"] for o in ward.api("GET", f"_bulk/{job}").json["output"]]
    request, reply = asked(ward, file.split(f"/{ward.api.base}/")[1])
    assert len(reply.body.splitlines()) == 3 and all(ward.lines(request, i) for i in range(3)), (
        "when it left"
    )
    again, _ = asked(ward, file.split(f"/{ward.api.base}/")[1])
    assert not ward.lines(again, 0) and [
        x for x in list_audit_lines(AuditFilter(), None, NEWEST) if x["request_id"] == again
    ], "again: a line, and no row a person"
    only = ward.api(
        "GET",
        f"Patient/$export?_type=Observation&patient={ward.patients[1]}",
        Prefer="respond-async",
    )
    call_command("bulk_work")
    job = only.headers["content-location"].rsplit("/", 1)[1]
    assert [bool(ward.lines(f"bulk-{job}", i)) for i in range(3)] == [False, True, False]


def test_an_export_of_fifty_thousand_is_one_statement(world: None) -> None:
    event = AuditEvent.from_principal(
        alliance.OPERATOR, EventCode.RECORD_EXPORT, target=draws.token_hex(8)
    )
    seen: list[str] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        append_event_about(event, "SELECT gen_random_uuid() FROM generate_series(1, 50000)", {})
    assert len(seen) == 1
    [line] = [x for x in list_audit_lines(AuditFilter(), None, 50) if x["target"] == event.target]
    assert line["several"] == 50000 and len(line["persons"]) == 20
