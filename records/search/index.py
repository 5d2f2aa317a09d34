"""Resource -> index values, by the parameters of its type. Pure."""

from typing import Any

from records.fhir.types import TYPES
from records.search import composite
from records.search.definitions import Parameter, parameters
from records.search.kinds import KINDS
from records.search.terms import Index


def index_of(resource: dict[str, Any]) -> Index:
    """All index values of a valid resource."""
    out = Index()
    type_name = resource["resourceType"]
    covered = TYPES[type_name].subject_params
    for parameter in parameters(type_name).values():
        if parameter.contexts:
            composite.add(out, parameter, resource)
            continue
        add = KINDS[parameter.kind].add if parameter.names == (parameter.code,) else nothing
        subject = parameter.code in covered
        for path in parameter.paths:
            for value in path.values(resource):
                out.present |= 1 << parameter.bit
                if not (subject and is_local(value)):
                    add(out, parameter, value)
    return out


def nothing(index: Index, parameter: Parameter, value: Any) -> None:
    """For a parameter whose paths others index."""


def is_local(value: Any) -> bool:
    """A subject that is a patient of this store is a column; only other subjects (a Group, a Device) become references."""
    return isinstance(value, dict) and str(value.get("reference") or "").startswith("Patient/")
