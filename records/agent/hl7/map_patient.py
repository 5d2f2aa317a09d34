"""Map PID, NK1 and MRG to Patient. After a merge the old number stays a Patient of its own, that
says which one replaces it.
"""

from __future__ import annotations

import re
from typing import Any

from ..values.identity_number import parse_identity_number
from ..values.invalid_value import InvalidValue
from . import rules
from .building import Building
from .code_tables import (
    CONTACT_ROLE,
    GENDERS,
    IDENTIFIER_SYSTEMS,
    IDENTIFIER_TYPES,
    MARITAL,
    RECORD_NUMBER_TYPES,
    RELATIONS,
    RESIDENT,
    V2,
    V3,
)
from .data_types import read_address, read_concept, read_name, read_telecom
from .message import Repetition, Segment

ISO_OID = re.compile(r"[0-2](\.\d+)+")


def is_resident_number(text: str) -> bool:
    """Eighteen characters whose date and check digit fit (GB 11643)."""
    try:
        return len(text) == 18 and parse_identity_number(text) == text.upper()
    except InvalidValue:
        return False


def find_record_number(segment: Segment, number: int = 3) -> str:
    """The patient's number at the hospital: of PID-3 (or MRG-1) the repetition that says so, else
    the first that is no number of the nation's; else PID-2.
    """
    found = [r for r in segment.repetitions(number) if r.text(1)]
    for value in found:
        if value.text(5).upper() in RECORD_NUMBER_TYPES:
            return value.text(1)
    for value in found:
        if value.text(5).upper() not in IDENTIFIER_SYSTEMS and not is_resident_number(
            value.text(1)
        ):
            return value.text(1)
    if found:
        return found[0].text(1)
    return segment.text(2) if number == 3 else ""


def read_identifier(
    value: Repetition, place: tuple[Segment, int], building: Building, record: str
) -> dict[str, Any]:
    """CX. The number of the record has the type MR, by which the index knows it."""
    number, kind = value.text(1), value.text(5).upper()
    if not number:
        return {}
    system = IDENTIFIER_SYSTEMS.get(kind, "")
    if system == RESIDENT or is_resident_number(number):
        try:
            resident = parse_identity_number(number)
        except InvalidValue as fault:  # kept as a number of the hospital's: it tells nobody apart
            building.warn_of(fault.rule, place, number, fault.words)
        else:
            return {"system": RESIDENT, "value": resident} if resident else {}
    elif system:
        return {"system": system, "value": number}
    assigner = value.text(4, 2) if value.text(4, 3).upper() == "ISO" else ""
    type = kind if kind in IDENTIFIER_TYPES else ""
    if number == record:
        type = "MR"
    own = building.origin.local_system("patient")
    identifier: dict[str, Any] = {
        "system": f"urn:oid:{assigner}" if ISO_OID.fullmatch(assigner) else own,
        "value": number,
    }
    if type:
        identifier["type"] = {"coding": [{"system": V2 + "0203", "code": type}]}
    elif kind:
        identifier["type"] = {"text": kind}
    named = value.text(4)
    if named:
        identifier["assigner"] = {"display": named}
    return identifier


def read_identifiers(pid: Segment, building: Building, record: str) -> list[dict[str, Any]]:
    found = [
        read_identifier(value, (pid, number), building, record)
        for number in (3, 2, 4)
        for value in pid.repetitions(number)
    ]
    for value in pid.repetitions(19):  # SSN; in China the citizen number
        if is_resident_number(value.text(1)):
            found.append({"system": RESIDENT, "value": value.text(1).upper()})
    unique: dict[tuple[str, str], dict[str, Any]] = {}
    for identifier in found:
        if identifier:
            unique.setdefault((identifier["system"], identifier["value"]), identifier)
    return list(unique.values())


