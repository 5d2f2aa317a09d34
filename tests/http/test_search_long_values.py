"""Long texts, dates of death, profiles, places and numbers as searches compare them."""

import json
from urllib.parse import quote

import pytest

from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.asking import ids
from tests.support.search_values import house


def test_long_texts_are_found_to_their_end(api: Api) -> None:
    text = "".join(f"{i:04d}" for i in range(450))
    made = api.create({"resourceType": "Organization", "name": text}).split("/")[1]
    for start in (0, 240, 490, 760, 1249, 1550):
        assert ids(api, f"Organization?name:contains={quote(text[start : start + 250])}") == [
            made
        ], start
    assert (
        ids(api, f"Organization?name={quote(text[:500])}")
        == [made]
        == ids(api, f"Organization?name:exact={quote(text)}")
    )
    assert (
        ids(api, f"Organization?name={quote(text[600:700])}")
        == []
        == ids(api, f"Organization?name:contains={text[100:200] + 'x'}")
    ), "the controls"
    for query in (
        f"name={quote(text[:501])}",
        f"name:contains={quote(text[:251])}",
        f"type:text={quote(text[:201])}",
    ):
        assert (
            api("GET", f"Organization?{query}").status == 400
            and "characters" in api("GET", f"Organization?{query}").says
        ), query
    assert "16 steps" in api("GET", "ValueSet?url:below=http://x/" + "a/" * 17).says


def test_who_has_died(api: Api) -> None:
    absent = {"extension": [{"url": "urn:x", "valueString": "x"}]}
    for name, more in (
        ("alive", {}),
        ("no", {"deceasedBoolean": False}),
        ("yes", {"deceasedBoolean": True}),
        ("then", {"deceasedDateTime": "2024-05"}),
        ("some-day", {"_deceasedDateTime": absent}),
        ("unknown", {"_deceasedBoolean": absent}),
    ):
        assert api("PUT", f"Patient/{name}", {**make_patient(), "id": name, **more}).status == 201
    assert sorted(ids(api, "Patient?deceased=true")) == ["some-day", "then", "yes"] and sorted(
        ids(api, "Patient?deceased=false")
    ) == ["alive", "no"]
    assert ids(api, "Patient?deceased:missing=true") == ["unknown"]


def test_parameters_of_extensions_and_of_plain_expressions(api: Api) -> None:
    about = api.create(make_patient())
    plan = api.create({"resourceType": "InsurancePlan", "name": "安心", "alias": ["无忧"]}).split(
        "/"
    )[1]
    assert (
        ids(api, f"InsurancePlan?name={quote('安')}")
        == [plan]
        == ids(api, f"InsurancePlan?name={quote('无忧')}")
    )
    gene = {
        "url": "http://hl7.org/fhir/StructureDefinition/observation-geneticsGene",
        "valueCodeableConcept": {
            "coding": [{"system": "http://www.genenames.org", "code": "HGNC:1100"}]
        },
    }
    seen = api.create(
        make_observation(
            about,
            extension=[
                gene,
                {"url": "urn:x", "valueCodeableConcept": {"coding": [{"code": "other"}]}},
            ],
        )
    ).split("/")[1]
    assert (
        ids(api, "Observation?gene-identifier=http://www.genenames.org|HGNC:1100") == [seen]
        and ids(api, "Observation?gene-identifier=other") == []
    )
    item = {"linkId": "1", "answer": [{"valueReference": {"reference": about}}]}
    marked = {
        **item,
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-isSubject",
                "valueBoolean": True,
            }
        ],
    }
    answered = [
        api.create(
            {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [i]}
        ).split("/")[1]
        for i in (marked, item)
    ]
    assert ids(api, f"QuestionnaireResponse?item-subject={about}") == answered[:1]


def test_a_condition_is_of_a_patient(api: Api) -> None:
    about = api.create({**make_patient(), "name": [{"family": "欧阳"}]})
    made = api.create(
        {"resourceType": "Condition", "code": {"text": "x"}, "subject": {"reference": about}}
    ).split("/")[1]
    one = about.split("/")[1]
    for query in (
        f"subject._id={one}",
        "subject.gender=male",
        f"subject:Patient.family={quote('欧阳')}",
        f"patient={one}",
    ):
        assert ids(api, f"Condition?{query}") == [made], query
    assert ids(api, f"Patient?_has:Condition:subject:_id={made}") == [one]
    assert ids(api, "?_has:Observation:patient:code=none") == [] and ids(
        api, f"?_has:Condition:subject:_id={made}"
    ) == [one], "types that nothing refers to so have no hits"


