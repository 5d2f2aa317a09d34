"""Resource -> index values, by the parameters of its type. Pure."""

from typing import Any

from records.fhir.types import TYPES
from records.search.definitions import parameters
from records.search.kinds import KINDS
from records.search.terms import Index


def index_of(resource: dict[str, Any]) -> Index:
    """All index values of a valid resource."""
    out = Index()
    type_name = resource["resourceType"]
    covered = TYPES[type_name].subject_params
    for parameter in parameters(type_name).values():
        if parameter.code in covered:
            local_subject(out, parameter, resource)
            continue
        add = KINDS[parameter.kind].add
        for path in parameter.paths:
            for value in path.values(resource):
                add(out, parameter, value)
    return out


def local_subject(out: Index, parameter: Any, resource: dict[str, Any]) -> None:
    """A subject that is a patient of this store is a column; only other subjects (a Group, a Device) become tokens."""
    for path in parameter.paths:
        for value in path.values(resource):
            if not str(value.get("reference") or "").startswith("Patient/"):
                KINDS["reference"].add(out, parameter, value)
