"""What a run says: a JSON line a round on stdout, a table at the end on stderr, and a folder
with all facts where anything fails.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from tests.chaos.trace import KINDS


@dataclass
class Round:
    """held: seconds for which the stage itself kept it broken. outages: longest span without a
    success, by what was asked, from the event on; recovered: seconds from the end of `held` until
    all worked, bound: within which it had to.
    """

    number: int
    stage: str
    event: str
    happened: str = ""
    held: float = 0.0
    recovered: float = 0.0
    bound: float = 0.0
    outages: dict[str, float] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    wrong: list[str] = field(default_factory=list)
    skipped: str = ""


class Report:
    def __init__(self, seed: int, folder: Path, out: TextIO = sys.stdout) -> None:
        self.seed, self.folder, self.out = seed, folder, out
        self.rounds: list[Round] = []
        self.ends: list[dict[str, Any]] = []  # of each stage
        self.file = (folder / "rounds.jsonl").open("a")

    def tell(self, line: dict[str, Any]) -> None:
        text = json.dumps({"seed": self.seed, **line}, ensure_ascii=False)
        self.file.write(text + "\n")
        self.file.flush()
        print(text, file=self.out, flush=True)

    def add(self, one: Round) -> None:
        self.rounds.append(one)
        self.tell(asdict(one))

    def stage_over(self, **facts: Any) -> None:
        self.ends.append(facts)
        self.tell({"stage_over": True, **facts})

    def wrong(self) -> list[str]:
        return [f"round {r.number} ({r.event}): {w}" for r in self.rounds for w in r.wrong] + [
            f"end of stage {e['stage']}: {w}" for e in self.ends for w in e["wrong"]
        ]

    def table(self) -> str:
        """As docs/operations/chaos.md holds it."""
        lines = [
            "| event | rounds | held s | "
            + " | ".join(f"{k} s" for k in KINDS)
            + " | all well again s |",
            "|---" * (len(KINDS) + 4) + "|",
        ]
        for event in sorted({r.event for r in self.rounds if not r.skipped}):
            those = [r for r in self.rounds if r.event == event and not r.skipped]
            worst = [f"{max(r.outages.get(k, 0.0) for r in those):.1f}" for k in KINDS]
            lines.append(
                f"| {event} | {len(those)} | {max(r.held for r in those):.1f} | {' | '.join(worst)}"
                f" | {max(r.recovered for r in those):.1f} |"
            )
        return "\n".join(lines)

    def summary(self) -> str:
        total = {k: sum(e[k] for e in self.ends) for k in ("acknowledged", "answered", "lines")}
        skipped = sorted({f"{r.event}: {r.skipped}" for r in self.rounds if r.skipped})
        played = sum(not r.skipped for r in self.rounds)
        wrong = self.wrong()
        gone = sum("lost:" in w or "feed:" in w for w in wrong)
        said = [
            (
                f"seed {self.seed}: {played} rounds on {len(self.ends)} stages;"
                f" {total['acknowledged']} writes acknowledged, {gone} lost; {total['answered']}"
                f" answers held against the audit log of {total['lines']} lines; {len(wrong)} wrong"
            ),
            *(f"skipped: {s}" for s in skipped),
            *wrong[:50],
        ]
        return "\n".join(said)


def keep(folder: Path, name: str, files: Sequence[Path]) -> None:
    """Copies of what a stage leaves, before it is removed."""
    place = folder / name
    place.mkdir(exist_ok=True)
    for i, file in enumerate(files):
        if file.exists():
            (place / f"{i}-{file.name}").write_bytes(file.read_bytes()[-20_000_000:])
