"""Each thread of the site keeps its database connection; one that died meanwhile, with the server say, is dropped before a request meets it."""

import select
from typing import Any

from django.core.signals import request_started
from django.db import connections


def drop_the_dead(**_: Any) -> None:
    """Between requests PostgreSQL has nothing to say, so a connection with something to read has been ended."""
    for connection in connections.all(initialized_only=True):
        link = connection.connection
        if link is not None and (link.closed or readable(link.fileno())):
            connection.close()


def readable(number: int) -> bool:
    """Not by select(), which knows no file beyond the first thousand."""
    watch = select.poll()
    watch.register(number, select.POLLIN)
    return bool(watch.poll(0))


def watch() -> None:
    request_started.connect(drop_the_dead)
