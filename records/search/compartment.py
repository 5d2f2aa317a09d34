"""Compartments: which resources belong to one Patient, Encounter, Practitioner … (FHIR R4 compartmentdefinition.html). TABLE
compartments.json, generated from the official CompartmentDefinitions."""

from functools import cache

from records.fhir.hashes import hashed
from records.fhir.issues import Issue, NotSupported
from records.fhir.types import TYPES, table
from records.search.composite import joined
from records.search.definitions import parameters
from records.search.parse import condition
from records.search.terms import Condition

SELF = "{def}"


def ways(kind: str, type_name: str) -> list[str]:
    """Parameters that put a resource of the type into the compartment; a resource belongs to its own."""
    return table("compartments")[kind].get(type_name, []) + ([SELF] if kind == type_name else [])


def members(kind: str, type_name: str) -> tuple[str, ...]:
    """The types that the search is about: one, or for * all of the compartment. Raises NotSupported."""
    known = table("compartments").get(kind)
    if known is None:
        raise NotSupported(Issue("not-supported", f"There is no compartment {kind!r}; there are {', '.join(sorted(table('compartments')))}."))
    if type_name == "*":
        return tuple(t for t in TYPES if ways(kind, t))
    if not ways(kind, type_name):
        raise NotSupported(Issue("not-supported", f"{type_name} is not part of a {kind}'s compartment; its types are {', '.join(t for t in TYPES if ways(kind, t))}."))
    return (type_name,)


def belongs(kind: str, fhir_id: str, types: tuple[str, ...]) -> Condition:
    """Rows of these types that belong to kind/fhir_id."""
    found = []
    for name in types:
        each = [Condition("{r}.fhir_id = {0}", (fhir_id,)) if w == SELF else condition(name, w, f"{kind}/{fhir_id}") for w in ways(kind, name)]
        either = joined(" OR ", each)
        found.append(Condition(f"{{r}}.type = {TYPES[name].number} AND ({either.sql})", either.values))
    return joined(" OR ", found) if found else Condition("false", ())


@cache
def references(kind: str) -> list[int]:
    """The reference parameters, of whatever type, that put a resource into the compartment, as the index knows them."""
    return sorted({hashed(t, n) for t in TYPES for w in ways(kind, t) if w != SELF for n in parameters(t)[w].names})
