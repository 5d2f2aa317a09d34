"""Why a pair is as probable as it is: what each field adds, in bits, as the standard model has
it (Fellegi and Sunter 1969; Splink's waterfall chart).
"""

from dataclasses import dataclass
from math import log2

from records.mpi.matching.comparison_levels import ComparisonLevels
from records.mpi.matching.linkage_model import LinkageModel


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """bits: log2 of how many times likelier one person is after this field than before; field
    "start": before anything is compared.
    """

    field: str
    level: str
    bits: float


def waterfall_steps(
    model: LinkageModel, levels: ComparisonLevels, size: int, name_chance: float = 0.0
) -> list[WaterfallStep]:
    """They add up to log2 of the odds that the two are one person."""
    steps, compared = [], ComparisonLevels(*[""] * len(ComparisonLevels._fields))
    odds_before = log2_odds(model, compared, size, name_chance)
    steps.append(WaterfallStep("start", "", odds_before))
    for field, level in zip(ComparisonLevels._fields, levels, strict=True):
        if level:
            compared = compared._replace(**{field: level})
            odds_after = log2_odds(model, compared, size, name_chance)
            steps.append(WaterfallStep(field, level, odds_after - odds_before))
            odds_before = odds_after
    return steps


def log2_odds(
    model: LinkageModel, levels: ComparisonLevels, size: int, name_chance: float
) -> float:
    same_person, *other_classes = model.chances(levels, size, name_chance)
    return log2(max(same_person, 1e-300) / max(sum(other_classes), 1e-300))
