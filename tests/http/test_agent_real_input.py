"""What the agent makes of real input, 139 HL7 v2 messages and Synthea, is what the platform stores:
no mapping that the gate of the store would refuse.
"""

from __future__ import annotations

import json
from typing import Any

from records.agent.fhir.read_fhir_file import read_fhir_file
from records.agent.hl7.origin import Hl7Origin
from records.agent.hl7.read_hl7_file import read_hl7_bytes, read_hl7_file
from records.agent.item import Item, derive_fhir_id
from records.agent.refusal import Refusal
from records.agent.sets.column_set import Site
from records.models import SourcePatient
from tests.factories.fhir import Api, make_citizen_number, make_unique_name
from tests.support.real_data import HL7, SYNTHEA, needs


def store(api: Api, items: list[Item]) -> None:
    """The newest version of each record, in one transaction: all of it, or the reason why not."""
    newest: dict[tuple[str, str], Item] = {}
    for item in items:
        before = newest.get((item.type, item.record))
        if before is None or (item.version or 0) >= (before.version or 0):
            newest[(item.type, item.record)] = item
    entries = [put_entry(item) for item in newest.values()]
    reply = api("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert reply.status == 200, reply.json
    assert len(reply.json["entry"]) == len(entries)


def put_entry(item: Item) -> dict[str, Any]:
    id = derive_fhir_id(item.source, item.record)
    return {
        "resource": json.loads(item.body),
        "request": {"method": "PUT", "url": f"{item.type}/{id}"},
    }


def test_hl7_messages_of_the_world(api: Api) -> None:
    needs(HL7)
    items: list[Item] = []
    refusals: list[Refusal] = []
    silent, taken = [], 0
    files = sorted(HL7.glob("*.hl7"))
    for path in files:
        found, faults = read_hl7_file(path, Site("his", "nanqiao"))
        items += found
        refusals += faults
        taken += bool(found)
        if not found and not any(not r.warning for r in faults):
            silent.append(path.name)
    assert len(files) == 139
    assert not silent, "every message is taken, or refused with a reason"
    assert taken >= 70
    unreadable = {"hl7.header", "hl7.characters", "hl7.no-message", "hl7.line"}
    assert not unreadable & {r.rule.code for r in refusals}
    store(api, items)


def test_synthea_patients(api: Api) -> None:
    needs(SYNTHEA)
    paths = sorted(SYNTHEA.glob("*/*.gz"), key=lambda p: p.stat().st_size)
    shared = [p for p in paths if "nformation" in p.name]
    people = [p for p in paths if "nformation" not in p.name][:2]
    for path in (*shared, *people):
        items, refusals = read_fhir_file(path, Site("ehr", "nanqiao"))
        assert items and not refusals
        store(api, items)


def test_after_a_merge_readers_see_one_person(api: Api) -> None:
    """The old number's records stay under it: the index joins both by the identity number."""
    number = make_citizen_number("19680307")
    name = make_unique_name()

    def message(event: str, control: str, record: str, *more: str) -> bytes:
        head = f"MSH|^~\\&|HIS|A|B|C|20260503082000||ADT^{event}|{control}|P|2.5"
        pid = f"PID|1||{record}^^^A^MR~{more[0]}^^^^NNCHN||{name}||19680307|M"
        return "\r".join((head, pid, *more[1:], "")).encode()

    origin = Hl7Origin("HL7", api.base, "his")
    content = b"".join(
        (
            message("A04", "1", "777", ""),  # without its identity number: nobody knows who it is
            message("A04", "2", "123", number),
            message("A40", "3", "123", number, "MRG|777^^^A^MR"),
        )
    )
    items, refusals = read_hl7_bytes(content, origin)
    assert not refusals
    store(api, items[:2])
    persons = list_persons(api)
    assert len(set(persons.values())) == 2, "the control: two persons before"
    store(api, items[2:])
    persons = list_persons(api)
    assert set(persons) == {"his-777", "his-123"}
    assert len(set(persons.values())) == 1
    old = api("GET", "Patient/his-777").json
    assert (old["active"], old["link"][0]["type"]) == (False, "replaced-by")


def list_persons(api: Api) -> dict[str, int]:
    rows = SourcePatient.objects.filter(hospital__code=api.base)
    return {row.fhir_id: row.person_id for row in rows}
