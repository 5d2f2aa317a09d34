"""Events on the pair: the primary changes, by plan and without one; and what was the primary
lives on.
"""

import random
import time

from tests.chaos.event import NODES, PAIR, event, show, shown
from tests.chaos.load import Load
from tests.chaos.stage import Stage, alive_of, end, gone
from tests.process.servers import Server

DECIDED = 1.4  # seconds from the loss of a primary until somebody promotes its copy
VERSIONS = (
    "SELECT fhir_id, version FROM record_resource UNION SELECT fhir_id, version FROM record_history"
)
LINES = "SELECT coalesce(max(id), 0) FROM consent_audit_event"


def caught_up(stage: Stage) -> bool:
    return (
        stage.primary.sql(
            "SELECT bool_and(replay_lsn = pg_current_wal_lsn()) FROM pg_stat_replication"
        )
        == "t"
    )


def promoted(stage: Stage) -> str:
    stage.promote()
    show(stage.primary.sql("SELECT pg_is_in_recovery()") == "f", "the copy is the primary now")
    return f"the server on port {stage.primary.port} was promoted"


def writes_again(load: Load, seconds: float) -> None:
    """Through the whole site: before what was the primary is made anew, so that the load has met
    it as it lives on.
    """
    since = time.monotonic()
    shown(
        lambda: load.trace.many("write", since=since) >= 5,
        f"writes go through within {seconds:.0f} s of the promotion",
        seconds,
    )


def nothing_new(stage: Stage, old: Server, lines: int) -> str:
    """Of what was the primary: it has taken nothing since, and holds nothing that the new one
    has not.
    """
    show(
        int(old.sql(LINES)) == lines,
        f"the server that was the primary took no line of the audit log: {old.sql(LINES)}, before"
        f" {lines}",
    )
    more = set(map(tuple, stage.rows(VERSIONS, server=old))) - set(map(tuple, stage.rows(VERSIONS)))
    show(not more, f"it holds nothing that the new one has not: {sorted(more)[:5]}")
    return "it took nothing any more"


@event("planned switch, the old primary follows", PAIR, NODES, bound=30, parts=True)
def switch(stage: Stage, load: Load, rng: random.Random) -> str:
    old = stage.primary
    old.stop("fast")
    show(not alive_of(old), "the old primary has stopped")
    told = promoted(stage)
    stage.rebuild()
    show(
        stage.standby is old and old.sql("SELECT pg_is_in_recovery()") == "t",
        "the old primary follows",
    )
    return told


@event("planned switch, the old primary stays read-only", PAIR, NODES, bound=30, parts=True)
def switch_away(stage: Stage, load: Load, rng: random.Random) -> str:
    old = stage.primary
    old.read_only()
    shown(
        lambda: (
            old.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'xinglin_web'") == "0"
        ),
        "the site leaves it",
        30,
    )
    shown(lambda: caught_up(stage), "the copy has all of it", 30)
    told = promoted(stage)
    lines = int(old.sql(LINES))
    writes_again(load, 30)
    told += "; " + nothing_new(stage, old, lines)
    stage.rebuild()
    return told


@event("the primary dies, its copy is promoted", PAIR, NODES, bound=30, parts=True)
def failover(stage: Stage, load: Load, rng: random.Random) -> str:
    pids = alive_of(stage.primary)
    for pid in pids:
        end(pid)
    show(all(gone(p) for p in pids), "the primary is dead")
    time.sleep(DECIDED)
    told = promoted(stage)
    writes_again(load, 30)
    stage.rebuild()
    return f"{len(pids)} processes of the primary were killed; {told}"


@event("the primary vanishes, its copy is promoted", PAIR, NODES, bound=80, parts=True)
def vanish(stage: Stage, load: Load, rng: random.Random) -> str:
    """Nothing that is sent to it arrives, and nobody is told. What beside the site waits for it
    is ended after a minute.
    """
    old = stage.primary
    line = stage.proxy(old)
    line.swallow()
    time.sleep(DECIDED)
    shown(lambda: line.swallowed > 0, "what was sent to it was swallowed")
    told = promoted(stage)
    writes_again(load, 60)
    old.stop("immediate")  # fenced, before its machine is back on the net
    stage.rebuild()
    return f"{line.swallowed} bytes were swallowed; {told}"


@event("an old primary comes back and knows of nothing", PAIR, NODES, bound=60, parts=True)
def comes_back(stage: Stage, load: Load, rng: random.Random) -> str:
    """Nobody has fenced it: it lets itself be written to. It has no copy any more, so that it
    acknowledges nothing.
    """
    old = stage.primary
    stage.proxy(old).refuse()
    shown(
        lambda: (
            old.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = 'xinglin_web' AND state <>"
                " 'idle'"
            )
            == "0"
        ),
        "nobody asks it any more",
        30,
    )
    shown(lambda: caught_up(stage), "the copy has all of it", 30)
    told = promoted(stage)
    writes_again(load, 30)
    stage.proxy(old).restore()
    made = stage.proxy(old).made
    stage.proxy(
        stage.primary
    ).cut()  # so that the site looks for a server, and meets the old one, too
    shown(lambda: stage.proxy(old).made > made, "the site has met it", 30)
    time.sleep(3)
    show(
        old.sql(
            "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool"
        )
        == "f",
        "it lets itself be written to",
    )
    old.stop("immediate")
    writes_again(load, 30)
    stage.rebuild()
    return f"{told}; the old one was met {stage.proxy(old).made - made} times"
