"""Find the header of a table, and which column set it is: by its headers; by the file's name only
where two sets fit alike.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Iterator

from ..files.table import Row
from .all_sets import SETS
from .column_set import ColumnSet

OWN_COLUMNS = ("原行号", "拒收原因", "怎么改")  # of the workbook of refused rows, put in again
LOOKED_AT = 40  # rows above which a header must stand
APART = re.compile(r"[\s_\-.:：/\\*＊#'\"“”【】\[\]（）()·]+")
REMARK = re.compile(r"[（(\[【][^）)\]】]*[）)\]】]")
REQUIRED_MARK = re.compile(r"(必填|选填|可选|必须)$")


@dataclass
class Recognised:
    """row: of the header. places: column name -> index. headers: index -> as written. unknown:
    columns of no meaning to the set. missing: column names, or groups of which one is needed.
    """

    row: int
    set: ColumnSet
    places: dict[str, int]
    headers: list[str]
    unknown: list[str] = field(default_factory=list)
    missing: list[tuple[str, ...]] = field(default_factory=list)
    score: int = 0


@lru_cache(maxsize=1 << 12)
def fold_header(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return REQUIRED_MARK.sub("", APART.sub("", folded))


def without_remark(text: str) -> str:
    """结果(定量) is 结果, 采样时间（年月日） is 采样时间."""
    return fold_header(REMARK.sub("", unicodedata.normalize("NFKC", text)))


def build_words(column_set: ColumnSet) -> dict[str, tuple[str, int]]:
    """Folded header -> (column, rank): the template's own name before synonyms."""
    words: dict[str, tuple[str, int]] = {}
    for rank in (0, 1):
        for column in column_set.columns:
            said = (column.zh, column.name) if rank == 0 else column.synonyms.split()
            for place, word in enumerate(said):
                words.setdefault(fold_header(word), (column.name, rank * 100 + place))
    return words


WORDS: dict[str, dict[str, tuple[str, int]]] = {s.name: build_words(s) for s in SETS}


def match_headers(cells: list[str], column_set: ColumnSet) -> tuple[dict[str, int], list[int]]:
    """(column -> index, indexes of no meaning). Of two headers for a column the nearer name wins."""
    words = WORDS[column_set.name]
    best: dict[str, tuple[int, int]] = {}
    unknown: list[int] = []
    for index, cell in enumerate(cells):
        if not cell.strip() or cell.strip() in OWN_COLUMNS:
            continue
        found = words.get(fold_header(cell)) or words.get(without_remark(cell))
        if found is None:
            unknown.append(index)
            continue
        column, rank = found
        if column in best:
            loser = index if best[column][0] <= rank else best[column][1]
            unknown.append(loser)
            if loser == index:
                continue
        best[column] = rank, index
    return {column: index for column, (_, index) in best.items()}, sorted(unknown)


def judge(places: dict[str, int], unknown: list[int], column_set: ColumnSet) -> int:
    needed = [(name,) for name in column_set.required] + list(column_set.one_of)
    met = sum(any(name in places for name in group) for group in needed)
    signs = sum(sign in places for sign in column_set.signs)
    whole = 12 if met == len(needed) and signs else 0
    return whole + 2 * met + 3 * signs + len(places) - len(unknown)


def join_headers(rows: list[Row]) -> Iterator[Row]:
    """A header of two rows, with 检验 over 项目 and 结果: what stands below counts, and what stands
    above where nothing is below. The number is that of the lower row.
    """
    for (above, upper), (below, lower) in zip(rows, rows[1:]):
        if below != above + 1 or not any(upper) or not any(lower):
            continue
        width = max(len(upper), len(lower))
        cells = [*zip([*upper, *[""] * width][:width], [*lower, *[""] * width][:width])]
        if any(u.strip() and not b.strip() for u, b in cells):
            yield below, [b if b.strip() else u for u, b in cells]


def recognise(rows: list[Row], file: str) -> Recognised | None:
    """Of the first rows of a table. None where no row is the header of any set."""
    found: Recognised | None = None
    for number, cells in [*rows[:LOOKED_AT], *join_headers(rows[:LOOKED_AT])]:
        if sum(1 for c in cells if c.strip()) < 2:
            continue
        for column_set in SETS:
            places, unknown = match_headers(cells, column_set)
            if len(places) < 2 or not any(s in places for s in column_set.signs):
                continue
            score = 4 * judge(places, unknown, column_set)
            score += any(word in file.casefold() for word in column_set.file_words)
            if found is None or score > found.score:
                needed = [(name,) for name in column_set.required] + list(column_set.one_of)
                found = Recognised(
                    number,
                    column_set,
                    places,
                    [c.strip() for c in cells],
                    [cells[i].strip() for i in unknown],
                    [group for group in needed if not any(name in places for name in group)],
                    score,
                )
    return found
