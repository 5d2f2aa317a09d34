"""An upgrade that keeps more for searching: everything is found as if it had been written by this release."""

import pytest
from django.core.management import call_command
from django.db import connection

from records.store.reindex import due
from tests.factories import alliance
from tests.factories.fhir import Api, observation, patient


@pytest.fixture
def api(server: str) -> Api:
    at = alliance.hospital("re")
    return Api(server, at.code, credentials=alliance.credentials(at))


def test_reindex_restores_all_that_is_searched(api: Api) -> None:
    about = api.create(patient("公孙策"))
    api.create(observation(about, value=7.25, date="2026-03-04") | {"performer": [{"reference": api.create({"resourceType": "Practitioner", "name": [{"text": "化验员"}]})}]})
    asked = [f"Observation?{q}&_summary=count" for q in (
        "code=4548-4", "date=2026-03-04", "value-quantity=7.25", "patient.name=公孙策", "performer:missing=false", "performer.name=化验员")] + ["Patient?name=公孙&_summary=count"]
    assert [api("GET", q).json["total"] for q in asked] == [1] * len(asked)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_resource r SET tokens = '{}', present = 0, dated = '-infinity', dated_to = '-infinity' FROM alliance_hospital h "
                       "WHERE h.id = r.hospital AND h.code = %s", [api.base])
        for table in ("string", "date", "reference", "quantity"):
            cursor.execute(f"DELETE FROM record_{table} s USING record_resource r, alliance_hospital h WHERE r.rid = s.rid AND h.id = r.hospital AND h.code = %s", [api.base])
        cursor.execute("UPDATE record_index SET version = 1")
    assert [api("GET", q).json["total"] for q in asked] == [0] * len(asked), "the control: without index rows nothing is found"
    assert due()
    call_command("setup")
    assert not due()
    assert [api("GET", q).json["total"] for q in asked] == [1] * len(asked)
    assert [e["resource"]["meta"]["versionId"] for e in api.feed(3)] == ["1", "1", "1"], "no version is made"
