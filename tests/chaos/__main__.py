"""make chaos [SEED=… ROUNDS=… EVENTS="kill worker;lines cut" STAGE=pair]: JSON lines on stdout,
a table on stderr.

Exit code 1 where anything was lost, wrong or too slow; its facts are then in the folder that is
named. Bounded: each stage is removed before the next one is made, and only processes that it
started are ended, by their ids. Ctrl-C, or SIGTERM: the stage is removed, and what was played is
told.
"""

import os
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos.event import EVENTS
from tests.chaos.run import Run, write_table


def main() -> int:
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**6))
    rounds = int(os.environ.get("ROUNDS") or 30)
    asked = [e.strip() for e in os.environ.get("EVENTS", "").split(";") if e.strip()]
    if unknown := [e for e in asked if e not in EVENTS]:
        print(
            f"There is no event {unknown[0]!r}. Those there are: {'; '.join(sorted(EVENTS))}",
            file=sys.stderr,
        )
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix=f"xinglin-chaos-facts-{seed}-"))
    folder.chmod(0o711)
    print(f"seed {seed}, {rounds} rounds", file=sys.stderr, flush=True)
    stage = os.environ.get("STAGE", "")
    where = stage or next(
        (w for w in ("pair", "single", "nodes") if all(w in EVENTS[e].where for e in asked)), "pair"
    )
    names = (
        [(where, (asked * rounds)[:rounds])] if asked else [(stage, [])] * rounds if stage else []
    )
    report = Run(seed, rounds, folder, names).go()
    print(report.table(), file=sys.stderr)
    print(report.summary(), file=sys.stderr)
    if report.wrong():
        write_table(report, folder / "summary.txt")
        print(
            f"the facts are in {folder}; once more: make chaos SEED={seed} ROUNDS={rounds}",
            file=sys.stderr,
        )
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
