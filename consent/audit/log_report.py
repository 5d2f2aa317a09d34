"""Report what a check of the log finds, with the small parts that its checks share."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from consent.audit.tree_head import TreeHead

FORM = "%Y-%m-%dT%H:%M:%S.%fZ"  # as canonical writes moments: texts compare as moments do


@dataclass(slots=True)
class LogReport:
    """What a check found; `faults` empty means intact: of `rolled_back` somebody has put on
    record why. `notices` are true, and may have honest reasons.
    """

    lines: int = 0
    sealed: int = 0
    unsealed: int = 0
    heads: int = 0
    verified_to: int = 0  # leaves that an earlier run has verified, and this one has not read
    nodes: list[tuple[int, bytes]] = field(default_factory=list)  # of the tree, from the left
    number: int = 0  # the greatest of a line
    archived: int = 0  # sealed lines that stand in archives alone
    archives_checked: int = 0
    thinned: int = 0  # heads that were taken out, as signed statements tell
    sm2_heads: int = 0  # that are signed with SM2 too
    root: str = ""
    newest: TreeHead | None = None
    faults: list[str] = field(default_factory=list)
    restores: list[str] = field(default_factory=list)  # that the log tells of
    rolled_back: list[str] = field(
        default_factory=list
    )  # kept heads that a recorded restore explains
    notices: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        return not self.faults


class LineRuns:
    """Group lines of the same kind that follow each other, to report each group once."""

    def __init__(self, says: str) -> None:
        self.says = says
        self.found: list[str] = []
        self.first: tuple[int, str] | None = None
        self.count = 0

    def add_line(self, applies: bool, number: int, recorded: str) -> None:
        if not applies:
            self.first, self.count = None, 0
            return
        self.count += 1
        if self.first is None:
            self.first = (number, recorded)
            self.found.append(f"audit line {number} ({recorded}) {self.says}")
        else:
            self.found[-1] = (
                f"audit lines {self.first[0]} to {number} ({self.count} of them, from"
                f" {self.first[1]} to {recorded}): each {self.says}"
            )


def shift_time(text: str, by: dt.timedelta = dt.timedelta(0)) -> str:
    """An ISO moment, moved, as lines write theirs; "" where it cannot be read."""
    try:
        return (dt.datetime.fromisoformat(text) + by).astimezone(dt.UTC).strftime(FORM)
    except (ValueError, OverflowError):
        return ""


def stream_log_rows(sql: str) -> Iterator[tuple[Any, ...]]:
    connection.ensure_connection()
    with connection.connection.cursor(
        name="audit_verify"
    ) as cursor:  # server side: the log may be larger than memory
        cursor.itersize = 5000
        cursor.execute(sql)
        yield from cursor
