"""Warnings of dates before a patient's birth or after their death, for whoever sends them."""

from collections.abc import Sequence
from typing import Any

from consent.terms import Scope
from records.fhir.issues import Issue
from records.fhir.json_codec import parse_json
from records.fhir.resource_references import parse_reference
from records.fhir.resource_types import TYPES
from records.ingest.unreadable import naming_unreadable_element
from records.meaning.lifetime import DATES, DateDoubt, lifetime_of_patient, list_date_doubts
from records.store import resource_writer

DOUBT_TEXTS = {
    DateDoubt.BEFORE_BIRTH: (
        "This date lies before the patient's birth date: correct the one or the other. It was taken"
        " as sent."
    ),
    DateDoubt.AFTER_DEATH: (
        "This date lies after the patient's death: correct the one or the other. It was taken as"
        " sent."
    ),
}


def find_lifetime_warnings(
    scope: Scope, resources: Sequence[tuple[str, dict[str, Any]]]
) -> dict[str, list[Issue]]:
    """{place: warnings} of resources that were just stored, of those that have any. sent:
    (place, resource), place its FHIRPath; their Patients are looked up in the same store, in one
    statement.
    """
    with naming_unreadable_element(
        resources, lambda resource: list_date_doubts(resource, lifetime_of_patient(resource))
    ):
        return compare_with_lifetimes(scope, resources)


def compare_with_lifetimes(
    scope: Scope, resources: Sequence[tuple[str, dict[str, Any]]]
) -> dict[str, list[Issue]]:
    subject_ids = {
        place: subject_id
        for place, resource in resources
        if resource["resourceType"] in DATES and (subject_id := find_subject_id(resource))
    }
    patients = {
        resource["id"]: resource
        for _, resource in resources
        if resource["resourceType"] == "Patient" and "id" in resource
    }
    stored_bodies = resource_writer.fetch_bodies_to_compare(
        scope,
        [("Patient", fhir_id) for fhir_id in sorted(set(subject_ids.values()) - patients.keys())],
    )
    lifetimes = {fhir_id: lifetime_of_patient(patient) for fhir_id, patient in patients.items()} | {
        fhir_id: lifetime_of_patient(parse_json(body))
        for (_, fhir_id), body in stored_bodies.items()
    }
    warnings = {}
    for place, resource in resources:
        lifetime = lifetimes.get(subject_ids.get(place, ""))
        if (resource["resourceType"] == "Patient" or lifetime) and (
            doubts := list_date_doubts(resource, lifetime or lifetime_of_patient({}))
        ):
            warnings[place] = [
                Issue("business-rule", DOUBT_TEXTS[doubt], f"{place}.{key}", "warning")
                for key, doubt in doubts
            ]
    return warnings


def find_subject_id(resource: dict[str, Any]) -> str:
    """The id of the Patient whom it is about, "" for none in this store."""
    subject_element = TYPES[resource["resourceType"]].subject
    type_and_id = (
        parse_reference(str((resource.get(subject_element) or {}).get("reference") or ""))
        if subject_element
        else None
    )
    return type_and_id[1] if type_and_id and type_and_id[0] == "Patient" else ""
