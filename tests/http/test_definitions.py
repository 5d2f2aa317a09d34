"""What is our own in FHIR is defined at /fhir/definitions, for everyone."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from alliance.services.membership import do_admit_hospital
from records.facade.golden_patient import ORIGIN_RANK, ORIGIN_URL, SOURCE_URL
from records.fhir import own_definitions
from tests.factories.alliance import OPERATOR
from tests.factories.fhir import Api, make_patient


@pytest.fixture
def anyone(server: str) -> Api:
    """Nobody: no token is sent."""
    return Api(server, own_definitions.BASE)


def test_each_is_read_and_found_by_its_address(anyone: Api) -> None:
    listed = anyone("GET", "").json
    assert (
        listed["total"] == len(listed["entry"]) == len(own_definitions.load_own_definitions()) > 5
    )
    for entry in listed["entry"]:
        path = entry["fullUrl"].split("/fhir/definitions/")[1]
        assert anyone("GET", path).json == entry["resource"]
        for address in own_definitions.definition_addresses(entry["resource"]):
            name = own_definitions.ADDRESS_PARAMETERS.get(entry["resource"]["resourceType"], "url")
            found = anyone("GET", f"{path.split('/')[0]}?{name}={address}").json
            assert [e["resource"]["id"] for e in found["entry"]] == [entry["resource"]["id"]], (
                address
            )
    assert (
        anyone("GET", f"StructureDefinition?url={ORIGIN_URL},{SOURCE_URL}").json["total"] == 2
        and anyone("GET", "StructureDefinition?url=urn:other").json["total"] == 0
    )
    assert anyone.raw("HEAD", "/fhir/definitions/CodeSystem/value-origin").status == 200


def test_the_codes_are_those_that_count(anyone: Api) -> None:
    assert [c["code"] for c in anyone("GET", "CodeSystem/value-origin").json["concept"]] == sorted(
        ORIGIN_RANK, key=lambda code: ORIGIN_RANK[code]
    )


def test_its_statement_says_what_is_there(anyone: Api) -> None:
    rows = anyone("GET", "metadata").json["rest"][0]["resource"]
    for row in rows:
        assert anyone("GET", f"{row['type']}?{row['searchParam'][0]['name']}=urn:x").status == 200
    assert {r["type"] for r in rows} == set(own_definitions.list_defined_types())


def test_nothing_else_is_there(anyone: Api, api: Api) -> None:
    made = api.create(make_patient())
    for path, status in (
        (made, 404),
        ("Patient", 404),
        ("StructureDefinition/none", 404),
        ("StructureDefinition/value-origin/_history", 404),
        ("StructureDefinition?name=x", 400),
        ("?_id=x", 400),
        ("CodeSystem/$lookup", 404),
        ("_history", 404),
    ):
        assert (
            anyone("GET", path).status
            == api("GET", path, base=own_definitions.BASE).status
            == status
        ), path
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (
            api(
                method,
                "StructureDefinition/value-origin",
                {"resourceType": "Basic"},
                base=own_definitions.BASE,
            ).status
            == 405
        ), method
    assert (
        api("GET", "StructureDefinition/value-origin", base=own_definitions.BASE).status == 200
        and api("GET", made).status == 200
    ), "the controls"
    assert "/fhir/definitions" in api("GET", "metadata").json["rest"][0]["documentation"], (
        "each base leads there"
    )


def test_no_hospital_is_called_so(world: None) -> None:
    with pytest.raises(ValidationError, match="保留"):
        do_admit_hospital(
            acting=OPERATOR,
            code=own_definitions.BASE,
            name_zh="测",
            name_en="x",
            tier="community",
            admitted_on=dt.date(2020, 1, 1),
        )
