"""Compose the summary of an evidence package: a cover in words, then its lines as a table."""

import datetime as dt
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.platform.dates import to_hospital_time
from consent.audit.cosignatures import WitnessEvidence
from consent.audit.export_cover import build_cover
from consent.audit.export_order import ExportOrder
from records.printing.fixed_words import make_fixed_words
from records.printing.printed_content import (
    Column,
    PageMark,
    PrintedContent,
    PrintedSection,
    TableRow,
)

EDGE = 100  # lines at the beginning and at the end that are printed
MAX_CELL = 1500  # characters of a cell of the table


@dataclass(slots=True)
class PrintedLines:
    """The first and the last lines of an export, in words (READABLE_HEADINGS)."""

    first: list[list[str]] = field(default_factory=list)
    last: deque[list[str]] = field(default_factory=lambda: deque(maxlen=EDGE))
    count: int = 0

    def add(self, values: list[str]) -> None:
        self.count += 1
        if len(self.first) < EDGE:
            self.first.append(values)
        else:
            self.last.append(values)


def build_summary(
    order: ExportOrder, lines: PrintedLines, witnesses: list[WitnessEvidence]
) -> PrintedContent:
    title = str(_("Evidence package of the audit log"))
    cover = build_cover(order)
    return PrintedContent(
        title=title,
        name=title,
        identity=f"{order.exporter} · {order.exported_at}",
        origin=str(_("Made by the platform of the alliance; check it with verify.html")),
        footer=(str(_("The code beside holds the signed head of the log.")),),
        water=f"{order.exporter.account} {order.exported_at[:19]}",
        sections=(
            PrintedSection(
                str(_("What this package holds")),
                (Column(str(_("Item")), 1), Column(str(_("What it says")), 4.2)),
                tuple(TableRow((label, text)) for label, text in cover),
            ),
            build_witness_section(witnesses, order),
            *build_line_sections(lines),
        ),
        words=make_fixed_words(),
    )


def build_witness_section(witnesses: list[WitnessEvidence], order: ExportOrder) -> PrintedSection:
    return PrintedSection(
        str(_("Witnesses: machines of members that co-signed the log")),
        (
            Column(str(_("Witness")), 2.2),
            Column(str(_("Hospital")), 2),
            Column(str(_("Co-signed")), 2),
            Column(str(_("Lines then")), 1.2),
        ),
        tuple(
            TableRow(
                (w.system, w.hospital, describe_seconds(w.at), f"{w.size} / {order.head.size}")
            )
            for w in witnesses
        ),
        str(
            _("No member's machine has co-signed the log yet: the platform's own key stands alone.")
        ),
    )


def describe_seconds(at: int) -> str:
    try:
        moment = dt.datetime.fromtimestamp(at, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return str(at)
    return to_hospital_time(moment).isoformat(" ", "seconds")


def build_line_sections(lines: PrintedLines) -> tuple[PrintedSection, ...]:
    columns = (
        Column(str(_("No.")), 0.9),
        Column(str(_("Time")), 1.6),
        Column(str(_("By whom")), 2.4),
        Column(str(_("Action")), 3.4),
        Column(str(_("Patient")), 1.9),
        Column(str(_("Outcome")), 1.6),
    )
    left_out = lines.count - len(lines.first) - len(lines.last)
    if not left_out:
        rows = tuple(map(line_row, [*lines.first, *lines.last]))
        empty = str(_("No line fits the filter."))
        return (PrintedSection(str(_("Lines of the log")), columns, rows, empty),)
    note = ngettext(
        "%(n)s line between them is not printed here: events.csv holds all.",
        "%(n)s lines between them are not printed here: events.csv holds all.",
        left_out,
    ) % {"n": left_out}
    return (
        PrintedSection(
            str(_("The first lines")), columns, tuple(map(line_row, lines.first)), notes=(note,)
        ),
        PrintedSection(str(_("The last lines")), columns, tuple(map(line_row, lines.last))),
    )


def line_row(values: list[str]) -> TableRow:
    """All readable columns of a line in six cells."""
    number, time, who, account, role, hospital, system, act, purpose, patients, what, *end = values
    outcome, why, address = end
    cells = (
        [number],
        [time[:10], time[11:19], time[26:]],
        [who, account, role, hospital, system],
        [act, what, purpose],
        [patients],
        [outcome, why, address],
    )
    return TableRow(tuple(clip("\n".join(filter(None, dict.fromkeys(cell)))) for cell in cells))


def clip(text: str) -> str:
    """As much as a page bears; all of it stands in the files beside."""
    return text if len(text) <= MAX_CELL else f"{text[:MAX_CELL]}… (events.csv)"


def build_page_mark(order: ExportOrder, origin: str) -> Any:
    """Which head proves the pages: as text, and as what a camera reads."""
    head = order.head
    mark = PageMark(
        f"{head.size} · {head.root.hex()[:32]}…", f"{origin}\n{head.size}\n{head.root.hex()}"
    )
    return lambda page: mark
