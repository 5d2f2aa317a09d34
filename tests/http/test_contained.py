"""Chains lead into contained resources as into others (FHIR R4 search.html#chaining), and what
they find passes the gate as the resource around it.
"""

from typing import Any

import pytest

from alliance.models import Hospital
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.asking import refs

Json = dict[str, Any]
LOINC = "http://loinc.org"


def concept(code: str, text: str = "") -> Json:
    return {"coding": [{"system": "urn:c", "code": code}], **({"text": text} if text else {})}


def order(about: str, *contained: Json, **more: Any) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": about},
        "medicationReference": {"reference": "#m"},
        "contained": list(contained),
        **more,
    }


def medicine(code: str, ingredient: str, key: str = "m", **more: Any) -> Json:
    return {
        "resourceType": "Medication",
        "id": key,
        "code": concept(code, "阿司匹林"),
        "ingredient": [{"itemCodeableConcept": concept(ingredient)}],
        **more,
    }


@pytest.fixture
def about(api: Api) -> str:
    return api.create(make_patient())


def test_a_contained_medication_is_found_like_a_stored_one(api: Api, about: str) -> None:
    stored = api.create({k: v for k, v in medicine("A", "salt").items() if k != "id"})
    assert refs(api, "MedicationRequest?medication.ingredient-code=salt") == [], (
        "nobody has any yet"
    )
    note = {
        "resourceType": "Condition",
        "id": "b",
        "subject": {"reference": about},
        "code": {"text": "x"},
    }
    other = api.create(
        order(
            about,
            note,
            medicationReference={"reference": stored},
            reasonReference=[{"reference": "#b"}],
        )
    )
    inner = api.create(order(about, medicine("A", "salt")))
    apart = api.create(order(about, medicine("B", "sugar")))
    for query, found in {
        "ingredient-code=salt": [inner, other],
        "ingredient-code=urn:c|sugar": [apart],
        "code=A": [inner, other],
        "code=A,B": [apart, inner, other],
        "code:not=A": [apart],
        "code:text=阿司": [apart, inner, other],
        "code=A&medication.ingredient-code=sugar": [],
        "status:missing=true": [apart, inner, other],
        "status:missing=false": [],
        "code:missing=false": [apart, inner, other],
    }.items():
        for key in ("medication", "medication:Medication"):
            assert refs(api, f"MedicationRequest?{key}.{query}") == sorted(found), (key, query)
            assert api("GET", f"MedicationRequest?{key}.{query}&_summary=count").json[
                "total"
            ] == len(found), (key, query)
    assert refs(api, "MedicationRequest?medication._id=m") == [] and refs(
        api, f"MedicationRequest?medication._id={stored.split('/')[1]}"
    ) == [other], "an id inside is none of its own"
    assert refs(api, "Medication?code=A") == [stored], (
        "a contained resource is found through the one around it alone"
    )
    assert refs(api, "Patient?_has:MedicationRequest:patient:medication.code=B") == [about], (
        "the last step of _has may lead inside"
    )
    assert refs(api, "Medication?_has:MedicationRequest:medication:patient.gender=male") == [
        stored
    ], "to what is contained nothing refers from outside"
    api("PUT", inner, order(about, medicine("C", "salt")) | {"id": inner.split("/")[1]})
    assert refs(api, "MedicationRequest?medication.code=A") == [other] and refs(
        api, "MedicationRequest?medication.code=C"
    ) == [inner], "written anew"
    api("DELETE", apart)
    assert refs(api, "MedicationRequest?medication.code=B") == []


def test_from_inside_to_the_store_and_further_inside(api: Api, about: str) -> None:
    maker = api.create(
        {
            "resourceType": "Organization",
            "name": "东湖制药",
            "identifier": [{"system": "urn:o", "value": "7"}],
        }
    )
    outside = api.create(order(about, medicine("A", "x", manufacturer={"reference": maker})))
    house = {"resourceType": "Organization", "id": "o", "name": "东湖 contained"}
    inside = api.create(order(about, medicine("A", "x", manufacturer={"reference": "#o"}), house))
    logical = api.create(
        order(
            about,
            medicine("A", "x", manufacturer={"identifier": {"system": "urn:o", "value": "7"}}),
        )
    )
    assert refs(api, "MedicationRequest?medication.manufacturer.name=东湖") == sorted(
        [inside, outside]
    )
    assert (
        refs(api, "MedicationRequest?medication.manufacturer.identifier=urn:o|7")
        == [outside]
        == refs(api, f"MedicationRequest?medication.manufacturer={maker.split('/')[1]}")
    )
    assert refs(api, "MedicationRequest?medication.manufacturer:identifier=urn:o|7") == [logical]
    stored = api.create(
        {
            **{
                k: v
                for k, v in medicine("A", "x", manufacturer={"reference": "#o"}).items()
                if k != "id"
            },
            "contained": [house],
        }
    )
    third = api.create(
        order(
            about, house, medicationReference={"reference": stored}, requester={"reference": "#o"}
        )
    )
    assert refs(api, "MedicationRequest?medication.manufacturer.name=东湖 con") == sorted(
        [inside, third]
    ), "contained in the medication that is referred to"
    assert refs(api, "MedicationRequest?requester:Organization.name=东湖") == [third]
    Hospital.objects.filter(code=api.base).update(enforces_references=False)
    assert api("DELETE", maker).status == 204
    assert refs(api, "MedicationRequest?medication.manufacturer.name=东湖") == sorted(
        [inside, third]
    )


