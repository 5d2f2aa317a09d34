"""EM: the model's shares and chances from pairs without labels (Winkler 2000). Deterministic, and held by its beginnings: what few pairs say does
not turn a field around. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from records.mpi.levels import Levels
from records.mpi.model import CLASSES, Model

ROUNDS = 25
BELIEF = 200.0  # pairs that the beginnings of a field weigh
Pattern = tuple[Levels, float]  # levels, and the chance of the name (rounded)


def train(patterns: Counter[Pattern], size: int, version: str, first: Model) -> Model:
    """patterns: how often each occurred among the pairs that were compared; size: registrations."""
    model = first
    for _ in range(ROUNDS):
        own: dict[tuple[str, str], float] = defaultdict(float)
        totals = [0.0] * len(CLASSES)
        for (levels, name_chance), count in patterns.items():
            chances = model.chances(levels, size, name_chance)
            whole = sum(chances)
            for c, chance in enumerate(chances):
                totals[c] += count * chance / whole
            for field, level in zip(Levels._fields, levels, strict=True):
                if level:
                    own[field, level] += count * chances[0] / whole
        model = Model(version, tables(first, own), tuple(shares(totals, size, first)))
    return model


def shares(totals: list[float], size: int, first: Model) -> Iterable[float]:
    """Pairs of a class for one registration; a two-hundredth of the beginning is believed whatever was found."""
    for c, began in enumerate(first.share):
        yield max(2 * totals[c] / size, began / 200)


def tables(first: Model, found: dict[tuple[str, str], float]) -> dict[str, dict[str, tuple[float, ...]]]:
    """The chances of one person's registrations, as found; the other classes stay what they are known to be: left to themselves, twins would
    learn from those whose given name was never compared, and take more with each round."""
    out: dict[str, dict[str, tuple[float, ...]]] = {}
    for field, rows in first.table.items():
        whole, began = sum(found[field, level] for level in rows), sum(r[0] for r in rows.values())
        out[field] = {level: ((found[field, level] + BELIEF * row[0] / began) / (whole + BELIEF) * began, *row[1:]) for level, row in rows.items()}
    return out
