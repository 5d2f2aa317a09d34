"""What a decision asks of a resource, as values: a few criteria, joined by and, or, not. The store makes SQL of them. Pure."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Within:
    """All its labels are among these."""

    mask: int


@dataclass(frozen=True, slots=True)
class Touching:
    """It has one of these labels."""

    mask: int


@dataclass(frozen=True, slots=True)
class OfType:
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class During:
    """Its clinical date lies wholly in [low, high); one without a date lies nowhere."""

    low: dt.datetime
    high: dt.datetime


@dataclass(frozen=True, slots=True)
class Meeting:
    """Its clinical date may lie in [low, high): it overlaps, or it has none."""

    low: dt.datetime
    high: dt.datetime


@dataclass(frozen=True, slots=True)
class Coded:
    """One of these codes, (system, code), stands in it."""

    codes: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Item:
    """It is this resource of this hospital's store."""

    hospital: str
    type_name: str
    fhir_id: str


@dataclass(frozen=True, slots=True)
class Refers:
    """It refers to the item."""

    item: Item


@dataclass(frozen=True, slots=True)
class Referred:
    """The item refers to it."""

    item: Item


@dataclass(frozen=True, slots=True)
class By:
    """The item is its author: it made, performed, recorded, asserted or asked for it."""

    item: Item


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple["Criterion", ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple["Criterion", ...]


@dataclass(frozen=True, slots=True)
class No:
    part: "Criterion"


Criterion = Within | Touching | OfType | During | Meeting | Coded | Item | Refers | Referred | By | Every | Some | No
ALWAYS = Every(())
NEVER = Some(())


def both(*parts: Criterion) -> Criterion:
    """Their and, without what says nothing."""
    flat: list[Criterion] = []
    mask: int | None = None
    for p in parts:
        for q in p.parts if isinstance(p, Every) else (p,):
            if q == NEVER:
                return NEVER
            if isinstance(q, Within):
                mask = q.mask if mask is None else mask & q.mask
            elif q not in flat:
                flat.append(q)
    if mask is not None:
        flat.insert(0, Within(mask))
    return flat[0] if len(flat) == 1 else Every(tuple(flat))


def either(*parts: Criterion) -> Criterion:
    """Their or; of label limits of which one holds another, the wider; what is asked of labels or of codes is asked once."""
    flat: list[Criterion] = []
    for p in parts:
        for q in p.parts if isinstance(p, Some) else (p,):
            if q == ALWAYS:
                return ALWAYS
            if isinstance(q, Touching | Coded):
                same = next((x for x in flat if type(x) is type(q)), None)
                flat = [x for x in flat if x is not same]
                q = wider(q, same)
            if q not in flat:
                flat.append(q)
    limits = [q.mask for q in flat if isinstance(q, Within)]
    flat = [q for q in flat if not (isinstance(q, Within) and any(q.mask != m and q.mask & ~m == 0 for m in limits))]
    return flat[0] if len(flat) == 1 else Some(tuple(flat))


def wider(one: Touching | Coded, two: Criterion | None) -> Criterion:
    """What either of two of one kind asks."""
    if isinstance(one, Touching) and isinstance(two, Touching):
        return Touching(one.mask | two.mask)
    return Coded(one.codes | two.codes) if isinstance(one, Coded) and isinstance(two, Coded) else one


def negated(part: Criterion) -> Criterion:
    if part == ALWAYS:
        return NEVER
    if part == NEVER:
        return ALWAYS
    return part.part if isinstance(part, No) else No(part)


def less(part: Criterion, denied: Criterion) -> Criterion:
    """`part` and not `denied`. What `part` leaves out itself is not said again where `denied` has it."""
    gone = denied.parts if isinstance(denied, Some) else (denied,)

    def had(p: Criterion) -> bool:
        return any(p == g or (isinstance(p, Touching | Coded) and wider(p, g) == g) for g in gone)

    def said(p: Criterion) -> bool:
        return isinstance(p, No) and all(map(had, p.part.parts if isinstance(p.part, Some) else (p.part,)))

    shorter = (both(*(q for q in p.parts if not said(q))) if isinstance(p, Every) else p for p in (part.parts if isinstance(part, Some) else (part,)))
    return both(either(*shorter), negated(denied))


def covers(part: Criterion, mask: int) -> bool:
    """Whether all resources with no labels but these surely fit."""
    return part == ALWAYS or (isinstance(part, Within) and mask & ~part.mask == 0) or (isinstance(part, Some) and any(covers(p, mask) for p in part.parts))
