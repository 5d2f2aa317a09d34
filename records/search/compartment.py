"""Compartments: which resources belong to one Patient, Encounter, Practitioner … (FHIR R4
compartmentdefinition.html). TABLE compartments.json, generated from the official
CompartmentDefinitions.
"""

from functools import cache

from records.fhir.hashes import index_hash
from records.fhir.issues import Issue, NotSupported
from records.fhir.resource_types import TYPES, load_definition_table
from records.search.composite import combine_conditions
from records.search.parameter_condition import parameter_condition
from records.search.search_parameters import parameters_of_type
from records.search.search_terms import SearchCondition

SELF = "{def}"


def compartment_parameters(kind: str, type_name: str) -> list[str]:
    """Parameters that put a resource of the type into the compartment; a resource belongs to its
    own.
    """
    return load_definition_table("compartments")[kind].get(type_name, []) + (
        [SELF] if kind == type_name else []
    )


def compartment_types(kind: str, type_name: str) -> tuple[str, ...]:
    """The types that the search is about: one, or for * all of the compartment. Raises
    NotSupported.
    """
    compartment = load_definition_table("compartments").get(kind)
    if compartment is None:
        raise NotSupported(
            Issue(
                "not-supported",
                f"There is no compartment {kind!r}; there are"
                f" {', '.join(sorted(load_definition_table('compartments')))}.",
            )
        )
    if type_name == "*":
        return tuple(t for t in TYPES if compartment_parameters(kind, t))
    if not compartment_parameters(kind, type_name):
        raise NotSupported(
            Issue(
                "not-supported",
                f"{type_name} is not part of a {kind}'s compartment; its types are"
                f" {', '.join(t for t in TYPES if compartment_parameters(kind, t))}.",
            )
        )
    return (type_name,)


def compartment_condition(kind: str, fhir_id: str, types: tuple[str, ...]) -> SearchCondition:
    """Rows of these types that belong to kind/fhir_id."""
    conditions = []
    for name in types:
        each = [
            (
                SearchCondition("{r}.fhir_id = {0}", (fhir_id,))
                if w == SELF
                else parameter_condition(name, w, f"{kind}/{fhir_id}")
            )
            for w in compartment_parameters(kind, name)
        ]
        either = combine_conditions(" OR ", each)
        conditions.append(
            SearchCondition(f"{{r}}.type = {TYPES[name].number} AND ({either.sql})", either.values)
        )
    return combine_conditions(" OR ", conditions) if conditions else SearchCondition("false", ())


@cache
def compartment_references(kind: str) -> list[int]:
    """The reference parameters, of whatever type, that put a resource into the compartment, as
    the index knows them.
    """
    return sorted(
        {
            index_hash(t, n)
            for t in TYPES
            for w in compartment_parameters(kind, t)
            if w != SELF
            for n in parameters_of_type(t)[w].names
        }
    )