def test_without_these(api: Api) -> None:
    one, two = (api.create(make_patient()).split("/")[1] for _ in range(2))
    house_id = api.create(house("x")).split("/")[1]
    assert ids(api, f"Patient?_id:not={one}") == [two] and sorted(
        ids(api, "?_type:not=Organization")
    ) == sorted([one, two])
    assert ids(api, "?_type=Patient,Organization&_type:not=Patient") == [house_id]
    assert (
        api("GET", "?_type:not=Nonsense").status
        == api("GET", "?_type=Patient&_type:not=Patient").status
        == 400
    )


def test_profiles_below_an_address(api: Api) -> None:
    at = "http://hl7.org/fhir/uv/ips/StructureDefinition"
    one, two = (
        api.create({**make_patient(), "meta": {"profile": [p]}}).split("/")[1]
        for p in (f"{at}/Patient-uv-ips|1.1", "http://hl7.org/fhir/uv/ips2/x")
    )
    for below in (at, f"{at}/", "http://hl7.org/fhir/uv/ips", f"{at}/Patient-uv-ips"):
        assert ids(api, f"Patient?_profile:below={below}") == [one], below
    assert (
        sorted(ids(api, "Patient?_profile:below=http://hl7.org/fhir")) == sorted([one, two])
        and ids(api, "Patient?_profile:below=http://hl7") == []
    )
    assert api("GET", "Patient?_source:below=http://hl7.org").status == 400


def test_how_far_a_place_is(api: Api) -> None:
    here = api.create(
        {
            "resourceType": "Location",
            "name": "x",
            "position": {"latitude": 30.5928, "longitude": 114.3055},
        }
    ).split("/")[1]
    absent = {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                "valueCode": "unknown",
            }
        ]
    }
    api.create(
        {
            "resourceType": "Location",
            "name": "y",
            "position": {"_latitude": absent, "_longitude": absent},
        }
    )
    for query in ("near=30.5928|114.4055|20|km", "near=30.5928|114.4055|20|km&_sort=near"):
        [entry] = api("GET", f"Location?{query}").json["entry"]
        [told] = entry["search"]["extension"]
        assert (
            entry["resource"]["id"] == here
            and told["url"].endswith("location-distance")
            and 9 < told["valueDistance"]["value"] < 10
        )
    assert "extension" not in api("GET", f"Location?_id={here}").json["entry"][0]["search"]
    for latitude, longitude in ((120, 0), (-270.5, 114.3), (1e308, 1e308)):  # nowhere on the Earth
        api.create(
            {
                "resourceType": "Location",
                "position": {"latitude": latitude, "longitude": longitude},
            }
        )
    assert len(ids(api, "Location?_sort=near&near=30.5928|114.4055|40000|km")) == 1
    tiny = {"latitude": 1e-320, "longitude": -1e-200}
    origin = api.create({"resourceType": "Location", "position": tiny}).split("/")[1]
    for place in ("0|0", "1e-200|-1e-310", "5e-324|0"):
        assert ids(api, f"Location?near={place}|1|m") == [origin], place


@pytest.mark.parametrize(
    "number",
    [
        "0.30000000000000004",
        "9007199254740993",
        "123456789012345678901234567890.123456789",
        "1e308",
        "0",
        "-5.40",
    ],
)
def test_a_number_is_found_by_itself_however_exact_it_is(api: Api, number: str) -> None:
    about = api.create(make_patient())
    whole = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": about},
        "valueQuantity": {
            "value": 7,
            "unit": "g",
            "system": "http://unitsofmeasure.org",
            "code": "g",
        },
    }
    assert (
        api(
            "POST",
            "Observation",
            json.dumps(whole).replace('"value": 7', f'"value": {number}').encode(),
        ).status
        == 201
    )
    for asked, found in (
        (number, 1),
        (f"{number}|http://unitsofmeasure.org|g", 1),
        (f"ne{number}", 0),
        (f"ge{number}", 1),
        (f"gt{number}", 0),
        (f"ap{number}", 1),
    ):
        assert (
            api("GET", f"Observation?patient={about}&value-quantity={asked}").json["total"] == found
        ), asked
