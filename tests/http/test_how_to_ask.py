"""Every query of docs/how-to/ask.md is answered as the page says."""

import json
import re
from pathlib import Path

from tests.factories.fhir import Api, number, observation, patient

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/ask.md"


def test_the_queries_of_the_page(api: Api) -> None:
    card = number()
    api("PUT", "Patient/1", patient(resident=card) | {"id": "1"})
    api.create(observation("Patient/1"))
    person = api.raw("GET", f"/fhir/alliance/Patient?identifier={card}", None, {"Authorization": f"Bearer {api.token}"}).json["entry"][0]["resource"]["id"]
    spans = [s.replace("\\|", "|") for line in PAGE.read_text().splitlines() if line.startswith("| ") for s in re.findall(r"`([^`]+)`", line)]
    queries = [s for s in spans if re.match(r"[A-Z]\w+[?/]|/fhir/|\?_", s)]
    assert len(queries) >= 20
    api.create({"resourceType": "CodeSystem", "status": "active", "content": "complete", "url": "urn:cs", "concept": [{"code": "c"}]})
    api.create({"resourceType": "ValueSet", "status": "active", "url": "urn:vs", "compose": {"include": [{"system": "urn:cs"}]}})
    filled = {"code:below=<system>|<code>": "code:below=urn:cs|c", "<value set>": "urn:vs", "<list id>": "x", "<system>": "urn:mrn", "<number>": "x", "<person id>": person, "?…": "?status=final"}
    for query in queries:
        asked = query
        for blank, value in filled.items():
            asked = asked.replace(blank, value)
        base = "alliance" if asked.startswith("/fhir/alliance/") else ""
        reply = api("GET", asked.removeprefix("/fhir/alliance/").replace("Encounter?status=final", "Encounter?status=finished"), base=base)
        assert reply.status == 200, (query, reply.body)
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
