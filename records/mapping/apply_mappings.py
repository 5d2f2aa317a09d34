"""Add the standard codes of a hospital's approved mappings to a resource, marked, and take off
those that no longer hold. Pure: the same resource and mappings give the same bytes, however often.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from records.mapping.kinds import MappingKind
from records.mapping.local_code import CodedPlace, has_shared_code, read_local_code, walk_places
from records.mapping.mapped_mark import (
    drop_mapped_codings,
    drop_mapped_unit,
    make_mapped_coding,
    set_mapped_unit,
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MappedTarget:
    """source: the map and its version, for the mark."""

    system: str
    code: str
    display: str
    source: str


Mappings = Mapping[str, tuple[MappedTarget, ...]]  # digest of a local code -> its targets
NO_MAPPINGS: Mappings = {}


def apply_mappings(resource: Json, mappings: Mappings) -> None:
    """In place. Where the hospital has sent a shared code itself, its own word counts alone."""
    if drop_mappings(resource) and mappings:
        for place in walk_places(resource):
            add_targets(place, mappings)


def drop_mappings(resource: Json) -> bool:
    """Take off all that was added, in place; whether a code is left that may be mapped."""
    has_local_code = False
    for place in walk_places(resource):
        drop = drop_mapped_unit if place.kind is MappingKind.UNIT else drop_mapped_codings
        drop(place.concept)
        has_local_code = has_local_code or (
            not has_shared_code(place) and read_local_code(place) is not None
        )
    return has_local_code


def add_targets(place: CodedPlace, mappings: Mappings) -> None:
    found = read_local_code(place)
    targets = mappings.get(found.digest, ()) if found else ()
    if not targets:
        return
    if place.kind is MappingKind.UNIT:
        set_mapped_unit(place.concept, targets[0].system, targets[0].code, targets[0].source)
        return
    if not has_shared_code(place):
        added = [make_mapped_coding(t.system, t.code, t.display, t.source) for t in targets]
        place.concept["coding"] = [*(place.concept.get("coding") or []), *added]
