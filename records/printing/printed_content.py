"""What a print holds, before it is laid out: values without patients' resources, all words said."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """share: of the width of the table, relative to the others."""

    head: str
    share: float


@dataclass(frozen=True, slots=True)
class TableRow:
    """One text a column; strong: not to be overlooked."""

    cells: tuple[str, ...]
    strong: bool = False


@dataclass(frozen=True, slots=True)
class PrintedSection:
    """A heading with notices, then a table; empty: what is said where there are no rows, "" where
    the notices are all; notes: what is said below, such as what was left out.
    """

    title: str
    columns: tuple[Column, ...] = ()
    rows: tuple[TableRow, ...] = ()
    empty: str = ""
    notices: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FixedWords:
    """What the layout itself says, in the reader's language. unprintable: given a number, a code
    point and its name; page: given number and total; cut: given
    how many pages there are.
    """

    continued: str
    glyph_section: str
    unprintable: Callable[[int, str, str], str]
    page: Callable[[int, int], str]
    cut: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class PrintedContent:
    """name, identity: who the patient is, at the head of each page; origin: what this is and which
    hospital prints it; footer: lines at the foot of each page; water: the watermark; scale: of the
    type, 2 for eyes that read small print no more.
    """

    title: str
    name: str
    identity: str
    origin: str
    footer: tuple[str, ...]
    water: str
    sections: tuple[PrintedSection, ...]
    words: FixedWords
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class PageMark:
    """What proves one page: its code as printed, and the address that a camera reads."""

    code: str
    address: str
