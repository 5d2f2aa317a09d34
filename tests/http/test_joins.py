"""Chains, _has, includes, :missing, quantities and views: what is found, and what is not."""

from dataclasses import dataclass
from typing import Any

import pytest

from alliance.models import Hospital
from tests.factories.fhir import Api, make_bundle, make_observation, make_patient


@dataclass
class Ward:
    """Two patients; the first has an encounter at a department of an organization, and results
    of it.
    """

    api: Api
    one: str
    two: str
    encounter: str
    high: str
    low: str

    def found(self, query: str) -> set[str]:
        reply = self.api("GET", query)
        assert reply.status == 200, (query, reply.body)
        return {
            f"{e['resource']['resourceType']}/{e['resource']['id']}"
            for e in reply.json.get("entry", [])
            if e["search"]["mode"] == "match"
        }

    def included(self, query: str) -> set[str]:
        return {
            f"{e['resource']['resourceType']}/{e['resource']['id']}"
            for e in self.api("GET", query).json.get("entry", [])
            if e["search"]["mode"] == "include"
        }


@pytest.fixture
def ward(api: Api, stranger: Api) -> Ward:
    top = api.create(
        {
            "resourceType": "Organization",
            "name": "杏林中心医院",
            "identifier": [{"system": "urn:o", "value": "top"}],
        }
    )
    part = api.create(
        {"resourceType": "Organization", "name": "心内科", "partOf": {"reference": top}}
    )
    one = api.create(
        make_patient("司马光", "1958-03-12")
        | {
            "managingOrganization": {"reference": part},
            "active": True,
        }
    )
    two = api.create(make_patient("司马迁", "1971-01-01"))
    encounter = api.create(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "subject": {"reference": one},
            "serviceProvider": {"reference": part},
            "period": {"start": "2026-01-05", "end": "2026-01-09"},
        }
    )
    high = api.create(
        make_observation(one, value=9.4)
        | {
            "encounter": {"reference": encounter},
            "performer": [{"identifier": {"system": "urn:staff", "value": "17"}}],
        }
    )
    low = api.create(make_observation(two, value=5.35))
    # the same ids and names at another hospital must never join
    stranger("PUT", one, make_patient("司马光") | {"id": one.split("/")[1]})
    stranger(
        "PUT",
        encounter,
        {
            "resourceType": "Encounter",
            "id": encounter.split("/")[1],
            "status": "cancelled",
            "class": {"code": "AMB"},
            "subject": {"reference": one},
        },
    )
    return Ward(api, one, two, encounter, high, low)


def test_chains(ward: Ward) -> None:
    assert ward.found("Observation?patient.name=司马光") == {ward.high}
    assert ward.found("Observation?subject:Patient.birthdate=1971-01-01") == {ward.low}
    assert ward.found("Observation?subject.name=司马") == {
        ward.high,
        ward.low,
    }, "over every type that has such a parameter"
    assert ward.found("Observation?encounter.class=IMP") == {ward.high}
    assert ward.found("Observation?encounter.status=cancelled") == set(), (
        "the encounter of that id at another hospital is another"
    )
    assert ward.found("Observation?encounter.service-provider.partof.identifier=urn:o|top") == {
        ward.high
    }, "four steps"
    assert ward.found("Observation?encounter.patient.organization.name=心内科") == {ward.high}
    assert (
        ward.found(f"Observation?encounter.patient={ward.one}") == {ward.high}
        and ward.found(f"Observation?encounter.patient={ward.two}") == set()
    )
    assert ward.found("Observation?patient.name=司马光&value-quantity=gt20") == set()
    assert ward.found(f"Observation?encounter._id={ward.encounter.split('/')[1]}") == {ward.high}


def test_has(ward: Ward) -> None:
    assert ward.found("Patient?_has:Observation:patient:value-quantity=gt9") == {ward.one}
    assert ward.found("Patient?_has:Observation:subject:code=http://loinc.org|4548-4") == {
        ward.one,
        ward.two,
    }
    assert ward.found("Encounter?_has:Observation:encounter:code=4548-4") == {ward.encounter}
    assert ward.found("Encounter?_has:Observation:encounter:code=1-1") == set()
    assert ward.found("Patient?_has:Encounter:patient:_has:Observation:encounter:code=4548-4") == {
        ward.one
    }, "nested"
    assert ward.found(
        "Organization?_has:Encounter:service-provider:patient.name=司马光"
    ) == ward.found("Organization?name=心内科"), "a chain inside"


def test_includes(ward: Ward) -> None:
    assert ward.included("Observation?_include=Observation:patient") == {ward.one, ward.two}
    assert ward.included("Observation?value-quantity=gt9&_include=Observation:encounter") == {
        ward.encounter
    }
    assert ward.included("Observation?value-quantity=gt9&_include=*") == {ward.one, ward.encounter}
    tree = ward.included(
        "Observation?value-quantity=gt9&_include=Observation:encounter&_include:iterate=Encounter:service-provider&_include:iterate=Organization:partof"
    )
    assert len(tree) == 3 and ward.encounter in tree, (
        "the encounter, its department, and the hospital"
    )
    assert ward.included("Patient?name=司马光&_revinclude=Observation:patient") == {ward.high}
    assert ward.included(
        "Patient?name=司马光&_revinclude=Encounter:patient&_revinclude:iterate=Observation:encounter"
    ) == {ward.encounter, ward.high}
    assert ward.included("Encounter?_revinclude=Observation:encounter") == {ward.high}
    whole = ward.api(
        "GET", "Observation?_include=Observation:patient&_count=1&_total=accurate"
    ).json
    assert whole["total"] == 2 and len(whole["entry"]) == 2, (
        "totals and pages count matches alone; a page has its includes"
    )


