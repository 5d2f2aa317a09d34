"""What FHIR allows but no register may take: dates in the future, an identifier twice, a citizen number with a wrong check digit."""

import datetime as dt
from typing import Any

from django.utils import timezone

from alliance.config.dates import span
from records.fhir.issues import Issue, Unprocessable
from records.interactions import subscribing
from records.interactions.unread import unread_named
from records.mpi.rules import resident_number

# type -> elements that tell of something that has happened
PAST = {
    "Patient": ("birthDate", "deceasedDateTime"),
    "Observation": ("effectiveDateTime", "effectiveInstant", "issued"),
    "DiagnosticReport": ("effectiveDateTime", "issued"),
    "Condition": ("onsetDateTime", "recordedDate"),
    "Procedure": ("performedDateTime",),
    "Immunization": ("occurrenceDateTime",),
    "AllergyIntolerance": ("onsetDateTime", "recordedDate"),
    "DocumentReference": ("date",),
}
SLACK = dt.timedelta(hours=24)  # clocks and time zones of old systems
DONE = {"Observation": ("registered",), "Procedure": ("preparation", "not-done"), "Immunization": ("not-done",)}


def check(resource: dict[str, Any]) -> None:
    """Raises Unprocessable with all faults."""
    with unread_named([("", resource)], faults_of):
        faults = faults_of(resource)
    if faults:
        raise Unprocessable(*faults)


def faults_of(resource: dict[str, Any]) -> list[Issue]:
    return [*part(resource), *future(resource), *twice(resource), *numbers(resource), *subscription(resource)]


def part(resource: dict[str, Any]) -> list[Issue]:
    """What _summary and _elements gave is a part: stored, it would replace the whole."""
    tags = (resource.get("meta") or {}).get("tag") or []
    if any(t.get("code") == "SUBSETTED" for t in tags):
        return [Issue("business-rule", "This is a part of a resource (tag SUBSETTED): read it whole, then change it.", f"{resource['resourceType']}.meta.tag")]
    return []


def future(resource: dict[str, Any]) -> list[Issue]:
    name = resource["resourceType"]
    if resource.get("status") in DONE.get(name, ()):
        return []
    latest = timezone.now() + SLACK
    out = []
    for key in PAST.get(name, ()):
        value = resource.get(key)
        if isinstance(value, str) and span(value)[0] > latest:
            out.append(Issue("business-rule", "This date lies in the future: correct the date, or the clock of the sending system.", f"{name}.{key}"))
    return out


def twice(resource: dict[str, Any]) -> list[Issue]:
    seen: dict[tuple[Any, Any], int] = {}
    out = []
    identifiers = resource.get("identifier")
    for i, item in enumerate(identifiers if isinstance(identifiers, list) else []):
        key = (item.get("system"), item.get("value"))
        if key[1] is not None and key in seen and item == identifiers[seen[key]]:  # type: ignore[index]
            out.append(Issue("duplicate", f"This identifier stands here twice (see identifier[{seen[key]}]): send it once.",
                             f"{resource['resourceType']}.identifier[{i}]"))
        seen.setdefault(key, i)
    return out


def subscription(resource: dict[str, Any]) -> list[Issue]:
    return subscribing.faults(resource) if resource["resourceType"] == "Subscription" else []


def numbers(resource: dict[str, Any]) -> list[Issue]:
    if resource["resourceType"] != "Patient":
        return []
    out = []
    for i, item in enumerate(resource.get("identifier") or []):
        if item.get("system") == resident_number.SYSTEM and item.get("value"):
            try:
                resident_number.normal(item["value"])
            except resident_number.NotANumber as error:
                out.append(Issue("business-rule", f"This is not a valid citizen number: {error}. Correct it from the card, or send the Patient without it.",
                                 f"Patient.identifier[{i}].value"))
    return out
