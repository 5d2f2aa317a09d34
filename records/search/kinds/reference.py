"""Search kind reference: id, Type/id, Type/id/_history/version, absolute url, canonical (FHIR R4
search.html#reference); :Type, :identifier; :above and :below along what is part of what.

An id alone is of any type that the parameter leads to. A reference with a version is found by its
resource and by just this version; one without is no reference to a version.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from alliance.sql.hospitals import HOSPITALS
from records.fhir.hashes import index_hash, reference_hash
from records.fhir.resource_references import ID, RELATIVE, parse_reference
from records.fhir.resource_types import TYPES
from records.search.search_parameters import SearchParameter
from records.search.search_terms import VISIBLE, BadValue, IndexValues, SearchCondition

# The references that make a strict hierarchy (extension structuredefinition-hierarchy in the
# definitions of the types)
PART_OF = {
    "Location": "partof",
    "Organization": "partof",
    "Encounter": "part-of",
    "CarePlan": "part-of",
}
# Each step leads over a resource that passes the same gate as the row that is asked for, and stays
# in its store. The way is walked once, apart from the rest, so that the planner has nothing to
# weigh; a step and its store are named by one number.
HIERARCHY_STEP_SQL = (
    "JOIN record_resource t9 ON {on} AND t9.hospital = w.hospital AND NOT t9.deleted AND "
    + VISIBLE.format(alias="t9")
)
HIERARCHY_WALK_SQL = f"""ARRAY(WITH RECURSIVE way(target, hospital) AS (
  SELECT s.target, h.id FROM unnest({{{{1}}}}::bigint[]) s(target), {HOSPITALS} h
  UNION SELECT {{step}} WHERE x.parameter = ANY({{{{2}}}}))
SELECT {{chosen}} FROM way)"""
WALK_DOWN_SQL = (
    "t9.named, w.hospital FROM way w JOIN record_reference x ON x.target = w.target"
    f" {HIERARCHY_STEP_SQL.format(on='t9.rid = x.rid')}"
)
WALK_UP_SQL = (
    f"x.target, w.hospital FROM way w {HIERARCHY_STEP_SQL.format(on='t9.named = w.target')} JOIN"
    " record_reference x ON x.rid = t9.rid"
)
HIERARCHY_SQL = {
    name: (
        "SELECT x.rid FROM record_reference x JOIN record_resource o ON o.rid = x.rid WHERE"
        " x.parameter = {0} AND x.target ="
        f" ANY({HIERARCHY_WALK_SQL.format(step=step, chosen='target')}) AND (x.target # o.hospital)"
        f" = ANY({HIERARCHY_WALK_SQL.format(step=step, chosen='target # hospital')})"
    )
    for name, step in (("below", WALK_DOWN_SQL), ("above", WALK_UP_SQL))
}
MODIFIERS = frozenset({"", "identifier", *HIERARCHY_SQL, *TYPES})
ABSOLUTE = re.compile(r"https?://[^\s/?#]+/\S*|(?!https?:)[a-z][a-z0-9+.\-]*:\S+")
VERSION = re.compile(r"/_history/[A-Za-z0-9\-.]{1,64}$|\|.*$")
TYPE = re.compile(
    r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?$"
)
FORMS = "a reference is Type/id, id or an absolute url"
PATIENT_IDS_SQL = (
    "SELECT p.id FROM records_sourcepatient p WHERE p.hospital_id = {r}.hospital AND p.fhir_id ="
    " ANY({0})"
)
# The same for all hospitals, so that it is decided once and not for each row.
ANY_PATIENT_IDS_SQL = (
    f"SELECT p.id FROM {HOSPITALS} h JOIN records_sourcepatient p ON p.hospital_id = h.id AND"
    " p.fhir_id = ANY({0})"
)
REFERRING_ROWS_SQL = (
    "SELECT x.rid FROM record_reference x WHERE x.parameter = {0} AND x.target = ANY({1})"
)


def index_value(index: IndexValues, parameter: SearchParameter, value: Any) -> None:
    """A subject that is a patient of this store is a column already."""
    text = (
        value
        if isinstance(value, str)
        else value.get("reference")
        if isinstance(value, dict)
        else None
    )
    if isinstance(value, dict) and isinstance(value.get("identifier"), dict):
        index.tokens |= set(identifier_tokens(parameter, value["identifier"]))
    if not isinstance(text, str) or text.startswith("#"):
        return
    column, key = parameter.column == "patient", parameter_hash(parameter.type_name, parameter.code)
    for name in reference_names(text):
        if not (column and is_patient_reference(name)):
            index.references.add((key, reference_hash(name)))


@lru_cache(maxsize=4000)
def parameter_hash(type_name: str, code: str) -> int:
    """The parameter as the index knows it."""
    return index_hash(type_name, code)


def identifier_tokens(parameter: SearchParameter, known: dict[str, Any]) -> Iterator[int]:
    """For the identifier that a reference carries beside or instead of an address: value,
    system|value, |value, system|.
    """
    system, value = str(known.get("system") or "").strip(), known.get("value")
    if isinstance(value, str) and (value := value.strip()):
        yield from (
            identifier_token(parameter, value),
            identifier_token(parameter, f"{system}|{value}"),
        )
    if system:
        yield identifier_token(parameter, f"{system}|")


def reference_names(text: str) -> list[str]:
    """What a literal reference is found by: where it leads, and with its version if it has one."""
    whole = strip_version(text)
    return [whole] if whole == text else [whole, text]


def strip_version(text: str) -> str:
    """A reference without its version."""
    return VERSION.sub("", text) if "|" in text or "/_history/" in text else text


def is_patient_reference(name: str) -> bool:
    return name.startswith("Patient/") and name.count("/") == 1


def may_lead_to_type(value: Any, type_name: str, contained: dict[str, str]) -> bool:
    """Whether a Reference may lead to a resource of the type: what neither its address nor its
    type says, may. contained: types by #id.
    """
    text = str(value.get("reference") or "") if isinstance(value, dict) else str(value)
    type_match = TYPE.search(strip_version(text))
    target_type = contained.get(text) or (
        type_match.group(1)
        if type_match
        else str(value.get("type") or "").rpartition("/")[2]
        if isinstance(value, dict)
        else ""
    )
    return target_type in ("", type_name)


def target_types(parameter: SearchParameter) -> tuple[str, ...]:
    """The types that a reference parameter leads to."""
    return parameter.targets or tuple(TYPES)


def identifier_token(parameter: SearchParameter, text: str) -> int:
    return index_hash(parameter.type_name, parameter.code, "identifier", text)


def build_condition(
    parameter: SearchParameter, modifier: str, values: Sequence[str]
) -> SearchCondition:
    if modifier == "identifier":
        if any(not v.strip("|") for v in values):
            raise BadValue("an identifier is value, system|value, |value or system|")
        return SearchCondition(
            "{r}.tokens && {0}", ([identifier_token(parameter, v) for v in values],)
        )
    if modifier in HIERARCHY_SQL:
        return hierarchy_condition(parameter, modifier, values)
    references = parse_asked_references(parameter, modifier, values)
    patients, others = split_patients(parameter, references)
    if not patients:
        return SearchCondition(
            f"{{r}}.rid IN ({REFERRING_ROWS_SQL})",
            (index_hash(parameter.type_name, parameter.code), [reference_hash(n) for n in others]),
            rare=True,
        )
    if not others:
        return SearchCondition(f"{{r}}.patient IN ({PATIENT_IDS_SQL})", (patients,))
    other_condition = other_targets_condition(parameter, others)
    return SearchCondition(
        f"({{r}}.patient = ANY(ARRAY({ANY_PATIENT_IDS_SQL})) OR"
        f" {other_condition.sql.format('{1}', '{2}', r='{r}')})",
        (patients, *other_condition.values),
        rare=True,
    )


def split_patients(
    parameter: SearchParameter, references: Sequence[str]
) -> tuple[list[str], list[str]]:
    """(ids of patients whom the column knows, the other addresses)."""
    column = parameter.column == "patient"
    return [n.partition("/")[2] for n in references if column and is_patient_reference(n)], [
        n for n in references if not (column and is_patient_reference(n))
    ]


def other_targets_condition(
    parameter: SearchParameter, addresses: Iterable[str]
) -> SearchCondition:
    """Rows that refer to these, looked up once: beside the patient's column an index can be used
    for each.
    """
    return SearchCondition(
        f"{{r}}.rid = ANY(ARRAY({REFERRING_ROWS_SQL}))",
        (index_hash(parameter.type_name, parameter.code), [reference_hash(n) for n in addresses]),
        rare=True,
    )


def parse_asked_references(
    parameter: SearchParameter, modifier: str, values: Sequence[str]
) -> list[str]:
    """The addresses that the values may mean. Raises BadValue for one that no reference of the
    parameter can have.
    """
    if modifier and modifier not in target_types(parameter):
        raise BadValue(
            f"it does not lead to {modifier}, but to {list_types(target_types(parameter))}"
        )
    return expand_addresses(values, (modifier,) if modifier else target_types(parameter))


def expand_addresses(values: Iterable[str], types: Sequence[str]) -> list[str]:
    """Each value as a reference would name it: for a mere id of each of the types."""
    expanded: list[str] = []
    for text in map(str, values):
        if ID.fullmatch(text):
            expanded += [f"{t}/{text}" for t in types]
            continue
        type_and_id_of_address, type_and_id = parse_reference(text), RELATIVE.fullmatch(text)
        if type_and_id and not type_and_id_of_address:
            raise BadValue(
                f"{type_and_id.group(1)[:60]!r} is no resource type that is hosted here: {FORMS}"
            )
        if type_and_id_of_address and type_and_id_of_address[0] not in types:
            raise BadValue(f"it leads to {list_types(types)}, never to {type_and_id_of_address[0]}")
        if not type_and_id_of_address and not ABSOLUTE.fullmatch(text):
            raise BadValue(f"{text[:60]!r} is none: {FORMS}, the type written as in Patient/1")
        expanded.append(text)
    return expanded


def list_types(types: Sequence[str]) -> str:
    return " or ".join(types[:12]) + (" …" if len(types) > 12 else "")


def hierarchy_condition(
    parameter: SearchParameter, modifier: str, values: Sequence[str]
) -> SearchCondition:
    """What refers to the resource that is named, or to one below or above it: what is part of
    it, or it is part of.
    """
    types = [t for t in PART_OF if t in target_types(parameter)]
    if not types:
        raise BadValue(
            "it leads to nothing that is part of another of its kind; such are"
            f" {', '.join(PART_OF)}"
        )
    start = [reference_hash(strip_version(n)) for n in expand_addresses(values, types)]
    parts = [index_hash(t, PART_OF[t]) for t in types]
    return SearchCondition(
        f"{{r}}.rid IN ({HIERARCHY_SQL[modifier]})",
        (index_hash(parameter.type_name, parameter.code), start, parts),
        rare=True,
    )
