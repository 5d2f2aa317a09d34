"""Search beyond one value: composites, units, places, texts of a code, hierarchies."""

from alliance.models import Hospital
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.search_ids import ids

UCUM = "http://unitsofmeasure.org"


def pressure(about: str, high: float, low: float) -> dict[str, object]:
    part = [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": c}]},
            "valueQuantity": {"value": v, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"},
        }
        for c, v in (("8480-6", high), ("8462-4", low))
    ]
    made = make_observation(about, code="85354-9") | {"component": part}
    del made["valueQuantity"]
    return made


def test_composites_look_at_one_component(api: Api) -> None:
    about = api.create(make_patient())
    one, two = api.create(pressure(about, 150, 80)), api.create(pressure(about, 120, 145))
    assert ids(api, "Observation?component-code-value-quantity=8480-6$gt140") == [one]
    assert ids(api, "Observation?component-code-value-quantity=http://loinc.org|8462-4$gt140") == [
        two
    ]
    assert ids(
        api, "Observation?component-code=8480-6&component-value-quantity=gt140&_sort=_lastUpdated"
    ) == [one, two], "the control: apart, both fit"
    assert set(ids(api, "Observation?combo-code-value-quantity=8480-6$gt140,8462-4$gt140")) == {
        one,
        two,
    }
    assert ids(api, f"Observation?component-code-value-quantity=8480-6$gt18|{UCUM}|kPa") == [one], (
        "150 mm[Hg] are 20 kPa"
    )
    for wrong in (
        "8480-6",
        "8480-6$",
        "$gt140",
        "8480-6$gt140$1",
        "http://loinc.org|$gt1",
        "8480-6$tall",
    ):
        assert api("GET", f"Observation?component-code-value-quantity={wrong}").status == 400, wrong


def test_amounts_meet_in_base_units(api: Api) -> None:
    about = api.create(make_patient())
    made = api.create(
        make_observation(about)
        | {"valueQuantity": {"value": 5.4, "unit": "克", "system": UCUM, "code": "g"}}
    )
    for asked in (
        f"5400|{UCUM}|mg",
        f"0.0054|{UCUM}|kg",
        f"gt5.3|{UCUM}|g",
        "5.4",
        "5.4||g",
        "5.4||克",
    ):
        assert ids(api, f"Observation?value-quantity={asked}") == [made], asked
    for asked in (f"5400|{UCUM}|g", f"5.4|{UCUM}|mL", "5400", "5.4||mg", f"5.4|{UCUM}|[IU]"):
        assert ids(api, f"Observation?value-quantity={asked}") == [], asked


def test_many_alternatives(api: Api) -> None:
    about = api.create(make_patient())
    made = [api.create(make_observation(about, code=f"c{i}")) for i in range(3)]
    many = ",".join(f"x{i}" for i in range(500))
    assert set(ids(api, f"Observation?code={many},c0,c2")) == {made[0], made[2]}
    assert ids(api, f"Observation?code:not={many},c0,c2") == [made[1]]
    assert (
        ids(api, f"Patient?_has:Observation:patient:code={many},c1") == [about]
        and ids(api, f"Observation?code={many}") == []
    )


def test_near(api: Api) -> None:
    here = api.create(
        {
            "resourceType": "Location",
            "name": "东湖",
            "position": {"latitude": 30.5522, "longitude": 114.4069},
        }
    )
    api.create(
        {
            "resourceType": "Location",
            "name": "北京",
            "position": {"latitude": 39.9042, "longitude": 116.4074},
        }
    )
    assert ids(api, "Location?near=30.5928|114.3055|12|km") == [here], "11 km away"
    assert ids(api, "Location?near=30.5928|114.3055|9000|m") == []
    assert len(ids(api, "Location?near=30.5928|114.3055|1100|km")) == 2
    for wrong in ("30.5", "30.5|x", "91|0|1|km", "30|114|1|ell"):
        assert api("GET", f"Location?near={wrong}").status == 400


