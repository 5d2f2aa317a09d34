"""EM: the model's shares and chances from pairs without labels (Winkler 2000). Deterministic,
and held by its beginnings: what few pairs say does not turn a field around. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from records.mpi.matching.comparison_levels import ComparisonLevels
from records.mpi.matching.linkage_model import PAIR_CLASSES, LinkageModel

EM_ROUNDS = 25
PRIOR_PAIRS = 200.0  # pairs that the beginnings of a field weigh
LevelPattern = tuple[ComparisonLevels, float]  # levels, and the chance of the name (rounded)


def train_model(
    patterns: Counter[LevelPattern], size: int, version: str, beginning: LinkageModel
) -> LinkageModel:
    """patterns: how often each occurred among the pairs that were compared; size: registrations."""
    model = beginning
    for _ in range(EM_ROUNDS):
        same_person_counts: dict[tuple[str, str], float] = defaultdict(float)
        totals = [0.0] * len(PAIR_CLASSES)
        for (levels, name_chance), count in patterns.items():
            chances = model.chances(levels, size, name_chance)
            all_chances = sum(chances)
            for pair_class, chance in enumerate(chances):
                totals[pair_class] += count * chance / all_chances
            for field, level in zip(ComparisonLevels._fields, levels, strict=True):
                if level:
                    same_person_counts[field, level] += count * chances[0] / all_chances
        model = LinkageModel(
            version,
            estimate_table(beginning, same_person_counts),
            tuple(estimate_shares(totals, size, beginning)),
        )
    return model


def estimate_shares(totals: list[float], size: int, beginning: LinkageModel) -> Iterable[float]:
    """Pairs of a class for one registration; a two-hundredth of the beginning is believed
    whatever was found.
    """
    for pair_class, share in enumerate(beginning.share):
        yield max(2 * totals[pair_class] / size, share / 200)


def estimate_table(
    beginning: LinkageModel, counts: dict[tuple[str, str], float]
) -> dict[str, dict[str, tuple[float, ...]]]:
    """The chances of one person's registrations, as found; the other classes stay what they are
    known to be: left to themselves, twins would learn from those whose given name was never
    compared, and take more with each round.
    """
    table: dict[str, dict[str, tuple[float, ...]]] = {}
    for field, rows in beginning.table.items():
        counted, beginning_sum = (
            sum(counts[field, level] for level in rows),
            sum(r[0] for r in rows.values()),
        )
        table[field] = {
            level: (
                (counts[field, level] + PRIOR_PAIRS * row[0] / beginning_sum)
                / (counted + PRIOR_PAIRS)
                * beginning_sum,
                *row[1:],
            )
            for level, row in rows.items()
        }
    return table
