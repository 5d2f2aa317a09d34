"""Lay sections out on A4 pages: heads of tables stand again on each page, rows that are longer than
a page go on on the next. Points, from the lower left (PDF).
"""

from dataclasses import dataclass, field

from records.printing.han_font import GlyphCheck, describe_character
from records.printing.line_breaking import break_lines
from records.printing.printed_content import (
    Column,
    PrintedContent,
    PrintedSection,
    TableRow,
)

PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89
MARGIN, TOP, BOTTOM = 42.0, 34.0, 92.0
WIDTH = PAGE_WIDTH - 2 * MARGIN
NAME_SIZE, HEADING_SIZE, BODY_SIZE, HEAD_SIZE = 13.0, 11.0, 8.5, 7.5
LEADING, BASELINE = 1.36, 1.05  # of the size: line to line, top of a line to its baseline
GAP, CELL_PAD = 6.0, 1.8
MAX_NAME_LINES, MAX_IDENTITY_LINES = 3, 4  # at the head of each page; the first section has all
CUT = "…"
MAX_PAGES = 300  # of one print; what is beyond is left out, and that is said


@dataclass(frozen=True, slots=True)
class PlacedText:
    x: float
    y: float
    text: str
    size: float
    strong: bool = False
    soft: bool = False


@dataclass(frozen=True, slots=True)
class PlacedRule:
    x1: float
    x2: float
    y: float
    strong: bool = False


@dataclass(slots=True)
class LaidOutPage:
    texts: list[PlacedText] = field(default_factory=list)
    rules: list[PlacedRule] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """lines: of each cell."""

    lines: tuple[tuple[str, ...], ...]
    strong: bool

    @property
    def height(self) -> int:
        """In lines."""
        return max(map(len, self.lines))