def test_the_order_by_distance(api: Api) -> None:
    made = {
        n: api.create(
            {
                "resourceType": "Location",
                "name": n,
                "position": {"latitude": 30 + d, "longitude": 114.3},
            }
        )
        for n, d in (("far", 0.9), ("here", 0.001), ("near", 0.2))
    }
    asked = "Location?near=30|114.3|200|km&_sort="
    assert ids(api, asked + "near") == [made["here"], made["near"], made["far"]] and ids(
        api, asked + "-near"
    ) == [made["far"], made["near"], made["here"]]
    first = api("GET", asked + "near&_count=2").json
    rest = api(
        "GET",
        next(x["url"] for x in first["link"] if x["relation"] == "next").split(f"/{api.base}/")[1],
    ).json
    assert [e["resource"]["name"] for e in first["entry"] + rest["entry"]] == [
        "here",
        "near",
        "far",
    ]
    assert "latitude" in api("GET", "Location?_sort=near").says


def test_the_order_by_a_composite(api: Api) -> None:
    about = api.create(make_patient())
    made = [
        api.create(make_observation(about, code=c, value=v))
        for c, v in (("b", 1), ("a", 9), ("a", 20))
    ]
    asked = f"Observation?patient={about}&_sort="
    assert ids(api, asked + "code-value-quantity") == [made[1], made[2], made[0]] and ids(
        api, asked + "-code-value-quantity"
    ) == [made[0], made[2], made[1]]
    pressures = [api.create(pressure(about, high, 80)) for high in (150, 95, 120)]
    found = ids(api, asked + "component-code-value-quantity&code=85354-9")
    assert sorted(found) == sorted(pressures), (
        "each has 80 for its least part: their order is that of their rows"
    )
    first = api("GET", asked + "-component-code-value-quantity&_count=2").json
    assert [e["resource"]["component"][0]["valueQuantity"]["value"] for e in first["entry"]] == [
        150,
        120,
    ]
    rest = api(
        "GET",
        next(x["url"] for x in first["link"] if x["relation"] == "next").split(f"/{api.base}/")[1],
    ).json
    assert [
        e["resource"].get("component", [{"valueQuantity": {"value": 0}}])[0]["valueQuantity"][
            "value"
        ]
        for e in rest["entry"]
    ] == [95, 0], "those without come last"


def test_part_of_the_whole(api: Api) -> None:
    whole = api.create({"resourceType": "Location", "name": "院"})
    ward = api.create({"resourceType": "Location", "name": "病区", "partOf": {"reference": whole}})
    bed = api.create({"resourceType": "Location", "name": "床", "partOf": {"reference": ward}})
    api("PUT", whole, api("GET", whole).json | {"partOf": {"reference": bed}})  # a ring ends, too
    apart = api.create({"resourceType": "Location", "name": "别处"})
    about = api.create(make_patient())
    at = {
        place: api.create(
            {
                "resourceType": "Encounter",
                "status": "finished",
                "class": {"code": "AMB"},
                "subject": {"reference": about},
                "location": [{"location": {"reference": place}}],
            }
        )
        for place in (bed, apart)
    }
    assert (
        ids(api, f"Encounter?location:below={whole}")
        == [at[bed]]
        == ids(api, f"Encounter?location:below={ward.split('/')[1]}")
    ), "by address or id"
    assert ids(api, f"Encounter?location={whole}") == [] and ids(
        api, f"Encounter?location:below={apart}"
    ) == [at[apart]]
    api("PUT", whole, {k: v for k, v in api("GET", whole).json.items() if k != "partOf"})
    assert set(ids(api, f"Location?partof:below={whole}")) == {ward, bed} and ids(
        api, f"Location?partof:above={whole}"
    ) == [ward], "the whole is part of nothing, the ward of the whole"
    assert set(ids(api, f"Location?partof:above={bed}")) == {ward, bed}
    assert (
        ids(api, f"Observation?encounter.location:below={whole}")
        == []
        == ids(api, f"Encounter?location:below={bed},{whole}&status=planned")
    )
    seen = api.create(make_observation(about, encounter={"reference": at[bed]}))
    assert ids(api, f"Observation?encounter:Encounter.location:below={whole}") == [seen]
    assert "part of another" in api("GET", "Observation?device:below=Device/x").says
    Hospital.objects.filter(code=api.base).update(enforces_references=False)
    assert api("DELETE", ward).status == 204
    assert ids(api, f"Encounter?location:below={whole}") == [], "what is deleted is no step"


