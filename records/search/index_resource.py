"""Resource -> index values, by the parameters of its type. Pure."""

from collections.abc import Callable
from functools import cache
from typing import Any

from records.fhir.hashes import reference_hash
from records.fhir.resource_references import find_local_targets
from records.fhir.resource_types import TYPES
from records.search import composite, contained_resources
from records.search.kinds import KINDS, reference
from records.search.referrers import OTHER_REFERENCES, referring_parameters
from records.search.search_parameters import ElementPath, SearchParameter, parameters_of_type
from records.search.search_terms import IndexValues

Json = dict[str, Any]
Add = Callable[[IndexValues, SearchParameter, Any], None]


def build_index(resource: Json) -> IndexValues:
    """All index values of a valid resource, with those of what it contains."""
    name = resource["resourceType"]
    index = IndexValues()
    contained_types = contained_resources.contained_types(resource)
    index_parameters(index, name, resource, contained_types)
    index_other_references(index, resource)
    for way, inner in contained_resources.list_reached_resources(resource):
        inner_index = IndexValues()
        index_parameters(inner_index, way, inner, contained_types)
        contained_resources.merge_index(index, way, inner_index)
    return index


def index_parameters(
    index: IndexValues, type_name: str, resource: Json, contained_types: dict[str, str]
) -> None:
    """contained_types: the types of contained resources by #id."""
    single, composites = plan_indexing(type_name)
    for key, path, parameter, add in single:
        if key in resource:
            for value in path.values(resource):
                if path.target is None or reference.may_lead_to_type(
                    value, path.target, contained_types
                ):
                    index.present |= 1 << parameter.bit
                    add(index, parameter, value)
    for parameter in composites:
        composite.index_composite(index, parameter, resource)


@cache
def plan_indexing(
    type_name: str,
) -> tuple[list[tuple[str, ElementPath, SearchParameter, Add]], list[SearchParameter]]:
    """What to look for in a resource of the type: (first key, path, parameter, how to index it),
    and composites.
    """
    parameters = parameters_of_type(type_name).values()
    single = [
        (
            path.first_key,
            path,
            p,
            KINDS[p.kind].index_value if p.names == (p.code,) else index_nothing,
        )
        for p in parameters
        for path in p.paths
    ]
    return single, [p for p in parameters if p.contexts]


def index_nothing(index: IndexValues, parameter: SearchParameter, value: Any) -> None:
    """For a parameter whose paths others index."""


def index_other_references(index: IndexValues, resource: Json) -> None:
    """What it refers to in its own store under no parameter of its type
    (Claim.insurance.coverage, an extension), so that nothing that is referred to goes.
    """
    name = resource["resourceType"]
    for kind, fhir_id in find_local_targets(resource):
        if kind == "Patient" and is_row_patient(name, resource, fhir_id):
            continue
        target = reference_hash(f"{kind}/{fhir_id}")
        if not any((p, target) in index.references for p in referring_parameters(name, kind)):
            index.references.add((OTHER_REFERENCES, target))


def is_row_patient(name: str, resource: Json, fhir_id: str) -> bool:
    """Whether the patient is the one whom the row is about."""
    kind = TYPES[name]
    about = resource.get(kind.subject or "") if kind.subject_params else None
    return (
        isinstance(about, dict)
        and reference.strip_version(str(about.get("reference") or "")) == f"Patient/{fhir_id}"
    )
