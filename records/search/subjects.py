"""The patients that a search is about: a parameter such as patient or subject whose values name
patients, who are a column of each row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from records.fhir.resource_types import TYPES
from records.search import composite
from records.search.kinds import reference
from records.search.search_parameters import parameters_of_type
from records.search.search_terms import SearchCondition


@dataclass(frozen=True, slots=True)
class Subjects:
    """ids: patients of the base that is asked. others: rows about whatever else the values name
    (a Group, a Device), None where they name patients alone.
    """

    ids: list[str]
    others: SearchCondition | None = None


def parse_subjects(types: Sequence[str], key: str, values: Sequence[str]) -> Subjects | None:
    """None where the parameter asks for something else, or names no patient. Raises BadValue."""
    name, _, modifier = key.partition(":")
    if (
        modifier not in ("", "Patient")
        or not types
        or not all(name in TYPES[t].subject_params for t in types)
    ):
        return None
    ids: list[str] = []
    rest: list[SearchCondition] = []
    for kind in types:
        parameter = parameters_of_type(kind)[name]
        ids, others = reference.split_patients(
            parameter, reference.parse_asked_references(parameter, modifier, values)
        )
        if others:
            condition = reference.other_targets_condition(parameter, others)
            rest.append(
                condition
                if len(types) == 1
                else SearchCondition(
                    f"{{r}}.type = {TYPES[kind].number} AND {condition.sql}", condition.values
                )
            )
    return (
        Subjects(ids, composite.combine_conditions(" OR ", rest) if rest else None) if ids else None
    )
