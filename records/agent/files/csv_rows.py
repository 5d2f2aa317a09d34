"""Read the rows of a CSV file as exports write them: any of five separators, new lines within
quotes, ="00123", trailing separators, and quotes that nobody has closed (RFC 4180, and what is
not).
"""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from pathlib import Path
from typing import IO, Iterable, Iterator

from ..refusal import Refusal, Rule
from .file_rules import OPEN_QUOTE, TOO_LONG, TOO_WIDE
from .private_use import mend_private_use
from .table import Row, Table, UnreadableFile
from .text_encoding import open_text

SEPARATORS = ",\t;，|"
SAMPLE = 60  # lines by which the separator is found
LONGEST_RECORD = 400  # lines of one row: more is a quote that nobody has closed
LONGEST_ROW = 4 << 20  # characters: more is no row of an export, and would fill the memory
WIDEST = 16_384  # columns, as of a workbook
SAMPLED = 1 << 16  # characters of a line by which the separator is found
AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)  # how Excel is made to leave a number alone
csv.field_size_limit(1 << 24)


def open_csv(path: Path) -> Table:
    codec, text = open_text(path)
    with text:
        lines = read_lines(text)
        sample = [line[:SAMPLED] for _, line in zip(range(SAMPLE), lines)]
    separator = find_separator(sample)
    table = Table(path.name, "", codec, lambda: iter(()))

    def read_rows() -> Iterator[Row]:
        table.faults.clear()
        with open(path, encoding=codec, errors="replace", newline="") as stream:
            yield from split_rows(read_lines(stream), separator, table)

    table.read_rows = read_rows
    return table


def read_lines(stream: IO[str]) -> Iterator[str]:
    """Of one that is too long the beginning, as the last one: whoever reads rows refuses it."""
    while line := stream.readline(LONGEST_ROW + 1):
        yield line
        if len(line) > LONGEST_ROW:
            return


def find_separator(sample: list[str]) -> str:
    """The one that parts most lines into the same number of columns, two at least; the more
    columns, the better.
    """

    def judge(separator: str) -> int:
        widths = Counter(
            len(row) for row in csv.reader(iter(sample), delimiter=separator) if len(row) > 1
        )
        return max((lines * width for width, lines in widths.items()), default=0)

    return max(SEPARATORS, key=judge)


def split_rows(lines: Iterable[str], separator: str, table: Table) -> Iterator[Row]:
    """Rows, each with its number; blank ones too, as an empty list. Raises UnreadableFile at a row
    that is too long or too wide to be one.
    """
    number = 0
    waiting: deque[str] = deque()  # lines of a record that was none, to be read one by one
    source = iter(lines)
    width = 0
    while True:
        line = waiting.popleft() if waiting else next(source, "")
        if not line:
            return
        number += 1
        if len(line) > LONGEST_ROW:
            raise refuse_row(table, number, line, TOO_LONG, most=LONGEST_ROW)
        if '"' not in line:
            if (columns := line.count(separator) + 1) > WIDEST:
                raise refuse_row(table, number, line, TOO_WIDE, columns=columns, most=WIDEST)
            cells = mend_private_use(line.rstrip("\r\n")).split(separator)
        else:
            record = [line]
            found = join_record(record, waiting, source, separator, width)
            if sum(map(len, record)) > LONGEST_ROW:
                raise refuse_row(table, number, line, TOO_LONG, most=LONGEST_ROW)
            if found is None:
                table.faults.append(
                    Refusal(table.name, number, "", line[:60].rstrip(), OPEN_QUOTE, warning=True)
                )
                waiting.extendleft(reversed(record[1:]))
                found = line.rstrip("\r\n").split(separator)
                found = [cell.strip('"') for cell in found]
            if len(found) > WIDEST:
                raise refuse_row(table, number, line, TOO_WIDE, columns=len(found), most=WIDEST)
            cells = [clean_cell(mend_private_use(cell)) for cell in found]
        width = max(width, len(cells))
        yield number, cells if any(cells) else []


def refuse_row(table: Table, number: int, line: str, rule: Rule, **words: int) -> UnreadableFile:
    return UnreadableFile(Refusal(table.name, number, "", line[:60].rstrip(), rule, words))


def join_record(
    record: list[str],
    waiting: deque[str],
    source: Iterator[str],
    separator: str,
    width: int,
) -> list[str] | None:
    """Cells of one record, whose lines are added to `record` as long as a quote is open. None
    where nobody closes it, where what it holds are rows themselves, or where it is too long.
    """
    size = 0
    while True:
        size += len(record[-1])
        if size > LONGEST_ROW:
            return None
        if '"' in record[-1]:
            cells = parse_record("".join(record), separator)
            if cells is not None:
                rows = len(record) > 1 and width > 2
                swallowed = rows and all(x.count(separator) >= width - 1 for x in record[:-1])
                return None if swallowed else cells
        if len(record) >= LONGEST_RECORD:
            return None
        line = waiting.popleft() if waiting else next(source, "")
        if not line:
            return None
        record.append(line)


def parse_record(text: str, separator: str) -> list[str] | None:
    """None where a quote is still open at its end."""
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return None
    return next(csv.reader([text.rstrip("\r\n")], delimiter=separator), [])


def clean_cell(cell: str) -> str:
    m = AS_TEXT.fullmatch(cell.strip())
    return m[1].replace('""', '"') if m else cell
