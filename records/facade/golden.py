"""The golden record: one Patient for a person, made of the source patients that the viewer may see (HAPI MDM, JeMPI words)."""

from typing import Any
from uuid import UUID

from records.fhir.json import dump, parse
from records.store.rows import Row

SINGLE = ("gender", "birthDate", "deceasedBoolean", "deceasedDateTime", "maritalStatus", "multipleBirthInteger", "multipleBirthBoolean")
LISTS = ("identifier", "name", "telecom", "address")


def record(person: UUID, rows: list[Row], root: str) -> bytes:
    """Survivorship: single values from the newest source that has one, lists united; every source is linked (seealso)."""
    ordered = sorted(rows, key=lambda r: r.last_updated, reverse=True)
    bodies = [parse(r.body) for r in ordered]
    out: dict[str, Any] = {"resourceType": "Patient", "id": str(person), "meta": {"lastUpdated": bodies[0]["meta"]["lastUpdated"]}, "active": True}
    for name in LISTS:
        united: list[Any] = []
        for body in bodies:
            united += [v for v in body.get(name, []) if v not in united]
        if united:
            out[name] = united
    for name in SINGLE:
        value = next((b[name] for b in bodies if name in b), None)
        if value is not None:
            out[name] = value
    out["link"] = [{"other": {"reference": f"{root}/{r.hospital}/Patient/{r.fhir_id}"}, "type": "seealso"} for r in ordered]
    return dump(out)
