"""A hospital's own HealthcareService, Schedule and Slot, when its store takes them, are its part of
the alliance's directory (docs/adr/0091): a department, a clinic, a time with places. A Schedule
that is of no HealthcareService, and a Slot of such a Schedule, stay in the store alone.
"""

from collections.abc import Sequence
from typing import Any

from alliance.directory import system_writes
from alliance.directory.department_codes import DEPARTMENTS
from alliance.directory.system_writes import BadSlot, SaidSlot, SlotFault, SlotStatus
from alliance.platform.dates import parse_date_range
from records.fhir.issues import Issue, Unprocessable
from records.ingest.incoming_resource import IncomingResource
from records.meaning.directory_terms import (
    DEPARTMENT_SYSTEM,
    OFFER_SYSTEM,
    PRIORITY_SYSTEM,
    SLOT_PLACES,
    TRANSLATION,
    URGENCY_BY_PRIORITY,
)

Json = dict[str, Any]
DIRECTORY_ROW_TYPES = ("HealthcareService", "Schedule", "Slot")
OFF = frozenset({"busy-unavailable", "entered-in-error"})
MOST_PLACES = 10_000
FAULTS = {
    SlotFault.ENDS_FIRST: ("end", "The end of a Slot of the directory lies after its start."),
    SlotFault.TOO_FEW: (
        "extension",
        "More places are taken by arrangements than these: send busy for no more places, or"
        " busy-unavailable to call it off, which names the patients to whoever arranges.",
    ),
    SlotFault.MOVED: (
        "start",
        "Patients are expected at this Slot at another time: send it as busy-unavailable, and the"
        " new time as a Slot of its own.",
    ),
}


def record_directory(hospital_id: int, items: Sequence[IncomingResource]) -> None:
    """Departments first, then clinics, then their times. Raises Unprocessable naming the place."""
    by_type: dict[str, list[IncomingResource]] = {name: [] for name in DIRECTORY_ROW_TYPES}
    for item in items:
        if (found := by_type.get(item.resource["resourceType"])) is not None:
            found.append(item)
    for item in by_type["HealthcareService"]:
        record_department(hospital_id, item)
    for item in by_type["Schedule"]:
        record_clinic(hospital_id, item)
    if said := [s for item in by_type["Slot"] if (s := read_slot(item))]:
        try:
            system_writes.write_slots(hospital_id, said)
        except BadSlot as error:
            element, says = FAULTS[error.fault]
            problem = Unprocessable(Issue("business-rule", says, f"Slot.{element}"))
            raise (
                problem.with_resource_path(error.said.place) if error.said.place else problem
            ) from error


def record_department(hospital_id: int, item: IncomingResource) -> None:
    resource = item.resource
    if not resource.get("name"):
        return
    values: Json = {
        "name_zh": resource["name"][:100],
        "name_en": read_translation(resource)[:100],
        "standard": next(
            (c for c in find_codes(resource, "specialty", DEPARTMENT_SYSTEM) if c in DEPARTMENTS),
            "",
        ),
        "takes": str(resource.get("comment", ""))[:500],
        "phone": next(
            (
                str(t.get("value", ""))[:40]
                for t in resource.get("telecom") or []
                if t.get("system") == "phone"
            ),
            "",
        ),
    }
    offers = find_codes(resource, "category", OFFER_SYSTEM)
    if offers:
        values |= {
            "for_referral": "referral" in offers,
            "for_consultation": "consultation" in offers,
        }
    priorities = find_codes(resource, "characteristic", PRIORITY_SYSTEM)
    if urgency := next((u for p, u in URGENCY_BY_PRIORITY.items() if p in priorities), ""):
        values["most_urgent"] = urgency
    system_writes.write_department(
        hospital_id, item.fhir_id, values, active=resource.get("active") is not False
    )


def record_clinic(hospital_id: int, item: IncomingResource) -> None:
    resource = item.resource
    actors = resource.get("actor") or []
    department = next((i for a in actors if (i := read_id(a, "HealthcareService"))), "")
    if not department:
        return
    doctor = next(
        (
            str(a.get("display", ""))
            for a in actors
            if str(a.get("reference") or a.get("type") or "").startswith("Practitioner")
        ),
        "",
    )
    name = next((t for t in read_texts(resource, "serviceType")), "") or doctor or item.fhir_id
    system_writes.write_clinic(
        hospital_id,
        item.fhir_id,
        department,
        {
            "kind": "beds"
            if "beds" in find_codes(resource, "serviceCategory", OFFER_SYSTEM)
            else "clinic",
            "name": name[:100],
            "doctor": doctor[:60],
            "takes": " ".join(read_texts(resource, "specialty"))[:500],
            "hours": str(resource.get("comment", ""))[:200],
        },
        active=resource.get("active") is not False,
    )


def read_slot(item: IncomingResource) -> SaidSlot | None:
    """None for one of a Schedule that is not of this store."""
    resource = item.resource
    clinic = read_id(resource.get("schedule") or {}, "Schedule")
    if not clinic:
        return None
    status = resource.get("status")
    places = next(
        (
            int(e.get("valueInteger") or 0)
            for e in resource.get("extension") or []
            if e.get("url") == SLOT_PLACES
        ),
        1,
    )
    return SaidSlot(
        item.fhir_id,
        clinic,
        parse_date_range(resource["start"])[0],
        parse_date_range(resource["end"])[0],
        min(max(places, 0), MOST_PLACES),
        SlotStatus.OFF
        if status in OFF
        else SlotStatus.FREE
        if status == "free"
        else SlotStatus.FULL,
        str(resource.get("comment", "")),
        item.place,
    )


def remove_from_directory(hospital_id: int, deleted: Sequence[tuple[str, str]]) -> None:
    """(type, id) of what was deleted in the store: it is offered no more."""
    of_type = {name: [i for t, i in deleted if t == name] for name in DIRECTORY_ROW_TYPES}
    system_writes.end_departments(hospital_id, of_type["HealthcareService"])
    system_writes.end_clinics(hospital_id, of_type["Schedule"])
    system_writes.stop_slots(hospital_id, of_type["Slot"])


def read_id(reference: Json, type_name: str) -> str:
    """The id of a literal reference within the store, "" for any other."""
    kind, _, rest = str(reference.get("reference") or "").partition("/")
    return rest.partition("/")[0] if kind == type_name else ""


def find_codes(resource: Json, element: str, system: str) -> list[str]:
    return [
        str(c.get("code"))
        for concept in resource.get(element) or []
        for c in concept.get("coding") or []
        if c.get("system") == system
    ]


def read_texts(resource: Json, element: str) -> list[str]:
    return [str(c["text"]) for c in resource.get(element) or [] if c.get("text")]


def read_translation(resource: Json) -> str:
    """The English name (http://hl7.org/fhir/StructureDefinition/translation)."""
    for extension in (resource.get("_name") or {}).get("extension") or []:
        if extension.get("url") == TRANSLATION:
            parts = {e.get("url"): e for e in extension.get("extension") or []}
            if str(parts.get("lang", {}).get("valueCode", "")).startswith("en"):
                content = parts.get("content", {})
                return str(content.get("valueString") or content.get("valueMarkdown") or "")
    return ""
