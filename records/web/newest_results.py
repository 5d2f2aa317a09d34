"""The newest results of a shared record in short: what is critical or abnormal first."""

from collections.abc import Iterable
from dataclasses import dataclass

from records.meaning.trend import trend_order
from records.web.result_display import ResultLine
from records.web.result_grid import GridRow, group_rows

MOST_TESTS = 15


@dataclass(frozen=True, slots=True)
class NewestResult:
    """A test with its newest value; earlier: a critical value before it."""

    row: GridRow
    earlier: ResultLine | None

    @property
    def line(self) -> ResultLine:
        return self.row.lines[0]

    @property
    def unseen(self) -> bool:
        """Whether the reader's last look missed one of the test's results, the newest or not: one
        that arrives late is new, too.
        """
        return any(x.unseen for x in self.row.lines)


def list_newest_results(lines: Iterable[ResultLine]) -> list[NewestResult]:
    """At most so many tests: first those with a critical value, then those whose newest is
    abnormal, each the newest first.
    """
    found = [
        NewestResult(row, next((x for x in row.lines[1:] if x.critical), None))
        for row in group_rows(sorted(lines, key=trend_order))
    ]
    found.sort(
        key=lambda r: (
            not (r.line.critical or r.earlier),
            not r.line.abnormal,
            *trend_order(r.line),
        )
    )
    return found[:MOST_TESTS]