def test_variants_of_a_sequence(api: Api) -> None:
    def sequence(chromosome: str, *variants: tuple[int, int]) -> str:
        return api.create(
            {
                "resourceType": "MolecularSequence",
                "coordinateSystem": 0,
                "variant": [{"start": a, "end": b} for a, b in variants],
                "referenceSeq": {
                    "windowStart": 1,
                    "windowEnd": 999,
                    "chromosome": {"coding": [{"code": chromosome}]},
                    "referenceSeqId": {"coding": [{"system": "urn:n", "code": f"NC{chromosome}"}]},
                },
            }
        )

    one, two = sequence("1", (10, 20), (300, 400)), sequence("1", (30, 350))
    sequence("2", (10, 20))
    asked = "MolecularSequence?chromosome-variant-coordinate="
    assert ids(api, asked + "1$ge10$le20") == [one], (
        "one variant has both ends: of the second resource the start alone would fit"
    )
    assert set(ids(api, asked + "1$lt345$gt123")) == {one, two} and ids(
        api, asked + "1$300$400,1$30$350&_sort=_lastUpdated"
    ) == [one, two]
    assert (
        ids(api, "MolecularSequence?referenceseqid-variant-coordinate=urn:n|NC1$gt20$lt360")
        == [two]
        and ids(api, asked + "3$gt0$gt0") == []
    )
    assert set(ids(api, asked[:-1] + ":missing=false&chromosome=1")) == {one, two}
    for wrong in ("1$gt1", "1$x$2", "$1$2"):
        assert api("GET", asked + wrong).status == 400, wrong


def test_how_documents_hang_together(api: Api) -> None:
    def document(**more: object) -> str:
        return api.create(
            {
                "resourceType": "DocumentReference",
                "status": "current",
                "content": [{"attachment": {"url": "urn:x"}}],
            }
            | more
        )

    old = document()
    new = document(
        relatesTo=[
            {"code": "replaces", "target": {"reference": old}},
            {"code": "signs", "target": {"reference": "http://elsewhere.example/1"}},
        ]
    )
    assert (
        ids(api, f"DocumentReference?relationship={old}$replaces")
        == [new]
        == ids(api, f"DocumentReference?relationship={old.split('/')[1]}$replaces")
    )
    assert ids(api, f"DocumentReference?relationship={old}$signs") == [], (
        "replaced is one, signed the other"
    )
    assert ids(api, "DocumentReference?relationship=http://elsewhere.example/1$signs") == [new]


def test_a_patient_by_a_number_in_the_reference(api: Api) -> None:
    """The number was taken for an id of this store."""
    made = api.create(
        make_observation(
            api.create(make_patient()), subject={"identifier": {"system": "urn:n", "value": "77"}}
        )
    )
    assert (
        ids(api, "Observation?subject:identifier=urn:n|77")
        == [made]
        == ids(api, "Observation?patient:identifier=77")
    )


def test_uris_above_and_below(api: Api) -> None:
    made = [
        api.create(
            {"resourceType": "ValueSet", "status": "active", "url": f"http://acme.org/fhir/{x}"}
        )
        for x in ("ValueSet/a", "ValueSet/ab", "b")
    ]
    assert set(ids(api, "ValueSet?url:below=http://acme.org/fhir/ValueSet")) == set(made[:2])
    assert ids(api, "ValueSet?url:below=http://acme.org/fhir/ValueSet/a") == made[:1], (
        "whole steps only"
    )
    assert ids(api, "ValueSet?url:above=http://acme.org/fhir/ValueSet/ab/_history/5") == made[1:2]


def test_meta_parameters(api: Api) -> None:
    made = api.create(
        {
            "resourceType": "Basic",
            "code": {"text": "x"},
            "meta": {
                "tag": [{"system": "urn:t", "code": "red"}],
                "profile": ["http://p/q|1.0"],
                "source": "http://his.example",
                "security": [{"system": "urn:s", "code": "N"}],
            },
        }
    )
    api.create({"resourceType": "Basic", "code": {"text": "y"}})
    for query in (
        "_tag=urn:t|red",
        "_profile=http://p/q",
        "_profile=http://p/q|1.0",
        "_source=http://his.example",
        "_security=N",
        "_tag:not=blue&_tag:missing=false",
    ):
        assert ids(api, f"Basic?{query}") == [made], query
    assert ids(api, "Basic?_profile=http://p/q|2.0") == []
