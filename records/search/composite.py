"""Composite parameters: code$value of one and the same element (FHIR R4 search.html#composite).

A context that occurs once needs no index of its own: its parts are parameters of the resource, and all must hold. Of one that repeats
(Observation.component) the last part is indexed under a name that carries the first one; or, where the first one is of the resource, the
two numbers that are left (MolecularSequence.variant) stand in one row.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from records.fhir.types import TYPES
from records.search.definitions import Context, Parameter, parameters
from records.search.escapes import Value, escaped
from records.search.kinds import KINDS, quantity, reference, token
from records.search.terms import BadValue, Condition, Index

Ask = Callable[[str, Value], Condition]  # (parameter, value) -> condition


def add(index: Index, parameter: Parameter, resource: dict[str, Any]) -> None:
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
                quantity.pair(index, inner(parameter, context, ""), [v for part in context.parts[1:] for path in part.paths for v in path.values(node)])
                continue
            heads = {h for path in first.paths for v in path.values(node) for h in named(v, parameter.inside)}
            for value in [v for path in last.paths for v in path.values(node)] if heads else []:
                for head in heads:
                    KINDS[last.kind].add(index, inner(parameter, context, head), value)


def named(value: Any, inside: bool) -> set[str]:
    """What a search may call the first part by, as it writes it: code, system|code, in contained resources system| too; or where a reference leads."""
    if isinstance(value, dict) and "reference" in value:
        return set(reference.names(str(value["reference"])))
    return {name for system, code in token.pairs(value)
            for name in (escaped(code), f"{escaped(system)}|{escaped(code)}", *([f"{escaped(system)}|"] if inside and system else []))}


def inner(parameter: Parameter, context: Context, head: str) -> Parameter:
    """The last part as a parameter of its own, named after where it stands and what stands before it: shared by all composites that
    look there."""
    last = context.parts[-1]
    name = f"{'.'.join(context.path.keys)}${'|'.join(p.keys[-1] for p in last.paths)}${head}"
    return replace(parameter, code=name, names=(name,), kind=last.kind, paths=last.paths, contexts=())


def condition(parameter: Parameter, values: list[list[Value]], ask: Ask) -> Condition:
    """values: of each alternative its parts. Raises BadValue."""
    found = []
    for parts in values:
        if any(len(parts) != len(c.parts) or not all(parts) for c in parameter.contexts):
            raise BadValue(f"it has {len(parameter.contexts[0].parts)} parts with $ between, such as 8480-6$gt140")
        for context in parameter.contexts:
            found.append(joined(" AND ", [ask(like(parameter, p.kind, p.paths), v) for p, v in zip(context.parts, parts, strict=True)])
                         if context.single else repeated(parameter, context, parts, ask))
    return joined(" OR ", found)


def repeated(parameter: Parameter, context: Context, parts: list[Value], ask: Ask) -> Condition:
    first = context.parts[0]
    if first.whole:
        numbers = quantity.pair_condition(inner(parameter, context, ""), parts[1:])
        return joined(" AND ", [ask(like(parameter, first.kind, first.paths), parts[0]), numbers])
    if not parts[0].pieces[-1] and not parameter.inside:
        raise BadValue("the first part is code or system|code")
    heads = reference.addresses([parts[0]], tuple(TYPES)) if first.kind == "reference" else ["|".join(escaped(p) for p in parts[0].pieces)]
    lasts = [inner(parameter, context, head) for head in heads]
    return joined(" OR ", [KINDS[last.kind].condition(last, "", [parts[-1]]) for last in lasts])


def like(parameter: Parameter, kind: str, paths: tuple[Any, ...]) -> str:
    """The parameter of the resource that looks where a part does, the narrowest one."""
    fits = [p for p in parameters(parameter.type_name).values() if p.kind == kind and {x.keys for x in paths} <= {x.keys for x in p.paths}]
    return min(fits, key=lambda p: len(p.paths)).code


def joined(word: str, conditions: list[Condition]) -> Condition:
    """One condition of several, their values counted on."""
    parts: list[str] = []
    values: list[object] = []
    for c in conditions:
        parts.append("(" + c.sql.format(*(f"{{{len(values) + i}}}" for i in range(len(c.values))), r="{r}") + ")")
        values += c.values
    return Condition(word.join(parts), tuple(values), all(c.rare for c in conditions))
