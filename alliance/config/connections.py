"""Each thread of the site keeps its database connection; one that died meanwhile, with the server say, or that was called to ask anew who may serve the database
(alliance.config.release), is dropped before a request meets it."""

import select
from typing import Any

from django.core.signals import request_started
from django.db import connections

from alliance.config.release import CHANNEL


def drop_the_dead(**_: Any) -> None:
    """Between requests PostgreSQL has nothing to say but that call, so a connection with something to read has been ended, or was called. `called`: the call came during a request."""
    for connection in connections.all(initialized_only=True):
        link = connection.connection
        if link is not None and (link.closed or getattr(connection, "called", False) or readable(link.fileno())):
            connection.close()


def listen(connection: Any) -> None:
    """From now on a call to ask anew is heard: between requests the line has something to read, during one the handler is run."""
    connection.called = False
    connection.connection.execute(f"LISTEN {CHANNEL}")
    connection.connection.add_notify_handler(lambda _: setattr(connection, "called", True))


def readable(number: int) -> bool:
    """Not by select(), which knows no file beyond the first thousand."""
    watch = select.poll()
    watch.register(number, select.POLLIN)
    return bool(watch.poll(0))


def watch() -> None:
    request_started.connect(drop_the_dead)
