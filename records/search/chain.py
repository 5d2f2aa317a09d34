"""Conditions on other resources: chained parameters and _has, nested to any depth (FHIR R4 search.html#chaining, #has).

Each is one sub-select. The other resource passes the same gate as the row that is asked for: VISIBLE stands where the store
writes the scope's test on the sub-select's alias. Where a chain also leads to contained resources, their values hang on the row itself
(records/search/contained.py); _has leads to no contained resource and from none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from records.fhir.hashes import hashed
from records.fhir.issues import Issue, NotSupported, TooLarge
from records.fhir.limits import CHAINS, JOINS
from records.fhir.types import TYPES
from records.search.contained import marker
from records.search.definitions import Parameter, parameters, within
from records.search.terms import VISIBLE, Condition, Unfit

DEEPEST = 8
MANY = Issue("too-costly", f"A search has at most {CHAINS} chains, with {JOINS} steps together (a reference to any type is a step to each): name the type, as in subject:Patient.name, "
                           "or ask in several searches.")
ALONE = ("_id", "_lastUpdated", "_has")  # what a contained resource does not have: an id of its own, versions, others that refer to it


@dataclass(frozen=True, slots=True)
class Way:
    """How many steps a condition is away from the row that is asked for; contained: the ways into contained resources that there are."""

    depth: int = 0
    contained: frozenset[str] = frozenset()

    def further(self) -> "Way":
        return replace(self, depth=self.depth + 1)


HERE = Way()
Inner = Callable[[str, str, str, Way], Condition]  # (type, key, value, way) -> condition on a row of that type


CLOSED = "{key}: what a stored Bundle holds is its own, and searches do not look into it: ask for its identifier, type or timestamp, or whether there is one (:missing)."


def refuse(says: str) -> NotSupported:
    return NotSupported(Issue("not-supported", f"Search parameter {says}"))


def chained(type_name: str, key: str, value: str, way: Way, inner: Inner) -> Condition:
    """subject:Patient.name=…: rows whose reference names a resource for which the rest holds, or one that they contain."""
    code, only, rest = parted(key)
    parameter = reference(type_name, code, way)
    types = targets(parameter, only, rest)
    if only and (only not in TYPES or (parameter.targets and only not in parameter.targets)):
        raise refuse(f"{key}: {code} does not refer to {only}.")
    if not types:
        raise refuse(f"{key}: no type that {type_name}.{code} refers to has a parameter {first(rest)!r}.")
    tests: list[str] = []
    values: list[object] = []
    for name, found in fitting(types, lambda t: inner(t, rest, value, way.further())):
        tests.append(join(parameter, name, found, len(values), way.depth))
        values += [hashed(type_name, code), *found.values]
        held = within(type_name, code, name)
        if held in way.contained and first(rest) not in ALONE:
            found = inner(held, rest, value, way.further())
            tests.append(f"({{r}}.tokens @> {{{len(values)}}} AND {numbered(found, len(values) + 1, '{r}')})")
            values += [[marker(held)], *found.values]
    return few(Condition("(" + " OR ".join(tests) + ")", tuple(values)))


def parted(key: str) -> tuple[str, str, str]:
    """Of a chain: the reference parameter, the type that it names or "", and what is asked of the resource that it leads to."""
    head, _, rest = key.partition(".")
    code, _, only = head.partition(":")
    return code, only, rest


def targets(parameter: Parameter, only: str, rest: str) -> list[str]:
    """The types that a step leads to: the one that is named, else all that know what is asked next."""
    return [only] if only else [t for t in parameter.targets or TYPES if t in TYPES and first(rest) in (*parameters(t), "_id", "_has", "_lastUpdated")]


def few(found: Condition) -> Condition:
    """Raises TooLarge where one chain alone leads to too many: each type that a reference may lead to multiplies the next step's."""
    if steps(found) > JOINS:
        raise TooLarge(MANY)
    return found


