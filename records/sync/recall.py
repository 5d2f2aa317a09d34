"""Take a record back: marked as entered in error where its type can say so (FHIR R4, status and
verificationStatus), else deleted.
"""

from functools import cache
from typing import Any

from records.fhir.resource_types import load_definition_table

ERROR = "entered-in-error"
# types that say it in a CodeableConcept: its system; clinicalStatus then goes (con-5, ait-2)
VERIFIED = {
    "Condition": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
    "AllergyIntolerance": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
}


@cache
def has_error_status(type_name: str) -> bool:
    """Whether a resource of this type can say that it was entered in error."""
    status = load_definition_table("elements").get(type_name, {}).get("status", {})
    return type_name in VERIFIED or ERROR in status.get("codes", ())


def is_error(resource: dict[str, Any]) -> bool:
    """Whether it says so already."""
    codings = (resource.get("verificationStatus") or {}).get("coding") or []
    return resource.get("status") == ERROR or any(c.get("code") == ERROR for c in codings)


def mark_as_error(resource: dict[str, Any]) -> dict[str, Any]:
    """The same resource, entered in error. Its type has_error_status."""
    if system := VERIFIED.get(resource["resourceType"]):
        kept = {k: v for k, v in resource.items() if k not in ("clinicalStatus", "_clinicalStatus")}
        return {**kept, "verificationStatus": {"coding": [{"system": system, "code": ERROR}]}}
    return {**{k: v for k, v in resource.items() if k != "_status"}, "status": ERROR}
