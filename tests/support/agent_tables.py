"""Read tables by the agent's intake, for tests."""

import datetime as dt
from collections import Counter
from pathlib import Path

from records.agent.item import Item
from records.agent.mapping.intake import Counts, Intake
from records.agent.refusal import Refusal
from records.agent.sets.column_set import Site

SITE = Site("his", "nanqiao")
NOW = dt.datetime(2026, 6, 1)


class Read:
    """items and refusals of files, in their order; warned: those that refuse nothing."""

    def __init__(self, *paths: Path, site: Site = SITE) -> None:
        self.intake = Intake(site, NOW)
        outcomes = list(self.intake.read_files(list(paths)))
        self.items = [o for o in outcomes if isinstance(o, Item)]
        told = [o for o in outcomes if isinstance(o, Refusal)]
        self.refused = [r for r in told if not r.warning]
        self.warned = [r for r in told if r.warning]
        self.counts: Counts = self.intake.counts
        for refusal in told:
            for language in ("zh", "en"):
                assert refusal.why(language)
                assert refusal.mend(language)
        self.intake.close()

    def codes(self) -> list[tuple[int, str, str]]:
        return [(r.row, r.column, r.rule.code) for r in self.refused]

    def warnings(self) -> list[tuple[int, str, str]]:
        return [(r.row, r.column, r.rule.code) for r in self.warned]

    def by_rule(self) -> Counter[tuple[str, str]]:
        return Counter((r.file, r.rule.code) for r in self.refused)

    def types(self) -> Counter[str]:
        return Counter(i.type for i in self.items)


def save(folder: Path, name: str, text: str, codec: str = "gb18030") -> Path:
    path = folder / name
    path.write_bytes(text.encode(codec))
    return path
