"""Read files of a site into items and refusals: the way from a folder of exports to the outbox.
Never stops at a bad row; nothing is held but what is told.
"""

from __future__ import annotations

import csv
import datetime as dt
import logging
import zipfile
import zlib
from pathlib import Path
from typing import Any, Callable, Iterator, Union

from ..files.file_rules import BAD_RECORD, DAMAGED, EMPTY, GONE
from ..files.open_tables import open_tables
from ..files.table import Row, Table, UnreadableFile
from ..item import Item
from ..item_line import ItemFault, check_item
from ..refusal import Refusal, Rule
from ..sets.all_sets import SETS
from ..sets.column_set import ColumnSet, Site
from ..sets.recognise import LOOKED_AT, Recognised, recognise
from .counts import Counts, ReadTable
from .row_mapper import RowMapper
from .row_rules import MISSING_COLUMNS, NOT_RECOGNISED, UNKNOWN_COLUMNS
from .seen_records import SeenRecords
from .table_reader import TableReader

__all__ = ["Counts", "Intake", "ReadTable"]

LOG = logging.getLogger("xinglin_agent")
# What a reader raises at a file that is no such file, whatever it claims to be.
READING_FAULTS = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, EOFError,
    zlib.error, csv.Error, zipfile.BadZipFile,
)  # fmt: skip
Outcome = Union[Item, Refusal]
FindReader = Callable[[Path], Any]  # None; or what it holds and how it is read: message_files
OWN_SHEETS = ("拒收汇总", "拒收明细", "填写说明", "refusals by rule", "refusals")  # not data


