"""Each thread of the site keeps its database connection; one that died meanwhile, with the server say, or whose server can only be read any more, is dropped before a
request, or a part's next round, meets it."""

import select
from typing import Any

from django.core.signals import request_started
from django.db import connections

REPORTED = ("default_transaction_read_only", "in_hot_standby")  # by PostgreSQL 14 and later, unasked, whenever they change


def drop_the_dead(**_: Any) -> None:
    """Between requests PostgreSQL has nothing to say, so a connection with something to read has been ended."""
    for connection in connections.all(initialized_only=True):
        link = connection.connection
        if link is not None and (link.closed or readable(link.fileno()) or read_only(link)):
            connection.close()


def readable(number: int) -> bool:
    """Not by select(), which knows no file beyond the first thousand."""
    watch = select.poll()
    watch.register(number, select.POLLIN)
    return bool(watch.poll(0))


def read_only(link: Any) -> bool:
    """As the server last said; costs no round trip. link: of psycopg, also one that waits for notifications."""
    return any(link.info.parameter_status(name) == "on" for name in REPORTED)


def watch() -> None:
    request_started.connect(drop_the_dead)
