"""The ledger of mutual recognition: prompted, adopted, repeated by reason, quoted, not answered,
and what was not spent; by hospital, department, item and month. Counted from the prompts and their
decisions; the audit log has the same (records/recognition/ledger_of_log.py).
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from alliance.sql.hospitals import HOSPITALS
from records.recognition.repeat_reasons import REPEAT_REASONS

# index: recognition_prompt_day
LEDGER_SQL = f"""
SELECT h.code, p.department, i.code, to_char(p.day, 'YYYY-MM') AS month, coalesce(d.decision, ''),
  coalesce(d.reason, ''), coalesce(d.quoted, false), count(*), coalesce(sum(d.price), 0)
FROM records_recognitionprompt p
JOIN {HOSPITALS} h ON h.id = p.hospital_id
JOIN records_recognitionitem i ON i.id = p.item_id
LEFT JOIN LATERAL (SELECT decision, reason, quoted, price FROM records_recognitiondecision d
  WHERE d.prompt_id = p.id ORDER BY d.id DESC LIMIT 1) d ON true
WHERE p.day BETWEEN %(starts)s AND %(ends)s
  AND (%(hospitals)s::text[] IS NULL OR h.code = ANY(%(hospitals)s::text[]))
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 1, 2, 3, 4
"""


@dataclass(slots=True)
class LedgerRow:
    """Of one hospital, department, item and month. money: yuan, of what was adopted."""

    hospital: str
    department: str
    item: str
    month: str
    prompted: int = 0
    adopted: int = 0
    quoted: int = 0
    unanswered: int = 0
    money: Decimal = Decimal(0)
    repeated: dict[str, int] | None = None

    def add(self, decision: str, reason: str, quoted: bool, times: int, money: Decimal) -> None:
        self.prompted += times
        self.repeated = self.repeated or dict.fromkeys(REPEAT_REASONS, 0)
        if decision == "adopted":
            self.adopted += times
            self.quoted += times if quoted else 0
            self.money += money
        elif decision == "repeated":
            self.repeated[reason] = self.repeated.get(reason, 0) + times
        else:
            self.unanswered += times

    @property
    def repeats(self) -> int:
        return sum((self.repeated or {}).values())


def read_ledger(
    starts: dt.date, ends: dt.date, hospitals: Collection[str] | None = None
) -> list[LedgerRow]:
    """Of prompts on these days, both included. hospitals: their codes, None for all."""
    with connection.cursor() as cursor:
        cursor.execute(
            LEDGER_SQL,
            {
                "starts": starts,
                "ends": ends,
                "hospitals": None if hospitals is None else sorted(hospitals),
            },
        )
        found = cursor.fetchall()
    rows: dict[tuple[str, ...], LedgerRow] = {}
    for hospital, department, item, month, decision, reason, quoted, times, money in found:
        key = (hospital, department, item, month)
        rows.setdefault(key, LedgerRow(*key)).add(decision, reason, quoted, times, money)
    return list(rows.values())


def sum_ledger(rows: Collection[LedgerRow], key: str) -> list[LedgerRow]:
    """One row for each value of `hospital`, `department`, `item` or `month`; key "": one of all."""
    sums: dict[str, LedgerRow] = {}
    for row in rows:
        value = getattr(row, key) if key else ""
        of = {k: "" for k in ("hospital", "department", "item", "month")} | (
            {key: value} if key else {}
        )
        if key == "department":
            of["hospital"], value = row.hospital, f"{row.hospital}/{row.department}"
        total = sums.setdefault(value, LedgerRow(**of))
        total.repeated = total.repeated or dict.fromkeys(REPEAT_REASONS, 0)
        total.prompted += row.prompted
        total.adopted += row.adopted
        total.quoted += row.quoted
        total.unanswered += row.unanswered
        total.money += row.money
        for reason, times in (row.repeated or {}).items():
            total.repeated[reason] = total.repeated.get(reason, 0) + times
    return [sums[k] for k in sorted(sums)]
