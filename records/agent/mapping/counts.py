"""Count what was read of tables, for reports."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Counts:
    """rows: of data. blank, totals, headers: rows that are none. again: the same row once more."""

    rows: int = 0
    accepted: int = 0
    refused: int = 0
    again: int = 0
    blank: int = 0
    totals: int = 0
    headers: int = 0
    unreadable: int = 0  # files


@dataclass
class ReadTable:
    """What was read of a table, for the report."""

    name: str
    format: str
    set: str
    header_row: int
    counts: Counts = field(default_factory=Counts)
