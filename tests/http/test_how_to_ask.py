"""Every query of docs/how-to/ask.md is answered as the page says."""

import json
import re
from pathlib import Path
from typing import Any

from tests.factories.fhir import (
    Api,
    make_citizen_number,
    make_observation,
    make_patient,
    make_unique_name,
)

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/ask.md"


IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition/Patient-uv-ips"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
FILLED = {
    "<system>|<code>": "urn:cs|c",
    "<value set>": "urn:vs",
    "<list id>": "1",
    "<system>": "urn:mrn",
    "<number>": "M-1",
    "Observation?…": "Observation?status=final",
    "Encounter?…": "Encounter?status=finished",
}
# how a query of the page begins -> something that it finds, and something of the store that it
# leaves out ("": of what finds all, or answers with something else)
EXPECTED = {
    "Observation?patient=Patient/1&code": ("Observation/1", "Observation/2"),
    "Observation?code=4548-4&value-quantity": ("Observation/1", "Observation/low"),
    "Observation?component-code-value-quantity": ("Observation/pressure", "Observation/1"),
    "Observation?subject=Patient/1,": ("Observation/1", "Observation/2"),
    "Observation?subject=Patient/1": ("Observation/1", "Observation/2"),
    "Observation?encounter=1": ("Observation/1", "Observation/2"),
    "Observation?subject:identifier": ("Observation/1", "Observation/2"),
    "Observation?patient.identifier": ("Observation/1", "Observation/2"),
    "Observation?encounter.service-provider.name": ("Observation/1", "Observation/2"),
    "MedicationRequest?medication.code": ("MedicationRequest/1", "MedicationRequest/2"),
    "Patient?_has:Observation": ("Patient/1", "Patient/3"),
    "Observation?…&_include": ("Organization/1", "Organization/2"),
    "Encounter?…&_revinclude": ("Observation/1", "Observation/low"),
    "Patient?birthdate:missing": ("Patient/3", "Patient/1"),
    "Observation?code:text": ("Observation/1", "Observation/pressure"),
    "Observation?code:below": ("Observation/child", "Observation/1"),
    "Observation?code:in": ("Observation/child", "Observation/1"),
    "?_type=Observation,Condition": ("Condition/1", "Observation/2"),
    "Patient/1/*": ("Condition/1", "Observation/2"),
    "Patient/1/Observation?code": ("Observation/1", "Observation/2"),
    "Observation?_sort": ("Observation/2", ""),
    "Observation?patient=Patient/1&_sort": ("Observation/1", "Observation/2"),
    "Observation?patient=Patient/1&_content": ("Observation/1", "Observation/low"),
    "Condition?patient=Patient/1&_text": ("Condition/1", "Condition/2"),
    "Observation?_list": ("Observation/1", "Observation/2"),
    "Location?near": ("Location/1", "Location/2"),
    "Patient?_id:not": ("Patient/3", "Patient/1"),
    "?_type:not=AuditEvent&_lastUpdated": ("Patient/3", ""),
    "Observation?status:not": ("Observation/2", "Observation/1"),
    "Patient?_profile:below": ("Patient/1", "Patient/3"),
    "Encounter?location:below": ("Encounter/2", "Encounter/elsewhere"),
    "Location?partof:above": ("", ""),
    "Patient/1/$meta": ("", ""),
    "Patient/$meta": ("", ""),
    "Observation/$lastn": ("Observation/1", "Observation/2"),
    "Patient/1/$summary": ("", ""),
    "Patient/1/_history": ("", ""),
    "Patient/1/$everything": ("Observation/1", "Observation/2"),
    "/fhir/alliance/Patient/": ("Observation/1", "Observation/2"),
}


