"""Composite parameters: code$value of one and the same element (FHIR R4 search.html#composite).

A context that occurs once needs no index of its own: its parts are parameters of the resource, and
all must hold. Of one that repeats (Observation.component) the last part is indexed under a name
that carries the first one; or, where the first one is of the resource, the two numbers that are
left (MolecularSequence.variant) stand in one row.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from records.fhir.resource_types import TYPES
from records.search.escapes import SearchValue, escape_value
from records.search.kinds import KINDS, quantity, reference, token
from records.search.search_parameters import CompositeContext, SearchParameter, parameters_of_type
from records.search.search_terms import BadValue, IndexValues, SearchCondition

Ask = Callable[[str, SearchValue], SearchCondition]  # (parameter, value) -> condition


def index_composite(
    index: IndexValues, parameter: SearchParameter, resource: dict[str, Any]
) -> None:
    for context in parameter.contexts:
        if context.path.keys and context.path.keys[0] not in resource:
            continue
        nodes = context.path.values(resource)
        if any(p.values(n) for n in nodes for p in context.parts[-1].paths):
            index.present |= 1 << parameter.bit
        if context.single:
            continue
        first, last = context.parts[0], context.parts[-1]
        for node in nodes:
            if first.whole:
                quantity.index_pair(
                    index,
                    part_parameter(parameter, context, ""),
                    [
                        v
                        for part in context.parts[1:]
                        for path in part.paths
                        for v in path.values(node)
                    ],
                )
                continue
            heads = {
                h
                for path in first.paths
                for v in path.values(node)
                for h in list_head_names(v, parameter.is_contained)
            }
            for value in [v for path in last.paths for v in path.values(node)] if heads else []:
                for head in heads:
                    KINDS[last.kind].index_value(
                        index, part_parameter(parameter, context, head), value
                    )


def list_head_names(value: Any, inside: bool) -> set[str]:
    """What a search may call the first part by, as it writes it: code, system|code, in contained
    resources system| too; or where a reference leads.
    """
    if isinstance(value, dict) and "reference" in value:
        return set(reference.reference_names(str(value["reference"])))
    return {
        name
        for system, code in token.list_code_pairs(value)
        for name in (
            escape_value(code),
            f"{escape_value(system)}|{escape_value(code)}",
            *([f"{escape_value(system)}|"] if inside and system else []),
        )
    }


def part_parameter(
    parameter: SearchParameter, context: CompositeContext, head: str
) -> SearchParameter:
    """The last part as a parameter of its own, named after where it stands and what stands
    before it: shared by all composites that look there.
    """
    last = context.parts[-1]
    name = f"{'.'.join(context.path.keys)}${'|'.join(p.keys[-1] for p in last.paths)}${head}"
    return replace(
        parameter, code=name, names=(name,), kind=last.kind, paths=last.paths, contexts=()
    )


def composite_condition(
    parameter: SearchParameter, values: list[list[SearchValue]], build_condition: Ask
) -> SearchCondition:
    """values: of each alternative its parts. Raises BadValue."""
    conditions = []
    for parts in values:
        if any(len(parts) != len(c.parts) or not all(parts) for c in parameter.contexts):
            raise BadValue(
                f"it has {len(parameter.contexts[0].parts)} parts with $ between, such as"
                " 8480-6$gt140"
            )
        for context in parameter.contexts:
            conditions.append(
                combine_conditions(
                    " AND ",
                    [
                        build_condition(narrowest_parameter(parameter, p.kind, p.paths), v)
                        for p, v in zip(context.parts, parts, strict=True)
                    ],
                )
                if context.single
                else repeated_condition(parameter, context, parts, build_condition)
            )
    return combine_conditions(" OR ", conditions)


def repeated_condition(
    parameter: SearchParameter,
    context: CompositeContext,
    parts: list[SearchValue],
    build_condition: Ask,
) -> SearchCondition:
    first = context.parts[0]
    if first.whole:
        numbers = quantity.pair_condition(part_parameter(parameter, context, ""), parts[1:])
        return combine_conditions(
            " AND ",
            [
                build_condition(narrowest_parameter(parameter, first.kind, first.paths), parts[0]),
                numbers,
            ],
        )
    if not parts[0].pieces[-1] and not parameter.is_contained:
        raise BadValue("the first part is code or system|code")
    heads = (
        reference.expand_addresses([parts[0]], tuple(TYPES))
        if first.kind == "reference"
        else ["|".join(escape_value(p) for p in parts[0].pieces)]
    )
    lasts = [part_parameter(parameter, context, head) for head in heads]
    return combine_conditions(
        " OR ", [KINDS[last.kind].build_condition(last, "", [parts[-1]]) for last in lasts]
    )


def narrowest_parameter(parameter: SearchParameter, kind: str, paths: tuple[Any, ...]) -> str:
    """The parameter of the resource that looks where a part does, the narrowest one."""
    fitting = [
        p
        for p in parameters_of_type(parameter.type_name).values()
        if p.kind == kind and {x.keys for x in paths} <= {x.keys for x in p.paths}
    ]
    return min(fitting, key=lambda p: len(p.paths)).code


def combine_conditions(word: str, conditions: list[SearchCondition]) -> SearchCondition:
    """One condition of several, their values counted on."""
    parts: list[str] = []
    values: list[object] = []
    for c in conditions:
        parts.append(
            "("
            + c.sql.format(*(f"{{{len(values) + i}}}" for i in range(len(c.values))), r="{r}")
            + ")"
        )
        values += c.values
    return SearchCondition(word.join(parts), tuple(values), all(c.rare for c in conditions))
