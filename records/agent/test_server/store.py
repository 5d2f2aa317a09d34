"""Store, delete and recall resources of one hospital, with what they refer to and whom they are
about; each change is a change of the feed.
"""

from __future__ import annotations

import uuid
from typing import Any

from ..mapping.exact_json import decode_exactly, encode_exactly
from .batch_lines import SentItem, read_json
from .check_item import list_references
from .fhir_types import HAS_ERROR, VERIFIED
from .item_rules import Fault
from .site import Site

ERROR = "entered-in-error"
MISSING = """
SELECT 1 FROM resources WHERE hospital = ? AND type = ? AND id = ? AND NOT deleted
"""
REFERRERS = """
SELECT count(*) FROM refs WHERE hospital = ? AND target = ? AND NOT (type = ? AND id = ?)
"""


def is_there(site: Site, hospital: str, target: str) -> bool:
    type, _, id = target.partition("/")
    return site.database.row(MISSING, hospital, type, id) is not None


def find_missing(site: Site, hospital: str, item: SentItem) -> list[tuple[str, str, str]]:
    """What it refers to and is not there. A reference that stood in it before may stay, but to a
    Patient.
    """
    before = {
        row["target"]
        for row in site.database.rows(
            "SELECT target FROM refs WHERE hospital = ? AND type = ? AND id = ?",
            hospital,
            item.type,
            item.fhir_id,
        )
    }
    own = f"{item.type}/{item.fhir_id}"
    return [
        (target, path, said)
        for target, path, said in list_references(read_json(item.body), item.type)
        if target != own
        and (target not in before or target.startswith("Patient/"))
        and not is_there(site, hospital, target)
    ]


def store_item(site: Site, hospital: str, item: SentItem) -> None:
    resource = {**read_json(item.body), "id": item.fhir_id}
    write_resource(site, hospital, item.type, item.fhir_id, resource)


def recall_item(site: Site, hospital: str, item: SentItem) -> Fault | None:
    """Mark it as entered in error, or delete it where its type cannot say that."""
    if item.type not in HAS_ERROR:
        return delete_item(site, hospital, item)
    row = read_resource(site, hospital, item.type, item.fhir_id)
    if row is not None and not row["deleted"]:
        resource = mark_as_error(decode_exactly(row["body"]))
        write_resource(site, hospital, item.type, item.fhir_id, resource)
    return None


def mark_as_error(resource: dict[str, Any]) -> dict[str, Any]:
    system = VERIFIED.get(resource["resourceType"])
    if system is None:
        return {**{k: v for k, v in resource.items() if k != "_status"}, "status": ERROR}
    kept = {k: v for k, v in resource.items() if k not in ("clinicalStatus", "_clinicalStatus")}
    return {**kept, "verificationStatus": {"coding": [{"system": system, "code": ERROR}]}}


def delete_item(site: Site, hospital: str, item: SentItem) -> Fault | None:
    """What is not there needs none; what others refer to stays."""
    target = f"{item.type}/{item.fhir_id}"
    if not is_there(site, hospital, target):
        return None
    count = site.database.row(REFERRERS, hospital, target, item.type, item.fhir_id)[0]
    if count:
        return Fault("reference.referred", target, "", {"count": str(count), "target": target})
    write_resource(site, hospital, item.type, item.fhir_id, None)
    return None


def read_resource(site: Site, hospital: str, type: str, id: str) -> Any:
    return site.database.row(
        "SELECT * FROM resources WHERE hospital = ? AND type = ? AND id = ?", hospital, type, id
    )


def write_resource(
    site: Site, hospital: str, type: str, id: str, resource: dict[str, Any] | None
) -> None:
    """None: it is deleted."""
    before = read_resource(site, hospital, type, id)
    version = 1 + (before["version"] if before else 0)
    references = list(list_references(resource, type)) if resource else []
    person = before["person"] if before and not resource else None
    if resource and type == "Patient":
        person = find_person(site, hospital, id, resource)
    for target, _, _ in references:
        if target.startswith("Patient/") and person is None:
            row = read_resource(site, hospital, "Patient", target.partition("/")[2])
            person = row["person"] if row else None
    site.database.write(
        "INSERT OR REPLACE INTO resources VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        hospital,
        type,
        id,
        version,
        int(resource is None),
        encode_exactly(resource) if resource else b"",
        site.now(),
        person,
    )
    site.database.write(
        "DELETE FROM refs WHERE hospital = ? AND type = ? AND id = ?", hospital, type, id
    )
    for target, _, _ in references:
        site.database.write(
            "INSERT OR IGNORE INTO refs VALUES (?, ?, ?, ?)", hospital, type, id, target
        )
    note_change(site, "record", hospital, type, id, person)


def note_change(
    site: Site, kind: str, hospital: str, type: str, id: str, person: str | None
) -> None:
    """A record that changed several times comes once, as it is now."""
    if kind == "record":
        site.database.write(
            "DELETE FROM changes WHERE kind = 'record' AND hospital = ? AND type = ? AND id = ?",
            hospital,
            type,
            id,
        )
    site.database.write(
        "INSERT INTO changes (kind, hospital, type, id, person, at) VALUES (?, ?, ?, ?, ?, ?)",
        kind,
        hospital,
        type,
        id,
        person,
        site.now(),
    )


def find_person(site: Site, hospital: str, id: str, patient: dict[str, Any]) -> str:
    """Who has one identifier with others is the same person as they; the feed tells that once."""
    listed = [i for i in patient.get("identifier") or [] if isinstance(i, dict)]
    said = [f"{i['system']}|{i['value']}" for i in listed if i.get("system") and i.get("value")]
    before = read_resource(site, hospital, "Patient", id)
    person = before["person"] if before else None
    for identifier in said:
        row = site.database.row("SELECT person FROM identifiers WHERE identifier = ?", identifier)
        if row is not None and row["person"] != person:
            person = str(row["person"])
            note_change(site, "link", hospital, "Patient", id, person)
            break
    person = person or str(uuid.uuid4())
    for identifier in said:
        site.database.write("INSERT OR IGNORE INTO identifiers VALUES (?, ?)", identifier, person)
    return person
