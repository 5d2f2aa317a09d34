"""Conditions on other resources: chained parameters and _has, nested to any depth (FHIR R4 search.html#chaining, #has).

Each is one sub-select. The other resource passes the same gate as the row that is asked for: VISIBLE stands where the store
writes the scope's test on the sub-select's alias.
"""

from collections.abc import Callable

from records.fhir.hashes import hashed
from records.fhir.issues import Issue, NotSupported
from records.fhir.types import TYPES
from records.search.definitions import Parameter, parameters
from records.search.terms import VISIBLE, Condition

DEEPEST = 8
Inner = Callable[[str, str, str, int], Condition]  # (type, key, value, depth) -> condition on a row of that type


def refuse(says: str) -> NotSupported:
    return NotSupported(Issue("not-supported", f"Search parameter {says}"))


def chained(type_name: str, key: str, value: str, depth: int, inner: Inner) -> Condition:
    """subject:Patient.name=…: rows whose reference names a resource for which the rest holds."""
    head, _, rest = key.partition(".")
    code, _, only = head.partition(":")
    parameter = reference(type_name, code, depth)
    types = [only] if only else [t for t in parameter.targets or TYPES if t in TYPES and first(rest) in (*parameters(t), "_id", "_has", "_lastUpdated")]
    if only and (only not in TYPES or (parameter.targets and only not in parameter.targets)):
        raise refuse(f"{key}: {code} does not refer to {only}.")
    if not types:
        raise refuse(f"{key}: no type that {type_name}.{code} refers to has a parameter {first(rest)!r}.")
    tests, values = [], []
    for name in types:
        found = inner(name, rest, value, depth + 1)
        tests.append(join(type_name, parameter, name, found, len(values), depth))
        values += [hashed(type_name, code), *found.values]
    return Condition("(" + " OR ".join(tests) + ")", tuple(values))


def join(type_name: str, parameter: Parameter, target: str, found: Condition, at: int, depth: int) -> str:
    """EXISTS a visible target; {at} is the hash of the parameter, the inner values follow it."""
    t, x = f"t{depth}", f"x{depth}"
    inside = numbered(found, at + 1, t)
    live = f"{t}.type = {TYPES[target].number} AND NOT {t}.deleted AND {VISIBLE.format(alias=t)} AND {inside}"
    by_reference = (f"EXISTS (SELECT FROM record_reference {x} JOIN record_resource {t} ON {t}.named = {x}.target WHERE {x}.rid = {{r}}.rid "
                    f"AND {x}.parameter = {{{at}}} AND {t}.hospital = {{r}}.hospital AND {live})")
    if target == "Patient" and parameter.code in TYPES[type_name].subject_params:
        return f"({{r}}.patient <> 0 AND {{r}}.patient IN (SELECT {t}.patient FROM record_resource {t} WHERE {live}))"
    return by_reference


def has(type_name: str, key: str, value: str, depth: int, inner: Inner) -> Condition:
    """_has:Observation:patient:code=…: rows to which a resource refers for which the rest holds."""
    parts = key.split(":", 3)
    if len(parts) != 4 or parts[1] not in TYPES:
        raise refuse(f"{key}: write _has:Type:reference-parameter:parameter.")
    _, other, code, rest = parts
    parameter = reference(other, code, depth)
    if parameter.targets and type_name not in parameter.targets:
        raise refuse(f"{key}: {other}.{code} does not refer to {type_name}.")
    found = inner(other, rest, value, depth + 1)
    t, x = f"t{depth}", f"x{depth}"
    live = f"{t}.type = {TYPES[other].number} AND NOT {t}.deleted AND {VISIBLE.format(alias=t)} AND {numbered(found, 1, t)}"
    if type_name == "Patient" and code in TYPES[other].subject_params:
        sql = f"{{r}}.patient IN (SELECT {t}.patient FROM record_resource {t} WHERE {live})"
    else:
        sql = (f"EXISTS (SELECT FROM record_reference {x} JOIN record_resource {t} ON {t}.rid = {x}.rid WHERE {x}.target = {{r}}.named "
               f"AND {x}.parameter = {{0}} AND {t}.hospital = {{r}}.hospital AND {live})")
    return Condition(sql, (hashed(other, code), *found.values))


def reference(type_name: str, code: str, depth: int) -> Parameter:
    if depth > DEEPEST:
        raise refuse(f"{code}: at most {DEEPEST} steps are taken.")
    found = parameters(type_name).get(code)
    if found is None or found.kind != "reference":
        some = ", ".join(sorted(p.code for p in parameters(type_name).values() if p.kind == "reference")) or "none"
        raise refuse(f"{code!r} of {type_name} is no reference parameter. It has: {some}.")
    return found


def first(rest: str) -> str:
    return rest.partition(".")[0].partition(":")[0]


def numbered(found: Condition, start: int, alias: str) -> str:
    """The condition for the row alias, its values counted from start; in brackets, so that no OR inside it reaches past the gate."""
    return "(" + found.sql.format(*(f"{{{start + i}}}" for i in range(len(found.values))), r=alias) + ")"
