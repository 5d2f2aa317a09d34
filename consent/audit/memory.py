"""What this machine remembers of the log, outside of the database: the newest head that it has sealed.

Who holds the database alone cannot change it. A log that does not lead to it was cut, emptied, rolled back or built anew: the sealer does not
go on over that, and audit_verify tells it. One file for each database, named by the server's and the database's own numbers: a copy of a
database is another database. Heads that other machines keep (audit_verify --against) are the same, and stronger.
"""

import json
import os
from pathlib import Path

from django.db import connection

from alliance.config.home import home
from consent.audit.head import Head


def place() -> Path:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT system_identifier FROM pg_control_system()), (SELECT oid FROM pg_database WHERE datname = current_database())")
        server, database = cursor.fetchone()
    return home() / "audit" / f"head-{server}-{database}.json"


def recall() -> Head | None:
    path = place()
    return Head.of_json(json.loads(path.read_text())) if path.exists() else None


def remember(head: Head) -> None:
    path = place()
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with draft.open("w") as file:
        json.dump(head.as_json(), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
