"""Dates that cannot be: before the patient's birth, or after their death. They are warned of,
never refused: a wrong birth date is as likely as a wrong date.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from records.meaning.times import NEVER, Moment, moment_of_element, parse_moment


class DateDoubt(StrEnum):
    BEFORE_BIRTH = "before-birth"
    AFTER_DEATH = "after-death"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """From the birth date to the day of death; NEVER where one is not known."""

    birth: Moment = NEVER
    death: Moment = NEVER


UNKNOWN = Lifetime()
# type -> (element, whether it tells of the living: a report may be issued after death)
DATES: dict[str, tuple[tuple[str, bool], ...]] = {
    "Observation": (
        ("effectiveDateTime", True),
        ("effectiveInstant", True),
        ("effectivePeriod", True),
        ("issued", False),
    ),
    "DiagnosticReport": (("effectiveDateTime", True), ("effectivePeriod", True), ("issued", False)),
    "Condition": (
        ("onsetDateTime", True),
        ("onsetPeriod", True),
        ("abatementDateTime", True),
        ("recordedDate", False),
    ),
    "Procedure": (("performedDateTime", False), ("performedPeriod", False)),
    "Immunization": (("occurrenceDateTime", True),),
    "AllergyIntolerance": (
        ("onsetDateTime", True),
        ("lastOccurrence", True),
        ("recordedDate", False),
    ),
    "Encounter": (("period", True),),
    "MedicationRequest": (("authoredOn", True),),
    "MedicationStatement": (
        ("effectiveDateTime", True),
        ("effectivePeriod", True),
        ("dateAsserted", False),
    ),
    "MedicationAdministration": (("effectiveDateTime", True), ("effectivePeriod", True)),
    "MedicationDispense": (("whenHandedOver", True),),
    "DocumentReference": (("date", False),),
    "Composition": (("date", False),),
    "ServiceRequest": (("authoredOn", True),),
}


def lifetime_of_patient(patient: dict[str, Any]) -> Lifetime:
    return Lifetime(
        moment_of_element(patient, "birthDate"), moment_of_element(patient, "deceasedDateTime")
    )


def find_date_doubt(at: Moment, life: Lifetime, living: bool = True) -> DateDoubt:
    """Whether the whole of a date lies on days before the birth or after the death; what is
    known to the year only is doubted by years.
    """
    if at.starts is None or at.ends is None:
        return DateDoubt.NONE
    if life.birth.starts and at.ends <= life.birth.starts:
        return DateDoubt.BEFORE_BIRTH
    if (
        living
        and life.death.starts
        and (ends := parse_moment(life.death.day).ends)
        and at.starts >= ends
    ):
        return DateDoubt.AFTER_DEATH
    return DateDoubt.NONE


def list_date_doubts(resource: dict[str, Any], life: Lifetime) -> list[tuple[str, DateDoubt]]:
    """(element, what is odd about it) of a resource about the patient, or of the Patient itself."""
    name = resource.get("resourceType", "")
    if name == "Patient":
        own = lifetime_of_patient(resource)
        return (
            [("deceasedDateTime", DateDoubt.BEFORE_BIRTH)]
            if find_date_doubt(own.death, Lifetime(own.birth))
            else []
        )
    found = [
        (key, find_date_doubt(moment_of_element(resource, key), life, living))
        for key, living in DATES.get(name, ())
        if key in resource
    ]
    return [(key, odd) for key, odd in found if odd]
