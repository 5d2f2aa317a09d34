"""Resource -> index values, by the parameters of its type. Pure."""

from collections.abc import Callable
from functools import cache
from typing import Any

from records.fhir.hashes import named
from records.fhir.references import targets
from records.fhir.types import TYPES
from records.search import composite, contained
from records.search.definitions import Parameter, Path, parameters
from records.search.kinds import KINDS, reference
from records.search.referrers import REFERS, referring
from records.search.terms import Index

Json = dict[str, Any]
Add = Callable[[Index, Parameter, Any], None]


def index_of(resource: Json) -> Index:
    """All index values of a valid resource, with those of what it contains."""
    name = resource["resourceType"]
    out = Index()
    held = contained.types(resource)
    fill(out, name, resource, held)
    add_others(out, resource)
    for way, inner in contained.reached(resource):
        found = Index()
        fill(found, way, inner, held)
        contained.merge(out, way, found)
    return out


def fill(out: Index, type_name: str, resource: Json, held: dict[str, str]) -> None:
    """held: the types of contained resources by #id."""
    single, composites = plan(type_name)
    for key, path, parameter, add in single:
        if key in resource:
            for value in path.values(resource):
                if path.target is None or reference.leads_to(value, path.target, held):
                    out.present |= 1 << parameter.bit
                    add(out, parameter, value)
    for parameter in composites:
        composite.add(out, parameter, resource)


@cache
def plan(type_name: str) -> tuple[list[tuple[str, Path, Parameter, Add]], list[Parameter]]:
    """What to look for in a resource of the type: (first key, path, parameter, how to index it), and composites."""
    known = parameters(type_name).values()
    single = [(path.key, path, p, KINDS[p.kind].add if p.names == (p.code,) else nothing) for p in known for path in p.paths]
    return single, [p for p in known if p.contexts]


def nothing(index: Index, parameter: Parameter, value: Any) -> None:
    """For a parameter whose paths others index."""


def add_others(out: Index, resource: Json) -> None:
    """What it refers to in its own store under no parameter of its type (Claim.insurance.coverage, an extension), so that nothing that is referred to goes."""
    name = resource["resourceType"]
    for kind, fhir_id in targets(resource):
        if kind == "Patient" and is_column(name, resource, fhir_id):
            continue
        target = named(f"{kind}/{fhir_id}")
        if not any((p, target) in out.references for p in referring(name, kind)):
            out.references.add((REFERS, target))


def is_column(name: str, resource: Json, fhir_id: str) -> bool:
    """Whether the patient is the one whom the row is about."""
    kind = TYPES[name]
    about = resource.get(kind.subject or "") if kind.subject_params else None
    return isinstance(about, dict) and reference.address(str(about.get("reference") or "")) == f"Patient/{fhir_id}"
