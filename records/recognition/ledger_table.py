"""The ledger as a table: CSV or XLSX."""

from collections.abc import Iterator, Sequence

from records.recognition.ledger import LedgerRow
from records.recognition.repeat_reasons import REPEAT_REASONS

HEAD = ("hospital", "department", "item", "month", "prompted", "adopted", "quoted", "not_answered")


def list_ledger_rows(rows: Sequence[LedgerRow]) -> Iterator[list[str]]:
    """The first row names the columns."""
    yield [*HEAD, "money_yuan", *(f"repeated_{reason}" for reason in REPEAT_REASONS)]
    for r in rows:
        yield [
            r.hospital,
            r.department,
            r.item,
            r.month,
            *map(str, (r.prompted, r.adopted, r.quoted, r.unanswered)),
            f"{r.money:.2f}",
            *(str((r.repeated or {}).get(reason, 0)) for reason in REPEAT_REASONS),
        ]
