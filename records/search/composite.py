"""Composite parameters: code$value of one and the same element (FHIR R4 search.html#composite).

A context that occurs once needs no index of its own: its parts are parameters of the resource, and all must hold. Of one that repeats
(Observation.component) the last part is indexed under a name that carries the first one.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from records.search.definitions import Context, Parameter, parameters
from records.search.kinds import KINDS, token
from records.search.terms import BadValue, Condition, Index, unescaped

Ask = Callable[[str, list[str]], Condition]  # (parameter, values) -> condition


def add(index: Index, parameter: Parameter, resource: dict[str, Any]) -> None:
    for context in parameter.contexts:
        if context.path.keys and context.path.keys[0] not in resource:
            continue
        nodes = context.path.values(resource)
        if any(p.values(n) for n in nodes for p in context.parts[-1].paths):
            index.present |= 1 << parameter.bit
        if context.single:
            continue
        last = context.parts[-1]
        for node in nodes:
            heads = [h for path in context.parts[0].paths for v in path.values(node) for system, code in token.pairs(v) for h in {code, f"{system}|{code}"}]
            for value in [v for path in last.paths for v in path.values(node)] if heads else []:
                for head in heads:
                    KINDS[last.kind].add(index, inner(parameter, context, head), value)


def inner(parameter: Parameter, context: Context, head: str) -> Parameter:
    """The last part as a parameter of its own, named after where it stands and what stands before it: shared by all composites that
    look there."""
    last = context.parts[-1]
    name = f"{'.'.join(context.path.keys)}${'|'.join(p.keys[-1] for p in last.paths)}${head}"
    return replace(parameter, code=name, names=(name,), kind=last.kind, paths=last.paths, contexts=())


def condition(parameter: Parameter, values: list[list[str]], ask: Ask) -> Condition:
    """values: of each alternative its parts. Raises BadValue."""
    found = []
    for parts in values:
        if any(len(parts) != len(c.parts) or not all(parts) for c in parameter.contexts):
            raise BadValue(f"it has {len(parameter.contexts[0].parts)} parts with $ between, such as 8480-6$gt140")
        for context in parameter.contexts:
            found.append(joined(" AND ", [ask(like(parameter, p.kind, p.paths), [v]) for p, v in zip(context.parts, parts, strict=True)])
                         if context.single else repeated(parameter, context, parts))
    return joined(" OR ", found)


def repeated(parameter: Parameter, context: Context, parts: list[str]) -> Condition:
    if parts[0].endswith("|"):
        raise BadValue("the first part is code or system|code")
    last = inner(parameter, context, unescaped(parts[0]))
    return KINDS[last.kind].condition(last, "", [unescaped(parts[-1])])


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
