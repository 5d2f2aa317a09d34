"""The transaction numbers that rows of all apps bear, and remember (docs/adr/0041)."""

from typing import Any

from alliance.sql.hospitals import HOSPITALS
from consent.sql import log
from records.sql import versions

# The newest number of each kind of row, by its index; and what was announced.
NEWEST_NUMBER_SQL = (
    f"SELECT max(n) FROM ({versions.NUMBERS.format(hospitals=HOSPITALS)} UNION ALL {log.NUMBERS}"
    " UNION ALL SELECT max(passed) FROM alliance_epoch) t"
)
NUMBERED_TABLES = ", ".join((*versions.NUMBERED, *log.NUMBERED))


def fetch_newest_number(cursor: Any) -> int:
    cursor.execute(NEWEST_NUMBER_SQL)
    return cursor.fetchone()[0] or 0
