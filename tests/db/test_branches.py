"""A page of a person with registrations in several stores: each is walked for itself where they
are few, and the pages are those of one ordered walk.
"""

import datetime as dt
from typing import Any

import pytest

from alliance.models import Hospital
from records.models import SourcePatient
from records.mpi.index import source_patients
from records.store import rows
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import (
    Api,
    make_citizen_number,
    make_observation,
    make_patient,
    make_unique_name,
)
from tests.factories.ties import confirm_tie, record_confirmed_treatment


@pytest.mark.parametrize("registrations", [2, 6], ids=["apart", "together"])
def test_pages_of_several_stores_are_one_order(server: str, registrations: int) -> None:
    assert (registrations <= rows.MOST_SEPARATE_TESTS) is (registrations == 2)
    card, name = make_citizen_number(), make_unique_name()
    made: list[tuple[dt.datetime, float]] = []
    members: list[Hospital] = []
    first: Api | None = None
    for i in range(registrations):
        members.append(alliance.make_hospital("many"))
        api = Api(server, members[-1].code, credentials=alliance.make_credentials(members[-1]))
        first = first or api
        about = api.create(make_patient(name, resident=card))
        for k in range(5):
            at, value = f"2026-0{1 + (i + k) % 6}-0{1 + i % 3}T08:00:00+08:00", float(10 * i + k)
            api.create(make_observation(about, date=at, value=value))
            made.append((dt.datetime.fromisoformat(at), value))
    assert first is not None
    person = SourcePatient.objects.filter(hospital=members[0]).get().person_id
    assert SourcePatient.objects.filter(person=person).count() == registrations, (
        "all are this person"
    )
    record_confirmed_treatment(person, members[0])
    confirm_tie(person, members[1])
    record_choice(
        person,
        sources=source_patients.sources_of_person(person),
        acting=alliance.get_staff_principal(alliance.make_staff(members[1], alliance.Role.CLERK)),
    )

    def walked(query: str) -> list[Any]:
        found, path = [], f"Observation?patient={person}&{query}"
        while path:
            reply = first("GET", path, base="alliance")
            assert reply.status == 200, reply.body
            found += [e["resource"] for e in reply.json.get("entry", [])]
            path = next(
                (
                    x["url"].split("/alliance/")[1]
                    for x in reply.json["link"]
                    if x["relation"] == "next"
                ),
                "",
            )
        return found

    for order, key, down in (
        ("-date", 0, True),
        ("date", 0, False),
        ("value-quantity", 1, False),
        ("-value-quantity", 1, True),
    ):
        for count in (2, 7, 100):
            got = [
                (dt.datetime.fromisoformat(o["effectiveDateTime"]), o["valueQuantity"]["value"])
                for o in walked(f"_sort={order}&_count={count}")
            ]
            assert [g[key] for g in got] == sorted((m[key] for m in made), reverse=down) and sorted(
                got
            ) == sorted(made), (order, count)
    assert (
        len(walked("_count=3"))
        == len(made)
        == first("GET", f"Observation?patient={person}&_summary=count", base="alliance").json[
            "total"
        ]
    )
