"""Ask the hospital's database: rows as dictionaries with small names, and its clock."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from typing import Any, Iterator

from .dialects import DIALECTS, Address

PAGE = 1_000  # rows
MOST_KEYS = 200  # values of one IN
VIEW = re.compile(r"[A-Za-z_][A-Za-z0-9_$#]{0,127}(\.[A-Za-z_][A-Za-z0-9_$#]{0,127}){0,2}")


class SourceDatabase:
    """One connection; closes with `close`. Whatever the driver raises passes through."""

    def __init__(self, address: Address) -> None:
        self.dialect = DIALECTS[address.kind]
        self.connection, self.style = self.dialect.open(address)

    def mark(self, number: int) -> str:
        """The placeholder of the number-th value, from 1."""
        return {"format": "%s", "qmark": "?", "numeric": f":{number}"}[self.style]

    def clock(self) -> tuple[dt.datetime, dt.datetime]:
        """Its time, with and without a zone (the same where it knows none)."""
        cursor = self.connection.cursor()
        cursor.execute(self.dialect.clock)
        first, second = cursor.fetchone()
        cursor.close()
        self.end()
        return first, second

    def columns(self, view: str) -> list[str]:
        cursor = self.connection.cursor()
        cursor.execute(f"SELECT * FROM {view} WHERE 1 = 0")
        names = [str(d[0]).lower() for d in cursor.description]
        cursor.close()
        self.end()
        return names

    def changed(self, view: str, since: dt.datetime | None) -> Iterator[list[dict[str, Any]]]:
        """Pages of the rows with changed_at from `since` on, by (changed_at, record_key)."""
        at, key = since, None
        while True:
            where, values = self._after(at, key)
            rows = self._ask(f"SELECT * FROM {view}{where} ORDER BY changed_at, record_key", values)
            if rows:
                yield rows
            if len(rows) < PAGE:
                return
            at, key = rows[-1]["changed_at"], rows[-1]["record_key"]

    def _after(self, at: dt.datetime | None, key: Any) -> tuple[str, list[Any]]:
        if at is None:
            return " WHERE changed_at IS NOT NULL", []
        if key is None:
            return f" WHERE changed_at >= {self.mark(1)}", [at]
        return (
            f" WHERE changed_at > {self.mark(1)}"
            f" OR (changed_at = {self.mark(2)} AND record_key > {self.mark(3)})",
            [at, at, key],
        )

    def all_rows(self, view: str) -> Iterator[list[dict[str, Any]]]:
        """Pages of all rows, by record_key."""
        key: Any = None
        while True:
            where = "" if key is None else f" WHERE record_key > {self.mark(1)}"
            values = [] if key is None else [key]
            rows = self._ask(f"SELECT * FROM {view}{where} ORDER BY record_key", values)
            if rows:
                yield rows
            if len(rows) < PAGE:
                return
            key = rows[-1]["record_key"]

    def rows_with(self, view: str, column: str, keys: list[Any]) -> Iterator[dict[str, Any]]:
        """Rows whose column is one of the keys. column: a name of ours, never an input."""
        for start in range(0, len(keys), MOST_KEYS):
            part = keys[start : start + MOST_KEYS]
            marks = ", ".join(self.mark(n) for n in range(1, len(part) + 1))
            yield from self._ask(f"SELECT * FROM {view} WHERE {column} IN ({marks})", part, None)

    def _ask(
        self, statement: str, values: list[Any], page: int | None = PAGE
    ) -> list[dict[str, Any]]:
        cursor = self.connection.cursor()
        whole = statement + (self.dialect.page.format(n=page) if page else "")
        if values:
            cursor.execute(whole, tuple(values))
        else:
            cursor.execute(whole)
        names = [str(d[0]).lower() for d in cursor.description]
        rows = [dict(zip(names, map(plain, row))) for row in cursor.fetchall()]
        cursor.close()
        self.end()
        return rows

    def end(self) -> None:
        """No transaction stays open: an old database would keep what it needs for it."""
        self.connection.rollback()

    def end_quietly(self) -> None:
        """After a fault: the next view begins anew, where the line holds."""
        with suppress(Exception):
            self.end()

    def close(self) -> None:
        with suppress(Exception):  # a broken line may say so again
            self.connection.close()


def plain(value: Any) -> Any:
    """Large objects of Oracle's driver as what they hold."""
    return value.read() if hasattr(value, "read") else value
