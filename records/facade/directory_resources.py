"""Departments, clinics and times of the alliance's directory as HealthcareService, Schedule and
Slot, and an arrangement with a place as Appointment, for the shared base. Pure but for the rows.
"""

from typing import Any

from alliance.directory.department_codes import DEPARTMENTS
from alliance.models import Hospital, OfferedClinic, OfferedDepartment, OfferedSlot, PlaceTaken
from consent.provision import HOSPITAL_SYSTEM
from records.meaning.directory_terms import (
    DEPARTMENT_SYSTEM,
    OFFER_SYSTEM,
    PRIORITY_BY_URGENCY,
    PRIORITY_SYSTEM,
    SLOT_PLACES,
    SLOT_TAKEN,
    TRANSLATION,
    WORK_SYSTEM,
)

Json = dict[str, Any]
DECLARED = {
    "HealthcareService": (
        ("_id", "token"),
        ("organization", "reference"),
        ("name", "string"),
        ("service-category", "token"),
        ("specialty", "token"),
        ("active", "token"),
    ),
    "Schedule": (("_id", "token"), ("actor", "reference"), ("active", "token")),
    "Slot": (("_id", "token"), ("schedule", "reference"), ("start", "date"), ("status", "token")),
}  # as the CapabilityStatement names them
APPOINTMENT_STATUS = {
    "accepted": "booked",
    "cancel-requested": "booked",
    "no-show": "noshow",
    "arrived": "arrived",
    "declined": "cancelled",
    "cancelled": "cancelled",
}


def name_hospital(hospital: Hospital) -> Json:
    return {
        "identifier": {"system": HOSPITAL_SYSTEM, "value": hospital.code},
        "display": hospital.name_zh,
    }


def name_row(root: str, hospital: Hospital, type_name: str, code: str) -> list[Json]:
    """The hospital's own id: where it is in its store, if its system keeps it."""
    return [{"system": f"{root}/{hospital.code}/{type_name}", "value": code}]


def make_concept(system: str, code: str, display: str = "") -> Json:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]}


def without_empty(resource: Json) -> Json:
    return {k: v for k, v in resource.items() if v not in (None, "", [], {})}


def build_service(row: OfferedDepartment, root: str) -> Json:
    """Of a row with its hospital."""
    offers = [
        name
        for name, given in (
            ("referral", row.for_referral),
            ("consultation", row.for_consultation),
        )
        if given
    ]
    english = {
        "url": TRANSLATION,
        "extension": [
            {"url": "lang", "valueCode": "en"},
            {"url": "content", "valueString": row.name_en},
        ],
    }
    return without_empty(
        {
            "resourceType": "HealthcareService",
            "id": str(row.pk),
            "identifier": name_row(root, row.hospital, "HealthcareService", row.code),
            "active": row.ended_at is None,
            "providedBy": name_hospital(row.hospital),
            "category": [make_concept(OFFER_SYSTEM, name) for name in offers],
            "specialty": [
                make_concept(DEPARTMENT_SYSTEM, row.standard, DEPARTMENTS.get(row.standard, ""))
            ]
            if row.standard
            else [],
            "name": row.name_zh,
            "_name": {"extension": [english]} if row.name_en else {},
            "comment": row.takes,
            "telecom": [{"system": "phone", "value": row.phone}] if row.phone else [],
            "characteristic": [make_concept(PRIORITY_SYSTEM, PRIORITY_BY_URGENCY[row.most_urgent])],
        }
    )


def build_schedule(row: OfferedClinic, root: str) -> Json:
    """Of a row with its hospital and department."""
    doctor = f"{row.doctor} {row.title}".strip()
    return without_empty(
        {
            "resourceType": "Schedule",
            "id": str(row.pk),
            "identifier": name_row(root, row.hospital, "Schedule", row.code),
            "active": row.ended_at is None and row.department.ended_at is None,
            "serviceCategory": [make_concept(OFFER_SYSTEM, row.kind)],
            "serviceType": [{"text": row.name}],
            "specialty": [{"text": row.takes}] if row.takes else [],
            "actor": [
                {
                    "reference": f"HealthcareService/{row.department_id}",
                    "display": row.department.name_zh,
                },
                *([{"type": "Practitioner", "display": doctor}] if doctor else []),
            ],
            "comment": row.hours,
        }
    )


def build_slot(row: OfferedSlot, root: str) -> Json:
    """Of a row with its hospital and clinic."""
    status = "busy-unavailable" if row.stopped_at else "free" if row.free else "busy"
    return without_empty(
        {
            "resourceType": "Slot",
            "id": str(row.pk),
            "extension": [
                {"url": SLOT_PLACES, "valueInteger": row.places},
                {"url": SLOT_TAKEN, "valueInteger": row.taken},
            ],
            "identifier": name_row(root, row.hospital, "Slot", row.code),
            "schedule": {"reference": f"Schedule/{row.clinic_id}", "display": str(row.clinic)},
            "status": status,
            "start": row.starts_at.isoformat(),
            "end": row.ends_at.isoformat(),
            "comment": row.stopped_reason,
        }
    )


def build_appointment(row: PlaceTaken, person: str) -> Json:
    """Of a row with its item, slot, clinic and department."""
    state = row.item.state
    status = APPOINTMENT_STATUS.get(state, "fulfilled")
    if row.freed_at is not None:
        status = "cancelled"
    return {
        "resourceType": "Appointment",
        "id": f"place-{row.pk}",
        "identifier": [{"system": WORK_SYSTEM, "value": row.item.number}],
        "status": status,
        "serviceType": [{"text": f"{row.slot.clinic.department.name_zh} · {row.slot.clinic}"}],
        "priority": row.item.rank,
        "start": row.slot.starts_at.isoformat(),
        "end": row.slot.ends_at.isoformat(),
        "slot": [{"reference": f"Slot/{row.slot_id}"}],
        "created": row.taken_at.isoformat(),
        "participant": [
            {"actor": {"reference": f"Patient/{person}"}, "status": "accepted"},
            {
                "actor": {
                    "reference": f"HealthcareService/{row.slot.clinic.department_id}",
                    "display": row.slot.clinic.department.name_zh,
                },
                "status": "accepted",
            },
        ],
    }
