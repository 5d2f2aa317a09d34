"""Of whom a search is: a parameter such as patient or subject whose values name patients, who are a column of each row."""

from collections.abc import Sequence
from dataclasses import dataclass

from records.fhir.types import TYPES
from records.search import composite
from records.search.definitions import parameters
from records.search.kinds import reference
from records.search.terms import Condition


@dataclass(frozen=True, slots=True)
class Subjects:
    """ids: patients of the base that is asked. others: rows about whatever else the values name (a Group, a Device), None where they name patients alone."""

    ids: list[str]
    others: Condition | None = None


def subjects(types: Sequence[str], key: str, values: Sequence[str]) -> Subjects | None:
    """None where the parameter asks for something else, or names no patient. Raises BadValue."""
    name, _, modifier = key.partition(":")
    if modifier not in ("", "Patient") or not types or not all(name in TYPES[t].subject_params for t in types):
        return None
    ids: list[str] = []
    rest: list[Condition] = []
    for kind in types:
        parameter = parameters(kind)[name]
        ids, others = reference.parted(parameter, reference.asked(parameter, modifier, values))
        if others:
            found = reference.elsewhere(parameter, others)
            rest.append(found if len(types) == 1 else Condition(f"{{r}}.type = {TYPES[kind].number} AND {found.sql}", found.values))
    return Subjects(ids, composite.joined(" OR ", rest) if rest else None) if ids else None
