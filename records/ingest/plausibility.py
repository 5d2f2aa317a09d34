"""What FHIR allows but no register may take: dates in the future, an identifier twice, a citizen
number with a wrong check digit.
"""

import datetime as dt
from typing import Any

from django.utils import timezone

from alliance.platform.dates import parse_date_range
from records.fhir.issues import Issue, Unprocessable
from records.ingest import subscription_request
from records.ingest.unreadable import naming_unreadable_element
from records.mpi.matching.rules import resident_number

# type -> elements that tell of something that has happened
PAST_ELEMENTS = {
    "Patient": ("birthDate", "deceasedDateTime"),
    "Observation": ("effectiveDateTime", "effectiveInstant", "issued"),
    "DiagnosticReport": ("effectiveDateTime", "issued"),
    "Condition": ("onsetDateTime", "recordedDate"),
    "Procedure": ("performedDateTime",),
    "Immunization": ("occurrenceDateTime",),
    "AllergyIntolerance": ("onsetDateTime", "recordedDate"),
    "DocumentReference": ("date",),
}
CLOCK_SLACK = dt.timedelta(hours=24)  # clocks and time zones of old systems
NOT_DONE_STATUSES = {
    "Observation": ("registered",),
    "Procedure": ("preparation", "not-done"),
    "Immunization": ("not-done",),
}


def check_plausible(resource: dict[str, Any]) -> None:
    """Raises Unprocessable with all faults."""
    with naming_unreadable_element([("", resource)], find_plausibility_issues):
        faults = find_plausibility_issues(resource)
    if faults:
        raise Unprocessable(*faults)


def find_plausibility_issues(resource: dict[str, Any]) -> list[Issue]:
    return [
        *find_partial_resource_issues(resource),
        *find_future_date_issues(resource),
        *find_double_identifier_issues(resource),
        *find_citizen_number_issues(resource),
        *find_subscription_issues(resource),
    ]


def find_partial_resource_issues(resource: dict[str, Any]) -> list[Issue]:
    """What _summary and _elements gave is a part: stored, it would replace the whole."""
    tags = (resource.get("meta") or {}).get("tag") or []
    if any(t.get("code") == "SUBSETTED" for t in tags):
        return [
            Issue(
                "business-rule",
                "This is a part of a resource (tag SUBSETTED): read it whole, then change it.",
                f"{resource['resourceType']}.meta.tag",
                rule="resource.part",
            )
        ]
    return []


def find_future_date_issues(resource: dict[str, Any]) -> list[Issue]:
    type_name = resource["resourceType"]
    if resource.get("status") in NOT_DONE_STATUSES.get(type_name, ()):
        return []
    latest = timezone.now() + CLOCK_SLACK
    issues = []
    for key in PAST_ELEMENTS.get(type_name, ()):
        value = resource.get(key)
        if isinstance(value, str) and parse_date_range(value)[0] > latest:
            issues.append(
                Issue(
                    "business-rule",
                    "This date lies in the future: correct the date, or the clock of the sending"
                    " system.",
                    f"{type_name}.{key}",
                    rule="date.future",
                )
            )
    return issues


def find_double_identifier_issues(resource: dict[str, Any]) -> list[Issue]:
    first_places: dict[tuple[Any, Any], int] = {}
    issues = []
    identifiers = resource.get("identifier")
    for i, identifier in enumerate(identifiers if isinstance(identifiers, list) else []):
        system_and_value = (identifier.get("system"), identifier.get("value"))
        if (
            system_and_value[1] is not None
            and system_and_value in first_places
            and identifier == identifiers[first_places[system_and_value]]
        ):  # type: ignore[index]
            issues.append(
                Issue(
                    "duplicate",
                    "This identifier stands here twice (see"
                    f" identifier[{first_places[system_and_value]}]): send it"
                    " once.",
                    f"{resource['resourceType']}.identifier[{i}]",
                    rule="identifier.twice",
                )
            )
        first_places.setdefault(system_and_value, i)
    return issues


def find_subscription_issues(resource: dict[str, Any]) -> list[Issue]:
    return (
        subscription_request.list_subscription_faults(resource)
        if resource["resourceType"] == "Subscription"
        else []
    )


def find_citizen_number_issues(resource: dict[str, Any]) -> list[Issue]:
    if resource["resourceType"] != "Patient":
        return []
    issues = []
    for i, identifier in enumerate(resource.get("identifier") or []):
        if identifier.get("system") == resident_number.RESIDENT_NUMBER_SYSTEM and identifier.get(
            "value"
        ):
            try:
                resident_number.normalize_resident_number(identifier["value"])
            except resident_number.InvalidResidentNumber as error:
                issues.append(
                    Issue(
                        "business-rule",
                        f"This is not a valid citizen number: {error}. Correct it from the card, or"
                        " send the Patient without it.",
                        f"Patient.identifier[{i}].value",
                        rule="identifier.resident-number",
                        words=(("detail", str(error)),),
                    )
                )
    return issues
