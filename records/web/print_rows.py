"""Rows of printed tables: what a page shows of a line and of a result, in columns."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from records.meaning.sense import ReadingMark, ReadingNote, Sense
from records.printing.printed_content import Column, TableRow
from records.web.banner_risks import RiskLine
from records.web.fact_lines import FactLine
from records.web.resource_display import DisplayLine
from records.web.result_display import ResultLine


def result_row(x: ResultLine) -> TableRow:
    more = [x.said, *(m.text for m in x.marks), *x.facts, *map(note_words, x.notes)]
    if x.contradicts:
        more.append(_("the laboratory’s mark and its reference range do not agree"))
    value = " ".join(filter(None, (x.value, x.unit, x.sign, x.word)))
    return TableRow(
        (
            x.title or "—",
            _("; ").join(filter(None, (value, *more))),
            x.range,
            dated(x.date, x.doubt),
            x.hospital.name,
        ),
        strong=x.critical,
    )


def line_columns() -> tuple[Column, ...]:
    return (
        Column(str(_("Entry")), 3),
        Column(str(_("Details")), 3.8),
        Column(str(_("Date")), 1.7),
        Column(str(_("Hospital")), 1.9),
    )


def display_row(x: DisplayLine) -> TableRow:
    details = [mark_words(x.marks), *x.facts, x.text, *map(note_words, x.notes)]
    return TableRow(
        (
            x.title or "—",
            _("; ").join(filter(None, details)),
            dated(x.date, x.doubt),
            x.hospital.name,
        ),
        strong=x.sense is Sense.FORBIDDEN or any(m.loud for m in x.marks),
    )


def fact_row(x: FactLine) -> TableRow:
    """A fact with what its entries say differently, and all hospitals that say it."""
    entries = x.shown if x.differs else ()
    details = [
        mark_words(x.marks),
        *x.facts,
        *(with_source(_("; ").join(e.facts), str(e.hospital)) for e in entries if e.facts),
        *(f"{_('Contradicted')}{_(': ')}{said}" for said in x.against),
        *x.before,
        *map(note_words, x.notes),
    ]
    return TableRow(
        (
            x.title or "—",
            _("; ").join(filter(None, details)),
            dated(x.lead.date, x.lead.doubt),
            _(", ").join(x.hospitals),
        ),
        strong=x.sense is Sense.FORBIDDEN or any(m.loud for m in x.marks) or bool(x.against),
    )


def risk_row(x: RiskLine) -> TableRow:
    newest = next(iter(x.sources), ("", ""))
    return TableRow(
        (
            " ".join(filter(None, (str(x.label), str(x.words)))),
            str(x.note),
            newest[1] or "—",
            _(", ").join(dict.fromkeys(hospital for hospital, _date in x.sources)),
        ),
        strong=x.loud,
    )


def mark_words(marks: Iterable[ReadingMark]) -> str:
    return _(", ").join(m.text for m in marks)


def note_words(note: ReadingNote) -> str:
    return with_source(note.text, note.by) if note.by else note.text


def dated(date: str, doubt: str) -> str:
    return " ".join(filter(None, (date or "—", doubt)))


def with_source(said: str, by: str) -> str:
    """What somebody says, with who says it."""
    return _("%(said)s (%(by)s)") % {"said": said, "by": by}
