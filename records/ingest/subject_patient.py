"""Whom a resource is about where no reference to a Patient of the store says so: by the
patient's identifiers, as the store knows them.

A document brings its own Patient (FHIR R4 documents.html), a resource may contain one, and a
reference may be logical alone (references.html#logical). One Patient of the store who has just
these identifiers, and whom nothing else that is said there contradicts, is who is meant; else the
resource is about nobody here, and its sender is told.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils import timezone

from consent.terms import Scope
from records.fhir.base_address import normalize_address
from records.fhir.issues import Issue
from records.fhir.reference_forms import ReferenceForm, classify_reference
from records.fhir.resource_references import RELATIVE
from records.fhir.resource_types import TYPES
from records.ingest.incoming_resource import IncomingResource
from records.mpi.index.similar_patients import demographics_agree
from records.mpi.matching.fhir_patient import demographics_from_patient
from records.search.escapes import escape_value
from records.search.parse import parse_search
from records.search.search_plan import plan_search
from records.store import write_lookups

IN_NO_RECORD = "It stands in nobody's record here: "
PATIENT_ELSEWHERE = (
    IN_NO_RECORD
    + "its patient has an address elsewhere. To file it with a patient of this store, refer to"
    " Patient/id."
)
SUBJECT_UNNAMED = (
    IN_NO_RECORD + "its patient is named by no reference and no identifier. Refer to Patient/id."
)
PATIENT_UNIDENTIFIED = (
    IN_NO_RECORD
    + "its Patient comes without an identifier (system and value), so nobody in this store is found"
    " by it."
)
PATIENT_UNKNOWN = (
    IN_NO_RECORD
    + "no one Patient of this store has the identifiers that its Patient comes with. Send the"
    " Patient first, then this again."
)
PATIENT_CONTRADICTED = (
    IN_NO_RECORD
    + "the Patient of this store who has its identifiers has another name, sex or birth date."
    " Correct the one or the other, then send this again."
)


def find_subject_patients(scope: Scope, items: Sequence[IncomingResource]) -> None:
    """Give each item the Patient whom it is about, or the doubt."""
    for item in items:
        described = find_described_patient(item.resource)
        if isinstance(described, str):
            item.no_subject_reason = described
        elif described is not None:
            item.subject_fhir_id, item.no_subject_reason = find_identified_patient(scope, described)


def collect_subject_warnings(items: Sequence[IncomingResource]) -> dict[str, list[Issue]]:
    """{FHIRPath: warnings} of those that are about nobody here."""
    return {
        item.place or item.resource["resourceType"]: [
            Issue(
                "not-found",
                item.no_subject_reason,
                item.place or item.resource["resourceType"],
                "warning",
            )
        ]
        for item in items
        if item.no_subject_reason
    }


def find_described_patient(resource: dict[str, Any]) -> dict[str, Any] | str | None:
    """What tells who the patient is, as a Patient; why nothing does; or None where a literal
    reference does, or it is about no patient by its nature.
    """
    if resource["resourceType"] == "Bundle":
        return find_document_patient(resource) if resource.get("type") == "document" else None
    element = TYPES[resource["resourceType"]].subject
    subject = resource.get(element) if element else None
    if not isinstance(subject, dict):
        return None
    reference = subject.get("reference")
    if isinstance(reference, str):
        reference_form = classify_reference(reference)
        if reference_form is ReferenceForm.FOREIGN:
            return PATIENT_ELSEWHERE if "/Patient/" in reference else None
        contained_patient = next(
            (
                contained
                for contained in resource.get("contained") or ()
                if reference_form is ReferenceForm.CONTAINED
                and contained.get("id") == reference[1:]
            ),
            None,
        )
        return (
            contained_patient
            if contained_patient and contained_patient.get("resourceType") == "Patient"
            else None
        )
    if str(subject.get("type") or "Patient").rpartition("/")[2] != "Patient":
        return None
    return (
        {"resourceType": "Patient", "identifier": [subject["identifier"]]}
        if isinstance(subject.get("identifier"), dict)
        else SUBJECT_UNNAMED
    )


def find_document_patient(bundle: dict[str, Any]) -> dict[str, Any] | str | None:
    """The Patient inside whom the Composition is about."""
    entries = [
        entry
        for entry in bundle.get("entry") or ()
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
    ]
    if not entries or entries[0]["resource"].get("resourceType") != "Composition":
        return None
    reference = str((entries[0]["resource"].get("subject") or {}).get("reference") or "")
    subject_addresses = {
        normalize_address(t)
        for t in (
            reference,
            *resolve_against_full_url(str(entries[0].get("fullUrl") or ""), reference),
        )
    }
    subjects = [
        entry["resource"]
        for entry in entries
        if normalize_address(str(entry.get("fullUrl") or "")) in subject_addresses
    ]
    if len(subjects) == 1 and subjects[0].get("resourceType") == "Patient":
        return subjects[0]  # type: ignore[no-any-return]
    return PATIENT_UNIDENTIFIED if reference else None


def resolve_against_full_url(full_url: str, reference: str) -> Iterator[str]:
    """A relative reference as the entry with this fullUrl means it (FHIR R4
    bundle.html#references).
    """
    root = parse_full_url_root(full_url)
    if root and RELATIVE.fullmatch(reference):
        yield f"{root}/{reference.partition('/_history/')[0]}"


def parse_full_url_root(full_url: str) -> str:
    """The base of a RESTful fullUrl, [root]/Type/id; "" of any other."""
    root, _, fhir_id = full_url.partition("/_history/")[0].rpartition("/")
    root, _, type_name = root.rpartition("/")
    return (
        root
        if root.startswith(("http://", "https://")) and RELATIVE.fullmatch(f"{type_name}/{fhir_id}")
        else ""
    )


def find_identified_patient(scope: Scope, described: dict[str, Any]) -> tuple[str, str]:
    """(id of the one Patient of the store who has an identifier of the described one, and whom
    nothing contradicts; why there is none).
    """
    identifiers = [
        (str(identifier.get("system") or ""), str(identifier.get("value") or ""))
        for identifier in described.get("identifier") or ()
        if isinstance(identifier, dict)
    ]
    tokens = [
        f"{escape_value(system)}|{escape_value(value)}"
        for system, value in identifiers
        if system and value
    ]
    if not tokens:
        return "", PATIENT_UNIDENTIFIED
    fhir_ids = write_lookups.find_fitting_ids(
        scope,
        plan_search(
            parse_search(["Patient"], [("identifier", ",".join(tokens))]),
            scope.store_hospital_id,
            None,
        ),
    )
    if len(fhir_ids) != 1:
        return "", PATIENT_UNKNOWN
    if not scope.principal.sandbox and not demographics_agree(
        demographics_from_patient(described, timezone.localdate()),
        scope.store_hospital_id or 0,
        fhir_ids[0],
    ):
        return "", PATIENT_CONTRADICTED
    return fhir_ids[0], ""
