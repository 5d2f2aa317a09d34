"""Codings of an AuditEvent: FHIR's, DICOM's and BALP's code systems, and our own."""

from typing import Any

Json = dict[str, Any]
DCM = "http://dicom.nema.org/resources/ontology/DCM"
EVENT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
LIFECYCLE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
OUTCOME = "http://terminology.hl7.org/CodeSystem/audit-event-outcome"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ROLE_CLASS = "http://terminology.hl7.org/CodeSystem/v3-RoleClass"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
SECURITY_ROLE = "http://terminology.hl7.org/CodeSystem/extra-security-role-type"
PROVENANCE_ROLE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
RESOURCE_TYPE = "http://hl7.org/fhir/resource-types"
BALP_ENTITY = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
BALP_DECISION = "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType"
OWN_EVENT = "urn:xinglin:codesystem:audit-event"
OWN_ROLE = "urn:xinglin:codesystem:role"
STAFF, SYSTEM, HOSPITAL = "urn:xinglin:staff", "urn:xinglin:client", "urn:xinglin:hospital"
DISPLAYS = {
    "110100": "Application Activity",
    "110101": "Audit Log Used",
    "110106": "Export",
    "110107": "Import",
    "110110": "Patient Record",
    "110113": "Security Alert",
    "110114": "User Authentication",
    "110122": "Login",
    "110123": "Logout",
    "110127": "Emergency Override Started",
    "110129": "Security Configuration",
    "110135": "Object Security Attributes Changed",
    "110136": "Security Roles Changed",
    "110137": "User Security Attributes Changed",
    "110138": "Emergency Override Stopped",
    "110150": "Application",
    "110152": "Destination Role ID",
    "110153": "Source Role ID",
}  # of DICOM's codes


def coding(system: str, code: str) -> Json:
    display = DISPLAYS.get(code) if system == DCM else None
    return {"system": system, "code": code, **({"display": display} if display else {})}


def concept(system: str, code: str, text: str = "") -> Json:
    return {"coding": [coding(system, code)], **({"text": text} if text else {})}


def identifier(system: str, value: str) -> Json:
    """A Reference that names its target by identifier."""
    return {"identifier": {"system": system, "value": value}}
