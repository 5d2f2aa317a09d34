"""A hospital's own code in a CodeableConcept or Quantity, and where these stand in a resource.
Pure.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from records.mapping.code_names import fold_name
from records.mapping.kinds import (
    LOCAL,
    PLACES_BY_TYPE,
    MappingKind,
    Place,
    is_shared_system,
    kind_of_system,
)
from records.mapping.mapped_mark import is_mapped, read_sent_unit
from records.meaning.written_units import ucum_from_text
from records.search.base_units import SYSTEM as UCUM

Json = dict[str, Any]
LONGEST = 300


@dataclass(frozen=True, slots=True)
class LocalCodeKey:
    """Whose meaning is one: system and code; without a system code and text; else the text."""

    kind: MappingKind
    system: str
    code: str
    text: str  # as sent, of the first record that has it

    @property
    def digest(self) -> str:
        """What the database knows it by."""
        word = "" if self.system else fold_name(self.text) or self.text.strip()
        parts = (self.kind.value, self.system, self.code, word)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CodedPlace:
    """One concept or quantity in a resource. around: the element that it is the code of."""

    kind: MappingKind
    concept: Json
    around: Json


def walk_places(resource: Json) -> Iterator[CodedPlace]:
    """All places of the resource's type that are filled."""
    for place in PLACES_BY_TYPE.get(resource.get("resourceType", ""), ()):
        yield from walk_steps(place, resource, place.steps)


def walk_steps(place: Place, node: Json, steps: tuple[str, ...]) -> Iterator[CodedPlace]:
    name, repeats = steps[0].removesuffix("[]"), steps[0].endswith("[]")
    found = node.get(name)
    if found is None:
        return
    for child in found if repeats and isinstance(found, list) else [found]:
        if isinstance(child, dict):
            if len(steps) > 1:
                yield from walk_steps(place, child, steps[1:])
            else:
                yield CodedPlace(place.kind, child, node)


def sent_codings(concept: Json) -> list[Json]:
    """Its codings as its hospital sent them."""
    found = concept.get("coding")
    return (
        [c for c in found if isinstance(c, dict) and not is_mapped(c)]
        if isinstance(found, list)
        else []
    )


def read_local_code(place: CodedPlace) -> LocalCodeKey | None:
    """The hospital's own code; None where it says nothing, or has a code only that all share."""
    if place.kind is MappingKind.UNIT:
        return read_local_unit(place.concept)
    concept, kind = place.concept, place.kind
    text = clip(concept.get("text"))
    codings = [c for c in sent_codings(concept) if c.get("code")]
    own = [c for c in codings if not is_shared_system(str(c.get("system") or ""))]
    if own:
        best = min(own, key=rank_coding)
        system = clip(best.get("system"))
        return LocalCodeKey(
            kind_of_system(system) or kind,
            system,
            clip(best["code"]),
            clip(best.get("display")) or text,
        )
    if codings or not text:
        return None
    return LocalCodeKey(kind, "", "", text)


def rank_coding(coding: Json) -> tuple[int, str, str]:
    """The platform's own form first, then other systems, then codes without one."""
    system = str(coding.get("system") or "")
    order = 0 if system.startswith(LOCAL) else 1 if system else 2
    return order, system, str(coding.get("code"))


def read_local_unit(quantity: Json) -> LocalCodeKey | None:
    """A unit that neither has a code of UCUM nor is read as one."""
    system, code, written = read_sent_unit(quantity)
    if system == UCUM or (not system and code):
        return None
    if code and system:
        return LocalCodeKey(MappingKind.UNIT, clip(system), clip(code), clip(written) or clip(code))
    if not written.strip() or ucum_from_text(written):
        return None
    return LocalCodeKey(MappingKind.UNIT, "", "", clip(written))


def has_shared_code(place: CodedPlace) -> bool:
    """Whether its hospital has sent a code that all share beside its own."""
    if place.kind is MappingKind.UNIT:
        return False
    return any(
        c.get("code") and is_shared_system(str(c.get("system") or ""))
        for c in sent_codings(place.concept)
    )


def clip(value: Any) -> str:
    return str(value or "").replace("\x00", "").strip()[:LONGEST]
