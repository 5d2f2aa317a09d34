"""A run: stages one after the other, on each a number of rounds; in a round one event, then
until all is well again, then all that must hold.
"""

import json
import random
import shutil
import subprocess
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.chaos import lines, processes, scarce, switches
from tests.chaos.bulk import Subscriber
from tests.chaos.event import EVENTS, NODES, PAIR, SINGLE
from tests.chaos.play import Play
from tests.chaos.report import Report, Round, keep
from tests.chaos.stage import Stage

__all__ = [
    "EVENTS",
    "Run",
    "lines",
    "processes",
    "scarce",
    "switches",
]  # the rooms of events register them
PER_STAGE = 15  # rounds; then all is made anew, so that a long run stays small
VERIFY = 5  # rounds between two audit_verify
KINDS_OF_STAGE = (PAIR, SINGLE, NODES)
CANNOT = {
    "disk full": "no small filesystem can be mounted by this account",
    "the site's clock is set": "there is no C compiler",
}


def compiled(folder: Path) -> Path | None:
    """The shim that shifts a process's clock; None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    made = folder / "shift.so"
    subprocess.run(
        [
            compiler,
            "-shared",
            "-fPIC",
            "-O2",
            "-o",
            str(made),
            str(Path(__file__).with_name("shift.c")),
        ],
        check=True,
    )
    return made


class Run:
    """names: the events of each stage in order, instead of those that the seed draws."""

    def __init__(
        self,
        seed: int,
        rounds: int,
        folder: Path,
        names: Sequence[tuple[str, Sequence[str]]] = (),
        *,
        pause: float = 0.1,
        imports: bool = True,
        verify: bool = True,
    ) -> None:
        self.seed, self.left, self.folder, self.names = seed, rounds, folder, list(names)
        self.pause, self.imports, self.verify = pause, imports, verify
        self.rng = random.Random(seed)
        self.decks: dict[str, list[str]] = {}
        self.report = Report(seed, folder)
        self.shim = compiled(folder)
        self.number = 0

    def go(self) -> Report:
        """Stages until all rounds are played. What fails on one does not keep the next from
        being played.
        """
        turn = 0
        while self.left > 0:
            kind, events = (
                self.names[turn] if self.names else (KINDS_OF_STAGE[turn % len(KINDS_OF_STAGE)], ())
            )
            self.stage(turn, kind, list(events))
            turn += 1
        return self.report

    def drawn(self, kind: str) -> str:
        """The next event of such a stage by the seed: each comes before any comes again."""
        deck = self.decks.setdefault(kind, [])
        if not deck:
            deck += sorted(e.name for e in EVENTS.values() if kind in e.where)
            self.rng.shuffle(deck)
        return deck.pop(0)

    def stage(self, turn: int, kind: str, events: list[str]) -> None:
        """Make it, play on it, and leave nothing of it but what it has shown."""
        place = Path(tempfile.mkdtemp(prefix=f"stage-{turn}-", dir=self.folder))
        many = min(self.left, len(events) or PER_STAGE)
        self.left -= many
        subscriber = Subscriber()
        stage = Stage(kind, subscriber.origin, self.shim)
        wrong: list[str] = []
        plays: list[Play] = []
        begun = len(self.report.rounds)
        try:
            plays.append(
                Play(
                    stage.make(),
                    self.seed * 1000 + turn,
                    place,
                    subscriber,
                    self.imports,
                    self.pause,
                )
            )
            self.rounds(plays[0], kind, events, many)
            wrong = plays[0].finish()
        except KeyboardInterrupt:
            self.left = 0
        except Exception:
            wrong.append(f"the stage broke down: {traceback.format_exc()[-3000:]}")
        finally:
            for play in plays:
                play.load.stop()
            if wrong or any(r.wrong for r in self.report.rounds[begun:]):
                keep(
                    self.folder,
                    f"facts-{turn}-{kind}",
                    [
                        *(s.home / n for s in stage.sites for n in ("run.log", "postgres.log")),
                        *(s.log for s in stage.servers),
                        *place.iterdir(),
                    ],
                )
            self.report.stage_over(
                stage=f"{turn} {kind}",
                lines=self.count(stage),
                told=subscriber.times,
                wrong=wrong,
                **(plays[0].totals() if plays else {"acknowledged": 0, "answered": 0}),
            )
            stage.remove()
            subscriber.close()
            for play in plays:
                play.ledger.close()
            shutil.rmtree(place)

    def rounds(self, play: Play, kind: str, events: list[str], many: int) -> None:
        play.begin()
        cannot = {
            "disk full": play.stage.disk is None,
            "the site's clock is set": self.shim is None,
        }
        for i in range(many):
            self.number += 1
            one = Round(self.number, kind, events[i] if events else self.drawn(kind))
            if cannot.get(one.event):
                one.skipped = CANNOT[one.event]
            else:
                play.round(one, EVENTS[one.event], random.Random(self.seed * 100_000 + self.number))
                one.wrong += play.verified() if self.verify and i % VERIFY == VERIFY - 1 else []
            self.report.add(one)

    def count(self, stage: Stage) -> int:
        try:
            return int(stage.value("SELECT count(*) FROM consent_audit_event"))
        except Exception:
            return 0


def write_table(report: Report, to: Path) -> None:
    to.write_text(
        json.dumps({"seed": report.seed, "wrong": report.wrong()}, ensure_ascii=False)
        + "\n"
        + report.table()
        + "\n"
    )
