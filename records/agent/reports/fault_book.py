"""Gather what was refused and warned of, by rule and column, with how many share it; and the rows
that were refused, so that they can be mended and put in again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..mapping.row_rules import PATIENT_REFUSED
from ..refusal import Refusal
from ..sets.recognise import Recognised

MOST_KEPT = 50_000  # refusals, and rows; beyond them only the numbers are kept
MOST_OF_FILE = 100  # of each file nevertheless, so that each has its report
MOST_SHOWN = 5  # of one rule, in a summary


def key_of(refusal: Refusal) -> tuple[str, str]:
    """What has one cause: files name the column of the patient's number each in their own way."""
    follows = refusal.rule is PATIENT_REFUSED
    return refusal.rule.code, "" if follows else refusal.column


@dataclass
class FaultGroup:
    first: Refusal
    count: int = 0
    shown: list[Refusal] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)


@dataclass
class RefusedRows:
    """Of one table: its headers, and (number, cells, why)."""

    headers: list[str]
    rows: list[tuple[int, list[str], list[Refusal]]] = field(default_factory=list)


class FaultBook:
    def __init__(self, keep_rows: bool = False) -> None:
        self.groups: dict[tuple[str, str], FaultGroup] = {}
        self.kept: list[Refusal] = []
        self.kept_of: dict[str, int] = {}  # by file
        self.refused_files: set[str] = set()  # whether kept or not
        self.tables: dict[str, RefusedRows] = {}
        self.keep_rows = keep_rows
        self.dropped = 0
        self.rows_kept = 0

    def add(self, refusal: Refusal) -> None:
        key = key_of(refusal)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = FaultGroup(refusal)
        group.count += 1
        group.files[refusal.file] = group.files.get(refusal.file, 0) + 1
        if len(group.shown) < MOST_SHOWN:
            group.shown.append(refusal)
        if not refusal.warning:
            self.refused_files.add(refusal.file)
        of_file = self.kept_of.get(refusal.file, 0)
        if len(self.kept) < MOST_KEPT or (of_file < MOST_OF_FILE and not refusal.warning):
            self.kept_of[refusal.file] = of_file + 1
            self.kept.append(refusal)

    def add_row(
        self, table: str, head: Recognised, number: int, cells: list[str], why: list[Refusal]
    ) -> None:
        if not self.keep_rows:
            return
        if self.rows_kept >= MOST_KEPT:
            self.dropped += 1
            return
        self.rows_kept += 1
        found = self.tables.setdefault(table, RefusedRows(head.headers))
        found.rows.append((number, list(cells), why))

    def sharing(self, refusal: Refusal) -> int:
        return self.groups[key_of(refusal)].count

    def sorted_groups(self) -> list[FaultGroup]:
        """Refusals before warnings, causes before what follows from them, the most frequent
        first.
        """
        return sorted(
            self.groups.values(),
            key=lambda g: (g.first.warning, g.first.rule is PATIENT_REFUSED, -g.count),
        )

    @property
    def refusals(self) -> list[Refusal]:
        return [r for r in self.kept if not r.warning]
