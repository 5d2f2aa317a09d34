"""Remember what was read, on the disk and not in memory: the rows that had a number before, and the
reports that rows belong to.
"""

from __future__ import annotations

import json
import sqlite3
from hashlib import blake2b
from typing import Any, Iterator


class SeenRecords:
    """A database without a name: SQLite keeps it in a file that ends with it."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect("", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=OFF")
        self.connection.execute("PRAGMA synchronous=OFF")
        self.connection.execute("PRAGMA cache_size=-8192")
        self.connection.executescript(
            "CREATE TABLE seen (key BLOB PRIMARY KEY, mark BLOB, place TEXT) WITHOUT ROWID;"
            "CREATE TABLE reports (number INTEGER PRIMARY KEY, report TEXT UNIQUE, word TEXT);"
            "CREATE TABLE results (report INTEGER, id TEXT);"
            "CREATE INDEX results_report ON results (report);"
            "BEGIN"
        )
        self.last: tuple[str, int] = ("", 0)  # the report of the last row
        self.results: list[str] = []  # of it

    def note(self, type_name: str, record: str, content: bytes, place: str) -> str | None:
        """None the first time; "" for the same content again; else where it was first."""
        key = blake2b(f"{type_name}\n{record}".encode(), digest_size=12).digest()
        mark = blake2b(content, digest_size=8).digest()
        added = self.connection.execute(
            "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (key, mark, place)
        )
        if added.rowcount:
            return None
        first = self.connection.execute("SELECT mark, place FROM seen WHERE key = ?", (key,))
        before, where = first.fetchone()
        return "" if before == mark else str(where)

    def begin_table(self) -> None:
        """A number that was in another file is no repetition: the later file counts."""
        self.connection.execute("DELETE FROM seen")

    def add_result(self, report: str, word: dict[str, Any], result: str) -> None:
        """A result belongs to a report; word: what the first of its rows says of it."""
        if self.last[0] != report:
            self.flush_results()
            execute = self.connection.execute
            found = execute("SELECT number FROM reports WHERE report = ?", (report,)).fetchone()
            if found is None:
                said = json.dumps(word, ensure_ascii=False)
                number = execute(
                    "INSERT INTO reports (report, word) VALUES (?, ?)", (report, said)
                ).lastrowid
            else:
                number = found[0]
            self.last = report, int(number or 0)
        if result:
            self.results.append(result)

    def flush_results(self) -> None:
        number = self.last[1]
        self.connection.executemany(
            "INSERT INTO results VALUES (?, ?)", [(number, result) for result in self.results]
        )
        self.results.clear()

    def take_reports(self) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
        """Each report with its results, in the order of their rows; then none is left."""
        self.flush_results()
        number = 0
        while True:
            found = self.connection.execute(
                "SELECT number, report, word FROM reports WHERE number > ? ORDER BY number LIMIT 1",
                (number,),
            ).fetchone()
            if found is None:
                break
            number, report, word = found
            results = self.connection.execute(
                "SELECT id FROM results WHERE report = ? ORDER BY rowid", (number,)
            ).fetchall()
            yield report, json.loads(word), [row[0] for row in results]
        self.connection.execute("DELETE FROM reports")
        self.connection.execute("DELETE FROM results")
        self.last = ("", 0)

    def close(self) -> None:
        self.connection.close()
