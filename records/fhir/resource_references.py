"""The references in a resource: which there are, where they stand, and whom they name. Pure.

Found by the types of the elements, for other elements are called `reference` as well
(Expression.reference is a uri). A Bundle is a closed world: what its entries refer to is their own
(FHIR R4 bundle.html#references), so nothing looks into them.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from records.fhir.resource_types import TYPES, load_definition_table

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")
CLOSED = {"Bundle": {"entry"}}


@dataclass(frozen=True, slots=True)
class FoundReference:
    """A Reference object; owner, key: the type and the element that hold it; within: the
    resource that does, a contained one or the whole.
    """

    node: dict[str, Any]
    owner: str
    key: str
    within: dict[str, Any]


@cache
def complex_elements(kind: str) -> dict[str, str] | None:
    """{json key: type} of the elements of a type that are no primitives; "Resource" stands for
    any resource. None for a type that is not known.
    """
    if kind not in load_definition_table("shapes"):
        return (
            {"extension": "Extension", "modifierExtension": "Extension"}
            if kind == "Element"
            else None
        )
    out = {
        k: told.lstrip("*")
        for k, told in load_definition_table("shapes")[kind].items()
        if k not in "!?"
    }
    return {k: t for k, t in out.items() if t[0].isupper() and k not in CLOSED.get(kind, ())} | {
        "extension": "Extension",
        "modifierExtension": "Extension",
    }


def find_references(resource: dict[str, Any]) -> list[FoundReference]:
    """Every Reference with a literal `reference`, in the order of the text. In a contained
    resource of a type that is not hosted every object with one counts.
    """
    out: list[FoundReference] = []
    stack: list[tuple[Any, str, str, str, dict[str, Any]]] = [
        (resource, str(resource.get("resourceType")), "", "", resource)
    ]
    while stack:
        node, kind, owner, key, within = stack.pop()
        known, below = complex_elements(kind), []
        if (kind == "Reference" or known is None) and type(node.get("reference")) is str:
            out.append(FoundReference(node, owner, key, within))
        for name, value in node.items():
            if type(value) is dict or type(value) is list:
                inner = (
                    "?"
                    if known is None
                    else known.get(name) or ("Element" if name[:1] == "_" else "")
                )
                if inner:
                    for item in value if type(value) is list else (value,):
                        if type(item) is dict:
                            whole = inner == "Resource"
                            below.append(
                                (
                                    item,
                                    str(item.get("resourceType")) if whole else inner,
                                    kind,
                                    name,
                                    item if whole else within,
                                )
                            )
        stack.extend(below[::-1])
    return out


def path_of_node(node: Any, wanted: dict[str, Any], where: str) -> str:
    """The FHIRPath of an object that stands below the node; "" where it does not."""
    if node is wanted:
        return where
    steps = (
        [(f"{where}.{k}", v) for k, v in node.items()]
        if type(node) is dict
        else [(f"{where}[{i}]", v) for i, v in enumerate(node)]
    )
    return next(
        (
            found
            for at, v in steps
            if type(v) is dict or type(v) is list
            for found in [path_of_node(v, wanted, at)]
            if found
        ),
        "",
    )


def parse_reference(reference: str) -> tuple[str, str] | None:
    """(type, id) of a relative literal reference to a hosted type, or None."""
    m = RELATIVE.fullmatch(reference)
    return (m.group(1), m.group(2)) if m and m.group(1) in TYPES else None


def find_local_targets(resource: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """{(type, id): the first Reference to it} of what a resource refers to in its own store."""
    out: dict[tuple[str, str], dict[str, Any]] = {}
    for reference in find_references(resource):
        if key := parse_reference(reference.node["reference"]):
            out.setdefault(key, reference.node)
    return out


def find_patient_ids(resource: dict[str, Any], subject: str | None) -> list[str]:
    """Ids of the patients of this store that a resource names, the one it is about first."""
    about = (
        parse_reference(str(resource[subject].get("reference") or ""))
        if subject and isinstance(resource.get(subject), dict)
        else None
    )
    patient_ids = [about[1]] if about and about[0] == "Patient" else []
    return list(
        dict.fromkeys(
            [*patient_ids, *(i for name, i in find_local_targets(resource) if name == "Patient")]
        )
    )
