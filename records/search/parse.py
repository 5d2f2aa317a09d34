"""Query string -> SearchRequest. What is unknown is an error that says what is known (FHIR R4 search.html)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from records.fhir.dates import span
from records.fhir.issues import Issue, NotSupported, Problem
from records.fhir.references import ID, target
from records.fhir.types import TYPES
from records.search.chain import chained, has
from records.search.definitions import Parameter, parameters
from records.search.include import INCLUDES, Include, include
from records.search.kinds import KINDS, date
from records.search.terms import BadValue, Condition
from records.search.view import WHOLE, View, elements, summary

MOST, USUAL = 1000, 50
COMMON = ("_id", "_lastUpdated", "_count", "_sort", "_total", "_summary", "_elements", *INCLUDES, "_format", "_pretty", "_cursor")
SORTABLE = ("string", "date", "quantity", "number")
SPLIT = re.compile(r"(?<!\\),")


class BadSearch(Problem):
    kind = "invalid"


@dataclass(slots=True)
class SearchRequest:
    """subjects: only resources about these patients (ids in the base that is asked). sort: "dated", "updated", "id" or "by" a
    parameter."""

    type_name: str
    conditions: list[Condition] = field(default_factory=list)
    subjects: list[list[str]] = field(default_factory=list)
    ids: list[str] | None = None
    sort: str = "updated"
    by: Parameter | None = None
    descending: bool = True
    count: int = USUAL
    counting: bool = False  # _summary=count: the total alone
    total: bool = False  # _total=accurate
    cursor: str = ""
    includes: list[Include] = field(default_factory=list)
    view: View = WHOLE  # which elements of each resource the answer shows
    names: list[str] = field(default_factory=list)  # for the audit line: which parameters, never their values


def parse(type_name: str, pairs: Iterable[tuple[str, str]]) -> SearchRequest:
    """Raises BadSearch or NotSupported naming the parameter and the mend."""
    out = SearchRequest(type_name)
    sorted_by = ""
    for key, value in pairs:
        name, _, modifier = key.partition(":")
        out.names.append(key[:60])
        if name in COMMON and modifier and name not in INCLUDES:
            raise wrong(key, f"{name} takes no modifier here.")
        if "\x00" in key + value:
            raise wrong(key.replace("\x00", "␀"), "it holds a NUL character.")
        if value == "" and name not in ("_format", "_pretty"):
            raise wrong(key, "The value is empty: give one, or leave the parameter out.")
        if name == "_sort":
            sorted_by = value
        elif name in INCLUDES:
            out.includes.append(include(type_name, name, modifier, value))
        elif name in COMMON:
            common(out, name, value)
        else:
            add(out, key, value)
    order(out, sorted_by)
    return out


def wrong(key: str, says: str) -> BadSearch:
    return BadSearch(Issue("invalid", f"Search parameter {key}: {says}"))


def common(out: SearchRequest, name: str, value: str) -> None:
    match name:
        case "_id":
            found = [v.strip() for v in SPLIT.split(value)]
            out.ids = found if out.ids is None else [i for i in out.ids if i in found]
        case "_lastUpdated":
            out.conditions.append(updated(value))
        case "_count":
            if not (value.isascii() and value.isdecimal() and len(value) < 10):
                raise wrong(name, "it is a whole number.")
            out.count = min(int(value), MOST)
            out.counting = out.counting or out.count == 0
        case "_total":
            if value not in ("none", "accurate", "estimate"):
                raise wrong(name, "it is none, estimate or accurate.")
            out.total = value != "none"
        case "_summary":
            out.counting = out.counting or value == "count"
            out.view = summary(value)
        case "_elements":
            out.view = elements(split(value))
        case "_format":
            if value not in ("json", "application/json", "application/fhir+json", "text/json"):
                raise NotSupported(Issue("not-supported", "Only JSON is served: _format=json."))
        case "_cursor":
            out.cursor = value


def updated(value: str) -> Condition:
    tests, bound = [], []
    for text in SPLIT.split(value):
        prefix, rest = date.split(text)
        try:
            bound += span(rest)
        except ValueError as error:
            raise wrong("_lastUpdated", f"{error}.") from error
        test = date.TESTS[prefix]
        tests.append("(" + test.format(low="{r}.last_updated", high="{r}.last_updated", a=len(bound) - 2, b=len(bound) - 1) + ")")
    return Condition(" OR ".join(tests), tuple(bound))


def add(out: SearchRequest, key: str, value: str) -> None:
    name, _, modifier = key.partition(":")
    if name in TYPES[out.type_name].subject_params and modifier in ("", "Patient"):
        ids = local_patients(split(value), modifier, name == "patient")
        if ids is not None:
            out.subjects.append(ids)
            return
    out.conditions.append(condition(out.type_name, key, value))


def split(value: str) -> list[str]:
    return [v.replace("\\,", ",").replace("\\|", "|").replace("\\$", "$").strip() for v in SPLIT.split(value)]


def condition(type_name: str, key: str, value: str, depth: int = 0) -> Condition:
    """One parameter as a condition on rows of the type; chains and _has come back here for what they ask of the other row."""
    if key.startswith("_has:"):
        return has(type_name, key, value, depth, condition)
    if "." in key:
        return chained(type_name, key, value, depth, condition)
    name, _, modifier = key.partition(":")
    if name == "_id" and depth and not modifier:
        return Condition("{r}.fhir_id = ANY({0})", (split(value),))
    if name == "_lastUpdated" and depth and not modifier:
        return updated(value)
    known = parameters(type_name)
    if name not in known:
        some = ", ".join(sorted(known)) or "none but the common ones"
        raise NotSupported(Issue("not-supported", f"{type_name} has no search parameter {name!r}. It has: {some}; and {', '.join(COMMON[:6])}."))
    parameter = known[name]
    if modifier == "missing":
        return missing(key, parameter, value)
    values = split(value)
    if name in TYPES[type_name].subject_params and (ids := local_patients(values, modifier, name == "patient")) is not None:
        return Condition("{r}.patient IN (SELECT p.id FROM records_sourcepatient p WHERE p.hospital_id = {r}.hospital AND p.fhir_id = ANY({0}))", (ids,))
    kind = KINDS[parameter.kind]
    if modifier not in kind.MODIFIERS:
        served = ", ".join(":" + m for m in sorted({*kind.MODIFIERS, "missing"}) if m and m not in TYPES)
        raise NotSupported(Issue("not-supported", f"Search parameter {key}: this modifier is not served (served: {served})."))
    try:
        return kind.condition(parameter, modifier, values)
    except BadValue as error:
        raise wrong(key, f"{error}.") from error


def missing(key: str, parameter: Parameter, value: str) -> Condition:
    if value not in ("true", "false"):
        raise wrong(key, "it is true or false.")
    return Condition("({r}.present & {0}) " + ("= 0" if value == "true" else "<> 0"), (1 << parameter.bit,))


def local_patients(values: list[str], modifier: str, patient: bool) -> list[str] | None:
    """The ids where all values mean patients of this base, else None."""
    out = []
    for text in values:
        local = target(text)
        if local and local[0] == "Patient":
            out.append(local[1])
        elif ID.fullmatch(text) and (patient or modifier == "Patient"):
            out.append(text)
        else:
            return None
    return out


def order(out: SearchRequest, text: str) -> None:
    clinical = TYPES[out.type_name].date
    if not text:
        out.sort = "dated" if out.subjects and clinical else "updated"
        return
    name = text.removeprefix("-")
    columns = {"_lastUpdated": "updated", "_id": "id", clinical or "": "dated"}
    by = parameters(out.type_name).get(name)
    if not name or (name not in columns and (by is None or by.kind not in SORTABLE)):
        served = ", ".join(c for c in (*columns, *(p.code for p in parameters(out.type_name).values() if p.kind in SORTABLE)) if c)
        raise NotSupported(Issue("not-supported", f"Search parameter _sort: {out.type_name} can be sorted by one of {served} (with - for descending)."))
    out.sort, out.by, out.descending = columns.get(name, "by"), by, text.startswith("-")
