"""A Consent as the system of a hospital files it."""

from typing import Any

from tests.support.world import World

ACTOR = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


def consent(w: World, rule: dict[str, Any], **more: Any) -> dict[str, Any]:
    """By the hospital that holds the records, with the provision."""
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                    "code": "patient-privacy",
                }
            ]
        },
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": w.at_b},
        "policyRule": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}
            ]
        },
        "provision": rule,
        **more,
    }
