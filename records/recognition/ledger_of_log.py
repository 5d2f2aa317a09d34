"""Count the ledger anew from lines of the audit log alone: whoever holds an export of the log can
check every number of it (docs/how-to/recognition.md). Pure.
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from consent.audit.event import EventCode
from records.recognition.ledger import LedgerRow


class LogLine(NamedTuple):
    """What of a line is needed; day: of its time, on the hospital's clock."""

    code: str
    hospital: str
    target: str
    detail: str
    day: dt.date


def read_detail(detail: str) -> dict[str, str]:
    return dict(p.split("=", 1) for p in detail.split(" · ") if "=" in p)


def count_ledger(lines: Iterable[LogLine]) -> list[LedgerRow]:
    """lines: in the order of the log."""
    prompts: dict[str, LogLine] = {}
    decided: dict[str, dict[str, str]] = {}
    for line in lines:
        if line.code == EventCode.RECOGNITION_PROMPT:
            prompts[line.target] = line
        elif line.code == EventCode.RECOGNITION_DECIDE:
            decided[line.target] = read_detail(line.detail)
    rows: dict[tuple[str, ...], LedgerRow] = {}
    for target, line in prompts.items():
        said, made = read_detail(line.detail), decided.get(target, {})
        key = (line.hospital, said.get("department", ""), said["item"], f"{line.day:%Y-%m}")
        rows.setdefault(key, LedgerRow(*key)).add(
            made.get("decision", ""),
            made.get("reason", ""),
            made.get("quoted") == "yes",
            1,
            Decimal(made.get("price", "0")),
        )
    return [rows[k] for k in sorted(rows)]
