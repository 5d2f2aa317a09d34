"""Which results belong to one page of a test: those of one code, or of one component under several
codes, whatever unit, method or specimen they have. Whether a line joins two of them is another
question (records.meaning.trend_joins).
"""

import hashlib
from dataclasses import replace
from typing import Any

from records.meaning.components import Component, components_by_code, find_component
from records.meaning.result_identity import ALIASES, LOINC, CodeKey, ResultIdentity, concept_key

INNER, HOSPITAL, COMPONENT, TEXT = " > ", "~", "component:", "#"


def component_of_identity(identity: ResultIdentity) -> Component | None:
    """The component that its code names; None for what is measured within another test."""
    last = identity.path[-1]
    return find_component(last.code) if len(identity.path) == 1 and last.system == LOINC else None


def loinc_code(identity: ResultIdentity) -> str:
    """Of the test itself, "" where it has none."""
    last = identity.path[-1]
    return last.code if last.system == LOINC else ""


def family_key(identity: ResultIdentity) -> str:
    """Equal for the results of one family; may stand in an address. Words that no code stands for
    are hashed.
    """
    if component := component_of_identity(identity):
        return COMPONENT + component.name
    return INNER.join(encode_code(c) for c in identity.path)


def encode_code(key: CodeKey) -> str:
    owner = f"{key.hospital}{HOSPITAL}" if key.hospital else ""
    words = TEXT + hashlib.blake2b(key.text.encode(), digest_size=9).hexdigest() if key.text else ""
    return f"{owner}{key.system}|{key.code}{words}"


def codes_of_family(key: str) -> tuple[tuple[str, str], ...]:
    """(system, code) pairs of which each Observation of the family carries one; none where no code
    tells, so that all have to be looked through.
    """
    if key.startswith(COMPONENT):
        by_name = {c.name: c for c in components_by_code().values()}
        found = by_name.get(key.removeprefix(COMPONENT))
        return tuple((s, c) for c in found.codes for s in names_of_system(LOINC)) if found else ()
    owner, _, outer = key.split(INNER)[0].rpartition(HOSPITAL)
    system, _, code = outer.split(TEXT)[0].rpartition("|")
    if not code or (not system and owner):
        return ()
    return tuple((s, code) for s in names_of_system(system))


def may_belong(observation: dict[str, Any], hospital: str, key: str) -> bool:
    """Whether a result of it can be of a family: told by the Observation's own code, for most of
    many are of another test.
    """
    outer = key.split(INNER)[0]
    return outer.startswith(COMPONENT) or outer == encode_code(
        concept_key(observation.get("code"), hospital)
    )


def names_of_system(system: str) -> list[str]:
    """It and its other spellings."""
    return [system, *(alias for alias, meant in ALIASES.items() if meant == system)]


def row_identity(identity: ResultIdentity) -> ResultIdentity:
    """Equal for results that stand in one row of a grid: numbers beside words; of one component in
    either unit; a code of LOINC names the specimen itself.
    """
    component = component_of_identity(identity)
    return replace(
        identity,
        path=(CodeKey("", COMPONENT, component.name),) if component else identity.path,
        unit=COMPONENT if component and not identity.unit.startswith("odd ") else identity.unit,
        kind="",
        specimen="" if loinc_code(identity) else identity.specimen,
    )
