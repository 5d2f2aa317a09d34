"""The Medications that prescriptions of an answer refer to: without them a medicine has no name."""

from collections.abc import Sequence

from consent.terms import Scope
from records.fhir.json_codec import parse_json
from records.meaning.medicine import medication_address
from records.store import search_query
from records.store.rows import Row

PRESCRIPTION_TYPES = frozenset({"MedicationRequest", "MedicationStatement"})


def read_medications(scope: Scope, rows: Sequence[Row]) -> list[Row]:
    """In one statement under an audit line of its own; none is asked where no row refers to one."""
    asking = [
        r.resource_id
        for r in rows
        if r.type_name in PRESCRIPTION_TYPES
        and b"medicationReference" in r.body
        and medication_address(parse_json(r.body))
    ]
    return (
        [r for r in search_query.fetch_referred(scope, asking) if r.type_name == "Medication"]
        if asking
        else []
    )
