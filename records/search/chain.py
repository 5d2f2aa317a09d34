"""Conditions on other resources: chained parameters and _has, nested to any depth (FHIR R4
search.html#chaining, #has).

Each is one sub-select. The other resource passes the same gate as the row that is asked for:
VISIBLE stands where the store writes the scope's test on the sub-select's alias. Where a chain also
leads to contained resources, their values hang on the row itself
(records/search/contained_resources.py); _has leads to no contained resource and from none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from records.fhir.hashes import index_hash
from records.fhir.issues import Issue, NotSupported, TooLarge
from records.fhir.limits import CHAINS, JOINS
from records.fhir.resource_types import TYPES
from records.search.contained_resources import way_token
from records.search.search_parameters import SearchParameter, parameters_of_type, way_to_contained
from records.search.search_terms import VISIBLE, SearchCondition, UnfitParameter

DEEPEST = 8
MANY = Issue(
    "too-costly",
    f"A search has at most {CHAINS} chains, with {JOINS} steps together (a reference to any type is"
    " a step to each): name the type, as in subject:Patient.name, or ask in several searches.",
)
ALONE = (
    "_id",
    "_lastUpdated",
    "_has",
)  # what a contained resource does not have: an id of its own, versions, others that refer to it


@dataclass(frozen=True, slots=True)
class ChainPosition:
    """How many steps a condition is away from the row that is asked for; contained: the ways
    into contained resources that there are.
    """

    depth: int = 0
    contained: frozenset[str] = frozenset()

    def next_step(self) -> "ChainPosition":
        return replace(self, depth=self.depth + 1)


AT_ROW = ChainPosition()
Inner = Callable[
    [str, str, str, ChainPosition], SearchCondition
]  # (type, key, value, way) -> condition on a row of that type


ENCLOSED_FAULT = (
    "{key}: what a stored Bundle holds is its own, and searches do not look into it: ask for its"
    " identifier, type or timestamp, or whether there is one (:missing)."
)


def chain_error(says: str) -> NotSupported:
    return NotSupported(Issue("not-supported", f"Search parameter {says}"))


def chained_condition(
    type_name: str, key: str, value: str, way: ChainPosition, inner: Inner
) -> SearchCondition:
    """subject:Patient.name=…: rows whose reference names a resource for which the rest holds, or
    one that they contain.
    """
    code, target_type, chained_key = split_chain(key)
    parameter = require_reference_parameter(type_name, code, way)
    types = chain_targets(parameter, target_type, chained_key)
    if target_type and (
        target_type not in TYPES or (parameter.targets and target_type not in parameter.targets)
    ):
        raise chain_error(f"{key}: {code} does not refer to {target_type}.")
    if not types:
        raise chain_error(
            f"{key}: no type that {type_name}.{code} refers to has a parameter"
            f" {first_parameter(chained_key)!r}."
        )
    tests: list[str] = []
    values: list[object] = []
    for name, inner_condition in conditions_by_type(
        types, lambda t: inner(t, chained_key, value, way.next_step())
    ):
        tests.append(target_exists_sql(parameter, name, inner_condition, len(values), way.depth))
        values += [index_hash(type_name, code), *inner_condition.values]
        held = way_to_contained(type_name, code, name)
        if held in way.contained and first_parameter(chained_key) not in ALONE:
            inner_condition = inner(held, chained_key, value, way.next_step())
            tests.append(
                f"({{r}}.tokens @> {{{len(values)}}} AND"
                f" {renumbered_sql(inner_condition, len(values) + 1, '{r}')})"
            )
            values += [[way_token(held)], *inner_condition.values]
    return limit_steps(SearchCondition("(" + " OR ".join(tests) + ")", tuple(values)))


def split_chain(key: str) -> tuple[str, str, str]:
    """Of a chain: the reference parameter, the type that it names or "", and what is asked of
    the resource that it leads to.
    """
    head, _, chained_key = key.partition(".")
    code, _, only = head.partition(":")
    return code, only, chained_key


def chain_targets(parameter: SearchParameter, target_type: str, chained_key: str) -> list[str]:
    """The types that a step leads to: the one that is named, else all that know what is asked
    next.
    """
    return (
        [target_type]
        if target_type
        else [
            t
            for t in parameter.targets or TYPES
            if t in TYPES
            and first_parameter(chained_key)
            in (*parameters_of_type(t), "_id", "_has", "_lastUpdated")
        ]
    )


def limit_steps(condition: SearchCondition) -> SearchCondition:
    """Raises TooLarge where one chain alone leads to too many: each type that a reference may
    lead to multiplies the next step's.
    """
    if count_steps(condition) > JOINS:
        raise TooLarge(MANY)
    return condition


def conditions_by_type(
    types: Sequence[str], build_condition: Callable[[str], SearchCondition]
) -> list[tuple[str, SearchCondition]]:
    """(type, condition) of those types that can have hits. Raises Unfit where none can."""
    conditions: list[tuple[str, SearchCondition]] = []
    unfit: list[UnfitParameter] = []
    for name in types:
        try:
            conditions.append((name, build_condition(name)))
        except UnfitParameter as problem:
            unfit.append(problem)
    if unfit and not conditions:
        raise unfit[0]
    return conditions


def target_exists_sql(
    parameter: SearchParameter,
    target: str,
    condition: SearchCondition,
    first_placeholder: int,
    depth: int,
) -> str:
    """EXISTS a visible target; {at} is the hash of the parameter, the inner values follow it."""
    row_alias, reference_alias = f"t{depth}", f"x{depth}"
    inner_sql = renumbered_sql(condition, first_placeholder + 1, row_alias)
    live = (
        f"{row_alias}.type = {TYPES[target].number} AND NOT {row_alias}.deleted AND"
        f" {VISIBLE.format(alias=row_alias)} AND"
        f" {inner_sql}"
    )
    by_reference = (
        f"EXISTS (SELECT FROM record_reference {reference_alias} JOIN record_resource {row_alias}"
        f" ON {row_alias}.named ="
        f" {reference_alias}.target WHERE {reference_alias}.rid = {{r}}.rid AND"
        f" {reference_alias}.parameter = {{{first_placeholder}}} AND {row_alias}.hospital ="
        f" {{r}}.hospital AND {live})"
    )
    if target == "Patient" and parameter.column == "patient":
        return (
            f"({{r}}.patient <> 0 AND {{r}}.patient IN (SELECT {row_alias}.patient FROM"
            f" record_resource {row_alias}"
            f" WHERE {live}))"
        )
    return by_reference


def reverse_chain_condition(
    type_name: str, key: str, value: str, way: ChainPosition, inner: Inner
) -> SearchCondition:
    """_has:Observation:patient:code=…: rows to which a resource refers for which the rest holds."""
    parts = key.split(":", 3)
    if len(parts) != 4 or parts[1] not in TYPES:
        raise chain_error(f"{key}: write _has:Type:reference-parameter:parameter.")
    _, referring_type, code, chained_key = parts
    parameter = require_reference_parameter(referring_type, code, way)
    if parameter.targets and type_name not in parameter.targets:
        raise UnfitParameter(
            Issue(
                "not-supported",
                f"Search parameter {key}: {referring_type}.{code} does not refer to {type_name}.",
            )
        )
    inner_condition = inner(referring_type, chained_key, value, way.next_step())
    row_alias, reference_alias = f"t{way.depth}", f"x{way.depth}"
    live = (
        f"{row_alias}.type = {TYPES[referring_type].number} AND NOT {row_alias}.deleted AND"
        f" {VISIBLE.format(alias=row_alias)} AND"
        f" {renumbered_sql(inner_condition, 1, row_alias)}"
    )
    if type_name == "Patient" and parameter.column == "patient":
        sql = (
            f"{{r}}.patient IN (SELECT {row_alias}.patient FROM record_resource {row_alias}"
            f" WHERE {live})"
        )
    else:
        sql = (
            f"EXISTS (SELECT FROM record_reference {reference_alias} JOIN record_resource"
            f" {row_alias} ON {row_alias}.rid ="
            f" {reference_alias}.rid WHERE {reference_alias}.target = {{r}}.named AND"
            f" {reference_alias}.parameter = {{0}} AND {row_alias}.hospital ="
            f" {{r}}.hospital AND {live})"
        )
    return SearchCondition(sql, (index_hash(referring_type, code), *inner_condition.values))


def require_reference_parameter(type_name: str, code: str, way: ChainPosition) -> SearchParameter:
    if way.depth > DEEPEST:
        raise chain_error(f"{code}: at most {DEEPEST} steps are taken.")
    parameter = parameters_of_type(type_name).get(code)
    if parameter is None or parameter.kind != "reference":
        known_names = (
            ", ".join(
                sorted(
                    p.code for p in parameters_of_type(type_name).values() if p.kind == "reference"
                )
            )
            or "none"
        )
        raise chain_error(
            f"{code!r} of {type_name} is no reference parameter. It has: {known_names}."
        )
    if is_enclosed(parameter):
        raise chain_error(ENCLOSED_FAULT.format(key=f"{type_name}.{code}"))
    return parameter


def is_enclosed(parameter: SearchParameter) -> bool:
    """Whether it leads to what stands inside the resource itself, as Bundle.composition does."""
    return bool(parameter.paths) and all(path.type == "Resource" for path in parameter.paths)


def first_parameter(chained_key: str) -> str:
    return chained_key.partition(".")[0].partition(":")[0]


def count_steps(condition: SearchCondition) -> int:
    """How many other resources it leads to."""
    return condition.sql.count("<visible:")


def renumbered_sql(condition: SearchCondition, start: int, alias: str) -> str:
    """The condition for the row alias, its values counted from start; in brackets, so that no OR
    inside it reaches past the gate.
    """
    return (
        "("
        + condition.sql.format(*(f"{{{start + i}}}" for i in range(len(condition.values))), r=alias)
        + ")"
    )