def fitting(types: Sequence[str], ask: Callable[[str], Condition]) -> list[tuple[str, Condition]]:
    """(type, condition) of those types that can have hits. Raises Unfit where none can."""
    out: list[tuple[str, Condition]] = []
    unfit: list[Unfit] = []
    for name in types:
        try:
            out.append((name, ask(name)))
        except Unfit as problem:
            unfit.append(problem)
    if unfit and not out:
        raise unfit[0]
    return out


def join(parameter: Parameter, target: str, found: Condition, at: int, depth: int) -> str:
    """EXISTS a visible target; {at} is the hash of the parameter, the inner values follow it."""
    t, x = f"t{depth}", f"x{depth}"
    inside = numbered(found, at + 1, t)
    live = f"{t}.type = {TYPES[target].number} AND NOT {t}.deleted AND {VISIBLE.format(alias=t)} AND {inside}"
    by_reference = (f"EXISTS (SELECT FROM record_reference {x} JOIN record_resource {t} ON {t}.named = {x}.target WHERE {x}.rid = {{r}}.rid "
                    f"AND {x}.parameter = {{{at}}} AND {t}.hospital = {{r}}.hospital AND {live})")
    if target == "Patient" and parameter.column == "patient":
        return f"({{r}}.patient <> 0 AND {{r}}.patient IN (SELECT {t}.patient FROM record_resource {t} WHERE {live}))"
    return by_reference


def has(type_name: str, key: str, value: str, way: Way, inner: Inner) -> Condition:
    """_has:Observation:patient:code=…: rows to which a resource refers for which the rest holds."""
    parts = key.split(":", 3)
    if len(parts) != 4 or parts[1] not in TYPES:
        raise refuse(f"{key}: write _has:Type:reference-parameter:parameter.")
    _, other, code, rest = parts
    parameter = reference(other, code, way)
    if parameter.targets and type_name not in parameter.targets:
        raise Unfit(Issue("not-supported", f"Search parameter {key}: {other}.{code} does not refer to {type_name}."))
    found = inner(other, rest, value, way.further())
    t, x = f"t{way.depth}", f"x{way.depth}"
    live = f"{t}.type = {TYPES[other].number} AND NOT {t}.deleted AND {VISIBLE.format(alias=t)} AND {numbered(found, 1, t)}"
    if type_name == "Patient" and parameter.column == "patient":
        sql = f"{{r}}.patient IN (SELECT {t}.patient FROM record_resource {t} WHERE {live})"
    else:
        sql = (f"EXISTS (SELECT FROM record_reference {x} JOIN record_resource {t} ON {t}.rid = {x}.rid WHERE {x}.target = {{r}}.named "
               f"AND {x}.parameter = {{0}} AND {t}.hospital = {{r}}.hospital AND {live})")
    return Condition(sql, (hashed(other, code), *found.values))


def reference(type_name: str, code: str, way: Way) -> Parameter:
    if way.depth > DEEPEST:
        raise refuse(f"{code}: at most {DEEPEST} steps are taken.")
    found = parameters(type_name).get(code)
    if found is None or found.kind != "reference":
        some = ", ".join(sorted(p.code for p in parameters(type_name).values() if p.kind == "reference")) or "none"
        raise refuse(f"{code!r} of {type_name} is no reference parameter. It has: {some}.")
    if enclosed(found):
        raise refuse(CLOSED.format(key=f"{type_name}.{code}"))
    return found


def enclosed(parameter: Parameter) -> bool:
    """Whether it leads to what stands inside the resource itself, as Bundle.composition does."""
    return bool(parameter.paths) and all(path.type == "Resource" for path in parameter.paths)


def first(rest: str) -> str:
    return rest.partition(".")[0].partition(":")[0]


def steps(found: Condition) -> int:
    """How many other resources it leads to."""
    return found.sql.count("<visible:")


def numbered(found: Condition, start: int, alias: str) -> str:
    """The condition for the row alias, its values counted from start; in brackets, so that no OR inside it reaches past the gate."""
    return "(" + found.sql.format(*(f"{{{start + i}}}" for i in range(len(found.values))), r=alias) + ")"