class Intake:
    """One site's reading. Files of patients are read first, so that a refused patient is told once
    and not by each of their rows.
    """

    def __init__(
        self,
        site: Site,
        now: dt.datetime | None = None,
        find_reader: FindReader = lambda path: None,
    ) -> None:
        self.find_reader = find_reader  # of files that are no tables
        self.site, now = site, now or dt.datetime.now()
        # clocks differ by hours and zones, what is wrong by months
        self.tomorrow = (now + dt.timedelta(days=1)).date().isoformat()
        self.seen = SeenRecords()
        self.mappers: dict[str, RowMapper] = {}
        self.refused_patients: set[str] = set()  # their numbers
        self.tables: list[ReadTable] = []
        self.unreadable = 0
        self.order: list[Path] = []  # files as they are read
        self.unread_paths: list[Path] = []
        self.attachments: list[Path] = []  # that were read for documents
        self.keep_row: Callable[[str, Recognised, int, list[str], list[Refusal]], None] | None = (
            None  # is given each refused row: table, header, number, cells, why
        )
        self.list_sent: Callable[[str, str], list[str]] | None = (
            None  # record numbers of a type that were sent before and belong to a report
        )
        self.note_result: Callable[[str, str], None] | None = (
            None  # is given a report and a result of it whose number does not tell that
        )

    def read_files(self, paths: list[Path]) -> Iterator[Outcome]:
        """In the order of the column sets: patients, visits, and what refers to them; of one set
        the older file first, for the later one counts.
        """
        ordered: list[tuple[int, float, str, Path, Table, Recognised | None]] = []
        messages = [path for path in paths if self.find_reader(path)]
        for path in paths:
            if path in messages:
                continue
            try:
                written = path.stat().st_mtime
                for table in open_tables(path):
                    head = recognise(first_rows(table), path.name)
                    place = SETS.index(head.set) if head else len(SETS)
                    ordered.append((place, written, path.name, path, table, head))
            except UnreadableFile as error:
                self.unreadable += 1
                self.unread_paths.append(path)
                yield error.refusal
            except OSError as error:
                self.unreadable += 1
                yield Refusal(path.name, 0, "", "", GONE, {"detail": error.strerror or str(error)})
            except READING_FAULTS as error:
                yield self.tell_damaged(path, error)
        ordered.sort(key=lambda found: found[:3])
        self.order = list(dict.fromkeys(path for _, _, _, path, _, _ in ordered))
        self.order += messages
        for _, _, _, path, table, head in ordered:
            yield from self.guard_reading(path, self.read_table(path, table, head))
        for path in messages:
            yield from self.guard_reading(path, self.read_messages(path))

    def guard_reading(self, path: Path, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
        """A file that no reader understands is told and laid aside: it would stop all others for
        ever, as would a record that no line may name.
        """
        try:
            for outcome in outcomes:
                if isinstance(outcome, Item):
                    try:
                        check_item(outcome)
                    except ItemFault as fault:
                        detail = str(fault).rpartition(": ")[2]
                        yield Refusal(path.name, 0, "", "", BAD_RECORD, {"detail": detail})
                        continue
                yield outcome
        except READING_FAULTS as error:
            yield self.tell_damaged(path, error)

    def tell_damaged(self, path: Path, error: BaseException) -> Refusal:
        """The kind of error alone: its text may hold a patient's."""
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place else ""
        LOG.error("a file could not be read: %s at %s", type(error).__name__, where)
        self.unreadable += 1
        self.unread_paths.append(path)
        return Refusal(path.name, 0, "", "", DAMAGED, {"detail": type(error).__name__})

    def read_messages(self, path: Path) -> Iterator[Outcome]:
        """A file of HL7 v2 or FHIR. Its rows are records here."""
        found = self.find_reader(path)
        assert found is not None
        told = ReadTable(path.name, path.suffix[1:].casefold(), found[0], 0)
        try:
            items, refusals = found[1](path, self.site)
        except OSError as error:
            self.unreadable += 1
            self.unread_paths.append(path)
            yield Refusal(path.name, 0, "", "", GONE, {"detail": error.strerror or str(error)})
            return
        hard = sum(not r.warning for r in refusals)
        told.counts.rows, told.counts.accepted, told.counts.refused = (
            len(items) + hard,
            len(items),
            hard,
        )
        self.tables.append(told)
        yield from refusals
        yield from items

    def read_table(self, path: Path, table: Table, head: Recognised | None) -> Iterator[Outcome]:
        yield from table.notices
        if table.sheet in OWN_SHEETS:
            return
        if head is None:
            seen = [" ".join(c for c in cells if c)[:80] for _, cells in first_rows(table) if cells]
            if not seen:
                if table.sheet:
                    return  # an empty sheet beside others
                yield self.whole_file(table, EMPTY)
            else:
                yield self.whole_file(table, NOT_RECOGNISED, headers=seen[0])
            self.unreadable += 1
            return
        told = ReadTable(table.name, table.format, head.set.name, head.row)
        self.tables.append(told)
        if head.missing:
            self.unreadable += 1
            missing = "、".join(
                " 或 ".join(head.set.by_name[n].zh for n in g) for g in head.missing
            )
            yield Refusal(
                table.name, head.row, "", "", MISSING_COLUMNS,
                {"set": head.set.zh, "missing": missing},
            )  # fmt: skip
            return
        if head.unknown:
            yield Refusal(
                table.name, head.row, "", "、".join(head.unknown), UNKNOWN_COLUMNS, warning=True
            )
        self.seen.begin_table()
        reader = TableReader(self, path, table, head, told.counts)
        try:
            yield from reader.read()
        except UnreadableFile as error:
            self.unreadable += 1
            yield error.refusal
        except OSError as error:
            self.unreadable += 1
            yield self.whole_file(table, GONE, detail=error.strerror or str(error))

    def whole_file(self, table: Table, rule: Rule, **words: str) -> Refusal:
        return Refusal(table.name, 0, "", "", rule, words)

    def mapper(self, column_set: ColumnSet) -> RowMapper:
        found = self.mappers.get(column_set.name)
        if found is None:
            found = self.mappers[column_set.name] = RowMapper(column_set, self.site)
        return found

    @property
    def counts(self) -> Counts:
        total = Counts(unreadable=self.unreadable)
        for table in self.tables:
            for name in ("rows", "accepted", "refused", "again", "blank", "totals", "headers"):
                setattr(total, name, getattr(total, name) + getattr(table.counts, name))
        return total

    def close(self) -> None:
        self.seen.close()


def first_rows(table: Table) -> list[Row]:
    found: list[Row] = []
    for row in table.read_rows():
        found.append(row)
        if len(found) >= LOOKED_AT:
            break
    return found
