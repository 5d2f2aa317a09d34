"""EM: the model's shares and chances from pairs without labels (Winkler 2000). Deterministic, and held by its beginnings: what few pairs say does
not turn a field around. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from records.mpi.levels import Levels
from records.mpi.model import CLASSES, Model

ROUNDS = 25
BELIEF = 2000.0  # pairs that the beginnings of a field weigh
Pattern = tuple[Levels, float]  # levels, and the chance of the name (rounded)


def train(patterns: Counter[Pattern], size: int, version: str, first: Model) -> Model:
    """patterns: how often each occurred among the pairs that were compared; size: registrations."""
    model = first
    for _ in range(ROUNDS):
        weights: list[dict[tuple[str, str], float]] = [defaultdict(float) for _ in CLASSES]
        totals = [0.0] * len(CLASSES)
        for (levels, name_chance), count in patterns.items():
            chances = model.chances(levels, size, name_chance)
            whole = sum(chances)
            for c, chance in enumerate(chances):
                part = count * chance / whole
                totals[c] += part
                for field, level in zip(Levels._fields, levels, strict=True):
                    if level:
                        weights[c][field, level] += part
        model = Model(version, tables(first, weights), tuple(shares(totals, size, first)))
    return model


def shares(totals: list[float], size: int, first: Model) -> Iterable[float]:
    """Pairs of a class for one registration; a twentieth of the beginning is believed whatever was found."""
    for c, began in enumerate(first.share):
        yield max(2 * totals[c] / size, began / 20)


def tables(first: Model, weights: list[dict[tuple[str, str], float]]) -> dict[str, dict[str, tuple[float, ...]]]:
    out: dict[str, dict[str, tuple[float, ...]]] = {}
    for field, rows in first.table.items():
        sums = [sum(weights[c][field, lv] for lv in rows) for c in range(len(CLASSES))]
        began = [sum(r[c] for r in rows.values()) for c in range(len(CLASSES))]
        out[field] = {
            level: tuple((weights[c][field, level] + BELIEF * row[c] / began[c]) / (sums[c] + BELIEF) * began[c] if c < len(row) - 1 else row[c] for c in range(len(row)))
            for level, row in rows.items()}
    return out
