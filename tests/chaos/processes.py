"""Events: processes are killed, and frozen for a while."""

import random
import signal
import time

from tests.chaos.event import NODES, PAIR, SINGLE, event, show, shown
from tests.chaos.load import Load
from tests.chaos.stage import Site, Stage, alive_of, end, gone, signal_to, state_of

FROZEN = 4.0  # seconds
AGAIN = 1.0  # seconds after which what watches a supervisor or a server starts it again


def site_of(stage: Stage, rng: random.Random) -> Site:
    return rng.choice(stage.sites)


def killed(pid: int, what: str) -> str:
    show(pid and state_of(pid), f"there is a {what}")
    end(pid)
    show(gone(pid), f"the {what} has ended")
    return f"{what}, process {pid}, is gone"


def frozen(pids: list[int], what: str, seconds: float = FROZEN) -> str:
    show(pids and all(state_of(p) for p in pids), f"there is a {what}")
    for pid in pids:
        signal_to(pid, signal.SIGSTOP)
    try:
        shown(lambda: all(state_of(p) in ("T", "") for p in pids), f"the {what} stands still", 5)
        time.sleep(seconds)
    finally:
        for pid in pids:
            signal_to(pid, signal.SIGCONT)
    return f"{what}, {len(pids)} processes, stood still for {seconds:.0f} s"


@event("kill web master", bound=20)
def kill_master(stage: Stage, load: Load, rng: random.Random) -> str:
    return killed(site_of(stage, rng).part("web"), "web master")


@event("kill web worker", bound=20)
def kill_web_worker(stage: Stage, load: Load, rng: random.Random) -> str:
    return killed(rng.choice(site_of(stage, rng).workers()), "web worker")


@event("kill worker", bound=30, parts=True)
def kill_worker(stage: Stage, load: Load, rng: random.Random) -> str:
    return killed(site_of(stage, rng).part("worker"), "worker")


@event("kill courier", bound=30, parts=True)
def kill_courier(stage: Stage, load: Load, rng: random.Random) -> str:
    return killed(site_of(stage, rng).part("courier"), "courier")


@event("kill sealer", bound=30, parts=True)
def kill_sealer(stage: Stage, load: Load, rng: random.Random) -> str:
    return killed(site_of(stage, rng).part("sealer"), "sealer")


@event("kill supervisor, started again", bound=40, parts=True)
def kill_supervisor(stage: Stage, load: Load, rng: random.Random) -> str:
    site = site_of(stage, rng)
    assert site.process
    end(site.process.pid)
    site.process.wait(10)
    ended = site.process.returncode
    again(site)
    return f"the supervisor ended with {ended}, and was started again"


def again(site: Site) -> None:
    """As systemd does: also when the port is still taken."""
    for _ in range(30):
        time.sleep(AGAIN)
        site.begin()
        for _ in range(100):
            if site.ready() or site.ended():
                break
            time.sleep(0.2)
        if not site.ended():
            return
    show(False, f"the site starts again: {site.said()[-500:]}")


@event("kill a whole node, started again", NODES, bound=40, parts=True)
def kill_node(stage: Stage, load: Load, rng: random.Random) -> str:
    site = site_of(stage, rng)
    many = len(site.parts())
    site.kill()
    show(not site.ready(), "the node is gone")
    before, since = load.trace.many("write"), time.monotonic()
    shown(lambda: load.trace.many("write", since=since) > 3, "the other node takes writes", 30)
    taken = load.trace.many("write") - before
    again(site)
    return f"{many} processes of one node were killed; the other took {taken} writes meanwhile"


@event("kill database backend", bound=20, parts=True)
def kill_backend(stage: Stage, load: Load, rng: random.Random) -> str:
    """PostgreSQL then ends all others and recovers by itself."""
    pid = rng.choice(stage.backends())
    return killed(pid, "database backend")


@event("kill postmaster", bound=30, parts=True)
def kill_postmaster(stage: Stage, load: Load, rng: random.Random) -> str:
    told = killed(stage.postmaster(), "postmaster")
    if stage.kind != SINGLE:  # the embedded one is started again by the supervisor
        shown(lambda: start_again(stage), "the server starts again", 60)
    return told


def start_again(stage: Stage) -> bool:
    time.sleep(AGAIN)
    server = stage.primary
    server.run(
        "pg_ctl",
        "-D",
        str(server.data),
        "-l",
        str(server.log),
        "-w",
        "-t",
        "60",
        "start",
        check=False,
    )
    return bool(alive_of(server))


@event("kill standby, started again", PAIR, NODES, bound=20, parts=True)
def kill_standby(stage: Stage, load: Load, rng: random.Random) -> str:
    """Without its copy the primary acknowledges nothing."""
    told = killed(
        int((stage.standby.data / "postmaster.pid").read_text().split()[0]),
        "postmaster of the standby",
    )
    time.sleep(2)
    stage.standby.run(
        "pg_ctl",
        "-D",
        str(stage.standby.data),
        "-l",
        str(stage.standby.log),
        "-w",
        "-t",
        "60",
        "start",
    )
    shown(
        lambda: (
            stage.primary.sql(
                "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum'"
            )
            == "1"
        ),
        "the copy counts again",
        30,
    )
    return told


@event("freeze web master", bound=15)
def freeze_master(stage: Stage, load: Load, rng: random.Random) -> str:
    return frozen([site_of(stage, rng).part("web")], "web master")


@event("freeze web worker", bound=20)
def freeze_web_worker(stage: Stage, load: Load, rng: random.Random) -> str:
    return frozen([rng.choice(site_of(stage, rng).workers())], "web worker")


@event("freeze a part beside the site", bound=30, parts=True)
def freeze_part(stage: Stage, load: Load, rng: random.Random) -> str:
    name = rng.choice(["worker", "courier", "sealer"])
    return frozen([site_of(stage, rng).part(name)], name)


@event("freeze a part until it is ended", bound=60, parts=True)
def freeze_for_long(stage: Stage, load: Load, rng: random.Random) -> str:
    """Who tells nothing for a minute is ended by the supervisor, and started again."""
    site, name = site_of(stage, rng), rng.choice(["worker", "courier", "sealer"])
    pid = site.part(name)
    show(pid, f"there is a {name}")
    signal_to(pid, signal.SIGSTOP)
    try:
        shown(lambda: state_of(pid) in ("", "Z"), f"the supervisor ends the {name}", 100)
    finally:
        signal_to(pid, signal.SIGCONT)
    return f"{name}, process {pid}, stood still until it was ended"


@event("freeze supervisor", bound=15)
def freeze_supervisor(stage: Stage, load: Load, rng: random.Random) -> str:
    site = site_of(stage, rng)
    assert site.process
    return frozen([site.process.pid], "supervisor")


@event("freeze database backend", bound=25)
def freeze_backend(stage: Stage, load: Load, rng: random.Random) -> str:
    return frozen([rng.choice(stage.backends())], "database backend")


@event("freeze database", bound=25, parts=True)
def freeze_database(stage: Stage, load: Load, rng: random.Random) -> str:
    master = stage.postmaster()
    return frozen(
        [master, *stage.sites[0].children(master)], "database server", rng.choice([FROZEN, 18.0])
    )


@event("freeze standby", PAIR, NODES, bound=20)
def freeze_standby(stage: Stage, load: Load, rng: random.Random) -> str:
    return frozen(alive_of(stage.standby), "standby")
