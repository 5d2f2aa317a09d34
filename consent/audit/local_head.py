"""Keep the newest head that this machine has sealed in a file outside of the database.

Who holds the database alone cannot change it. A log that does not lead to it was cut, emptied,
rolled back or built anew: the sealer does not go on over that, and audit_verify tells it. One file
for each database, named by the server's and the database's own numbers: a copy of a database is
another database. Heads that other machines keep (audit_verify --against) are the same, and
stronger.
"""

import json
import os
from pathlib import Path

from django.db import connection

from alliance.database import epoch
from alliance.platform.state_files import state_folder
from consent.audit.tree_head import TreeHead


def local_head_path() -> Path:
    with connection.cursor() as cursor:
        return head_file_path(*epoch.fetch_server_place(cursor))


def head_file_path(server: int, database: int) -> Path:
    return state_folder() / "audit" / f"head-{server}-{database}.json"


def load_local_head() -> TreeHead | None:
    return read_head_file(local_head_path())


def load_head_of_database(server: int, database: int) -> TreeHead | None:
    """Load the head of the place in which a database was before."""
    return read_head_file(head_file_path(server, database))


def read_head_file(path: Path) -> TreeHead | None:
    return TreeHead.from_json(json.loads(path.read_text())) if path.exists() else None


def store_local_head(head: TreeHead) -> None:
    path = local_head_path()
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with draft.open("w") as file:
        json.dump(head.as_json(), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
