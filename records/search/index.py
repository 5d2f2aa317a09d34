"""Resource -> index values, by the parameters of its type. Pure."""

from collections.abc import Callable
from functools import cache
from typing import Any

from records.fhir.types import TYPES
from records.search import composite
from records.search.definitions import Parameter, Path, parameters
from records.search.kinds import KINDS
from records.search.terms import Index


def index_of(resource: dict[str, Any]) -> Index:
    """All index values of a valid resource."""
    out = Index()
    single, composites = plan(resource["resourceType"])
    for key, path, parameter, add, subject in single:
        if key in resource:
            for value in path.values(resource):
                out.present |= 1 << parameter.bit
                if not (subject and is_local(value)):
                    add(out, parameter, value)
    for parameter in composites:
        composite.add(out, parameter, resource)
    return out


Add = Callable[[Index, Parameter, Any], None]


@cache
def plan(type_name: str) -> tuple[list[tuple[str, Path, Parameter, Add, bool]], list[Parameter]]:
    """What to look for in a resource of the type: (first key, path, parameter, how to index it, is it the subject), and composites."""
    covered = TYPES[type_name].subject_params
    known = parameters(type_name).values()
    single = [(path.keys[0], path, p, KINDS[p.kind].add if p.names == (p.code,) else nothing, p.code in covered) for p in known for path in p.paths]
    return single, [p for p in known if p.contexts]


def nothing(index: Index, parameter: Parameter, value: Any) -> None:
    """For a parameter whose paths others index."""


def is_local(value: Any) -> bool:
    """A subject that is a patient of this store is a column; only other subjects (a Group, a Device) become references."""
    return isinstance(value, dict) and str(value.get("reference") or "").startswith("Patient/")