def test_several_in_one_report_are_told_apart(api: Api, about: str) -> None:
    def value(key: str, code: str, number: float, **more: Any) -> Json:
        return {
            "resourceType": "Observation",
            "id": key,
            "status": "final",
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": number, "unit": "g/L"},
            **more,
        }

    def report(*contained: Json) -> str:
        return api.create(
            {
                "resourceType": "DiagnosticReport",
                "status": "final",
                "code": {"text": "血常规"},
                "subject": {"reference": about},
                "contained": list(contained),
                "result": [
                    {"reference": f"#{c['id']}"}
                    for c in contained
                    if c["resourceType"] == "Observation"
                ],
            }
        )

    who = {
        "resourceType": "Patient",
        "id": "p",
        "name": [{"text": "欧阳无名"}],
        "birthDate": "1958-03-12",
    }
    low = report(
        value("a", "718-7", 90, effectiveDateTime="2026-01-05"),
        value("b", "6690-2", 500),
        who | {"id": "p"},
    )
    high = report(
        value("a", "718-7", 150, effectiveDateTime="2026-03-05", subject={"reference": "#p"}),
        value("b", "6690-2", 4),
        who,
    )
    for query, found in {
        "code-value-quantity=718-7$lt100": [low],
        f"code-value-quantity={LOINC}|718-7$gt100": [high],
        f"code-value-quantity={LOINC}|$lt100": [high, low],
        "code-value-quantity=|718-7$lt100": [],
        "combo-code-value-quantity=6690-2$gt100": [low],
        "value-quantity=gt100": [high, low],
        "date=lt2026-02": [low],
        "date=ge2026-02": [high],
        "code=718-7": [high, low],
        "subject:Patient.name=欧阳": [high],
        "patient.birthdate=1958-03-12": [high],
        "subject:Patient.birthdate=ne1958-03-12": [],
        "patient.gender:missing=true": [high],
    }.items():
        assert refs(api, f"DiagnosticReport?result.{query}") == sorted(found), query


def test_it_passes_the_gate_as_the_resource_around_it(api: Api, stranger: Api, about: str) -> None:
    secret = api.create(order(about, medicine("SECRET", "salt")))
    assert refs(api, "MedicationRequest?medication.code=SECRET") == [secret], "the control"
    assert (
        stranger("GET", "MedicationRequest?medication.code=SECRET", base=api.base).status == 403
        and refs(stranger, "MedicationRequest?medication.code=SECRET") == []
    )
    mine = stranger.create(order(stranger.create(make_patient()), medicine("SECRET", "salt")))
    assert refs(stranger, "MedicationRequest?medication.code=SECRET") == [mine] and refs(
        api, "MedicationRequest?medication.code=SECRET"
    ) == [secret]


def test_conditions_and_unwritten_chains(api: Api, about: str) -> None:
    made = api.create(order(about, medicine("ONCE", "salt")))
    assert (
        api(
            "POST",
            "MedicationRequest",
            order(about, medicine("ONCE", "salt")),
            If_None_Exist="medication.code=ONCE",
        ).status
        == 200
    )
    assert refs(
        api,
        "MedicationRequest?medication.code=ONCE&_sort=authoredon&_include=MedicationRequest:medication",
    ) == [made]
    assert "no reference parameter" in api("GET", "MedicationRequest?medication.code.name=x").says
    ring = [
        make_observation(about, code=code, id=key, hasMember=[{"reference": f"#{other}"}])
        for code, key, other in (("x", "a", "b"), ("ring", "b", "a"))
    ]
    seen = [api.create(make_observation(about, contained=ring, hasMember=[{"reference": "#a"}]))]
    assert (
        refs(api, "Observation?has-member.has-member.code=ring") == seen
        and refs(api, "Observation?has-member.code=ring") == []
    ), "two that refer to each other"
