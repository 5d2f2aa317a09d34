"""What happens in a round. Each is a generator: it begins at the first step, ends at the last, says
what it did, and shows by a control of its own that it did.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.chaos.event import show, shown
from tests.chaos.processes import again, killed
from tests.chaos.scarce import fill
from tests.chaos.stage import Site, Stage, end, gone, state_of
from tests.chaos.sync.agent_home import AgentHome
from tests.chaos.sync.wire import Wire

DAY = 86400
CLOCKS = (-90, 300, -3600, 5 * 3600, -DAY, 3 * DAY, -20 * DAY)  # seconds of an agent's clock


@dataclass
class Scene:
    """agent: to whom it happens. told: what was heard of the clerks. clerk_ends: seconds after
    which the next chunk's clerk is killed.
    """

    stage: Stage
    agents: list[AgentHome]
    agent: AgentHome
    wire: Wire
    rng: random.Random
    told: list[str]
    clerk_ends: float | None = None

    @property
    def site(self) -> Site:
        return self.stage.sites[0]


Play = Iterator[None]


@dataclass(frozen=True)
class Happening:
    """rate: of exchanges to which something is done meanwhile. slow: costs many seconds."""

    name: str
    do: Callable[[Scene], Iterator[str]]
    rate: float
    slow: bool


HAPPENINGS: dict[str, Happening] = {}


def happening(
    name: str, rate: float = 0.08, slow: bool = False
) -> Callable[[Callable[[Scene], Iterator[str]]], Callable[[Scene], Iterator[str]]]:
    """A generator that yields what it has done: after its beginning, and at its end."""

    def register(do: Callable[[Scene], Iterator[str]]) -> Callable[[Scene], Iterator[str]]:
        HAPPENINGS[name] = Happening(name, do, rate, slow)
        return do

    return register


@happening("line doubles, reorders, delays, cuts and loses", rate=0.35)
def bad_line(scene: Scene) -> Iterator[str]:
    before = sum(scene.wire.done.values()) - scene.wire.done["carried"]
    yield "the line is bad"
    shown(
        lambda: sum(scene.wire.done.values()) - scene.wire.done["carried"] > before,
        "something was done to an exchange",
        30,
    )
    yield "it was bad until now"


@happening("kill agent")
def kill_agent(scene: Scene) -> Iterator[str]:
    show(scene.agent.restart(), "there was an agent")
    yield "killed and started"
    if scene.rng.random() < 0.5:
        scene.agent.restart()
    yield "and again"


@happening("kill agent while it starts")
def kill_young_agent(scene: Scene) -> Iterator[str]:
    for _ in range(3):
        scene.agent.restart()
        time.sleep(scene.rng.uniform(0.1, 1.0))
    yield "killed three times soon after its start"
    scene.agent.restart()
    yield "and started"


@happening("kill who adds to the outbox")
def kill_clerk(scene: Scene) -> Iterator[str]:
    scene.clerk_ends = scene.rng.uniform(0.0, 0.02)
    yield "the next who adds is killed"
    yield "it was"


@happening("freeze agent")
def freeze_agent(scene: Scene) -> Iterator[str]:
    scene.agent.freeze(scene.rng.uniform(0.2, 1.5))
    yield "it stood still"


@happening("clock of the agent is off")
def wrong_clock(scene: Scene) -> Iterator[str]:
    ahead = scene.rng.choice(CLOCKS)
    scene.agent.set_clock(ahead)
    if scene.rng.random() < 0.5:
        scene.agent.restart()  # it knows nothing of the platform's clock
    yield f"its clock is off by {ahead} s"
    if scene.rng.random() < 0.5:
        scene.agent.set_clock(0)
    yield "it jumps back, or not"


@happening("seven days without a line")
def offline(scene: Scene) -> Iterator[str]:
    """The agent's clock goes on a day at each step; old bodies are dropped meanwhile."""
    scene.wire.go_down()
    begun = scene.agent.ahead
    yield "the line is gone"
    for day in range(1, 8):
        scene.agent.set_clock(begun + day * DAY)
        if day in (3, 6):
            scene.agent.restart()
        yield f"day {day}"
    show(scene.wire.done["refused"], "nobody was let through")
    scene.wire.weather.is_down = False
    scene.agent.set_clock(begun)
    for agent in scene.agents:
        agent.restart()  # what is tried again waits up to minutes by now
    yield "the line is back, and the clock is set"


