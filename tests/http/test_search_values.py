"""Values as searches compare them: separators and backslashes, comparators, units, implied
systems.
"""

from urllib.parse import quote

import pytest

from tests.factories.fhir import Api, make_bundle, make_observation, make_patient
from tests.support.asking import ids
from tests.support.search_values import SYSTEM, house

VALUES = ["WARD\\7", "ends\\", "a,b", "p|q", "x$y", "\\,|$", "plain"]


def escaped(text: str) -> str:
    return "".join("\\" + c if c in "\\,|$" else c for c in text)


def test_each_value_is_found_by_its_escaped_form_and_no_other(api: Api) -> None:
    made = {v: api.create(house(v)).split("/")[1] for v in VALUES}
    for value, one in made.items():
        for key, asked in (
            ("identifier", f"{SYSTEM}|{escaped(value)}"),
            ("identifier", escaped(value)),
            ("name", escaped(value)),
            ("name:exact", escaped(value)),
            ("name:contains", escaped(value)),
        ):
            assert ids(api, f"Organization?{key}={quote(asked, safe='')}") == [one], (key, asked)
    pairs = quote(",".join(f"{SYSTEM}|{escaped(v)}" for v in ("ends\\", "plain", "a,b")), safe="")
    assert sorted(ids(api, f"Organization?identifier={pairs}")) == sorted(
        made[v] for v in ("ends\\", "plain", "a,b")
    ), "a comma behind an escaped backslash separates"
    assert (
        ids(api, f"Organization?identifier={quote(f'{SYSTEM}|WARD', safe='')}") == []
        and ids(api, f"Organization?identifier={quote('p|q', safe='')}") == []
    ), "the bar is the value's own"


@pytest.mark.parametrize("value", VALUES)
def test_conditions_find_what_they_wrote(api: Api, value: str) -> None:
    condition = quote(f"identifier={SYSTEM}|{escaped(value)}", safe="=")
    assert [
        api("POST", "Organization", house(value), If_None_Exist=condition).status for _ in range(2)
    ] == [201, 200]
    whose = {**make_patient(), "managingOrganization": {"reference": f"Organization?{condition}"}}
    reply = api("POST", "", make_bundle(("POST", "Patient", whose)))
    assert reply.status == 200, reply.body
    made = reply.json["entry"][0]["response"]["location"].split("/_history")[0]
    assert api("GET", made).json["managingOrganization"]["reference"].startswith("Organization/")


def test_a_code_with_separators_in_composites_and_value_sets(api: Api) -> None:
    about = api.create(make_patient())
    codes = {
        "resourceType": "ValueSet",
        "status": "active",
        "url": "urn:vs",
        "compose": {"include": [{"system": "urn:c", "concept": [{"code": "a|b\\,$"}]}]},
    }
    api.create(codes)
    coded = {"coding": [{"system": "urn:c", "code": "a|b\\,$"}]}
    made = api.create(
        make_observation(about, component=[{"code": coded, "valueQuantity": {"value": 5}}])
        | {"code": coded}
    ).split("/")[1]
    other = api.create(
        make_observation(about) | {"code": {"coding": [{"system": "urn:c", "code": "a"}]}}
    ).split("/")[1]
    both = quote("urn:c|" + escaped("a|b\\,$"), safe="")
    for query in (
        f"code={both}",
        f"component-code-value-quantity={both}%245",
        f"code-value-quantity={both}%247.1",
        "code:in=urn:vs",
        f"code={quote(escaped('a|b,$'), safe='')},{both}",
    ):
        assert ids(api, f"Observation?{query}") == [made], query
    assert other not in ids(api, "Observation?code:in=urn:vs") and ids(
        api, "Observation?code:not-in=urn:vs"
    ) == [other]


