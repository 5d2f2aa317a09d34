"""Take files into the outbox: read, add, tell. What a file of the same bytes has said before is not
said again, so that an older export that is put in once more never undoes a newer one.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

from .item import Item
from .mapping.intake import Counts, Intake, ReadTable
from .message_files import find_reader
from .outbox import AddedCounts, Outbox
from .refusal import Refusal, Rule
from .report_results import ReportResults
from .reports.fault_book import FaultBook
from .sets.column_set import Site

TAKEN_BEFORE = Rule(
    "file.taken-before",
    "这个文件（内容一字不差）在 {when} 已经收过，这次没有重复发送。",
    "不用处理；确实要重发，用 xinglin-agent push --again。",
    "this file, byte for byte, was taken on {when}; it was not sent again",
    "nothing needs doing; xinglin-agent push --again sends it nevertheless",
)


@dataclass
class Taken:
    """order: the files in the order in which they were read, those taken before first."""

    book: FaultBook
    counts: Counts = field(default_factory=Counts)
    added: AddedCounts = field(default_factory=AddedCounts)
    tables: list[ReadTable] = field(default_factory=list)
    order: list[Path] = field(default_factory=list)
    unread: list[Path] = field(default_factory=list)
    attachments: list[Path] = field(default_factory=list)


def take_files(paths: list[Path], site: Site, outbox: Outbox, again: bool = False) -> Taken:
    """All that is accepted is on the disk when it returns. Raises OutboxFault."""
    book = FaultBook(keep_rows=True)
    taken = Taken(book)
    marks = {}
    for path in paths:
        mark = marks[path] = mark_of_file(path, site)
        when = outbox.kept(mark) if mark and not again else None
        if when:
            book.add(Refusal(path.name, 0, "", "", TAKEN_BEFORE, {"when": when}, warning=True))
            taken.order.append(path)
    intake = Intake(site, find_reader=find_reader)
    intake.keep_row = book.add_row
    results = ReportResults(outbox, site.source)
    intake.list_sent, intake.note_result = results.list_sent, results.note

    def accepted() -> Iterator[Item]:
        for outcome in intake.read_files([p for p in paths if p not in taken.order]):
            if isinstance(outcome, Refusal):
                book.add(outcome)
            else:
                yield outcome

    try:
        taken.added = outbox.add_items(accepted())
        results.flush()
    finally:
        intake.close()
    refused = {file.partition("[")[0] for file in book.refused_files}
    for path in intake.order:
        if path.name not in refused and marks[path]:
            outbox.keep(marks[path], time.strftime("%Y-%m-%d %H:%M"))
    taken.counts, taken.tables = intake.counts, intake.tables
    read = {table.name.partition("[")[0] for table in intake.tables if table.counts.rows}
    unread = [path for path in intake.order if path.name in refused and path.name not in read]
    taken.unread, taken.attachments = [*intake.unread_paths, *unread], intake.attachments
    taken.order += [path for path in intake.order if path not in taken.unread]
    return taken


def mark_of_file(path: Path, site: Site) -> str:
    """Empty where it cannot be read: that is told when it is opened."""
    digest = hashlib.sha256(f"{site}\n".encode())
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return f"file:{digest.hexdigest()}"
