"""Build the entries of an opinion's document beside its Composition: the parties, the request, the
patient's stay, the records that went along, the data elements. Pure.
"""

import base64
import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from records.consultations.item_fields import CHINA
from records.consultations.opinion_fields import FIELDS_BY_NAME, FieldKind, Filler, OpinionField
from records.consultations.opinion_parties import Doctor, Institution, OpinionContext, SentRecord

Json = dict[str, Any]
DOCUMENTS = UUID("6f1c3a52-5a0e-5f3c-9d0b-0c45c0060089")
DATA_ELEMENTS = "urn:oid:2.16.156.10011.2.2.1"
REQUEST_NUMBER = "urn:oid:2.16.156.10011.1.24"
INPATIENT_NUMBER = "urn:oid:2.16.156.10011.1.12"
SEX_CODES = "urn:oid:2.16.156.10011.2.3.3.4"
STAFF, HOSPITAL = "urn:xinglin:staff", "urn:xinglin:hospital"
URIS = "urn:ietf:rfc:3986"
GENDERS = {"1": "male", "2": "female"}
CODE_SYSTEMS = {
    "diagnosis_code": "urn:oid:2.16.156.10011.2.3.3.11",
    "tcm_disease_code": "urn:oid:2.16.156.10011.2.3.3.14",
    "tcm_syndrome_code": "urn:oid:2.16.156.10011.2.3.3.14",
}


def write_moment(at: dt.datetime) -> str:
    """To the second, in the one time zone of China: a moment is written one way only."""
    return at.astimezone(CHINA).isoformat(timespec="seconds")


def ni_uri(sha256: str) -> str:
    """A digest as a name (RFC 6920): ni:///sha-256;… in base64url without padding."""
    name = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{name}"


class DocumentParts:
    """Entries by the name that is their resource's id. expert_roles: names of the experts' roles,
    the lead first.
    """

    def __init__(self, context: OpinionContext) -> None:
        self.context = context
        self.entries: list[Json] = []
        self.expert_roles = [f"expert-{n}-role" for n in range(1, len(context.experts) + 1)]

    def document_id_of(self, revision: int) -> str:
        asking = self.context.asking.hospital.code
        return f"urn:uuid:{uuid5(DOCUMENTS, f'{asking}/{self.context.number}/{revision}')}"

    @property
    def document_id(self) -> str:
        return self.document_id_of(self.context.revision)

    def full_url(self, name: str) -> str:
        return f"urn:uuid:{uuid5(UUID(self.document_id[9:]), name)}"

    def reference(self, name: str) -> Json:
        return {"reference": self.full_url(name)}

    def add(self, resource: Json) -> None:
        self.entries.append({"fullUrl": self.full_url(resource["id"]), "resource": resource})

    @staticmethod
    def hospital_part(hospital: Institution) -> str:
        return f"hospital-{hospital.code}"

    def add_parties(self) -> None:
        context = self.context
        patient = context.patient
        asking = self.reference(self.hospital_part(context.asking.hospital))
        self.add(
            {
                "resourceType": "Patient",
                "id": "patient",
                "identifier": [{"value": patient.fhir_id, "assigner": asking}],
                "name": [{"text": patient.name}],
                "gender": GENDERS.get(patient.sex_code, "unknown"),
                **({"birthDate": patient.birth_date} if patient.birth_date else {}),
                "managingOrganization": asking,
            }
        )
        hospitals = [context.asking.hospital, context.consulted]
        hospitals += [expert.hospital for expert in context.experts]
        for hospital in dict.fromkeys(hospitals):
            self.add(build_organization(hospital, self.hospital_part(hospital)))
        self.add_doctor(context.asking, "asking-doctor")
        for number, expert in enumerate(context.experts, 1):
            self.add_doctor(expert, f"expert-{number}")

    def add_doctor(self, doctor: Doctor, name: str) -> None:
        self.add(
            {
                "resourceType": "Practitioner",
                "id": name,
                "identifier": [{"system": STAFF, "value": str(doctor.staff_id)}],
                "name": [{"text": doctor.name}],
            }
        )
        self.add(
            {
                "resourceType": "PractitionerRole",
                "id": f"{name}-role",
                "practitioner": self.reference(name),
                "organization": self.reference(self.hospital_part(doctor.hospital)),
                **({"code": [{"text": doctor.title}]} if doctor.title else {}),
                **({"specialty": [{"text": doctor.department}]} if doctor.department else {}),
            }
        )

    def add_records(self) -> None:
        for number, sent in enumerate(self.context.attachments, 1):
            self.add(build_sent_record(self, sent, number))

    def add_element(self, field: OpinionField, text: str) -> Json:
        """An Observation of a data element; a reference to it."""
        name = f"field-{field.name.replace('_', '-')}"
        by_experts = field.filler is Filler.EXPERT
        performers = self.expert_roles if by_experts else ["asking-doctor-role"]
        self.add(
            {
                "resourceType": "Observation",
                "id": name,
                "status": "final",
                "code": {
                    **(
                        {"coding": [{"system": DATA_ELEMENTS, "code": field.element}]}
                        if field.element
                        else {}
                    ),
                    "text": field.zh,
                },
                "subject": self.reference("patient"),
                "performer": [self.reference(p) for p in performers],
                **element_value(field, text),
            }
        )
        return self.reference(name)


