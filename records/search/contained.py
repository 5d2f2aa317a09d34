"""Contained resources: a chain is evaluated inside them too (FHIR R4 search.html#chaining, references.html#contained).

What searches look at of a contained resource hangs on the row of the resource around it, under the way that leads there: the hashes of
MedicationRequest.medication>Medication stand for what the Medication itself would have under Medication. So it passes the gate with the row that
holds it, and is found through it alone. Where several are of one type under one parameter they share a way; a chain asks for one of them, so that only
:not (none of them has the code) and near (degrees of two places) take them together.

Which ways there are is kept in the vocabulary, so that a chain costs nothing where nobody has contained anything there.
"""

from collections.abc import Iterator
from typing import Any

from records.fhir.hashes import hashed
from records.fhir.types import TYPES
from records.search.definitions import Parameter, parameters, within
from records.search.terms import Condition, Index

WAYS = hashed("Resource", "contained")  # under which the vocabulary keeps them
STEPS = 3  # from one contained resource to the next
MOST = 5000  # of one resource, each as often as different ways lead to it
Json = dict[str, Any]


def marker(way: str) -> int:
    """The token of a row that holds a contained resource to which the way leads."""
    return hashed(way, "contained")


def types(resource: Json) -> dict[str, str]:
    """{#id: type} of the contained resources."""
    return {k: str(r["resourceType"]) for k, r in held(resource).items()}


def held(resource: Json) -> dict[str, Json]:
    inside = resource.get("contained")
    if not isinstance(inside, list):
        return {}
    return {f"#{r['id']}": r for r in inside if isinstance(r, dict) and isinstance(r.get("id"), str) and r.get("resourceType") in TYPES}


def reached(resource: Json) -> list[tuple[str, Json]]:
    """(way, contained resource) of all to which a reference parameter leads."""
    inside = held(resource)
    if not inside:
        return []
    found: dict[tuple[str, str], Json] = {}
    fresh: list[tuple[str, Json]] = [(resource["resourceType"], resource)]
    for _ in range(STEPS):
        following: dict[tuple[str, str], Json] = {}
        for way, node in fresh:
            following |= {(w, key): inside[key] for w, key in pointed(way, node, inside) if (w, key) not in found}
        found |= dict(list(following.items())[: MOST - len(found)])
        fresh = [(w, r) for (w, _), r in following.items()]
        if len(found) >= MOST:
            break
    return [(way, r) for (way, _), r in found.items()]


def pointed(way: str, node: Json, inside: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """(way, #id) of what one resource's reference parameters lead to."""
    for p in parameters(way).values():
        for path in p.paths if p.kind == "reference" else ():
            for value in path.values(node) if path.keys[0] in node else ():
                key = value.get("reference") if isinstance(value, dict) else None
                if isinstance(key, str) and key in inside and path.target in (None, inside[key]["resourceType"]):
                    yield within(way, p.code, inside[key]["resourceType"]), key


def merge(index: Index, way: str, inner: Index) -> None:
    """The index values of a contained resource into those of the one around it."""
    index.tokens |= inner.tokens | {marker(way)} | {lacking(p, not inner.present >> p.bit & 1) for p in parameters(way).values()}
    index.strings |= inner.strings
    index.dates |= inner.dates
    index.references |= inner.references
    index.quantities |= inner.quantities
    index.texts |= inner.texts | {(WAYS, way, marker(way))}


def lacking(parameter: Parameter, missing: bool) -> int:
    return hashed(parameter.type_name, parameter.code, "missing", str(missing).lower())


def condition(parameter: Parameter, missing: str) -> Condition:
    """:missing of a parameter of a contained resource."""
    return Condition("{r}.tokens @> {0}", ([lacking(parameter, missing == "true")],))
