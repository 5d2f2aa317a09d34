"""Contained resources: a chain is evaluated inside them too (FHIR R4 search.html#chaining,
references.html#contained).

What searches look at of a contained resource hangs on the row of the resource around it, under the
way that leads there: the hashes of MedicationRequest.medication>Medication stand for what the
Medication itself would have under Medication. So it passes the gate with the row that holds it, and
is found through it alone. Where several are of one type under one parameter they share a way; a
chain asks for one of them, so that only :not (none of them has the code) and near (degrees of two
places) take them together.

Which ways there are is kept in the vocabulary, so that a chain costs nothing where nobody has
contained anything there.
"""

from collections.abc import Iterator
from typing import Any

from records.fhir.hashes import index_hash
from records.fhir.resource_types import TYPES
from records.search.search_parameters import SearchParameter, parameters_of_type, way_to_contained
from records.search.search_terms import IndexValues, SearchCondition

WAYS = index_hash("Resource", "contained")  # under which the vocabulary keeps them
STEPS = 3  # from one contained resource to the next
MOST = 5000  # of one resource, each as often as different ways lead to it
Json = dict[str, Any]


def way_token(way: str) -> int:
    """The token of a row that holds a contained resource to which the way leads."""
    return index_hash(way, "contained")


def contained_types(resource: Json) -> dict[str, str]:
    """{#id: type} of the contained resources."""
    return {k: str(r["resourceType"]) for k, r in contained_by_id(resource).items()}


def contained_by_id(resource: Json) -> dict[str, Json]:
    inside = resource.get("contained")
    if not isinstance(inside, list):
        return {}
    return {
        f"#{r['id']}": r
        for r in inside
        if isinstance(r, dict) and isinstance(r.get("id"), str) and r.get("resourceType") in TYPES
    }


def list_reached_resources(resource: Json) -> list[tuple[str, Json]]:
    """(way, contained resource) of all to which a reference parameter leads."""
    inside = contained_by_id(resource)
    if not inside:
        return []
    reached: dict[tuple[str, str], Json] = {}
    fresh: list[tuple[str, Json]] = [(resource["resourceType"], resource)]
    for _ in range(STEPS):
        following: dict[tuple[str, str], Json] = {}
        for way, node in fresh:
            following |= {
                (w, key): inside[key]
                for w, key in list_pointed_resources(way, node, inside)
                if (w, key) not in reached
            }
        reached |= dict(list(following.items())[: MOST - len(reached)])
        fresh = [(w, r) for (w, _), r in following.items()]
        if len(reached) >= MOST:
            break
    return [(way, r) for (way, _), r in reached.items()]


def list_pointed_resources(
    way: str, node: Json, inside: dict[str, Json]
) -> Iterator[tuple[str, str]]:
    """(way, #id) of what one resource's reference parameters lead to."""
    for p in parameters_of_type(way).values():
        for path in p.paths if p.kind == "reference" else ():
            for value in path.values(node) if path.keys[0] in node else ():
                key = value.get("reference") if isinstance(value, dict) else None
                if (
                    isinstance(key, str)
                    and key in inside
                    and path.target in (None, inside[key]["resourceType"])
                ):
                    yield way_to_contained(way, p.code, inside[key]["resourceType"]), key


def merge_index(index: IndexValues, way: str, inner: IndexValues) -> None:
    """The index values of a contained resource into those of the one around it."""
    index.tokens |= (
        inner.tokens
        | {way_token(way)}
        | {
            missing_token(p, not inner.present >> p.bit & 1)
            for p in parameters_of_type(way).values()
        }
    )
    index.strings |= inner.strings
    index.dates |= inner.dates
    index.references |= inner.references
    index.quantities |= inner.quantities
    index.texts |= inner.texts | {(WAYS, way, way_token(way))}


def missing_token(parameter: SearchParameter, missing: bool) -> int:
    return index_hash(parameter.type_name, parameter.code, "missing", str(missing).lower())


def contained_missing_condition(parameter: SearchParameter, missing: str) -> SearchCondition:
    """:missing of a parameter of a contained resource."""
    return SearchCondition("{r}.tokens @> {0}", ([missing_token(parameter, missing == "true")],))
