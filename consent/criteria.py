"""What a decision asks of a resource, as values: a few criteria, joined by and, or, not. The
store makes SQL of them. Pure.
"""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelsWithin:
    """All its labels are among these."""

    mask: int


@dataclass(frozen=True, slots=True)
class HasAnyLabel:
    """It has one of these labels."""

    mask: int


@dataclass(frozen=True, slots=True)
class OfType:
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class DatedWithin:
    """Its clinical date lies wholly in [low, high); one without a date lies nowhere."""

    low: dt.datetime
    high: dt.datetime


@dataclass(frozen=True, slots=True)
class MayOverlap:
    """Its clinical date may lie in [low, high): it overlaps, or it has none."""

    low: dt.datetime
    high: dt.datetime


@dataclass(frozen=True, slots=True)
class HasAnyCode:
    """One of these codes, (system, code), stands in it."""

    codes: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ResourceItem:
    """It is this resource of this hospital's store."""

    hospital: str
    type_name: str
    fhir_id: str


@dataclass(frozen=True, slots=True)
class RefersTo:
    """It refers to the item."""

    item: ResourceItem


@dataclass(frozen=True, slots=True)
class ReferredBy:
    """The item refers to it."""

    item: ResourceItem


@dataclass(frozen=True, slots=True)
class AuthoredBy:
    """The item is its author: it made, performed, recorded, asserted or asked for it."""

    item: ResourceItem


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Criterion", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Criterion", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Criterion"


Criterion = (
    LabelsWithin
    | HasAnyLabel
    | OfType
    | DatedWithin
    | MayOverlap
    | HasAnyCode
    | ResourceItem
    | RefersTo
    | ReferredBy
    | AuthoredBy
    | AllOf
    | AnyOf
    | Not
)
ALWAYS = AllOf(())
NEVER = AnyOf(())


def and_(*parts: Criterion) -> Criterion:
    """Their and, without what says nothing."""
    flat: list[Criterion] = []
    mask: int | None = None
    for p in parts:
        for q in p.parts if isinstance(p, AllOf) else (p,):
            if q == NEVER:
                return NEVER
            if isinstance(q, LabelsWithin):
                mask = q.mask if mask is None else mask & q.mask
            elif q not in flat:
                flat.append(q)
    if mask is not None:
        flat.insert(0, LabelsWithin(mask))
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))


def or_(*parts: Criterion) -> Criterion:
    """Their or; of label limits of which one holds another, the wider; what is asked of labels
    or of codes is asked once.
    """
    flat: list[Criterion] = []
    for p in parts:
        for q in p.parts if isinstance(p, AnyOf) else (p,):
            if q == ALWAYS:
                return ALWAYS
            if isinstance(q, HasAnyLabel | HasAnyCode):
                same = next((x for x in flat if type(x) is type(q)), None)
                flat = [x for x in flat if x is not same]
                q = merge_alternatives(q, same)
            if q not in flat:
                flat.append(q)
    limits = [q.mask for q in flat if isinstance(q, LabelsWithin)]
    flat = [
        q
        for q in flat
        if not (
            isinstance(q, LabelsWithin) and any(q.mask != m and q.mask & ~m == 0 for m in limits)
        )
    ]
    return flat[0] if len(flat) == 1 else AnyOf(tuple(flat))


def merge_alternatives(first: HasAnyLabel | HasAnyCode, second: Criterion | None) -> Criterion:
    """What either of two of one kind asks."""
    if isinstance(first, HasAnyLabel) and isinstance(second, HasAnyLabel):
        return HasAnyLabel(first.mask | second.mask)
    return (
        HasAnyCode(first.codes | second.codes)
        if isinstance(first, HasAnyCode) and isinstance(second, HasAnyCode)
        else first
    )


def not_(part: Criterion) -> Criterion:
    if part == ALWAYS:
        return NEVER
    if part == NEVER:
        return ALWAYS
    return part.part if isinstance(part, Not) else Not(part)


def and_not(part: Criterion, denied: Criterion) -> Criterion:
    """`part` and not `denied`. What `part` leaves out itself is not said again where `denied`
    has it.
    """
    gone = denied.parts if isinstance(denied, AnyOf) else (denied,)

    def had(p: Criterion) -> bool:
        return any(
            p == g or (isinstance(p, HasAnyLabel | HasAnyCode) and merge_alternatives(p, g) == g)
            for g in gone
        )

    def said(p: Criterion) -> bool:
        return isinstance(p, Not) and all(
            map(had, p.part.parts if isinstance(p.part, AnyOf) else (p.part,))
        )

    shorter = (
        and_(*(q for q in p.parts if not said(q))) if isinstance(p, AllOf) else p
        for p in (part.parts if isinstance(part, AnyOf) else (part,))
    )
    return and_(or_(*shorter), not_(denied))


def covers_labels(part: Criterion, mask: int) -> bool:
    """Whether all resources with no labels but these surely fit."""
    return (
        part == ALWAYS
        or (isinstance(part, LabelsWithin) and mask & ~part.mask == 0)
        or (isinstance(part, AnyOf) and any(covers_labels(p, mask) for p in part.parts))
    )
