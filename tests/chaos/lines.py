"""Events on the lines between site and database: cut, half-open, refused, slow."""

import random
import time

from tests.chaos.event import NODES, PAIR, event, show, shown
from tests.chaos.load import Load
from tests.chaos.stage import Stage

SECONDS = 3.0


@event("lines cut", PAIR, NODES, bound=15, parts=True)
def cut(stage: Stage, load: Load, rng: random.Random) -> str:
    many = 0
    for _ in range(3):
        time.sleep(0.3)
        many += stage.proxy(stage.primary).cut()
    show(many, "there were lines to cut")
    return f"{many} ends of lines were reset"


@event("lines half-open", PAIR, NODES, bound=25, parts=True)
def half_open(stage: Stage, load: Load, rng: random.Random) -> str:
    """The host is away and comes back: what was under way is reset then."""
    line = stage.proxy(stage.primary)
    before = line.swallowed
    line.swallow()
    try:
        time.sleep(SECONDS)
    finally:
        line.restore()
    show(line.swallowed > before, "something was swallowed")
    return f"{line.swallowed - before} bytes were swallowed within {SECONDS:.0f} s"


@event("connections refused", PAIR, NODES, bound=20, parts=True)
def refused(stage: Stage, load: Load, rng: random.Random) -> str:
    line = stage.proxy(stage.primary)
    since = time.monotonic()
    line.refuse()
    try:
        time.sleep(SECONDS)
    finally:
        line.restore()
    failed = sum(a.result != "good" for a in load.trace.since(since))
    show(failed, "somebody has met it")
    return f"nobody listened for {SECONDS:.0f} s; {failed} requests failed"


@event("lines slow", PAIR, NODES, bound=15)
def slow(stage: Stage, load: Load, rng: random.Random) -> str:
    line = stage.proxy(stage.primary)
    before, line.delay = line.delayed, rng.choice([0.05, 0.2, 0.5])
    told = line.delay
    try:
        time.sleep(2 * SECONDS)
    finally:
        line.restore()
    shown(lambda: line.delayed > before, "something was late")
    return f"{line.delayed - before} pieces came {told} s late"
