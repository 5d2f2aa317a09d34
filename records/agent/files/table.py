"""Define a table of a file: a CSV file is one, a workbook has one a sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Iterator, List, Tuple

from ..refusal import Refusal

Row = Tuple[int, List[str]]  # number as a spreadsheet counts, from 1; cells


class UnreadableFile(Exception):
    """Nothing of the file can be read; holds the refusal that says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why("en"))
        self.refusal = refusal


@dataclass
class Table:
    """read_rows begins anew each time; faults grows while rows are read. notices: what is to be
    told of it beforehand. format: what it was read as, for people ("gb18030", "xlsx").
    """

    file: str
    sheet: str
    format: str
    read_rows: Callable[[], Iterator[Row]]
    faults: list[Refusal] = field(default_factory=list)
    notices: list[Refusal] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.file}[{self.sheet}]" if self.sheet else self.file