def test_missing_identifier_and_types(ward: Ward) -> None:
    assert ward.found("Patient?active:missing=false") == {ward.one} and ward.found(
        "Patient?active:missing=true"
    ) == {ward.two}
    assert (
        ward.found("Observation?encounter:missing=true") == {ward.low}
        and ward.found("Observation?patient:missing=true") == set()
    )
    assert (
        ward.found("Observation?performer:identifier=urn:staff|17")
        == {ward.high}
        == ward.found("Observation?performer:identifier=17")
    )
    assert ward.found(f"Observation?encounter:Encounter={ward.encounter.split('/')[1]}") == {
        ward.high
    }
    mrn = ward.api("GET", ward.one).json["identifier"][0]["value"]
    assert ward.found(
        f"Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|{mrn}"
    ) == {ward.one}
    assert (
        ward.found(
            f"Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|SS|{mrn}"
        )
        == set()
    )


@pytest.mark.parametrize(
    ("asked", "values"),
    [
        ("5.35", {5.35}),
        ("5.4", {5.35}),
        ("5.3", set()),
        ("9.4", {9.4}),
        ("9", {9.4}),
        ("1e1", {9.4, 5.35}),
        ("gt5.35", {9.4}),
        ("ge5.35", {9.4, 5.35}),
        ("lt9.4", {5.35}),
        ("le9.4", {9.4, 5.35}),
        ("ne9.4", {5.35}),
        ("ap9", {9.4}),
        ("sa6", {9.4}),
        ("eb6", {5.35}),
        ("9.4||%", {9.4}),
        ("9.4||mg", set()),
        ("5.35,9.4", {9.4, 5.35}),
        ("9.4|http://unitsofmeasure.org|%", set()),
    ],
)
def test_quantities(ward: Ward, asked: str, values: set[float]) -> None:
    from urllib.parse import quote

    entries = ward.api("GET", f"Observation?value-quantity={quote(asked)}").json.get("entry", [])
    assert {e["resource"]["valueQuantity"]["value"] for e in entries} == values


def test_views(ward: Ward) -> None:
    def one(query: str) -> dict[str, Any]:
        found: dict[str, Any] = ward.api("GET", query).json["entry"][0]["resource"]
        return found

    cut = one("Observation?value-quantity=gt9&_elements=value,subject")
    assert set(cut) == {
        "resourceType",
        "id",
        "meta",
        "status",
        "code",
        "subject",
        "valueQuantity",
    }, "required elements stay"
    assert cut["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert (
        ward.api("PUT", ward.high, cut).status == 422
        and ward.api("GET", ward.high).json["meta"]["versionId"] == "1"
    ), "a part never replaces the whole"
    assert "managingOrganization" in one("Patient?name=司马光&_summary=true") and "text" not in one(
        "Patient?name=司马光&_summary=data"
    )
    assert set(one("Encounter?_summary=text")) == {"resourceType", "id", "meta", "status", "class"}
    assert ward.api("GET", "Patient?_summary=count").json["total"] == 2


def test_what_joins_follows_an_update_and_a_delete(ward: Ward) -> None:
    changed = ward.api("GET", ward.high).json
    del changed["encounter"]
    changed["valueQuantity"]["value"] = 4.0
    assert ward.api("PUT", ward.high, changed).status == 200
    assert (
        ward.found("Observation?encounter.class=IMP")
        == set()
        == ward.found("Observation?value-quantity=gt9")
    )
    assert ward.found("Observation?value-quantity=4.0") == {ward.high}
    Hospital.objects.filter(code=ward.api.base).update(enforces_references=False)
    assert ward.api("DELETE", ward.one).status == 204
    assert ward.found("Observation?patient.name=司马光") == set(), "a deleted patient joins nothing"


def test_a_transaction_of_many_joins_too(api: Api) -> None:
    rows = [
        (
            "POST",
            "Patient",
            make_patient(f"诸葛{i}") | {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-{i:012d}"},
        )
        for i in range(5)
    ]
    rows += [
        (
            "POST",
            "Observation",
            make_observation(f"urn:uuid:00000000-0000-4000-8000-{i:012d}", value=i),
        )
        for i in range(5)
    ]
    assert api("POST", "", make_bundle(*rows)).status == 200
    assert (
        api("GET", "Observation?patient.name=诸葛3").json["entry"][0]["resource"]["valueQuantity"][
            "value"
        ]
        == 3
    )
    assert api("GET", "Patient?_has:Observation:patient:value-quantity=ge3").json["total"] == 2
