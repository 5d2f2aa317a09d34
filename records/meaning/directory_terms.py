"""Extensions and codes of the directory in FHIR. Pure."""

DEPARTMENT_SYSTEM = "urn:xinglin:codesystem:clinical-department"  # of the national list
OFFER_SYSTEM = "urn:xinglin:codesystem:directory-offer"  # referral, consultation; clinic, beds
PRIORITY_SYSTEM = "http://hl7.org/fhir/request-priority"
WORK_SYSTEM = "urn:xinglin:work"  # number of work between hospitals
SLOT_PLACES = "urn:xinglin:extension:slot-places"
SLOT_TAKEN = "urn:xinglin:extension:slot-taken"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
PRIORITY_BY_URGENCY = {"emergency": "stat", "urgent": "urgent", "routine": "routine"}
URGENCY_BY_PRIORITY = {"stat": "emergency", "asap": "urgent", "urgent": "urgent"} | {
    "routine": "routine"
}
