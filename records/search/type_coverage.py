"""The types whose resources influence a search beside those that it is about: over which chains,
_has, _list and hierarchies lead, and which come along. Of a search that has been understood.
"""

from collections.abc import Callable

from records.fhir.resource_types import TYPES
from records.search.chain import chain_targets, split_chain
from records.search.include import Include
from records.search.kinds.reference import HIERARCHY_SQL, PART_OF
from records.search.search_parameters import parameters_of_type

Covered = Callable[[str], bool]


def first_uncovered_type(type_name: str, key: str, covered: Covered) -> str:
    """The first type on the way of a parameter that is not covered; "" where one way is covered
    to its end: over what is not, nothing is found.
    """
    if key == "_list":
        return "" if covered("List") else "List"
    if key.startswith("_has:"):
        other, rest = key.split(":", 3)[1::2]
        return first_uncovered_type(other, rest, covered) if covered(other) else other
    name, _, modifier = key.partition(":")
    if "." in key:
        code, only, rest = split_chain(key)
        ways = [
            first_uncovered_type(t, rest, covered) if covered(t) else t
            for t in chain_targets(parameters_of_type(type_name)[code], only, rest)
        ]
    elif (
        modifier in HIERARCHY_SQL
        and name in parameters_of_type(type_name)
        and parameters_of_type(type_name)[name].kind == "reference"
    ):
        ways = [
            "" if covered(t) else t
            for t in PART_OF
            if t in parameters_of_type(type_name)[name].targets
        ]
    else:
        return ""
    return "" if "" in ways else ways[0]


def uncovered_include_type(step: Include, covered: Covered) -> str:
    """A type that an include would bring along, where none of those that it could is covered; ""
    where one is.
    """
    some = (
        [step.source]
        if step.backward
        else (
            [step.target]
            if step.target
            else [t for p in step.parameters for t in p.targets or TYPES if t in TYPES]
        )
    )
    return "" if any(map(covered, some)) or not some else some[0]
