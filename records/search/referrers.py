"""Which parameters of the index tell who refers to a resource, whatever its element is called."""

from functools import cache

from records.fhir.hashes import hashed
from records.fhir.types import TYPES
from records.search.definitions import parameters

FREE = frozenset({"Consent"})  # types whose references are never enforced, but to Patients
REFERS = hashed("Resource", "refers")  # of references in the own store that no parameter of their type looks at


@cache
def referring(name: str, type_name: str) -> tuple[int, ...]:
    """The reference parameters of one type that lead to the other."""
    return tuple(hashed(name, p.code) for p in parameters(name).values() if p.kind == "reference" and type_name in (p.targets or TYPES))


@cache
def referrers(type_name: str) -> list[int]:
    """The parameters under which record_reference has every resource that refers to one of the type, by the hash of Type/id (records.fhir.hashes.named). A Patient
    whom a row is about is its column `patient` instead."""
    return sorted({REFERS, *(h for name in TYPES for h in referring(name, type_name))})
