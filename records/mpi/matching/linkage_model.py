"""The parameters of the linkage model: for each field the chance of each level, for two
registrations of one person, of two who share a home, of twins, of somebody and whoever came with
their card, and of two strangers. Pure.

Fellegi and Sunter 1969, with five classes instead of two: those who share a home agree on phone,
address and family name for one reason, not for three, twins on the birth date too, and a card
brings number, birth date and sex along, but not the name. Models are versioned files (models/),
learnt by EM from pairs without labels (mpi/train.py). A name's chance is its own: common names are
worth little.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from records.mpi.matching.comparison_levels import ComparisonLevels

PAIR_CLASSES = ("self", "home", "twin", "card", "other")
# field -> level -> the chance in each of CLASSES, of pairs where both say something
LevelTable = Mapping[str, Mapping[str, tuple[float, ...]]]


@dataclass(frozen=True, slots=True)
class LinkageModel:
    """version: names the file; table: see Table; share: of each class but the last among pairs,
    for one registration each (they scale with 1/n).
    """

    version: str
    table: LevelTable
    share: tuple[float, ...]

    def chances(
        self, levels: ComparisonLevels, size: int, name_chance: float = 0.0
    ) -> tuple[float, ...]:
        """Of each class, before they are brought to 1. size: registrations in the index;
        name_chance: how probable a stranger has this name.
        """
        shares = [s / size for s in self.share]
        chances = [*shares, 1.0]
        for field, level in zip(ComparisonLevels._fields, levels, strict=True):
            if level:
                row = self.table[field][level]
                if field == "name" and level == "same" and name_chance:
                    row = (*row[:-1], name_chance)
                chances = [f * c for f, c in zip(chances, row, strict=True)]
        return tuple(chances)

    def probability(self, levels: ComparisonLevels, size: int, name_chance: float = 0.0) -> float:
        """That the two are one person."""
        chances = self.chances(levels, size, name_chance)
        return chances[0] / sum(chances)


def load_model_file(path: Path, is_release: bool = False) -> LinkageModel:
    """is_release: the release's. Raises ValueError for a file that is no model."""
    try:
        return parse_model(json.loads(path.read_text(encoding="utf-8")), is_release)
    except ValueError as error:
        raise ValueError(f"{path} is no model of the patient index: {error}") from error


def parse_model(content: Any, is_release: bool = False) -> LinkageModel:
    """Of a model file's content; levels that it does not know, of an older release, are worth
    what the release's own says. Raises ValueError for what is no model.
    """
    if (
        not isinstance(content, dict)
        or set(content) != {"version", "share", "table"}
        or len(content["share"]) != len(PAIR_CLASSES) - 1
    ):
        raise ValueError("it has version, share and table")
    table = {
        f: {lv: tuple(row) for lv, row in rows.items()} for f, rows in content["table"].items()
    }
    return LinkageModel(
        content["version"], table if is_release else complete_table(table), tuple(content["share"])
    )


def complete_table(table: LevelTable) -> LevelTable:
    return {f: {**rows, **table.get(f, {})} for f, rows in release_model().table.items()}


def write_model_file(model: LinkageModel, path: Path) -> None:
    path.write_text(json.dumps(model_content(model), indent=1), encoding="utf-8")


def model_content(model: LinkageModel) -> dict[str, Any]:
    return {"version": model.version, "share": model.share, "table": model.table}


@cache
def release_model() -> LinkageModel:
    """The model that comes with this release."""
    return load_model_file(Path(__file__).parent / "models" / "family-3.json", is_release=True)
