"""What levels are worth: for each field the chance of each level, for two registrations of one person, of two who share a home, of twins, of
somebody and whoever came with his card, and of two strangers. Pure.

Fellegi and Sunter 1969, with five classes instead of two: those who share a home agree on phone, address and family name for one reason, not
for three, twins on the birth date too, and a card brings number, birth date and sex along, but not the name. Models are versioned files
(models/), learnt by EM from pairs without labels (mpi/train.py). A name's chance is its own: common names are worth little.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from records.mpi.levels import Levels

CLASSES = ("self", "home", "twin", "card", "other")
# field -> level -> the chance in each of CLASSES, of pairs where both say something
Table = Mapping[str, Mapping[str, tuple[float, ...]]]


@dataclass(frozen=True, slots=True)
class Model:
    """version: names the file; table: see Table; share: of each class but the last among pairs, for one registration each (they scale with 1/n)."""

    version: str
    table: Table
    share: tuple[float, ...]

    def chances(self, levels: Levels, size: int, name_chance: float = 0.0) -> tuple[float, ...]:
        """Of each class, before they are brought to 1. size: registrations in the index; name_chance: how probable a stranger has this name."""
        out = [s / size for s in self.share]
        found = [*out, 1.0]
        for field, level in zip(Levels._fields, levels, strict=True):
            if level:
                row = self.table[field][level]
                if field == "name" and level == "same" and name_chance:
                    row = (*row[:-1], name_chance)
                found = [f * c for f, c in zip(found, row, strict=True)]
        return tuple(found)

    def probability(self, levels: Levels, size: int, name_chance: float = 0.0) -> float:
        """That the two are one person."""
        chances = self.chances(levels, size, name_chance)
        return chances[0] / sum(chances)


def load(path: Path, own: bool = False) -> Model:
    """own: the release's. Raises ValueError for a file that is no model."""
    try:
        return of(json.loads(path.read_text(encoding="utf-8")), own)
    except ValueError as error:
        raise ValueError(f"{path} is no model of the patient index: {error}") from error


def of(found: Any, own: bool = False) -> Model:
    """Of a model file's content; levels that it does not know, of an older release, are worth what the release's own says. Raises ValueError for what is no model."""
    if not isinstance(found, dict) or set(found) != {"version", "share", "table"} or len(found["share"]) != len(CLASSES) - 1:
        raise ValueError("it has version, share and table")
    table = {f: {lv: tuple(row) for lv, row in rows.items()} for f, rows in found["table"].items()}
    return Model(found["version"], table if own else completed(table), tuple(found["share"]))


def completed(table: Table) -> Table:
    return {f: {**rows, **table.get(f, {})} for f, rows in standard().table.items()}


def dump(model: Model, path: Path) -> None:
    path.write_text(json.dumps(content(model), indent=1), encoding="utf-8")


def content(model: Model) -> dict[str, Any]:
    return {"version": model.version, "share": model.share, "table": model.table}


@cache
def standard() -> Model:
    """The model that comes with this release."""
    return load(Path(__file__).parent / "models" / "family-3.json", own=True)
