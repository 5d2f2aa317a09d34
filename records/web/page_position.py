"""How far somebody has gone on in a list, as it stands in an address: which row of each type was
the last, and how many of the type stand up to it. It holds no id that anybody else could use, and
whatever does not read as one is the beginning.
"""

import datetime as dt
import re
from dataclasses import dataclass

from records.operations.shared_record import RowPosition

UNDATED = "-infinity"
# a time as PostgreSQL writes it, in a zone less than 16 hours away, and a row's number
POSITION = re.compile(
    r"(?P<dated>-infinity|"
    r"(?P<day>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[+-](?:0\d|1[0-5])(?::\d\d){0,2})"
    r"(?P<before> BC)?)"
    r"~(?P<row>\d{1,18})",
    re.ASCII,
)
SEEN = re.compile(r"\d{1,7}")


@dataclass(frozen=True, slots=True)
class PagePosition:
    """after: None at the beginning; seen: how many rows stand up to it."""

    after: RowPosition | None = None
    seen: int = 0


START = PagePosition()


def write_row_position(position: RowPosition) -> str:
    return f"{position.dated}~{position.resource_id}"


def read_row_position(text: str) -> RowPosition | None:
    """Of an address; None, which is the first page, for what this site has not written."""
    m = POSITION.fullmatch(text)
    if m is None or int(m["row"]) >= 2**63 or (m["before"] and m["day"][:4] != "0001"):
        return None
    try:
        if m["day"]:
            dt.datetime.fromisoformat(m["day"])
    except ValueError:
        return None
    return RowPosition(m["dated"], int(m["row"]))


def write_position(position: PagePosition) -> str:
    """For an address, "0" for the beginning."""
    if position.after is None:
        return "0"
    return f"{write_row_position(position.after)}~{position.seen}"


def read_position(text: str) -> PagePosition:
    """START where it is none."""
    row, _, seen = text.rpartition("~")
    after = read_row_position(row)
    return START if after is None or not SEEN.fullmatch(seen) else PagePosition(after, int(seen))
