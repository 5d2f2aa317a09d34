"""Search kind reference: id, Type/id, Type/id/_history/version, absolute url, canonical (FHIR R4 search.html#reference); :Type, :identifier; :above and
:below along what is part of what.

An id alone is of any type that the parameter leads to. A reference with a version is found by its resource and by just this version; one without is no
reference to a version.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from records.fhir.hashes import hashed, named
from records.fhir.references import ID, RELATIVE, target
from records.fhir.types import TYPES
from records.search.definitions import Parameter
from records.search.terms import VISIBLE, BadValue, Condition, Index

# The references that make a strict hierarchy (extension structuredefinition-hierarchy in the definitions of the types)
PART_OF = {"Location": "partof", "Organization": "partof", "Encounter": "part-of", "CarePlan": "part-of"}
# Each step leads over a resource that passes the same gate as the row that is asked for, and stays in its store. The way is walked once,
# apart from the rest, so that the planner has nothing to weigh; a step and its store are named by one number.
STEP = "JOIN record_resource t9 ON {on} AND t9.hospital = w.hospital AND NOT t9.deleted AND " + VISIBLE.format(alias="t9")
WAY = """ARRAY(WITH RECURSIVE way(target, hospital) AS (
  SELECT s.target, h.id FROM unnest({{1}}::bigint[]) s(target), alliance_hospital h
  UNION SELECT {step} WHERE x.parameter = ANY({{2}}))
SELECT {chosen} FROM way)"""
DOWN = f"t9.named, w.hospital FROM way w JOIN record_reference x ON x.target = w.target {STEP.format(on='t9.rid = x.rid')}"
UP = f"x.target, w.hospital FROM way w {STEP.format(on='t9.named = w.target')} JOIN record_reference x ON x.rid = t9.rid"
WAYS = {
    name: "SELECT x.rid FROM record_reference x JOIN record_resource o ON o.rid = x.rid WHERE x.parameter = {0} "
          f"AND x.target = ANY({WAY.format(step=step, chosen='target')}) AND (x.target # o.hospital) = ANY({WAY.format(step=step, chosen='target # hospital')})"
    for name, step in (("below", DOWN), ("above", UP))
}
MODIFIERS = frozenset({"", "identifier", *WAYS, *TYPES})
ABSOLUTE = re.compile(r"https?://[^\s/?#]+/\S*|(?!https?:)[a-z][a-z0-9+.\-]*:\S+")
VERSION = re.compile(r"/_history/[A-Za-z0-9\-.]{1,64}$|\|.*$")
TYPE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?$")
FORMS = "a reference is Type/id, id or an absolute url"
ABOUT = "SELECT p.id FROM records_sourcepatient p WHERE p.hospital_id = {r}.hospital AND p.fhir_id = ANY({0})"
# The same for all hospitals, so that it is decided once and not for each row.
ABOUT_ANY = "SELECT p.id FROM alliance_hospital h JOIN records_sourcepatient p ON p.hospital_id = h.id AND p.fhir_id = ANY({0})"
ROWS = "SELECT x.rid FROM record_reference x WHERE x.parameter = {0} AND x.target = ANY({1})"


def add(index: Index, parameter: Parameter, value: Any) -> None:
    """A subject that is a patient of this store is a column already."""
    text = value if isinstance(value, str) else value.get("reference") if isinstance(value, dict) else None
    if isinstance(value, dict) and isinstance(value.get("identifier"), dict):
        index.tokens |= set(identified(parameter, value["identifier"]))
    if not isinstance(text, str) or text.startswith("#"):
        return
    column, key = parameter.column == "patient", key_of(parameter.type_name, parameter.code)
    for name in names(text):
        if not (column and is_patient(name)):
            index.references.add((key, named(name)))


@lru_cache(maxsize=4000)
def key_of(type_name: str, code: str) -> int:
    """The parameter as the index knows it."""
    return hashed(type_name, code)


def identified(parameter: Parameter, known: dict[str, Any]) -> Iterator[int]:
    """For the identifier that a reference carries beside or instead of an address: value, system|value, |value, system|."""
    system, value = str(known.get("system") or "").strip(), known.get("value")
    if isinstance(value, str) and (value := value.strip()):
        yield from (by_identifier(parameter, value), by_identifier(parameter, f"{system}|{value}"))
    if system:
        yield by_identifier(parameter, f"{system}|")


def names(text: str) -> list[str]:
    """What a literal reference is found by: where it leads, and with its version if it has one."""
    whole = address(text)
    return [whole] if whole == text else [whole, text]


def address(text: str) -> str:
    """A reference without its version."""
    return VERSION.sub("", text) if "|" in text or "/_history/" in text else text


def is_patient(name: str) -> bool:
    return name.startswith("Patient/") and name.count("/") == 1


def leads_to(value: Any, type_name: str, contained: dict[str, str]) -> bool:
    """Whether a Reference may lead to a resource of the type: what neither its address nor its type says, may. contained: types by #id."""
    text = str(value.get("reference") or "") if isinstance(value, dict) else str(value)
    m = TYPE.search(address(text))
    told = contained.get(text) or (m.group(1) if m else str(value.get("type") or "").rpartition("/")[2] if isinstance(value, dict) else "")
    return told in ("", type_name)


