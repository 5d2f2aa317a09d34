"""The search parameters by which the resources that refer to a resource are found, whatever its
element is called.
"""

from functools import cache

from records.fhir.hashes import index_hash
from records.fhir.resource_types import TYPES
from records.search.search_parameters import parameters_of_type

UNENFORCED_TYPES = frozenset(
    {"Consent"}
)  # types whose references are never enforced, but to Patients
OTHER_REFERENCES = index_hash(
    "Resource", "refers"
)  # of references in the own store that no parameter of their type looks at


@cache
def referring_parameters(name: str, type_name: str) -> tuple[int, ...]:
    """The reference parameters of one type that lead to the other."""
    return tuple(
        index_hash(name, p.code)
        for p in parameters_of_type(name).values()
        if p.kind == "reference" and type_name in (p.targets or TYPES)
    )


@cache
def referrer_parameters(type_name: str) -> list[int]:
    """The parameters under which record_reference has every resource that refers to one of the
    type, by the hash of Type/id (records.fhir.hashes.reference_hash). A Patient whom a row is about
    is its column `patient` instead.
    """
    return sorted(
        {OTHER_REFERENCES, *(h for name in TYPES for h in referring_parameters(name, type_name))}
    )
