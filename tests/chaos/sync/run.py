"""Rounds of sync: what the hospitals' systems have to say is added in small pieces, something
happens meanwhile, and once all is quiet everything must be as the book says.
"""

import random
import time
import traceback
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from records.agent.receipt_check import PinnedKeys
from tests.chaos.event import SINGLE
from tests.chaos.play import waited
from tests.chaos.run import compiled
from tests.chaos.stage import Stage
from tests.chaos.sync import facts
from tests.chaos.sync.agent_home import AgentHome
from tests.chaos.sync.book import Book, Sent
from tests.chaos.sync.drawing import LABORATORY, PATIENTS, Drawing
from tests.chaos.sync.happenings import HAPPENINGS, Scene
from tests.chaos.sync.wire import Weather, Wire

AGENTS = (("donghu", PATIENTS), ("donghu", LABORATORY), ("nanqiao", PATIENTS))
ALL_ANSWERED = 240.0  # seconds within which everything has its receipt
LETTERS_DONE = 60.0  # and letters whose wait is over are done
PER_STAGE = 100  # rounds; then all is made anew
SETTINGS = {"XINGLIN_SYNC_AT_ONCE": "1"}  # so that much is answered 202


@dataclass
class SyncRound:
    number: int
    happening: str
    happened: list[str] = field(default_factory=list)
    items: int = 0
    line: dict[str, int] = field(default_factory=dict)  # what was done to exchanges
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def tell(self) -> dict[str, Any]:
        return asdict(self)


class SyncStage:
    """One site, the agents of two hospitals, and what was acknowledged to them."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.rng = random.Random(seed)
        self.folder = folder
        self.mark = f"{seed:x}."
        self.shim = compiled(folder)
        self.stage = Stage(SINGLE, "http://127.0.0.1:9", self.shim, SETTINGS)
        self.agents: list[AgentHome] = []
        self.books = {hospital: Book() for hospital, _ in AGENTS}

    def make(self) -> "SyncStage":
        site = self.stage.make().sites[0]
        self.wire = Wire(int(site.environment["PORT"]), random.Random(self.rng.random()))
        key = site.manage("audit_key")
        for hospital, source in AGENTS:
            agent = AgentHome(self.folder, site, hospital, source, self.wire.port, self.shim, key)
            self.agents.append(agent)
            agent.start()
        self.histories = {
            hospital: facts.History(next(a for a in self.agents if a.hospital == hospital))
            for hospital in self.books
        }
        self.keys = PinnedKeys(self.agents[0].home / "platform-keys.pem")
        return self

    def play(self, one: SyncRound, size: int) -> None:
        """Fill in what came of it. size: items of an agent."""
        begun, rng = time.monotonic(), random.Random(self.rng.random())
        event = HAPPENINGS[one.happening]
        self.wire.done.clear()
        self.wire.weather = Weather(event.rate)
        scene = Scene(self.stage, self.agents, rng.choice(self.agents), self.wire, rng, [])
        playing = event.do(scene)
        pieces = self.draw(rng, one.number, size)
        begins = rng.randrange(max(1, sum(map(len, pieces.values())) // 2))
        step = going = 0
        while any(pieces.values()) or going >= 0:
            if step >= begins and going >= 0:
                said = next(playing, None)
                going = -1 if said is None else going + 1
                one.happened += [said] if said else []
            self.add(scene, pieces, one)
            step += 1
        self.wire.calm()
        one.happened += [f"clerk: {w}: {n}" for w, n in Counter(scene.told).items()]
        one.wrong += self.holds()
        one.line = dict(self.wire.done)
        one.seconds = round(time.monotonic() - begun, 2)

    def draw(self, rng: random.Random, number: int, size: int) -> dict[int, deque[list[Sent]]]:
        drawings = {
            hospital: Drawing(book, rng, f"{self.mark}{number:x}.{hospital[0]}")
            for hospital, book in self.books.items()
        }
        pieces: dict[int, deque[list[Sent]]] = {}
        for place, agent in enumerate(self.agents):
            left, pieces[place] = size, deque()
            while left > 0:
                chunk = drawings[agent.hospital].chunk(agent.source, min(left, rng.randint(1, 25)))
                left -= len(chunk)
                pieces[place].append(chunk)
        return pieces

    def add(self, scene: Scene, pieces: dict[int, deque[list[Sent]]], one: SyncRound) -> None:
        """The next piece of some agent; one that was not acknowledged stays the next."""
        able = [place for place, queue in pieces.items() if queue]
        if not able:
            time.sleep(scene.rng.uniform(0.0, 0.2))
            return
        place = scene.rng.choice(able)
        agent, chunk = self.agents[place], pieces[place][0]
        ends, scene.clerk_ends = scene.clerk_ends, None
        said = agent.add([s.item for s in chunk], killed=ends)
        if not said.startswith("added"):
            scene.told.append(said or "killed")
            time.sleep(0.05)
            return
        pieces[place].popleft()
        for sent in chunk:
            self.books[agent.hospital].acknowledge(sent)
        one.items += len(chunk)
        if scene.rng.random() < 0.3:
            time.sleep(scene.rng.uniform(0.0, 0.1))

    def holds(self) -> list[str]:
        """All that docs/sync.md promises, once all is quiet."""
        for agent in self.agents:
            if not agent.is_alive():
                agent.start()
        if not waited(lambda: all(a.is_empty() for a in self.agents), ALL_ANSWERED):
            left = {a.folder.name: a.context.outbox.state() for a in self.agents}
            return [f"not answered within {ALL_ANSWERED:.0f} s: {left}"]
        wrong: list[str] = []
        for hospital, book in self.books.items():
            waited(lambda h=hospital, b=book: not facts.lost_of(self.stage, h, b), LETTERS_DONE)  # type: ignore[misc]
            wrong += facts.few(facts.lost_of(self.stage, hospital, book))
            self.histories[hospital].follow()
            wrong += facts.few(facts.disorder_of(self.histories[hospital], book))
        for agent in self.agents:
            wrong += facts.few(facts.outbox_faults(self.stage, agent, self.keys))
            wrong += facts.few(facts.differences(agent))
        return wrong + facts.few(facts.digest_faults(self.stage))

    def finish(self) -> list[str]:
        """The log, and a receipt by the log's own verifier."""
        kept = self.folder / "head.json"
        sealed = waited(lambda: self.stage.value(UNSEALED) == 0, 60)
        good, said = self.stage.verify(None, kept)
        wrong = [] if good else [f"audit_verify: {said}"]
        wrong += [] if sealed else ["the log is not sealed"]
        wrong += [
            f"log: {line}"
            for line in self.stage.sites[0].said().splitlines()
            if "SYNC500" in line or "HTTP500" in line
        ][:10]
        return wrong

    def remove(self) -> None:
        for agent in self.agents:
            agent.remove()
        if hasattr(self, "wire"):
            self.wire.close()
        self.stage.remove()


