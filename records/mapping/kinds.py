"""TABLE kind of local code -> where it stands in FHIR, and which standard systems it is mapped to.
A kind more is a row more.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from records.meaning.result_identity import ALIASES, LOINC, NATIONAL, SNOMED
from records.meaning.sense import Words
from records.search.base_units import SYSTEM as UCUM

ICD10_CLINICAL = "urn:xinglin:codesystem:icd-10-clinical"  # 国临版
ICD10_INSURANCE = "urn:xinglin:codesystem:icd-10-insurance"  # 医保版
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ATC = "http://www.whocc.no/atc"
DRUG_INSURANCE = "urn:xinglin:codesystem:drug-insurance"  # 医保药品编码
LOCAL = "urn:xinglin:local:"


class MappingKind(StrEnum):
    LABORATORY = "laboratory"
    DIAGNOSIS = "diagnosis"
    DRUG = "drug"
    UNIT = "unit"
    DEPARTMENT = "department"
    EXAMINATION = "examination"
    PROCEDURE = "procedure"
    VACCINE = "vaccine"
    SPECIMEN = "specimen"
    ROUTE = "route"
    FREQUENCY = "frequency"


@dataclass(frozen=True, slots=True)
class KindRow:
    """places: type and path of each CodeableConcept (of the kind unit: Quantity), `[]` at what
    repeats; targets: (system, title) in the order in which they are offered.
    """

    title: Words
    places: tuple[tuple[str, str], ...]
    targets: tuple[tuple[str, str], ...]


M = MappingKind
MEDICINES = (
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "MedicationDispense",
)
KINDS: dict[MappingKind, KindRow] = {
    M.LABORATORY: KindRow(
        _("Laboratory tests"),
        (("Observation", "code"), ("Observation", "component[].code")),
        ((LOINC, "LOINC"),),
    ),
    M.DIAGNOSIS: KindRow(
        _("Diagnoses"),
        (("Condition", "code"), ("Encounter", "reasonCode[]")),
        (
            (ICD10_CLINICAL, "ICD-10 国临版"),
            (ICD10_INSURANCE, "ICD-10 医保版"),
            (ICD10, "ICD-10"),
        ),
    ),
    M.DRUG: KindRow(
        _("Medicines"),
        (("Medication", "code"), *((t, "medicationCodeableConcept") for t in MEDICINES)),
        ((ATC, "ATC"), (DRUG_INSURANCE, "医保药品编码")),
    ),
    M.UNIT: KindRow(
        _("Units"),
        (("Observation", "valueQuantity"), ("Observation", "component[].valueQuantity")),
        ((UCUM, "UCUM"),),
    ),
    M.DEPARTMENT: KindRow(
        _("Departments"),
        (("Encounter", "serviceType"),),
        (("urn:xinglin:codesystem:department", "科室"),),
    ),
    M.EXAMINATION: KindRow(
        _("Examinations"),
        (
            ("DiagnosticReport", "code"),
            ("ServiceRequest", "code"),
            ("ImagingStudy", "procedureCode[]"),
        ),
        ((LOINC, "LOINC"),),
    ),
    M.PROCEDURE: KindRow(
        _("Procedures"),
        (("Procedure", "code"),),
        (("http://hl7.org/fhir/sid/icd-9-cm", "ICD-9-CM-3"),),
    ),
    M.VACCINE: KindRow(
        _("Vaccines"),
        (("Immunization", "vaccineCode"),),
        (("urn:xinglin:codesystem:vaccine", "疫苗"),),
    ),
    M.SPECIMEN: KindRow(
        _("Specimens"),
        (("Specimen", "type"),),
        (("http://terminology.hl7.org/CodeSystem/v2-0487", "HL7 0487"),),
    ),
    M.ROUTE: KindRow(
        _("Routes of administration"),
        (
            ("MedicationRequest", "dosageInstruction[].route"),
            ("MedicationStatement", "dosage[].route"),
            ("MedicationDispense", "dosageInstruction[].route"),
            ("Immunization", "route"),
        ),
        (("http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration", "HL7 v3"),),
    ),
    M.FREQUENCY: KindRow(
        _("Frequencies"),
        (
            ("MedicationRequest", "dosageInstruction[].timing.code"),
            ("MedicationStatement", "dosage[].timing.code"),
            ("MedicationDispense", "dosageInstruction[].timing.code"),
        ),
        (("http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation", "HL7 v3"),),
    ),
}
# Beginnings of systems that are nobody's own: a concept with a code of one of them is understood
# elsewhere, and waits for nothing.
SHARED_BEGINNINGS = (
    LOINC,
    SNOMED,
    *ALIASES,
    *NATIONAL,
    UCUM,
    ATC,
    "http://hl7.org/fhir/",
    "http://terminology.hl7.org/",
    "http://id.who.int/",
    "http://www.nlm.nih.gov/",
    "urn:oid:2.16.840.1.113883.",
    "urn:oid:2.16.156.10011.",
    "urn:iso:",
    "urn:xinglin:codesystem:",
)


def is_shared_system(system: str) -> bool:
    return bool(system) and system.startswith(SHARED_BEGINNINGS)


def kind_of_system(system: str) -> MappingKind | None:
    """Of urn:xinglin:local:<hospital>:<source>:<kind>; None for another."""
    last = system.rpartition(":")[2]
    return (
        MappingKind(last)
        if system.startswith(LOCAL) and last in MappingKind._value2member_map_
        else None
    )


def source_of_system(system: str) -> str:
    """The source in urn:xinglin:local:<hospital>:<source>:<kind>; "" for another."""
    parts = system.split(":")
    return parts[4] if system.startswith(LOCAL) and len(parts) == 6 else ""


@dataclass(frozen=True, slots=True)
class Place:
    kind: MappingKind
    steps: tuple[str, ...]  # names of elements; what repeats ends with []


PLACES_BY_TYPE: dict[str, tuple[Place, ...]] = {}
for _kind, _row in KINDS.items():
    for _type, _path in _row.places:
        PLACES_BY_TYPE[_type] = (
            *PLACES_BY_TYPE.get(_type, ()),
            Place(_kind, tuple(_path.split("."))),
        )
