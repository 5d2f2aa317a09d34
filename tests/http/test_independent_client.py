"""A client that was not written for this server (fhirpy) reads, searches, pages and writes
without special treatment.
"""

from typing import Any

import pytest
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

from tests.factories.fhir import Api, make_observation, make_patient


@pytest.fixture
def client(api: Api, server: str) -> Any:
    return SyncFHIRClient(f"{server}/fhir/{api.base}", authorization=f"Bearer {api.token}")


def test_write_read_update_delete(client: Any) -> None:
    one = client.resource(
        "Patient", **{k: v for k, v in make_patient("司马光").items() if k != "resourceType"}
    )
    one.save()
    assert one.id and one["meta"]["versionId"] == "1"
    one["gender"] = "other"
    one.save()
    assert client.reference("Patient", one.id).to_resource()["gender"] == "other"
    one.delete()
    with pytest.raises(ResourceNotFound):
        client.resources("Patient").search(name="司马光").get()


def test_search_page_include_has(client: Any, api: Api) -> None:
    about = api.create(make_patient("司马光"))
    for value in range(25):
        api.create(make_observation(about, value=value))
    found = (
        client.resources("Observation").search(patient=about, code="4548-4").sort("-date").limit(10)
    )
    assert len(found.fetch()) == 10 and len(found.fetch_all()) == 25, "pages to the end"
    assert (
        client.resources("Patient").has("Observation", "patient", code="4548-4").first().id
        == about.split("/")[1]
    )
    raw = client.resources("Observation").limit(1).include("Observation", "patient").fetch_raw()
    assert {e["resource"]["resourceType"] for e in raw["entry"]} == {"Observation", "Patient"}
    assert set(client.resources("Patient").elements("gender").first()) >= {"gender", "id"}
    assert (
        client.resources("Patient").revinclude("Observation", "patient").limit(5).fetch()[0].id
        == about.split("/")[1]
    )


def test_conditional_verbs(client: Any) -> None:
    asked = client.resources("Patient").search(identifier="urn:mrn|M-1")
    made, new = asked.update(
        client.resource(
            "Patient", **{k: v for k, v in make_patient(mrn="M-1").items() if k != "resourceType"}
        )
    )
    assert new and made.id
    changed, _ = asked.update(
        client.resource(
            "Patient",
            **{k: v for k, v in make_patient("王芳", mrn="M-1").items() if k != "resourceType"},
        )
    )
    assert changed.id == made.id and changed["name"][0]["text"] == "王芳"
    asked.delete()
    assert asked.first() is None


def test_refusals_reach_the_client_as_outcomes(client: Any, api: Api) -> None:
    with pytest.raises(OperationOutcome, match=r"gender|value set"):
        client.resource("Patient", gender="m").save()
    api.create(make_patient(gender="male"))
    api.create(make_patient(gender="male"))
    with pytest.raises(MultipleResourcesFound):
        client.resources("Patient").search(gender="male").get()
