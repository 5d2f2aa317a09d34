"""Whoever adds to an outbox, as a process that can be killed: a line of items in, a line out once
they are on the disk.

`python -m tests.chaos.sync.clerk HOME`: a line is a JSON list of items; the answer `added N`,
`full` or `fault …`.
"""

import json
import sys
from pathlib import Path

from records.agent.context import open_context
from records.agent.item import Item
from records.agent.outbox_faults import DiskFull


def main(home: str) -> int:
    context = open_context(Path(home))
    print("ready", flush=True)
    for line in sys.stdin:
        items = [Item(**{**one, "body": one["body"].encode()}) for one in json.loads(line)]
        try:
            print(f"added {context.outbox.add_items(items).added}", flush=True)
        except DiskFull:
            print("full", flush=True)
        except Exception as error:
            print(f"fault {type(error).__name__}: {error}", flush=True)
    context.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
