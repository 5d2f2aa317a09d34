"""Watch the folder where exports are dropped: take what has stopped growing, then move it to
`done/`. What was refused is written to `refused/` as a workbook that can be mended and put in
again. Nothing is ever deleted.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, Tuple

from .files.list_files import ASIDE, UNFINISHED, is_table_name
from .mapping.intake import Counts
from .notices import set_notice
from .outbox_faults import OutboxFault
from .reports.fault_book import FaultBook
from .reports.html_report import html_report
from .reports.workbook_report import write_report
from .settings import read_number
from .site_settings import check_enrolled, read_site
from .take_files import Taken, take_files

if TYPE_CHECKING:
    from .context import AgentContext

LOG = logging.getLogger("xinglin_agent")
DONE, REFUSED = "done", "refused"
LAST = "folder.last"  # kept in the outbox: what was taken last, for the status
State = Tuple[int, int]  # size, time of change


class DropFolder:
    """settle: seconds without a change after which a file counts as whole."""

    def __init__(self, root: Path, settle: float) -> None:
        self.root, self.settle = root, settle
        self.changed: dict[Path, tuple[State, float]] = {}  # since when it is as it is
        self.moved_late: dict[Path, State] = {}  # taken, but another program holds it

    def list_ready(self, now: float) -> list[Path]:
        """Tables that have stopped growing, and all others with them: a folder is taken as a whole,
        so that patients are there before their results. Raises OSError where the folder is gone.
        """
        found: dict[Path, State] = {}
        for entry in os.scandir(self.root):
            # a link would have the agent read, and tell in its reports, what the clerk may not
            is_own = entry.is_file(follow_symlinks=False)
            if is_own and not entry.name.startswith(ASIDE):
                status = entry.stat(follow_symlinks=False)
                found[Path(entry.path)] = status.st_size, status.st_mtime_ns
        locked = {name.casefold() for name in self.list_locked()}
        for path in list(self.changed):
            if path not in found:
                del self.changed[path]
        for path, state in found.items():
            if path not in self.changed or self.changed[path][0] != state:
                self.changed[path] = state, now
        ready = []
        for path, (state, since) in self.changed.items():
            if self.moved_late.get(path) == state:
                continue
            growing = now - since < self.settle or path.name.casefold().endswith(UNFINISHED)
            if growing and not self.waits_long(path, now):
                return []
            if is_table_name(path.name) and not growing and path.name.casefold() not in locked:
                ready.append(path)
        return [path for path in ready if not is_held(path)]

    def waits_long(self, path: Path, now: float) -> bool:
        """An upload that was broken off must not hold up the others for ever."""
        stale = path.name.casefold().endswith(UNFINISHED)
        return stale and now - self.changed[path][1] > 20 * self.settle

    def list_locked(self) -> Iterator[str]:
        """Names that are open in Excel (~$NAME, which drops two letters of long names) or
        LibreOffice.
        """
        names = [entry.name for entry in os.scandir(self.root)]
        for name in names:
            if name.startswith("~$"):
                yield name[2:]
                yield from (n for n in names if n[2:] == name[2:])
            elif name.startswith(".~lock.") and name.endswith("#"):
                yield name[7:-1]


def is_held(path: Path) -> bool:
    """Whether another program writes it: Windows does not let it be renamed then."""
    if sys.platform != "win32":
        return False
    try:
        os.rename(path, path)
    except OSError:
        return True
    return False


def move_aside(path: Path, folder: Path) -> Path:
    """Never over another file: the same name again gets the time behind it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    target, number = folder / path.name, 0
    while target.exists():
        number += 1
        stamp = time.strftime("%Y%m%d-%H%M%S") + (f"-{number}" if number > 1 else "")
        target = folder / f"{path.stem}-{stamp}{path.suffix}"
    os.rename(path, target)
    return target


def write_refused(taken: Taken, folder: Path, language: str) -> list[Path]:
    """A workbook and a page for each file of which something was refused, made aside and
    renamed.
    """
    written: list[Path] = []
    for file, book in split_by_file(taken.book).items():
        if not any(not refusal.warning for refusal in book.kept):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        base = free_name(folder, f"{Path(file).stem}-拒收")
        tables = [t for t in taken.tables if t.name.partition("[")[0] == file]
        # a name that nobody guesses: a link that lies there would be written through
        aside = folder / f".{secrets.token_hex(8)}.new"
        if book.tables:
            write_report(book, aside, language)
            os.replace(aside, folder / f"{base}.xlsx")
            written.append(folder / f"{base}.xlsx")
        page = html_report(book, tables, taken.counts, language)
        aside.write_text(page, encoding="utf-8", errors="replace")
        os.replace(aside, folder / f"{base}.html")
        written.append(folder / f"{base}.html")
    return written


def free_name(folder: Path, base: str) -> str:
    name, number = base, 0
    while (folder / f"{name}.html").exists() or (folder / f"{name}.xlsx").exists():
        number += 1
        stamp = time.strftime("%Y%m%d-%H%M%S") + (f"-{number}" if number > 1 else "")
        name = f"{base}-{stamp}"
    return name