def element_value(field: OpinionField, text: str) -> Json:
    if field.kind is FieldKind.CODE and field.name in CODE_SYSTEMS:
        return {
            "valueCodeableConcept": {"coding": [{"system": CODE_SYSTEMS[field.name], "code": text}]}
        }
    return {"valueString": text}


def build_organization(hospital: Institution, name: str) -> Json:
    identifiers = [{"system": HOSPITAL, "value": hospital.code}]
    if hospital.credit_code:
        identifiers.append({"system": "urn:oid:2.16.156.10011.1.5", "value": hospital.credit_code})
    return {
        "resourceType": "Organization",
        "id": name,
        "identifier": identifiers,
        "name": hospital.name,
    }


def build_request(parts: DocumentParts, fields: Mapping[str, str]) -> Json:
    context = parts.context
    records = [parts.reference(f"record-{n}") for n in range(1, len(context.attachments) + 1)]
    return {
        "resourceType": "ServiceRequest",
        "id": "request",
        "identifier": [
            {"system": REQUEST_NUMBER, "value": context.number},
            {"system": URIS, "value": ni_uri(context.request_digest)},
        ],
        "status": "completed",
        "intent": "order",
        "code": {"text": context.kind},
        "subject": parts.reference("patient"),
        "authoredOn": write_moment(context.asked_at),
        "requester": parts.reference("asking-doctor-role"),
        "performer": [parts.reference(name) for name in parts.expert_roles],
        **({"reasonCode": [{"text": fields["reason"]}]} if fields.get("reason") else {}),
        **({"supportingInfo": records} if records else {}),
        **({"note": [{"text": context.question}]} if context.question.strip() else {}),
    }


def build_stay(parts: DocumentParts, fields: Mapping[str, str]) -> Json | None:
    """The patient's stay, where one of its elements is known."""
    places = [fields.get(name, "") for name in ("ward", "room", "bed")]
    if not any((fields.get("inpatient_number"), fields.get("patient_department"), *places)):
        return None
    number = fields.get("inpatient_number")
    department = fields.get("patient_department")
    locations = [
        {"location": {"display": text}, "physicalType": {"coding": [{**PLACE, "code": code}]}}
        for text, code in zip(places, ("wa", "ro", "bd"), strict=True)
        if text
    ]
    return {
        "resourceType": "Encounter",
        "id": "stay",
        **({"identifier": [{"system": INPATIENT_NUMBER, "value": number}]} if number else {}),
        "status": "in-progress",
        "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "code": "IMP" if number else "AMB",
        },
        **({"serviceType": {"text": department}} if department else {}),
        "subject": parts.reference("patient"),
        **({"location": locations} if locations else {}),
        "serviceProvider": parts.reference(parts.hospital_part(parts.context.asking.hospital)),
    }


PLACE = {"system": "http://terminology.hl7.org/CodeSystem/location-physical-type"}


def build_sent_record(parts: DocumentParts, sent: SentRecord, number: int) -> Json:
    return {
        "resourceType": "DocumentReference",
        "id": f"record-{number}",
        "masterIdentifier": {"system": URIS, "value": ni_uri(sent.sha256)},
        "status": "current",
        "subject": parts.reference("patient"),
        "description": sent.title or sent.address,
        "content": [
            {
                "attachment": {
                    "contentType": "application/fhir+json",
                    "url": f"{sent.address}/_history/{sent.version}",
                    **({"title": sent.title} if sent.title else {}),
                }
            }
        ],
    }


def field_of_part(name: str) -> OpinionField | None:
    """The data element that an entry of this id holds."""
    return FIELDS_BY_NAME.get(name.removeprefix("field-").replace("-", "_"))
