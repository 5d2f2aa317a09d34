"""Why a pair is as probable as it is: what each field adds, in bits, as the standard model has it (Fellegi and Sunter 1969; Splink's waterfall chart)."""

from dataclasses import dataclass
from math import log2

from records.mpi.levels import Levels
from records.mpi.model import Model


@dataclass(frozen=True, slots=True)
class Step:
    """bits: log2 of how many times likelier one person is after this field than before; field "start": before anything is compared."""

    field: str
    level: str
    bits: float


def steps(model: Model, levels: Levels, size: int, name_chance: float = 0.0) -> list[Step]:
    """They add up to log2 of the odds that the two are one person."""
    out, said = [], Levels(*[""] * len(Levels._fields))
    before = odds(model, said, size, name_chance)
    out.append(Step("start", "", before))
    for field, level in zip(Levels._fields, levels, strict=True):
        if level:
            said = said._replace(**{field: level})
            after = odds(model, said, size, name_chance)
            out.append(Step(field, level, after - before))
            before = after
    return out


def odds(model: Model, levels: Levels, size: int, name_chance: float) -> float:
    own, *others = model.chances(levels, size, name_chance)
    return log2(max(own, 1e-300) / max(sum(others), 1e-300))
