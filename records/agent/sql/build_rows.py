"""Turn rows of a view into items and refusals by the table of its column set, as rows of a file
are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

from ..files.table import Table
from ..item import Item
from ..mapping.intake import Intake
from ..refusal import Refusal
from ..sets.column_set import ColumnSet, Site
from ..sets.recognise import Recognised
from .cell_text import cell_text

FURTHER = ("changed_at", "record_key")  # columns of a view that are no column of the set


def unknown_columns(column_set: ColumnSet, columns: list[str]) -> list[str]:
    return [c for c in columns if c not in column_set.by_name and c not in FURTHER]


def missing_columns(column_set: ColumnSet, columns: list[str]) -> list[str]:
    """Required ones, as "a / b" where one of several is needed."""
    groups = [(name,) for name in column_set.required] + list(column_set.one_of)
    return [" / ".join(g) for g in groups if not any(name in columns for name in g)]


def build_items(
    column_set: ColumnSet, rows: list[dict[str, Any]], site: Site, origin: str, folder: Path
) -> tuple[list[Item], dict[int, list[Refusal]]]:
    """Items, and refusals by the place of their row in `rows`. origin: what people call the view.
    folder: where the files of documents lie.
    """
    if not rows:
        return [], {}
    names = [n for n in rows[0] if n in column_set.by_name]
    headers = [column_set.by_name[n].zh for n in names]
    head = Recognised(0, column_set, {n: i for i, n in enumerate(names)}, headers)

    def read_rows() -> Iterator[tuple[int, list[str]]]:
        for number, row in enumerate(rows, 1):
            yield number, [cell_text(row.get(n)) for n in names]

    intake = Intake(site)
    items: list[Item] = []
    refusals: dict[int, list[Refusal]] = {}
    try:
        for outcome in intake.read_table(
            folder / origin, Table(origin, "", "sql", read_rows), head
        ):
            if isinstance(outcome, Item):
                items.append(outcome)
            else:
                refusals.setdefault(outcome.row - 1, []).append(outcome)
    finally:
        intake.close()
    return items, refusals
