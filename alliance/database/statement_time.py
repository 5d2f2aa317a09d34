"""How long PostgreSQL may work on one statement, by the kind of work that asks it:
XINGLIN_STATEMENT_SECONDS holds the one table of them.
"""

import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from psycopg.pq import ExecStatus, TransactionStatus

from alliance.platform.environment import SITE_WORK_KINDS, read_setting

SECONDS: dict[str, int] = read_setting("XINGLIN_STATEMENT_SECONDS")
LONGEST_STATEMENT = max(
    SECONDS[kind] for kind in SITE_WORK_KINDS
)  # of the site, after which the line itself is cut (alliance.server.http_server.gunicorn_worker)
last_timeouts: WeakKeyDictionary[Any, int] = (
    WeakKeyDictionary()
)  # psycopg's connection -> what it was told last


class CurrentWork(threading.local):
    kind = "page"


current_work = CurrentWork()


def set_work_kind(kind: str) -> None:
    """From its next statement on this thread does work of this kind, a key of the table."""
    current_work.kind = kind


def execute_within_time(
    execute: Callable[..., Any], sql: Any, parameters: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Wraps a statement. A connection is told only where its last work was of a kind with
    another time: a thread of the site keeps its connection, and most kinds have the same time.
    """
    link, seconds = connection.connection, SECONDS[current_work.kind]
    if last_timeouts.get(link) != seconds:
        set_statement_timeout(link, seconds)
    return execute(sql, parameters, many, context)


def set_statement_timeout(link: Any, seconds: int) -> None:
    """Before a transaction it holds for the connection; inside of one that has begun for that
    alone, for what a rollback takes back is not known.
    """
    begun = link.info.transaction_status != TransactionStatus.IDLE
    with connection.wrap_database_errors:
        if begun:
            link.execute(f"SET LOCAL statement_timeout = '{seconds}s'")
            return
        # Past psycopg, which would begin the transaction with it.
        result = link.pgconn.exec_(f"SET statement_timeout = '{seconds}s'".encode())
        if result.status == ExecStatus.COMMAND_OK:
            last_timeouts[link] = seconds
