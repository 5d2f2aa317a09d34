"""make chaos SYNC=1 [SEED=… ROUNDS=… EVENTS="kill agent;kill database" SIZE=60]: JSON lines on
stdout, the sum on stderr. Exit code 1 where anything was lost, doubled or out of order.
"""

import json
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.chaos.sync.happenings import HAPPENINGS
from tests.chaos.sync.run import PER_STAGE, Deck, play_rounds


def main() -> int:
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**6))
    rounds = int(os.environ.get("ROUNDS") or 1000)
    size = int(os.environ.get("SIZE") or 60)
    asked = [e.strip() for e in os.environ.get("EVENTS", "").split(";") if e.strip()]
    if unknown := [e for e in asked if e not in HAPPENINGS]:
        named = "; ".join(sorted(HAPPENINGS))
        print(f"There is no event {unknown[0]!r}. Those there are: {named}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix=f"xinglin-sync-chaos-{seed}-"))
    folder.chmod(0o711)
    print(f"seed {seed}, {rounds} rounds", file=sys.stderr, flush=True)
    deck = Deck(random.Random(seed), asked or list(HAPPENINGS))
    played, items, wrong, turn = Counter[str](), 0, list[str](), 0
    while rounds > 0 and "interrupted" not in wrong:
        turn, many = turn + 1, min(rounds, PER_STAGE)
        place = folder / str(turn)
        place.mkdir(mode=0o711)
        told, faults = play_rounds(
            seed * 1000 + turn, [deck.draw() for _ in range(many)], place, size, tell
        )
        rounds -= many
        played.update(r.happening for r in told)
        items += sum(r.items for r in told)
        found = [
            f"stage {turn}, round {r.number} ({r.happening}): {w}" for r in told for w in r.wrong
        ]
        wrong += found + faults
        if not found and not faults:
            shutil.rmtree(place)
    for name, many in sorted(played.items()):
        print(f"{many:5} {name}", file=sys.stderr)
    print(f"{sum(played.values())} rounds, {items} items acknowledged", file=sys.stderr)
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong:
        shutil.rmtree(folder)
        return 0
    print(f"the logs are in {folder}", file=sys.stderr)
    return 1


def tell(line: dict[str, object]) -> None:
    print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())
