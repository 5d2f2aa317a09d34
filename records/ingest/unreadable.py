"""Valid resources that this release cannot read: refused with the element that it stumbles over,
and logged. The one place that says so; nothing legal may ever come here, which
tests/http/test_odd_values.py tries with all hosted types.
"""

import copy
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DataError

from records.fhir.issues import Issue, Unprocessable
from records.fhir.resource_types import TYPES

log = logging.getLogger("xinglin.fhir")
Json = dict[str, Any]
READ_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    DataError,
)
UNREADABLE_TEXT = (
    "This release cannot read what stands here, though it is valid FHIR, so nothing was stored:"
    " send the resource without it, and tell the operator, whose log says more."
)
MOST_COPIES = 300  # copies that are made to find the element


@contextmanager
def naming_unreadable_element(
    resources: Sequence[tuple[str, Json]], read: Callable[[Json], object]
) -> Iterator[None]:
    """resources: (place, resource), which the block reads; read: reads one of them as the block
    does, and changes nothing. Raises Unprocessable naming the element instead of whatever else goes
    wrong with it.
    """
    try:
        yield
    except READ_ERRORS as error:
        place, resource = next(
            ((p, r) for p, r in resources if is_unreadable(read, r)),
            resources[0] if len(resources) == 1 else ("", None),
        )
        where = (
            find_unreadable_element(resource, read, place or str(resource["resourceType"]))
            if resource
            else place
        )
        log.error("FHIR422 unread", exc_info=True)
        raise Unprocessable(
            Issue("exception", UNREADABLE_TEXT, where, rule="element.unreadable")
        ) from error


def is_unreadable(read: Callable[[Json], object], resource: Json) -> bool:
    try:
        read(resource)
    except READ_ERRORS:
        return True
    except Exception:
        return False
    return False


def find_unreadable_element(resource: Json, read: Callable[[Json], object], place: str) -> str:
    """The FHIRPath of the smallest part without which it is read; place where there is none."""
    steps: list[Any] = []
    copies_left = MOST_COPIES if is_unreadable(read, resource) else 0
    while copies_left > 0:
        for key in list_element_keys(get_value_at(resource, steps)):
            copies_left -= 1
            if not is_unreadable(read, copy_without(resource, [*steps, key])):
                steps.append(key)
                break
        else:
            break
    return place + "".join(
        f"[{step}]" if isinstance(step, int) else f".{step.removeprefix('_')}" for step in steps
    )


def list_element_keys(node: Any) -> Sequence[Any]:
    """Keys or places of what it is made of; those that must be there last, for they are seldom
    to blame.
    """
    if isinstance(node, list):
        return range(len(node))
    required = (
        TYPES[node["resourceType"]].required
        if isinstance(node, dict) and node.get("resourceType") in TYPES
        else frozenset()
    )
    return (
        sorted((k for k in node if k != "resourceType"), key=lambda k: k in required)
        if isinstance(node, dict)
        else ()
    )


def get_value_at(node: Any, steps: Sequence[Any]) -> Any:
    for step in steps:
        node = node[step]
    return node


def copy_without(resource: Json, steps: Sequence[Any]) -> Json:
    shortened = copy.deepcopy(resource)
    del get_value_at(shortened, steps[:-1])[steps[-1]]
    return shortened
