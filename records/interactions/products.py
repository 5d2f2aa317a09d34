"""The Medications that prescriptions of an answer refer to: without them a medicine has no name."""

from collections.abc import Sequence

from consent.terms import Scope
from records.fhir.json import parse
from records.meaning.medicine import product_of
from records.store import query
from records.store.rows import Row

KINDS = frozenset({"MedicationRequest", "MedicationStatement"})


def products(scope: Scope, rows: Sequence[Row]) -> list[Row]:
    """In one statement under an audit line of its own; none is asked where no row refers to one."""
    asking = [r.rid for r in rows if r.type_name in KINDS and b"medicationReference" in r.body and product_of(parse(r.body))]
    return [r for r in query.referred(scope, asking) if r.type_name == "Medication"] if asking else []
