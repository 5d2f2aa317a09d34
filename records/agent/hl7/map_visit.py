"""Map PV1 and PV2 to Encounter."""

from __future__ import annotations

from typing import Any

from . import rules
from .building import Building
from .code_tables import CLASS_WORDS, ENCOUNTER_CLASSES, REOPENING, V2, V3, VISIT_EVENTS
from .data_types import read_concept, read_place, read_staff
from .message import Segment

PARTICIPANTS = ((7, "ATND"), (8, "REF"), (9, "CON"), (17, "ADM"))


def find_visit_number(pv1: Segment, building: Building) -> str:
    """PV1-19, else the patient with the time of admission; "" where neither is there."""
    number = pv1.text(19)
    if number:
        return number
    begun = building.time(pv1, 44)
    if not begun or begun.parts < 4:
        return ""
    return f"{building.patient}/{begun.moment.strftime('%Y%m%d%H%M')}"


def read_class(pv1: Segment, building: Building) -> dict[str, str]:
    sent = pv1.text(2)
    code = ENCOUNTER_CLASSES.get(sent.upper())
    if code:
        return {"system": V3 + "ActCode", "code": code, "display": CLASS_WORDS[code]}
    if sent:
        return {"system": building.origin.local_system("class"), "code": sent}
    return {"system": V3 + "NullFlavor", "code": "UNK"}


def visit_status(event: str, ended: bool) -> str:
    """By the event; where that says nothing, whether there is an end."""
    status = VISIT_EVENTS.get(event, "")
    if status in ("", "in-progress") and ended:
        return "finished"
    return status or "in-progress"


def read_participants(pv1: Segment) -> list[dict[str, Any]]:
    return [
        {
            "type": [{"coding": [{"system": V3 + "ParticipationType", "code": code}]}],
            "individual": staff,
        }
        for number, code in PARTICIPANTS
        for staff in map(read_staff, pv1.repetitions(number))
        if staff
    ]


def map_visit(pv1: Segment, pv2: Segment | None, event: str, building: Building) -> dict[str, Any]:
    begun, ended = building.time(pv1, 44), building.time(pv1, 45)
    if event in REOPENING:
        ended = None
    if event == "A03" and not ended:
        evn = next((s for s in building.message.segments if s.name == "EVN"), None)
        ended = (building.time(evn, 6) or building.time(evn, 2)) if evn else None
    if begun and ended and ended.moment < begun.moment:
        building.warn(rules.TIME, pv1, 45, pv1.text(45))
        ended = None
    place = [read_place(v) for v in pv1.repetitions(3)]
    reasons = pv2.repetitions(3) if pv2 else []
    departments = pv1.repetitions(10)
    number = pv1.text(19)
    return {
        "identifier": [
            {
                "type": {"coding": [{"system": V2 + "0203", "code": "VN"}]},
                "system": building.origin.local_system("visit"),
                "value": number,
            }
        ]
        if number
        else [],
        "status": visit_status(event, ended is not None),
        "class": read_class(pv1, building),
        "serviceType": read_concept(departments[0], building.origin, "department")
        if departments
        else {},
        "subject": building.subject(),
        "participant": read_participants(pv1),
        "period": {
            "start": begun.date_time if begun else "",
            "end": ended.date_time if ended else "",
        },
        "reasonCode": [read_concept(r, building.origin, "diagnosis") for r in reasons],
        "hospitalization": {
            part: {
                "coding": [{"system": building.origin.local_system(part.lower()), "code": code}],
                "text": pv1.text(field, 2) or code,
            }
            for part, field in (("admitSource", 14), ("dischargeDisposition", 36))
            for code in [pv1.text(field)]
            if code
        },
        "location": [{"location": {"display": p}} for p in place if p],
    }


def put_visit(pv1: Segment, pv2: Segment | None, event: str, own: bool, building: Building) -> None:
    """own: the message is about the visit; else it merely names it."""
    number = find_visit_number(pv1, building)
    if not number:
        if own:
            building.warn(rules.NO_VISIT_NUMBER, pv1, 19)
        return
    moment = building.full_moment() if own else building.passing_moment()
    begun = building.time(pv1, 44)
    resource = map_visit(pv1, pv2, event if own else "", building)
    day = begun.day if begun else ""
    if building.put("Encounter", number, resource, pv1, day=day, moment=moment):
        building.visit = number
