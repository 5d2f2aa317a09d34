"""Remember which results belong to a report, where their numbers do not tell: a mended row joins
the report that was sent before. Kept in the outbox's file.
"""

from __future__ import annotations

import sqlite3

from .outbox import Outbox

TABLE = (
    "CREATE TABLE IF NOT EXISTS report_results (source TEXT, report TEXT, record TEXT,"
    " PRIMARY KEY (source, report, record)) WITHOUT ROWID"
)
AT_ONCE = 2_000
STANDS = (  # taken, and not taken back
    " AND (i.body IS NULL OR length(i.body) > 0)"
    " AND r.sent_state NOT IN ('deleted', 'recalled') ORDER BY +r.id"
)  # by +id: else SQLite walks all records in the order of their ids


class ReportResults:
    def __init__(self, outbox: Outbox, source: str) -> None:
        self.outbox, self.source = outbox, source
        self.waiting: list[tuple[str, str, str]] = []
        outbox.write(lambda connection: connection.execute(TABLE) and None)

    def note(self, report: str, record: str) -> None:
        self.waiting.append((self.source, report, record))
        if len(self.waiting) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        rows, self.waiting = self.waiting, []

        def save(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR IGNORE INTO report_results VALUES (?, ?, ?)", rows)

        if rows:
            self.outbox.write(save)

    def list_sent(self, type: str, report: str) -> list[str]:
        """Record numbers of the report's results that the outbox took and has not taken back."""
        named = self.outbox.read(
            "SELECT r.record FROM records r LEFT JOIN items i ON i.seq = r.newest_seq"
            " WHERE r.source = ? AND r.type = ? AND r.record >= ? AND r.record < ?" + STANDS,
            (self.source, type, f"{report}/", f"{report}/\U0010ffff"),
        )
        found = [row[0] for row in named.fetchall()]
        others = self.outbox.read(
            "SELECT r.record FROM report_results n CROSS JOIN records r ON r.source = n.source"
            " AND r.record = n.record AND r.type = ? LEFT JOIN items i ON i.seq = r.newest_seq"
            " WHERE n.source = ? AND n.report = ?" + STANDS,
            (type, self.source, report),
        )
        return found + [row[0] for row in others.fetchall()]
