"""Events: the disk is full, connections or open files are used up, a clock is set, an old cursor
is taken up again.
"""

import errno
import os
import random
import resource
import socket
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg

from tests.chaos.event import SINGLE, DidNotHappen, event, show, shown
from tests.chaos.follower import Follower
from tests.chaos.load import Load
from tests.chaos.oracle import missing_in_feed, out_of_order
from tests.chaos.stage import Stage

SECONDS = 5.0
SPARE = 3  # open files that a process may still open


@event("disk full", SINGLE, bound=40, parts=True)
def disk_full(stage: Stage, load: Load, rng: random.Random) -> str:
    assert stage.disk
    since, filler = time.monotonic(), stage.disk / "filler"
    try:
        with filler.open("wb") as file:
            full = ""
            while not full:
                try:
                    file.write(b"\0" * 2**20)
                    file.flush()
                except OSError as error:
                    full = errno.errorcode[error.errno or 0]
        show(full == "ENOSPC", f"the disk is full: {full}")
        for _ in range(int(SECONDS)):  # what is freed meanwhile is taken, too
            time.sleep(1)
            fill(filler)
        away = load.trace.many("write", "away", since)
    finally:
        filler.unlink(missing_ok=True)
    return f"no room on the disk for {SECONDS:.0f} s; {away} writes were answered 503"


def fill(path: os.PathLike[str]) -> None:
    try:
        with open(path, "ab") as file:
            while True:
                file.write(b"\0" * 65536)
                file.flush()
    except OSError:
        pass


@event("connections used up", bound=20, parts=True)
def no_connections(stage: Stage, load: Load, rng: random.Random) -> str:
    with ExitStack() as stack:
        own = stack.enter_context(stage.link())
        many = 0
        try:
            while many < 500:
                stack.enter_context(stage.link(user="xinglin_web"))
                many += 1
        except psycopg.OperationalError as error:
            show(
                "connection slots" in str(error) or "too many" in str(error),
                f"none is left: {error}",
            )
        else:
            raise DidNotHappen("the server has a limit of connections")
        ended = own.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE"
            " usename = 'xinglin_web' AND application_name <> 'chaos' LIMIT 3) x"
        ).fetchone()
        with suppress(psycopg.OperationalError):
            for _ in range(3):
                stack.enter_context(stage.link(user="xinglin_web"))
        time.sleep(SECONDS)
    return (
        f"{many} idle clients took all connections, and {ended[0] if ended else 0} of the site's"
        " were ended"
    )


@event("open files used up", bound=20)
def no_files(stage: Stage, load: Load, rng: random.Random) -> str:
    site = rng.choice(stage.sites)
    pid = rng.choice(site.workers())
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    open_now = len(os.listdir(f"/proc/{pid}/fd"))
    with ExitStack() as stack:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_now + SPARE, hard))
        try:
            port = int(site.environment["PORT"])
            for _ in range(40):
                stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            time.sleep(SECONDS)
            limit = (
                resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]
                if os.path.exists(f"/proc/{pid}")
                else open_now + SPARE
            )
        finally:
            if os.path.exists(f"/proc/{pid}"):
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    show(limit == open_now + SPARE, "the limit held")
    return (
        f"a web worker had {open_now} open files, and might open {SPARE} more, while 40 idle"
        " clients came"
    )


@event("the site's clock is set", bound=60)
def clock(stage: Stage, load: Load, rng: random.Random) -> str:
    step = rng.choice([90, -90, 1200, -1200, 86400 * 400])
    stage.step_clock(step)
    load.ahead = step
    try:
        site = rng.choice(stage.sites)
        told = int(
            subprocess.check_output(
                ["date", "+%s"],
                env={
                    "LD_PRELOAD": str(stage.shim),
                    "CHAOS_CLOCK": str(stage.offset),
                    "PATH": os.environ["PATH"],
                },
            )
        )
        show(
            abs(told - time.time() - step) < 30,
            f"a process of the site reads another clock: {told}",
        )
        show(
            str(stage.offset) in Path(f"/proc/{site.workers()[0]}/maps").read_text(),
            "the site's processes read it, too",
        )
        time.sleep(SECONDS)
    finally:
        stage.step_clock(0)
        load.ahead = 0
    return f"the clock of the site's processes was off by {step} s for {SECONDS:.0f} s"


@event("an old cursor is taken up again", bound=10)
def old_cursor(stage: Stage, load: Load, rng: random.Random) -> str:
    """As by a member whose machine was off: from there on nothing is missing."""
    cursors = load.follower.cursors
    show(cursors, "the follower has cursors")
    address, at = rng.choice(cursors[: len(cursors) // 2 + 1])
    known = load.ledger.all()
    before = {(k, v) for k, v, _ in load.follower.seen[:at]}
    late = Follower(load.client, load.trace)
    late.next = address
    wanted = [e for e in known if (e.key, e.version) not in before]

    def has_all() -> bool:
        late.one()
        return not missing_in_feed(wanted, {(k, v): d for k, v, d in late.seen})

    shown(has_all, "the feed from the old cursor on gives all that was acknowledged since", 30)
    newer = [s for s in late.seen if (s[0], s[1]) not in before]
    base = [*load.follower.seen[:at], *newer]
    show(not out_of_order(base), f"in order: {out_of_order(base)[:3]}")
    return (
        f"from a cursor of {at} entries on, {len(late.seen)} more came: all {len(wanted)} that were"
        " acknowledged since"
    )
