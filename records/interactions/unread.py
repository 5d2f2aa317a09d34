"""Valid resources that this release cannot read: refused with the element that it stumbles over, and logged. The one place that says so; nothing legal
may ever come here, which tests/http/test_odd_values.py tries with all hosted types."""

import copy
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DataError

from records.fhir.issues import Issue, Unprocessable
from records.fhir.types import TYPES

log = logging.getLogger("xinglin.fhir")
Json = dict[str, Any]
FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError, DataError)
SAYS = "This release cannot read what stands here, though it is valid FHIR, so nothing was stored: send the resource without it, and tell the operator, whose log says more."
TRIES = 300  # copies that are made to find the element


@contextmanager
def unread_named(resources: Sequence[tuple[str, Json]], read: Callable[[Json], object]) -> Iterator[None]:
    """resources: (place, resource), which the block reads; read: reads one of them as the block does, and changes nothing. Raises Unprocessable naming
    the element instead of whatever else goes wrong with it."""
    try:
        yield
    except FAULTS as error:
        place, resource = next(((p, r) for p, r in resources if stumbles(read, r)), resources[0] if len(resources) == 1 else ("", None))
        where = element(resource, read, place or str(resource["resourceType"])) if resource else place
        log.error("FHIR422 unread", exc_info=True)
        raise Unprocessable(Issue("exception", SAYS, where)) from error


def stumbles(read: Callable[[Json], object], resource: Json) -> bool:
    try:
        read(resource)
    except FAULTS:
        return True
    except Exception:
        return False
    return False


def element(resource: Json, read: Callable[[Json], object], place: str) -> str:
    """The FHIRPath of the smallest part without which it is read; place where there is none."""
    steps: list[Any] = []
    left = TRIES if stumbles(read, resource) else 0
    while left > 0:
        for key in parts(at(resource, steps)):
            left -= 1
            if not stumbles(read, without(resource, [*steps, key])):
                steps.append(key)
                break
        else:
            break
    return place + "".join(f"[{s}]" if isinstance(s, int) else f".{s.removeprefix('_')}" for s in steps)


def parts(node: Any) -> Sequence[Any]:
    """Keys or places of what it is made of; those that must be there last, for they are seldom to blame."""
    if isinstance(node, list):
        return range(len(node))
    must = TYPES[node["resourceType"]].required if isinstance(node, dict) and node.get("resourceType") in TYPES else frozenset()
    return sorted((k for k in node if k != "resourceType"), key=lambda k: k in must) if isinstance(node, dict) else ()


def at(node: Any, steps: Sequence[Any]) -> Any:
    for step in steps:
        node = node[step]
    return node


def without(resource: Json, steps: Sequence[Any]) -> Json:
    out = copy.deepcopy(resource)
    del at(out, steps[:-1])[steps[-1]]
    return out