@happening("disk of the agent is full")
def full_agent(scene: Scene) -> Iterator[str]:
    if not scene.agent.disk:
        yield "skipped: no small filesystem can be mounted by this account"
        return
    try:
        show(scene.agent.fill_disk() == "ENOSPC", "its disk is full")
        yield "its disk is full"
        scene.agent.fill_disk()
        yield "what was freed is taken, too"
        scene.agent.fill_disk()
        yield "and again"
    finally:
        scene.agent.empty_disk()
    scene.agent.restart()  # a loop that failed waits a minute by now
    yield "it has room again"


@happening("kill web worker")
def kill_web_worker(scene: Scene) -> Iterator[str]:
    yield killed(scene.rng.choice(scene.site.workers()), "web worker")


@happening("kill web master")
def kill_web_master(scene: Scene) -> Iterator[str]:
    yield killed(scene.site.part("web"), "web master")
    back(scene)
    yield "it is back"


@happening("kill who does stored batches", rate=0.3)
def kill_sync_worker(scene: Scene) -> Iterator[str]:
    """The courier's child that does what was answered 202; where there is none now, the courier."""
    scene.wire.weather.fates = ("async", "double", "lose answer")
    yield "answers are 202 wherever they can be"
    parts = scene.site.parts()
    busy = [pid for pid, line in parts.items() if "sync_work" in line]
    yield killed(busy[0] if busy else scene.site.part("courier"), "sync_work or courier")


@happening("kill courier")
def kill_courier(scene: Scene) -> Iterator[str]:
    yield killed(scene.site.part("courier"), "courier")


@happening("kill job worker")
def kill_job_worker(scene: Scene) -> Iterator[str]:
    yield killed(scene.site.part("worker"), "worker")


@happening("kill sealer")
def kill_sealer(scene: Scene) -> Iterator[str]:
    yield killed(scene.site.part("sealer"), "sealer")


@happening("kill database backend", slow=True)
def kill_backend(scene: Scene) -> Iterator[str]:
    yield killed(scene.rng.choice(scene.stage.backends()), "database backend")
    back(scene)
    yield "the database has recovered"


@happening("kill database", slow=True)
def kill_database(scene: Scene) -> Iterator[str]:
    yield killed(scene.stage.postmaster(), "postmaster")
    back(scene)
    yield "the supervisor has started it again"


@happening("kill the whole site", slow=True)
def kill_site(scene: Scene) -> Iterator[str]:
    pids = list(scene.site.parts())
    for pid in pids:
        if state_of(pid):
            end(pid)
    assert scene.site.process
    scene.site.process.wait(30)
    show(all(gone(p) for p in pids), "all of it is gone")
    yield f"{len(pids)} processes were killed"
    again(scene.site)
    back(scene)
    yield "it was started again"


@happening("disk of the site is full", slow=True)
def full_site(scene: Scene) -> Iterator[str]:
    if scene.stage.disk is None:
        yield "skipped: no small filesystem can be mounted by this account"
        return
    filler = scene.stage.disk / "filler"
    try:
        fill(filler)
        show(filler.stat().st_size, "the disk is full")
        yield "its disk is full"
        for _ in range(3):
            time.sleep(0.5)
            fill(filler)
        yield "what was freed is taken, too"
    finally:
        filler.unlink(missing_ok=True)
    back(scene)
    yield "it has room again"


def back(scene: Scene) -> None:
    """The site answers; agents that wait for minutes by now are started anew."""
    shown(scene.site.ready, "the site is ready", 120)
    for agent in scene.agents:
        agent.restart()
