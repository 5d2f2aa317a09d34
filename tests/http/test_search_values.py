"""Values as searches compare them: separators and backslashes, comparators, units, implied systems, long texts."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.factories.fhir import Api, bundle, observation, patient
from tests.http.test_search_times import ids

SYSTEM = "urn:esc"
VALUES = ["WARD\\7", "ends\\", "a,b", "p|q", "x$y", "\\,|$", "plain"]


def escaped(text: str) -> str:
    return "".join("\\" + c if c in "\\,|$" else c for c in text)


def house(value: str) -> dict[str, Any]:
    return {"resourceType": "Organization", "name": value, "identifier": [{"system": SYSTEM, "value": value}]}


def test_each_value_is_found_by_its_escaped_form_and_no_other(api: Api) -> None:
    made = {v: api.create(house(v)).split("/")[1] for v in VALUES}
    for value, one in made.items():
        for key, asked in (("identifier", f"{SYSTEM}|{escaped(value)}"), ("identifier", escaped(value)), ("name", escaped(value)), ("name:exact", escaped(value)), ("name:contains", escaped(value))):
            assert ids(api, f"Organization?{key}={quote(asked, safe='')}") == [one], (key, asked)
    pairs = quote(",".join(f"{SYSTEM}|{escaped(v)}" for v in ("ends\\", "plain", "a,b")), safe="")
    assert sorted(ids(api, f"Organization?identifier={pairs}")) == sorted(made[v] for v in ("ends\\", "plain", "a,b")), "a comma behind an escaped backslash separates"
    assert ids(api, f"Organization?identifier={quote(f'{SYSTEM}|WARD', safe='')}") == [] and ids(api, f"Organization?identifier={quote('p|q', safe='')}") == [], "the bar is the value's own"


@pytest.mark.parametrize("value", VALUES)
def test_conditions_find_what_they_wrote(api: Api, value: str) -> None:
    condition = quote(f"identifier={SYSTEM}|{escaped(value)}", safe="=")
    assert [api("POST", "Organization", house(value), If_None_Exist=condition).status for _ in range(2)] == [201, 200]
    whose = {**patient(), "managingOrganization": {"reference": f"Organization?{condition}"}}
    reply = api("POST", "", bundle(("POST", "Patient", whose)))
    assert reply.status == 200, reply.body
    made = reply.json["entry"][0]["response"]["location"].split("/_history")[0]
    assert api("GET", made).json["managingOrganization"]["reference"].startswith("Organization/")


def test_a_code_with_separators_in_composites_and_value_sets(api: Api) -> None:
    about = api.create(patient())
    codes = {"resourceType": "ValueSet", "status": "active", "url": "urn:vs", "compose": {"include": [{"system": "urn:c", "concept": [{"code": "a|b\\,$"}]}]}}
    api.create(codes)
    coded = {"coding": [{"system": "urn:c", "code": "a|b\\,$"}]}
    made = api.create(observation(about, component=[{"code": coded, "valueQuantity": {"value": 5}}]) | {"code": coded}).split("/")[1]
    other = api.create(observation(about) | {"code": {"coding": [{"system": "urn:c", "code": "a"}]}}).split("/")[1]
    both = quote("urn:c|" + escaped("a|b\\,$"), safe="")
    for query in (f"code={both}", f"component-code-value-quantity={both}%245", f"code-value-quantity={both}%247.1", "code:in=urn:vs", f"code={quote(escaped('a|b,$'), safe='')},{both}"):
        assert ids(api, f"Observation?{query}") == [made], query
    assert other not in ids(api, "Observation?code:in=urn:vs") and ids(api, "Observation?code:not-in=urn:vs") == [other]


# comparator of the stored 5 -> prefix -> which of 4, 5 and 6 find it (R4 search.html#prefix on the ranges (-∞, 5), (-∞, 5], (5, ∞), [5, ∞))
TABLE = {
    "<": {"eq": "", "ne": "4 5 6", "gt": "4", "ge": "4", "lt": "4 5 6", "le": "4 5 6", "sa": "", "eb": "5 6", "ap": "4 5"},
    "<=": {"eq": "", "ne": "4 5 6", "gt": "4", "ge": "4 5", "lt": "4 5 6", "le": "4 5 6", "sa": "", "eb": "6", "ap": "4 5"},
    ">": {"eq": "", "ne": "4 5 6", "gt": "4 5 6", "ge": "4 5 6", "lt": "6", "le": "6", "sa": "4 5", "eb": "", "ap": "5 6"},
    ">=": {"eq": "", "ne": "4 5 6", "gt": "4 5 6", "ge": "4 5 6", "lt": "6", "le": "5 6", "sa": "4", "eb": "", "ap": "5 6"},
    "": {"eq": "5", "ne": "4 6", "gt": "4", "ge": "4 5", "lt": "6", "le": "5 6", "sa": "4", "eb": "6", "ap": "5"},
}


def test_a_comparator_leaves_its_range_open(api: Api) -> None:
    about = api.create(patient())
    unit = {"unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    for i, comparator in enumerate(TABLE):
        api("PUT", f"Observation/q{i}", observation(about) | {"id": f"q{i}", "valueQuantity": {"value": 5, **({"comparator": comparator} if comparator else {}), **unit}})
    for asked in ("{}", "{}|http://unitsofmeasure.org|mg", "0.00{}|http://unitsofmeasure.org|g"):
        found: dict[str, dict[str, list[str]]] = {c: {p: [] for p in TABLE[c]} for c in TABLE}
        for prefix in TABLE[""]:
            for number in "456":
                for one in ids(api, f"Observation?patient={about}&value-quantity={prefix}{asked.format(number)}"):
                    found[list(TABLE)[int(one[1:])]][prefix].append(number)
        assert {c: {p: " ".join(n) for p, n in row.items()} for c, row in found.items()} == TABLE, asked


def test_units_that_are_not_said(api: Api) -> None:
    about = api.create(patient())
    made = api.create(observation(about, value=5)).split("/")[1]
    assert all(ids(api, f"Observation?patient={about}&value-quantity={asked}") == [made] for asked in ("gt3", "gt3|", "gt3||", "5||%"))
    for asked in ("5|%", "5|http://unitsofmeasure.org", "5|http://unitsofmeasure.org|", "5|a|b|c"):
        reply = api("GET", f"Observation?value-quantity={asked}")
        assert reply.status == 400 and "number|system|code" in reply.says, asked


def test_a_code_may_be_asked_for_with_the_system_that_it_implies(api: Api) -> None:
    made = api.create({**patient(), "active": True}).split("/")[1]
    for query in ("gender=http://hl7.org/fhir/administrative-gender|male", "gender=|male", "gender=male", "active=http://hl7.org/fhir/special-values|true"):
        assert made in ids(api, f"Patient?_id={made}&{query}"), query
    assert ids(api, f"Patient?_id={made}&gender:not=http://hl7.org/fhir/administrative-gender|male") == []
    assert made in ids(api, f"Patient?_id={made}&gender=http://snomed.info/sct|male,male"), "of several alternatives only the others count"
    for url, include in (("urn:both", [("http://hl7.org/fhir/administrative-gender", "male"), ("urn:x", "female")]), ("urn:foreign", [("urn:x", "male")])):
        api.create({"resourceType": "ValueSet", "status": "active", "url": url, "compose": {"include": [{"system": s, "concept": [{"code": c}]} for s, c in include]}})
    asked = ("gender:in=urn:both", "gender:not-in=urn:both", "gender:in=urn:foreign", "gender:not-in=urn:foreign")
    assert [ids(api, f"Patient?_id={made}&{query}") for query in asked] == [[made], [], [], [made]]
    reply = api("GET", "Patient?gender=http://snomed.info/sct|male")
    assert reply.status == 400 and "http://hl7.org/fhir/administrative-gender|code" in reply.says
    seen = api.create(observation(f"Patient/{made}")).split("/")[1]
    final = "status=http://hl7.org/fhir/observation-status|final"
    assert ids(api, f"?_type=Observation,DiagnosticReport&{final}") == [seen], "the type that it never fits has no hits"
    assert api("GET", f"DiagnosticReport?{final}").status == 400


def test_long_texts_are_found_to_their_end(api: Api) -> None:
    text = "".join(f"{i:04d}" for i in range(450))
    made = api.create({"resourceType": "Organization", "name": text}).split("/")[1]
    for start in (0, 240, 490, 760, 1249, 1550):
        assert ids(api, f"Organization?name:contains={quote(text[start : start + 250])}") == [made], start
    assert ids(api, f"Organization?name={quote(text[:500])}") == [made] == ids(api, f"Organization?name:exact={quote(text)}")
    assert ids(api, f"Organization?name={quote(text[600:700])}") == [] == ids(api, f"Organization?name:contains={text[100:200] + 'x'}"), "the controls"
    for query in (f"name={quote(text[:501])}", f"name:contains={quote(text[:251])}", f"type:text={quote(text[:201])}"):
        assert api("GET", f"Organization?{query}").status == 400 and "characters" in api("GET", f"Organization?{query}").says, query
    assert "16 steps" in api("GET", "ValueSet?url:below=http://x/" + "a/" * 17).says


def test_who_has_died(api: Api) -> None:
    absent = {"extension": [{"url": "urn:x", "valueString": "x"}]}
    for name, more in (("alive", {}), ("no", {"deceasedBoolean": False}), ("yes", {"deceasedBoolean": True}), ("then", {"deceasedDateTime": "2024-05"}),
                       ("some-day", {"_deceasedDateTime": absent}), ("unknown", {"_deceasedBoolean": absent})):
        assert api("PUT", f"Patient/{name}", {**patient(), "id": name, **more}).status == 201
    assert sorted(ids(api, "Patient?deceased=true")) == ["some-day", "then", "yes"] and sorted(ids(api, "Patient?deceased=false")) == ["alive", "no"]
    assert ids(api, "Patient?deceased:missing=true") == ["unknown"]


def test_parameters_of_extensions_and_of_plain_expressions(api: Api) -> None:
    about = api.create(patient())
    plan = api.create({"resourceType": "InsurancePlan", "name": "安心", "alias": ["无忧"]}).split("/")[1]
    assert ids(api, f"InsurancePlan?name={quote('安')}") == [plan] == ids(api, f"InsurancePlan?name={quote('无忧')}")
    gene = {"url": "http://hl7.org/fhir/StructureDefinition/observation-geneticsGene", "valueCodeableConcept": {"coding": [{"system": "http://www.genenames.org", "code": "HGNC:1100"}]}}
    seen = api.create(observation(about, extension=[gene, {"url": "urn:x", "valueCodeableConcept": {"coding": [{"code": "other"}]}}])).split("/")[1]
    assert ids(api, "Observation?gene-identifier=http://www.genenames.org|HGNC:1100") == [seen] and ids(api, "Observation?gene-identifier=other") == []
    item = {"linkId": "1", "answer": [{"valueReference": {"reference": about}}]}
    marked = {**item, "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-isSubject", "valueBoolean": True}]}
    answered = [api.create({"resourceType": "QuestionnaireResponse", "status": "completed", "item": [i]}).split("/")[1] for i in (marked, item)]
    assert ids(api, f"QuestionnaireResponse?item-subject={about}") == answered[:1]


def test_a_condition_is_of_a_patient(api: Api) -> None:
    about = api.create({**patient(), "name": [{"family": "欧阳"}]})
    made = api.create({"resourceType": "Condition", "code": {"text": "x"}, "subject": {"reference": about}}).split("/")[1]
    one = about.split("/")[1]
    for query in (f"subject._id={one}", "subject.gender=male", f"subject:Patient.family={quote('欧阳')}", f"patient={one}"):
        assert ids(api, f"Condition?{query}") == [made], query
    assert ids(api, f"Patient?_has:Condition:subject:_id={made}") == [one]
    assert ids(api, "?_has:Observation:patient:code=none") == [] and ids(api, f"?_has:Condition:subject:_id={made}") == [one], "types that nothing refers to so have no hits"


def test_without_these(api: Api) -> None:
    one, two = (api.create(patient()).split("/")[1] for _ in range(2))
    house_id = api.create(house("x")).split("/")[1]
    assert ids(api, f"Patient?_id:not={one}") == [two] and sorted(ids(api, "?_type:not=Organization")) == sorted([one, two])
    assert ids(api, "?_type=Patient,Organization&_type:not=Patient") == [house_id]
    assert api("GET", "?_type:not=Nonsense").status == api("GET", "?_type=Patient&_type:not=Patient").status == 400


def test_profiles_below_an_address(api: Api) -> None:
    at = "http://hl7.org/fhir/uv/ips/StructureDefinition"
    one, two = (api.create({**patient(), "meta": {"profile": [p]}}).split("/")[1] for p in (f"{at}/Patient-uv-ips|1.1", "http://hl7.org/fhir/uv/ips2/x"))
    for below in (at, f"{at}/", "http://hl7.org/fhir/uv/ips", f"{at}/Patient-uv-ips"):
        assert ids(api, f"Patient?_profile:below={below}") == [one], below
    assert sorted(ids(api, "Patient?_profile:below=http://hl7.org/fhir")) == sorted([one, two]) and ids(api, "Patient?_profile:below=http://hl7") == []
    assert api("GET", "Patient?_source:below=http://hl7.org").status == 400


def test_how_far_a_place_is(api: Api) -> None:
    here = api.create({"resourceType": "Location", "name": "x", "position": {"latitude": 30.5928, "longitude": 114.3055}}).split("/")[1]
    absent = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
    api.create({"resourceType": "Location", "name": "y", "position": {"_latitude": absent, "_longitude": absent}})
    for query in ("near=30.5928|114.4055|20|km", "near=30.5928|114.4055|20|km&_sort=near"):
        [entry] = api("GET", f"Location?{query}").json["entry"]
        [told] = entry["search"]["extension"]
        assert entry["resource"]["id"] == here and told["url"].endswith("location-distance") and 9 < told["valueDistance"]["value"] < 10
    assert "extension" not in api("GET", f"Location?_id={here}").json["entry"][0]["search"]
    assert len(ids(api, "Location?_sort=near&near=30.5928|114.4055|40000|km")) == 1


@pytest.mark.parametrize("number", ["0.30000000000000004", "9007199254740993", "123456789012345678901234567890.123456789", "1e308", "0", "-5.40"])
def test_a_number_is_found_by_itself_however_exact_it_is(api: Api, number: str) -> None:
    about = api.create(patient())
    whole = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": about},
             "valueQuantity": {"value": 7, "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"}}
    assert api("POST", "Observation", json.dumps(whole).replace('"value": 7', f'"value": {number}').encode()).status == 201
    for asked, found in ((number, 1), (f"{number}|http://unitsofmeasure.org|g", 1), (f"ne{number}", 0), (f"ge{number}", 1), (f"gt{number}", 0), (f"ap{number}", 1)):
        assert api("GET", f"Observation?patient={about}&value-quantity={asked}").json["total"] == found, asked