def fill(api: Api, card: str) -> None:
    """For every query something that it finds, and something of the same type that it does not."""

    def put(resource: dict[str, Any], id: str, **more: Any) -> None:
        reply = api("PUT", f"{resource['resourceType']}/{id}", {**resource, "id": id, **more})
        assert reply.status in (200, 201), reply.body

    put(make_patient(resident=card, mrn="M-1"), "1", meta={"profile": [IPS]})
    put(make_patient(), "2")
    put({"resourceType": "Patient", "name": [{"text": make_unique_name()}]}, "3")
    put({"resourceType": "Group", "type": "person", "actual": True}, "2")
    for n, name, north, more in (
        ("1", "心内科", 30.55, {}),
        ("2", "骨科", 10, {"partOf": {"reference": "Location/1"}}),
    ):
        put({"resourceType": "Organization", "name": name}, n)
        put(
            {
                "resourceType": "Location",
                "name": name,
                "position": {"latitude": north, "longitude": 114.41},
            },
            n,
            **more,
        )
        put(
            {
                "resourceType": "Encounter",
                "status": "finished",
                "class": {"code": "AMB"},
                "subject": {"reference": f"Patient/{n}"},
                "serviceProvider": {"reference": f"Organization/{n}"},
                "location": [{"location": {"reference": f"Location/{n}"}}],
            },
            n,
        )
    put(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": "Patient/2"},
        },
        "elsewhere",
    )
    whom = {"reference": "Patient/1", "identifier": {"system": "urn:mrn", "value": "M-1"}}
    put(
        make_observation("Patient/1", value=8.0),
        "1",
        encounter={"reference": "Encounter/1"},
        subject=whom,
        note=[{"text": "骨转移待查"}],
    )
    put(make_observation("Patient/1", value=7.0), "low")
    put(
        make_observation("Patient/2", code="718-7"),
        "2",
        status="preliminary",
        encounter={"reference": "Encounter/2"},
        code={"coding": [{"system": LOINC, "code": "718-7"}]},
    )
    put(
        make_observation("Patient/2"),
        "pressure",
        code={"coding": [{"system": LOINC, "code": "85354-9"}]},
        component=[
            {
                "code": {"coding": [{"system": LOINC, "code": "8480-6"}]},
                "valueQuantity": {"value": 150, "unit": "mm"},
            }
        ],
    )
    put(
        make_observation("Patient/2"),
        "child",
        code={"coding": [{"system": "urn:cs", "code": "child"}]},
    )
    for n, code, words in (("1", "x", "pain in the chest"), ("2", "y", "nothing")):
        put(
            {
                "resourceType": "MedicationRequest",
                "status": "active",
                "intent": "order",
                "subject": {"reference": "Patient/2"},
                "medicationReference": {"reference": "#m"},
                "contained": [
                    {"resourceType": "Medication", "id": "m", "code": {"coding": [{"code": code}]}}
                ],
            },
            n,
        )
        put(
            {
                "resourceType": "Condition",
                "subject": {"reference": "Patient/1"},
                "code": {"text": words},
                "clinicalStatus": ACTIVE,
                "text": {
                    "status": "generated",
                    "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{words}</div>',
                },
            },
            n,
        )
        put(
            {
                "resourceType": "List",
                "status": "current",
                "mode": "working",
                "entry": [{"item": {"reference": f"Observation/{n}"}}],
            },
            n,
        )
    put(
        {
            "resourceType": "CodeSystem",
            "status": "active",
            "content": "complete",
            "url": "urn:cs",
            "hierarchyMeaning": "is-a",
            "concept": [{"code": "c", "concept": [{"code": "child"}]}],
        },
        "1",
    )
    put(
        {
            "resourceType": "ValueSet",
            "status": "active",
            "url": "urn:vs",
            "compose": {"include": [{"system": "urn:cs"}]},
        },
        "1",
    )


ACTIVE = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
    ]
}


def test_the_queries_of_the_page_find_what_they_should_and_nothing_else(api: Api) -> None:
    card = make_citizen_number()
    fill(api, card)
    person = api.raw(
        "GET",
        f"/fhir/alliance/Patient?identifier={card}",
        None,
        {"Authorization": f"Bearer {api.token}"},
    ).json["entry"][0]["resource"]["id"]
    spans = [
        s.replace("\\|", "|")
        for line in PAGE.read_text().splitlines()
        if line.startswith("| ")
        for s in re.findall(r"`([^`]+)`", line)
    ]
    queries = [s for s in spans if re.match(r"[A-Z]\w+[?/]|/fhir/|\?_", s)]
    assert len(queries) >= 20
    wrong, tried = [], set()
    for query in queries:
        key = max((k for k in EXPECTED if query.startswith(k)), key=len, default="")
        assert key, f"say in EXPECTED what this finds, and what it leaves out: {query}"
        tried.add(key)
        asked = query.replace("<person id>", person)
        for blank, value in FILLED.items():
            asked = asked.replace(blank, value)
        reply = api(
            "GET",
            asked.removeprefix("/fhir/alliance/"),
            base="alliance" if asked.startswith("/fhir/alliance/") else "",
        )
        assert reply.status == 200, (query, reply.body)
        found = {
            f"{e['resource']['resourceType']}/{e['resource'].get('id', '')}"
            for e in reply.json.get("entry", [])
            if "resource" in e
        }
        hit, miss = EXPECTED[key]
        wrong += [(asked, "does not find", hit)] if hit and hit not in found else []
        wrong += [(asked, "finds", miss)] if miss and miss in found else []
    assert not wrong, wrong
    assert tried == EXPECTED.keys(), "no longer on the page"
    refused = PAGE.read_text().split("Not served:")[1]
    for name, query in (("_filter", "Patient?_filter=x"), ("_query", "Patient?_query=x")):
        assert name in refused and api("GET", query).status == 400, query


def test_the_example_bundle_sent_twice_is_there_once_and_found_as_the_readme_asks(api: Api) -> None:
    root = PAGE.parents[2]
    for _ in range(2):
        assert api("POST", "", json.loads((PAGE.parent / "bundle.json").read_text())).status == 200
    for readme in ("README.md", "README.zh-CN.md"):
        asked = re.search(r"/fhir/donghu/(Observation\?[^\"]+)\"", (root / readme).read_text())
        assert asked and api("GET", asked[1]).json["total"] == 1, readme