# comparator of the stored 5 -> prefix -> which of 4, 5 and 6 find it (R4 search.html#prefix on the
# ranges (-∞, 5), (-∞, 5], (5, ∞), [5, ∞))
TABLE = {
    "<": {
        "eq": "",
        "ne": "4 5 6",
        "gt": "4",
        "ge": "4",
        "lt": "4 5 6",
        "le": "4 5 6",
        "sa": "",
        "eb": "5 6",
        "ap": "4 5",
    },
    "<=": {
        "eq": "",
        "ne": "4 5 6",
        "gt": "4",
        "ge": "4 5",
        "lt": "4 5 6",
        "le": "4 5 6",
        "sa": "",
        "eb": "6",
        "ap": "4 5",
    },
    ">": {
        "eq": "",
        "ne": "4 5 6",
        "gt": "4 5 6",
        "ge": "4 5 6",
        "lt": "6",
        "le": "6",
        "sa": "4 5",
        "eb": "",
        "ap": "5 6",
    },
    ">=": {
        "eq": "",
        "ne": "4 5 6",
        "gt": "4 5 6",
        "ge": "4 5 6",
        "lt": "6",
        "le": "5 6",
        "sa": "4",
        "eb": "",
        "ap": "5 6",
    },
    "": {
        "eq": "5",
        "ne": "4 6",
        "gt": "4",
        "ge": "4 5",
        "lt": "6",
        "le": "5 6",
        "sa": "4",
        "eb": "6",
        "ap": "5",
    },
}


def test_a_comparator_leaves_its_range_open(api: Api) -> None:
    about = api.create(make_patient())
    unit = {"unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    for i, comparator in enumerate(TABLE):
        api(
            "PUT",
            f"Observation/q{i}",
            make_observation(about)
            | {
                "id": f"q{i}",
                "valueQuantity": {
                    "value": 5,
                    **({"comparator": comparator} if comparator else {}),
                    **unit,
                },
            },
        )
    for asked in ("{}", "{}|http://unitsofmeasure.org|mg", "0.00{}|http://unitsofmeasure.org|g"):
        found: dict[str, dict[str, list[str]]] = {c: {p: [] for p in TABLE[c]} for c in TABLE}
        for prefix in TABLE[""]:
            for number in "456":
                for one in ids(
                    api,
                    f"Observation?patient={about}&value-quantity={prefix}{asked.format(number)}",
                ):
                    found[list(TABLE)[int(one[1:])]][prefix].append(number)
        assert {c: {p: " ".join(n) for p, n in row.items()} for c, row in found.items()} == TABLE, (
            asked
        )


def test_units_that_are_not_said(api: Api) -> None:
    about = api.create(make_patient())
    made = api.create(make_observation(about, value=5)).split("/")[1]
    assert all(
        ids(api, f"Observation?patient={about}&value-quantity={asked}") == [made]
        for asked in ("gt3", "gt3|", "gt3||", "5||%")
    )
    for asked in ("5|%", "5|http://unitsofmeasure.org", "5|http://unitsofmeasure.org|", "5|a|b|c"):
        reply = api("GET", f"Observation?value-quantity={asked}")
        assert reply.status == 400 and "number|system|code" in reply.says, asked


def test_a_code_may_be_asked_for_with_the_system_that_it_implies(api: Api) -> None:
    made = api.create({**make_patient(), "active": True}).split("/")[1]
    for query in (
        "gender=http://hl7.org/fhir/administrative-gender|male",
        "gender=|male",
        "gender=male",
        "active=http://hl7.org/fhir/special-values|true",
    ):
        assert made in ids(api, f"Patient?_id={made}&{query}"), query
    assert (
        ids(api, f"Patient?_id={made}&gender:not=http://hl7.org/fhir/administrative-gender|male")
        == []
    )
    assert made in ids(api, f"Patient?_id={made}&gender=http://snomed.info/sct|male,male"), (
        "of several alternatives only the others count"
    )
    for url, include in (
        ("urn:both", [("http://hl7.org/fhir/administrative-gender", "male"), ("urn:x", "female")]),
        ("urn:foreign", [("urn:x", "male")]),
    ):
        api.create(
            {
                "resourceType": "ValueSet",
                "status": "active",
                "url": url,
                "compose": {
                    "include": [{"system": s, "concept": [{"code": c}]} for s, c in include]
                },
            }
        )
    asked = (
        "gender:in=urn:both",
        "gender:not-in=urn:both",
        "gender:in=urn:foreign",
        "gender:not-in=urn:foreign",
    )
    assert [ids(api, f"Patient?_id={made}&{query}") for query in asked] == [[made], [], [], [made]]
    reply = api("GET", "Patient?gender=http://snomed.info/sct|male")
    assert reply.status == 400 and "http://hl7.org/fhir/administrative-gender|code" in reply.says
    seen = api.create(make_observation(f"Patient/{made}")).split("/")[1]
    final = "status=http://hl7.org/fhir/observation-status|final"
    assert ids(api, f"?_type=Observation,DiagnosticReport&{final}") == [seen], (
        "the type that it never fits has no hits"
    )
    assert api("GET", f"DiagnosticReport?{final}").status == 400