UNSEALED = (
    "SELECT (SELECT count(*) FROM consent_audit_event) - (SELECT count(*) FROM consent_audit_leaf)"
)


class Deck:
    """Happenings as the seed draws them: each of its kind comes before any comes again."""

    def __init__(self, rng: random.Random, names: list[str]) -> None:
        self.rng, self.names, self.left = rng, sorted(names), list[str]()

    def draw(self) -> str:
        if not self.left:
            self.left = list(self.names)
            self.rng.shuffle(self.left)
        return self.left.pop()


def play_rounds(
    seed: int, names: list[str], folder: Path, size: int, tell: Any
) -> tuple[list[SyncRound], list[str]]:
    """The rounds on one stage, and what is wrong at its end. What breaks down is wrong, too."""
    stage, rounds, wrong = SyncStage(seed, folder), [], list[str]()
    try:
        stage.make()
        for number, name in enumerate(names, 1):
            one = SyncRound(number, name)
            rounds.append(one)
            try:
                stage.play(one, size)
            except AssertionError as error:
                one.wrong.append(f"{type(error).__name__}: {error}")
                stage.wire.calm()
            tell(one.tell())
            if any(w.startswith("not answered") for w in one.wrong):
                break
        wrong = stage.finish()
    except KeyboardInterrupt:
        wrong.append("interrupted")
    except Exception:
        wrong.append(f"the stage broke down: {traceback.format_exc()[-3000:]}")
    finally:
        if wrong or any(r.wrong for r in rounds):
            keep(stage)
        stage.remove()
    return rounds, wrong


def keep(stage: SyncStage) -> None:
    """The logs, in the folder, for whoever looks for the cause."""
    for site in stage.stage.sites:
        for name in ("run.log", "postgres.log"):
            if (file := site.home / name).exists():
                (stage.folder / f"site-{name}").write_bytes(file.read_bytes())
    for agent in stage.agents:
        for file in agent.home.iterdir():
            if file.is_file() and file.name not in ("key.pem", "ballast"):
                (agent.folder / file.name).write_bytes(file.read_bytes())