def read_contact(nk1: Segment) -> dict[str, Any]:
    """NK1. The parents of a child are how the index tells two of one name apart."""
    relation = nk1.text(3).upper()
    codings = [{"system": V2 + "0131", "code": CONTACT_ROLE.get(relation, "N")}]
    if relation in RELATIONS:
        codings.append({"system": V3 + "RoleCode", "code": relation})
    concept: dict[str, Any] = {"coding": codings}
    if nk1.text(3, 2) or relation:
        concept["text"] = nk1.text(3, 2) or nk1.text(3)
    names = [n for n in map(read_name, nk1.repetitions(2)) if n]
    phones = [t for n in (5, 6) for t in map(read_telecom, nk1.repetitions(n)) if t]
    addresses = [a for a in map(read_address, nk1.repetitions(4)) if a]
    if not (names or phones or addresses):
        return {}
    return {
        "relationship": [concept],
        "name": names[0] if names else None,
        "telecom": phones,
        "address": addresses[0] if addresses else None,
    }


def read_gender(pid: Segment, building: Building) -> dict[str, Any]:
    """The code as sent stays where it is not HL7's own."""
    sent = pid.text(8)
    if not sent:
        return {}
    gender: dict[str, Any] = {"gender": GENDERS.get(sent.upper(), "unknown")}
    if sent.upper() not in ("M", "F"):
        own = {"system": building.origin.local_system("gender"), "code": sent}
        gender["_gender"] = {
            "extension": [{"url": "urn:xinglin:extension:original-code", "valueCoding": own}]
        }
    return gender


def read_death(pid: Segment, building: Building) -> dict[str, Any]:
    died = building.time(pid, 29)
    if died and pid.text(30).upper() != "N":
        return {"deceasedDateTime": died.date_time}
    return {"deceasedBoolean": True} if pid.text(30).upper() == "Y" else {}


def map_patient(pid: Segment, contacts: list[Segment], building: Building) -> dict[str, Any]:
    """A Patient without its id."""
    record = building.patient
    born = building.time(pid, 7)
    marital = pid.repetitions(16)
    married = read_concept(marital[0], building.origin, "marital") if marital else {}
    code = MARITAL.get(pid.text(16).upper())
    if married and code:
        married = {
            "coding": [{"system": V3 + "MaritalStatus", "code": code}],
            "text": married["text"],
        }
    order = pid.text(25)
    return {
        "identifier": read_identifiers(pid, building, record),
        "active": True,
        "name": [n for n in map(read_name, pid.repetitions(5)) if n],
        "telecom": [t for n in (13, 14) for t in map(read_telecom, pid.repetitions(n)) if t],
        **read_gender(pid, building),
        "birthDate": born.date if born else None,
        **read_death(pid, building),
        "address": [a for a in map(read_address, pid.repetitions(11)) if a],
        "maritalStatus": married,
        **({"multipleBirthInteger": int(order)} if order.isdigit() and len(order) < 3 else {}),
        "contact": [c for c in map(read_contact, contacts) if c],
    }


def put_patient(pid: Segment, contacts: list[Segment], own: bool, building: Building) -> None:
    """own: the message is about the patient; else it merely names them."""
    moment = building.full_moment() if own else building.passing_moment()
    patient = map_patient(pid, contacts, building)
    building.put("Patient", building.patient, patient, pid, moment=moment)


def put_merged_patient(mrg: Segment, pid: Segment, building: Building) -> None:
    """The old number becomes a registration of the same person, inactive, that names its
    successor. Its records stay under it, and are found through the person.
    """
    old = find_record_number(mrg, 1)
    if not old:
        building.refuse(rules.NO_OLD_NUMBER, mrg, 1)
        return
    if old == building.patient:
        building.refuse(rules.SAME_NUMBER, mrg, 1, old)
        return
    patient = map_patient(pid, [], building)
    own = {"coding": [{"system": V2 + "0203", "code": "MR"}]}
    kept = [
        i for i in patient["identifier"] if i.get("type") != own or i["value"] != building.patient
    ]
    number = {"system": building.origin.local_system("patient"), "value": old, "type": own}
    former = [{**n, "use": "old"} for n in map(read_name, mrg.repetitions(7)) if n]
    resource = {
        **patient,
        "identifier": [number, *kept],
        "active": False,
        "name": [*patient["name"], *former],
        "link": [{"other": building.subject(), "type": "replaced-by"}],
    }
    building.put("Patient", old, resource, mrg, patient=old, moment=building.full_moment())