def types_of(parameter: Parameter) -> tuple[str, ...]:
    """The types that a reference parameter leads to."""
    return parameter.targets or tuple(TYPES)


def by_identifier(parameter: Parameter, text: str) -> int:
    return hashed(parameter.type_name, parameter.code, "identifier", text)


def condition(parameter: Parameter, modifier: str, values: Sequence[str]) -> Condition:
    if modifier == "identifier":
        if any(not v.strip("|") for v in values):
            raise BadValue("an identifier is value, system|value, |value or system|")
        return Condition("{r}.tokens && {0}", ([by_identifier(parameter, v) for v in values],))
    if modifier in WAYS:
        return along(parameter, modifier, values)
    found = asked(parameter, modifier, values)
    patients, others = parted(parameter, found)
    if not patients:
        return Condition(f"{{r}}.rid IN ({ROWS})", (hashed(parameter.type_name, parameter.code), [named(n) for n in others]), rare=True)
    if not others:
        return Condition(f"{{r}}.patient IN ({ABOUT})", (patients,))
    rest = elsewhere(parameter, others)
    return Condition(f"({{r}}.patient = ANY(ARRAY({ABOUT_ANY})) OR {rest.sql.format('{1}', '{2}', r='{r}')})", (patients, *rest.values), rare=True)


def parted(parameter: Parameter, found: Sequence[str]) -> tuple[list[str], list[str]]:
    """(ids of patients whom the column knows, the other addresses)."""
    column = parameter.column == "patient"
    return [n.partition("/")[2] for n in found if column and is_patient(n)], [n for n in found if not (column and is_patient(n))]


def elsewhere(parameter: Parameter, addresses: Iterable[str]) -> Condition:
    """Rows that refer to these, looked up once: beside the patient's column an index can be used for each."""
    return Condition(f"{{r}}.rid = ANY(ARRAY({ROWS}))", (hashed(parameter.type_name, parameter.code), [named(n) for n in addresses]), rare=True)


def asked(parameter: Parameter, modifier: str, values: Sequence[str]) -> list[str]:
    """The addresses that the values may mean. Raises BadValue for one that no reference of the parameter can have."""
    if modifier and modifier not in types_of(parameter):
        raise BadValue(f"it does not lead to {modifier}, but to {listed(types_of(parameter))}")
    return addresses(values, (modifier,) if modifier else types_of(parameter))


def addresses(values: Iterable[str], types: Sequence[str]) -> list[str]:
    """Each value as a reference would name it: for a mere id of each of the types."""
    found: list[str] = []
    for text in map(str, values):
        if ID.fullmatch(text):
            found += [f"{t}/{text}" for t in types]
            continue
        local, m = target(text), RELATIVE.fullmatch(text)
        if m and not local:
            raise BadValue(f"{m.group(1)[:60]!r} is no resource type that is hosted here: {FORMS}")
        if local and local[0] not in types:
            raise BadValue(f"it leads to {listed(types)}, never to {local[0]}")
        if not local and not ABSOLUTE.fullmatch(text):
            raise BadValue(f"{text[:60]!r} is none: {FORMS}, the type written as in Patient/1")
        found.append(text)
    return found


def listed(types: Sequence[str]) -> str:
    return " or ".join(types[:12]) + (" …" if len(types) > 12 else "")


def along(parameter: Parameter, modifier: str, values: Sequence[str]) -> Condition:
    """What refers to the resource that is named, or to one below or above it: what is part of it, or it is part of."""
    types = [t for t in PART_OF if t in types_of(parameter)]
    if not types:
        raise BadValue(f"it leads to nothing that is part of another of its kind; such are {', '.join(PART_OF)}")
    start = [named(address(n)) for n in addresses(values, types)]
    parts = [hashed(t, PART_OF[t]) for t in types]
    return Condition(f"{{r}}.rid IN ({WAYS[modifier]})", (hashed(parameter.type_name, parameter.code), start, parts), rare=True)
