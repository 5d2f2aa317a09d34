"""What the agent makes of a clinic's exports is stored by the platform, found and read as meant."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from records.agent.reports.templates import example_rows
from records.agent.sets.all_sets import SETS
from records.agent.sets.column_set import Site
from records.mpi.matching.fhir_patient import parse_indexed_patient
from tests.factories.clinic_exports import write_exports
from tests.factories.fhir import Api, make_bundle
from tests.support.agent_tables import Read, save


def list_references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "reference" in node:
            yield node["reference"]
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from list_references(part)


def put_all(api: Api, read: Read) -> dict[str, dict[str, Any]]:
    """In one transaction; "Type/id" -> resource. What refers to a refused row waits for it."""
    made = {f"{i.type}/{json.loads(i.body)['id']}": json.loads(i.body) for i in read.items}
    while waiting := [
        url for url, resource in made.items() if not set(list_references(resource)) <= set(made)
    ]:
        for url in waiting:
            del made[url]
    bundle = make_bundle(*(("PUT", url, resource) for url, resource in made.items()))
    reply = api("POST", "", bundle)
    assert reply.status == 200, reply.body[:2000]
    return made


def test_a_folder_of_exports_is_stored_whole(api: Api, tmp_path: Path) -> None:
    planted = write_exports(tmp_path, patients=25, seed=11)
    read = Read(*planted.files)
    made = put_all(api, read)
    assert {i.type for i in read.items} == {s.type for s in SETS}
    for url in [next(u for u in made if u.startswith(s.type)) for s in SETS]:
        stored = api("GET", url)
        assert stored.status == 200
        assert {k: v for k, v in stored.json.items() if k != "meta"} == made[url]
    patient = next(i for i in read.items if i.type == "Patient")
    found = api("GET", f"Patient?identifier={patient.record}").json
    assert [e["resource"]["id"] for e in found["entry"]] == [f"his-{patient.record}"]


def test_the_templates_examples_are_stored_and_found(api: Api, tmp_path: Path) -> None:
    (tmp_path / "WS000101.pdf").write_bytes(b"%PDF-1.4")
    paths = []
    for column_set in SETS:
        rows = example_rows(column_set)
        lines = [[c.zh for c in column_set.columns]]
        lines += [[row.get(c.name, "") for c in column_set.columns] for row in rows]
        text = "\n".join("\t".join(line) for line in lines)
        paths.append(save(tmp_path, f"{column_set.zh}.csv", text))
    read = Read(*paths, site=Site("his", "nanqiao"))
    assert read.refused == []
    put_all(api, read)
    patient = api("GET", "Patient/his-00012345").json
    indexed = parse_indexed_patient(patient)
    assert [kind for kind, _, _ in indexed.identifiers][:2] == ["record", "resident"]
    assert indexed.features.birth_date == "1968-03-07"
    high = api("GET", "Observation?subject=Patient/his-00012345&code=ALT").json["entry"]
    assert high[0]["resource"]["interpretation"][0]["coding"][0]["code"] == "H"
    assert high[0]["resource"]["referenceRange"][0]["high"]["value"] == 40
    below = api("GET", "Observation?subject=Patient/his-00012345&code=CRP").json["entry"]
    assert below[0]["resource"]["valueQuantity"]["comparator"] == "<"
    illness = api("GET", "Condition?code=http://hl7.org/fhir/sid/icd-10|J06.900").json
    assert len(illness["entry"]) == 1
    report = api("GET", "DiagnosticReport/his-R20260503-17").json
    assert len(report["result"]) == 3
    stay = api("GET", "Encounter?class=IMP&subject=Patient/his-00012346").json["entry"]
    assert stay[0]["resource"]["period"]["end"] == "2026-04-25T09:30:00+08:00"