def split_by_file(book: FaultBook) -> dict[str, FaultBook]:
    books: dict[str, FaultBook] = {}
    for refusal in book.kept:
        file = refusal.file.partition("[")[0]
        books.setdefault(file, FaultBook(keep_rows=True)).add(refusal)
    for name, rows in book.tables.items():
        books.setdefault(name.partition("[")[0], FaultBook()).tables[name] = rows
    return books


def take_folder(context: AgentContext, drop: DropFolder, ready: list[Path]) -> Taken:
    """Outbox first, then reports, then the move: whatever is cut off is done again to no effect.
    The moves have the order in which the files were read, so that what is left after a cut is what
    was read last.
    """
    taken = take_files(ready, read_site(context.settings), context.outbox)
    write_refused(taken, drop.root / REFUSED, context.language)
    for path in [*taken.order, *taken.attachments, *taken.unread]:
        unread = path in taken.unread
        target = drop.root / (REFUSED if unread else DONE)
        try:
            if path.exists():
                move_aside(path, target / os.path.relpath(path.parent, drop.root))
            drop.moved_late.pop(path, None)
        except OSError as error:
            drop.moved_late[path] = drop.changed[path][0] if path in drop.changed else (0, 0)
            LOG.warning("%s was taken, and cannot be moved yet: %s", path.name, error)
    counts = taken.counts
    LOG.info(
        "folder: %d files, %d rows, %d accepted, %d refused, %d items added",
        len(ready), counts.rows, counts.accepted, counts.refused, taken.added.added,
    )  # fmt: skip
    said = {
        "at": time.strftime("%Y-%m-%d %H:%M:%S"),
        "files": [path.name for path in ready],
        "rows": counts.rows,
        "accepted": counts.accepted,
        "refused": counts.refused,
        "unreadable": counts.unreadable,
    }
    context.outbox.keep(LAST, json.dumps(said, ensure_ascii=False))
    bad = bool(counts.refused or counts.unreadable)
    set_notice(
        context.outbox,
        "folder.refused",
        not bad,
        f"文件夹：{say_refused(counts, 'zh')}。原因和要改的行在 {drop.root / REFUSED}，"
        "改好后放回文件夹。"
        if bad
        else "文件夹：最近一次收取没有拒收。",
        f"Folder: {say_refused(counts, 'en')}. Why, and the rows themselves, stand in"
        f" {drop.root / REFUSED}: mend them and put them into the folder again."
        if bad
        else "Folder: nothing was refused last time.",
    )
    return taken


def say_refused(counts: Counts, language: str) -> str:
    """What was refused, and nothing of what was not."""
    zh = language == "zh"
    said = []
    if counts.refused:
        said.append(
            f"{counts.refused:,} 行被拒收" if zh else f"{counts.refused:,} rows were refused"
        )
    if counts.unreadable:
        said.append(
            f"{counts.unreadable} 个文件读不了"
            if zh
            else f"{counts.unreadable} files are unreadable"
        )
    return ("，" if zh else ", ").join(said)


def move_late(drop: DropFolder) -> None:
    """Files that were taken while another program held them."""
    for path, state in list(drop.moved_late.items()):
        if not path.exists() or drop.changed.get(path, (state, 0))[0] != state:
            del drop.moved_late[path]
            continue
        try:
            move_aside(path, drop.root / DONE)
            del drop.moved_late[path]
        except OSError:
            continue


def watch_folder(context: AgentContext) -> None:
    """A loop of `run`. Without `[folder] path` it has nothing to do."""
    text = context.settings.get("folder", "path", fallback="").strip()
    if not text:
        context.stopping.wait()
        return
    root = context.home / text
    settle = number_of(context, "settle", 5.0, 0.0, 3600.0)
    every = number_of(context, "every", 2.0, 0.05, 3600.0)
    check_enrolled(context.settings)
    read_site(context.settings)
    drop, told = DropFolder(root, settle), ""
    while not context.stopping.is_set():
        away = ""
        try:
            move_late(drop)
            ready = drop.list_ready(time.monotonic())
            if ready:
                take_folder(context, drop, ready)
        except OutboxFault:
            raise
        except OSError as error:
            away = f"{error.strerror or error}"
        if away != told:
            tell_away(context, root, away)
            told = away
        context.stopping.wait(every)


def tell_away(context: AgentContext, root: Path, why: str) -> None:
    set_notice(
        context.outbox,
        "folder.away",
        not why,
        f"文件夹 {root} 打不开：{why}。检查路径、网络盘和权限；恢复后自动继续。"
        if why
        else "文件夹恢复正常。",
        f"The folder {root} cannot be opened: {why}. Check its path, the network share and"
        " permissions; the agent goes on by itself."
        if why
        else "The folder can be opened again.",
    )


def number_of(context: AgentContext, name: str, usual: float, least: float, most: float) -> float:
    if not context.settings.has_option("folder", name):
        return usual
    return read_number(context.settings, "folder", name, least, most)