class PageLayout:
    """Fills pages from top to bottom."""

    def __init__(self, content: PrintedContent, glyphs: GlyphCheck) -> None:
        self.content, self.glyphs = content, glyphs
        self.heading, self.body, self.small = (
            x * content.scale for x in (HEADING_SIZE, BODY_SIZE, HEAD_SIZE)
        )
        self.pages: list[LaidOutPage] = []
        self.name = self.head_lines(content.name, NAME_SIZE, MAX_NAME_LINES)
        self.identity = self.head_lines(content.identity, BODY_SIZE, MAX_IDENTITY_LINES)
        self.origin = self.head_lines(content.origin, HEAD_SIZE, 2)
        self.y = self.top = 0.0
        self.start_page()

    def head_lines(self, text: str, size: float, most: int) -> list[str]:
        found = break_lines(self.glyphs.printable(text), WIDTH - 2 * size, size)
        return found if len(found) <= most else [*found[: most - 1], found[most - 1] + CUT]

    def start_page(self) -> None:
        """A page with the patient at its head."""
        self.pages.append(LaidOutPage())
        self.y = PAGE_HEIGHT - TOP
        for lines, size, strong in (
            (self.name, NAME_SIZE, True),
            (self.identity, BODY_SIZE, False),
            (self.origin, HEAD_SIZE, False),
        ):
            for line in lines:
                self.write(line, size, strong=strong, soft=size == HEAD_SIZE)
        self.y -= 3
        self.rule(strong=True)
        self.y -= GAP
        self.top = self.y

    @property
    def left(self) -> float:
        """Height that is still free."""
        return self.y - BOTTOM

    def rule(self, *, strong: bool = False) -> None:
        self.pages[-1].rules.append(PlacedRule(MARGIN, PAGE_WIDTH - MARGIN, self.y, strong))

    def write(self, line: str, size: float, *, strong: bool = False, soft: bool = False) -> None:
        baseline = self.y - size * BASELINE
        self.pages[-1].texts.append(PlacedText(MARGIN, baseline, line, size, strong, soft))
        self.y -= size * LEADING

    def write_text(
        self, text: str, size: float = 0.0, *, strong: bool = False, soft: bool = False
    ) -> None:
        """size: that of the body where none is given."""
        size = size or self.body
        for line in break_lines(self.glyphs.printable(text), WIDTH, size):
            if self.left < size * LEADING:
                self.start_page()
            self.write(line, size, strong=strong, soft=soft)

    def write_section(self, section: PrintedSection) -> None:
        if self.left < 70 and self.y < self.top:
            self.start_page()
        self.y -= GAP if self.y < self.top else 0
        self.write_text(section.title, self.heading, strong=True)
        for text in section.notices:
            self.write_text(text)
        if section.rows:
            self.write_table(section)
        elif section.empty:
            self.write_text(section.empty, soft=True)
        for text in section.notes:
            self.write_text(text, self.small, soft=True)

    def write_table(self, section: PrintedSection) -> None:
        widths = column_widths(section.columns)
        head = self.break_row(TableRow(tuple(c.head for c in section.columns)), widths, self.small)
        continued = f"{section.title}{self.content.words.continued}"
        self.write_head(head, widths)
        for row in section.rows:
            self.write_row(self.break_row(row, widths, self.body), widths, head, continued)
        self.y -= 2

    def write_head(self, head: BrokenRow, widths: list[float]) -> None:
        self.y -= 2
        self.place_lines(head, widths, 0, head.height, self.small, soft=True)
        self.y -= CELL_PAD
        self.rule(strong=True)

    def break_row(self, row: TableRow, widths: list[float], size: float) -> BrokenRow:
        return BrokenRow(
            tuple(
                tuple(break_lines(self.glyphs.printable(cell), width - GAP, size))
                for cell, width in zip(row.cells, widths, strict=True)
            ),
            row.strong,
        )

    def write_row(
        self, row: BrokenRow, widths: list[float], head: BrokenRow, continued: str
    ) -> None:
        """Whole where a page has room for it, else in parts."""
        done, step = 0, self.body * LEADING
        while done < row.height:
            room = int((self.left - 2 * CELL_PAD) / step)
            whole = row.height - done
            if room < min(whole, 30):
                self.start_page()
                self.write_text(continued, self.heading, strong=True)
                self.write_head(head, widths)
                room = int((self.left - 2 * CELL_PAD) / step)
            take = max(1, min(room, whole))
            self.y -= CELL_PAD
            self.place_lines(row, widths, done, done + take, self.body)
            self.y -= CELL_PAD
            self.rule()
            done += take

    def place_lines(
        self,
        row: BrokenRow,
        widths: list[float],
        first: int,
        after: int,
        size: float,
        *,
        soft: bool = False,
    ) -> None:
        page, x = self.pages[-1], MARGIN
        for lines, width in zip(row.lines, widths, strict=True):
            for number, line in enumerate(lines[first:after]):
                y = self.y - number * size * LEADING - size * BASELINE
                page.texts.append(PlacedText(x, y, line, size, row.strong, soft))
            x += width
        self.y -= (after - first) * size * LEADING


def column_widths(columns: tuple[Column, ...]) -> list[float]:
    total = sum(c.share for c in columns)
    return [WIDTH * c.share / total for c in columns]


def lay_out_pages(content: PrintedContent, glyphs: GlyphCheck) -> list[LaidOutPage]:
    """The last section names the characters that could not be printed, where there are any."""
    layout = PageLayout(content, glyphs)
    for section in content.sections:
        layout.write_section(section)
    if glyphs.missing:
        layout.write_section(
            PrintedSection(
                content.words.glyph_section,
                notices=tuple(
                    content.words.unprintable(number, *describe_character(c))
                    for c, number in glyphs.missing.items()
                ),
            )
        )
    if len(layout.pages) > MAX_PAGES:
        del layout.pages[MAX_PAGES:]
        note = glyphs.printable(content.words.cut(MAX_PAGES))
        layout.pages[-1].texts.append(PlacedText(MARGIN, BOTTOM - 7, note, HEAD_SIZE, strong=True))
    return layout.pages
