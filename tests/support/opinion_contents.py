"""Read the fields back out of a document: all data elements of C0045 are in it. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any

from records.consultations.document_parts import REQUEST_NUMBER, field_of_part
from records.consultations.item_fields import write_compact
from records.consultations.opinion_document import encode_document

SEX = {"male": "1", "female": "2"}
PLACES = {"wa": "ward", "ro": "room", "bd": "bed"}


def read_fields(document: Mapping[str, Any]) -> dict[str, str]:
    """By the names of the fields; those that nobody filled are left out."""
    inside = {e["fullUrl"]: e["resource"] for e in document["entry"]}
    parts = {r["id"]: r for r in inside.values()}
    found: dict[str, str] = {}
    for name, part in parts.items():
        field = field_of_part(name)
        if field is not None and part["resourceType"] == "Observation":
            concept = part.get("valueCodeableConcept")
            found[field.name] = concept["coding"][0]["code"] if concept else part["valueString"]
    composition, request, patient = parts["composition"], parts["request"], parts["patient"]
    asking, lead = parts["asking-doctor-role"], parts["expert-1-role"]
    stay = parts.get("stay", {})
    found |= {
        "request_number": next(
            i["value"] for i in request["identifier"] if i["system"] == REQUEST_NUMBER
        ),
        "patient_name": patient["name"][0]["text"],
        "sex_code": SEX.get(patient["gender"], "9"),
        "consultation_kind": request["code"]["text"],
        "asking_doctor": inside[asking["practitioner"]["reference"]]["name"][0]["text"],
        "asking_department": department_of(asking),
        "asking_hospital": inside[asking["organization"]["reference"]]["name"],
        "expert": inside[lead["practitioner"]["reference"]]["name"][0]["text"],
        "consulted_department": department_of(lead),
        "expert_hospital": inside[lead["organization"]["reference"]]["name"],
        "consulted_hospital": inside[composition["custodian"]["reference"]]["name"],
        "ended_at": write_compact(composition["event"][0]["period"]["end"]),
        "inpatient_number": stay.get("identifier", [{}])[0].get("value", ""),
        "patient_department": stay.get("serviceType", {}).get("text", ""),
    }
    for place in stay.get("location", []):
        kind = place["physicalType"]["coding"][0]["code"]
        found[PLACES[kind]] = place["location"]["display"]
    return {name: text for name, text in found.items() if text}


def department_of(role: Mapping[str, Any]) -> str:
    return str(role.get("specialty", [{}])[0].get("text", ""))


def digest_document(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(encode_document(document)).hexdigest()


def list_sent_digests(document: Mapping[str, Any]) -> list[str]:
    """The ni URIs (RFC 6920) of the records that went along, in their order."""
    return [
        str(entry["resource"]["masterIdentifier"]["value"])
        for entry in document["entry"]
        if entry["resource"]["resourceType"] == "DocumentReference"
    ]
