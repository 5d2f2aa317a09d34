"""Read what changed in a view: by a watermark of (changed_at, record_key) with an overlap, or,
where no time of change is known, all of it once a day against the hashes of the last time.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..item import Item
from ..outbox import AddedCounts
from ..sets.all_sets import BY_NAME
from ..sets.column_set import Site
from .build_rows import build_items, missing_columns
from .cell_text import cell_text, hash_row
from .row_ledger import RowLedger
from .source_database import PAGE, SourceDatabase
from .view_settings import ViewSettings

if TYPE_CHECKING:
    from ..outbox import Outbox

MOST_RETRIED = 1_000  # refused rows that are read again
LEAST_VANISHED, MOST_VANISHED_SHARE = 20, 0.1  # beyond both, the view is not believed
HEADINGS = ("记录 key", "列 column", "值 value", "原因 why", "怎么改 how to mend")


class ViewFault(Exception):
    """words: what is wrong with a view, and its mend."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = {"zh": zh, "en": en}


@dataclass
class Polled:
    rows: int = 0
    added: AddedCounts = field(default_factory=AddedCounts)
    refused: int = 0  # rows that stand refused now
    vanished: list[str] = field(default_factory=list)  # their keys
    deleted: int = 0
    daily: bool = False


class ViewPoller:
    """Of one view of one database."""

    def __init__(
        self,
        settings: ViewSettings,
        set_name: str,
        database: SourceDatabase,
        outbox: Outbox,
        ledger: RowLedger,
        home: Path,
        language: str = "zh",
    ) -> None:
        self.settings, self.set = settings, BY_NAME[set_name]
        self.view = settings.views[set_name]
        self.database, self.outbox, self.ledger = database, outbox, ledger
        self.home, self.language = home, language
        self.site = Site(settings.source, settings.hospital, settings.zone)
        self.name = f"{settings.name}.{set_name}"
        self.kept_name = f"sql.{self.name}"
        columns = database.columns(self.view)
        missing = missing_columns(self.set, columns)
        if "record_key" not in columns:
            missing.insert(0, "record_key")
        if missing:
            told = "、".join(missing)
            raise ViewFault(
                f"视图 {self.view} 缺少列：{told}。请照 distribution/agent/views 的模板补上。",
                f"The view {self.view} lacks columns: {told}. See distribution/agent/views.",
            )
        self.timed = "changed_at" in columns

    def poll(self, retry: bool = False) -> Polled:
        """retry: read refused rows again, too. What it has read is on the disk when it returns."""
        polled = Polled()
        if retry:
            self._retry(polled)
        if self.timed:
            self._poll_changes(polled)
        elif self._is_due():
            polled.daily = True
            self._scan(polled)
        polled.refused = self._report()
        return polled

    def _poll_changes(self, polled: Polled) -> None:
        kept = self.outbox.kept(self.kept_name)
        mark = dt.datetime.fromisoformat(kept) if kept else None
        since = mark - dt.timedelta(seconds=self.settings.overlap) if mark else None
        zoned, plain = self.database.clock()
        for rows in self.database.changed(self.view, since):
            last = rows[-1]["changed_at"]
            if not isinstance(last, dt.datetime):
                raise ViewFault(
                    f"视图 {self.view} 的 changed_at 不是日期时间类型。"
                    "请在视图里用 CAST 转成日期时间。",
                    f"changed_at of {self.view} is no timestamp: CAST it in the view.",
                )
            self._take(rows, polled)
            now = zoned if last.tzinfo else plain.replace(tzinfo=None)
            reached = min(last, now)  # a row of tomorrow must not hide those of today
            if mark is None or reached > mark:
                mark = reached
                self.outbox.keep(self.kept_name, mark.isoformat())

    def _is_due(self) -> bool:
        """By the clock of the database: once a day, from the hour of the settings on."""
        _, now = self.database.clock()
        start = now.replace(tzinfo=None) - dt.timedelta(minutes=self.settings.daily)
        return (self.outbox.kept(self.kept_name) or "") < start.date().isoformat()

    def _scan(self, polled: Polled) -> None:
        _, now = self.database.clock()
        scan = self.ledger.last_scan(self.view_key) + 1
        known = self.ledger.count(self.view_key)
        for rows in self.database.all_rows(self.view):
            fresh, seen = [], []
            for row in rows:
                key = cell_text(row["record_key"])
                if self.ledger.hash_of(self.view_key, key) == hash_row(row):
                    seen.append(key)
                else:
                    fresh.append(row)
            self._take(fresh, polled, scan)
            self.ledger.note_seen(self.view_key, scan, seen)
            polled.rows += len(seen)
        self._tell_vanished(scan, known, polled)
        start = now.replace(tzinfo=None) - dt.timedelta(minutes=self.settings.daily)
        self.outbox.keep(self.kept_name, start.date().isoformat())

    @property
    def view_key(self) -> str:
        return self.name

    def _tell_vanished(self, scan: int, known: int, polled: Polled) -> None:
        gone = [g for g in self.ledger.vanished(self.view_key, scan) if not self._is_refused(g[0])]
        polled.vanished = [key for key, *_ in gone]
        if not gone or not self.settings.deletions:
            return
        if len(gone) > max(LEAST_VANISHED, known * MOST_VANISHED_SHARE):
            raise ViewFault(
                f"视图 {self.view} 一下少了 {len(gone)} 行（原有 {known} 行），"
                "没有删除平台上的任何记录。"
                "请核对视图；确实要删，请分批。",
                f"The view {self.view} lacks {len(gone)} of {known} rows at once; nothing was"
                " deleted. See to the view.",
            )
        at = f"{self.view}"
        deletions = [
            Item(self.site.source, type, record, action="delete", day=day, patient=patient, at=at)
            for _, type, record, patient, day in gone
            if record
        ]
        polled.added += self.outbox.add_items(deletions)
        polled.deleted = len(deletions)
        self.ledger.forget(self.view_key, polled.vanished)

    def _is_refused(self, key: str) -> bool:
        return key in {k for k, _ in self.ledger.refused(self.view_key, MOST_RETRIED)}

    def _retry(self, polled: Polled) -> None:
        keys: list[Any] = [k for k, _ in self.ledger.refused(self.view_key, MOST_RETRIED)]
        if keys:
            rows = list(self.database.rows_with(self.view, "record_key", keys))
            self._take(rows, polled, self.ledger.last_scan(self.view_key))
            found = {cell_text(row["record_key"]) for row in rows}
            self.ledger.note_refused(self.view_key, {}, [k for k in keys if k not in found])

    def _take(self, rows: list[dict[str, Any]], polled: Polled, scan: int | None = None) -> None:
        """Into the outbox; then, in a daily reading, what each row said."""
        whole = self._whole_reports(rows)
        for start in range(0, len(whole), 5 * PAGE):
            part = whole[start : start + 5 * PAGE] if self.set.group is None else whole
            self._take_part(part, polled, scan)
            if self.set.group is not None:
                return

    def _whole_reports(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A report is made of all its rows, whichever of them changed."""
        if self.set.group is None or not rows or "report" not in rows[0]:
            return rows
        reports = list(dict.fromkeys(r["report"] for r in rows if r["report"] is not None))
        alone = [r for r in rows if r["report"] is None]
        return [*self.database.rows_with(self.view, "report", reports), *alone]

    def _take_part(self, rows: list[dict[str, Any]], polled: Polled, scan: int | None) -> None:
        items, refusals = build_items(self.set, rows, self.site, self.view, self.home / "sql-files")
        polled.added += self.outbox.add_items(items)
        polled.rows += len(rows)
        told: dict[str, str] = {}
        mended: list[str] = []
        by_place = {
            item.at.rsplit("第", 1)[-1]: item for item in items if item.type in self.set.types
        }
        noted: list[tuple[str, str, bytes, int, str, str, str, str]] = []
        for place, row in enumerate(rows):
            key = cell_text(row["record_key"])
            hard = [r for r in refusals.get(place, ()) if not r.warning]
            if hard:
                told[key] = "\n".join(
                    "\t".join((r.column, r.value, r.why(self.language), r.mend(self.language)))
                    for r in hard
                )
                continue
            mended.append(key)
            if scan is not None:
                item = by_place.get(f"{place + 1}行")
                said = (item.type, item.record, item.patient, item.day) if item else ("",) * 4
                noted.append((self.view_key, key, hash_row(row), scan, *said))
        self.ledger.note_refused(self.view_key, told, mended)
        self.ledger.note_rows(noted)

    def _report(self) -> int:
        """`sql-refused/NAME.csv`: the rows that stand refused, for whoever mends them."""
        refused = self.ledger.refused(self.view_key, MOST_RETRIED)
        path = self.home / "sql-refused" / f"{self.name}.csv"
        if not refused:
            if path.exists():
                path.unlink()
            return 0
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(HEADINGS)
        for key, words in refused:
            for line in words.split("\n"):
                writer.writerow((key, *line.split("\t")))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(out.getvalue(), encoding="utf-8-sig", newline="")
        return len(refused)
