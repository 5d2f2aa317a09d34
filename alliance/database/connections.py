"""Each thread of the site keeps its database connection; one that died meanwhile, with the
server say, whose server can only be read any more, or that was called to ask anew who may serve the
database (alliance.database.release), is dropped before a request, or a part's next round, meets it.
"""

import os
import select
import socket
import threading
import time
from functools import partial
from typing import Any

from django.core.signals import request_started
from django.db import connections
from psycopg import Notify

from alliance.database.release import CHANNEL

REPORTED = (
    "default_transaction_read_only",
    "in_hot_standby",
)  # by PostgreSQL 14 and later, unasked, whenever they change


def drop_dead_connections(**_: Any) -> None:
    """Between requests PostgreSQL has nothing to say but that call, so a connection with
    something to read has been ended, or was called. `called`: the call came during a request.
    """
    for connection in connections.all(initialized_only=True):
        link = connection.connection
        if link is not None and (
            link.closed
            or getattr(connection, "called", False)
            or has_input(link.fileno())
            or is_read_only(link)
        ):
            connection.close()


def listen_for_release(connection: Any) -> None:
    """From now on a call to ask anew is heard: between requests the line has something to read,
    during one the handler is run.
    """
    connection.called = False
    connection.connection.execute(f"LISTEN {CHANNEL}")
    connection.hear = partial(note_release_call, connection)
    connection.connection.add_notify_handler(connection.hear)


def note_release_call(connection: Any, note: Notify) -> None:
    connection.called = getattr(connection, "called", False) or note.channel == CHANNEL


def wait_for_notification(connection: Any, seconds: float) -> None:
    """Until this connection is told anything that it listens to, and no longer than that.
    psycopg knows no reliable waiting beside a handler: whoever waits hears here alone, from now on.
    """
    link = connection.connection
    if heard := getattr(connection, "hear", None):
        link.remove_notify_handler(heard)
        connection.hear = None
    for note in link.notifies(timeout=seconds, stop_after=1):
        note_release_call(connection, note)


def has_input(number: int) -> bool:
    """Not by select(), which knows no file beyond the first thousand."""
    watch = select.poll()
    watch.register(number, select.POLLIN)
    return bool(watch.poll(0))


def is_read_only(link: Any) -> bool:
    """As the server last said; costs no round trip. link: of psycopg, also one that waits for
    notifications.
    """
    return any(link.info.parameter_status(name) == "on" for name in REPORTED)


def install_connection_check() -> None:
    request_started.connect(drop_dead_connections)


class PendingStatements:
    """What this process's threads ask the database just now. PostgreSQL ends a statement that
    lasts too long; a server that is frozen ends nothing, though its machine still answers, so that
    no time-out of the line does: then the line is cut here, and its thread goes free.
    """

    def __init__(self) -> None:
        self.links: dict[
            int, tuple[Any, float]
        ] = {}  # thread -> its link, and when it last asked or was answered

    def note_activity(self, link: Any) -> None:
        self.links[threading.get_ident()] = link, time.monotonic()

    def clear_own(self) -> None:
        self.links.pop(threading.get_ident(), None)

    def cut_overdue(self, seconds: float) -> int:
        """Those that got no answer for so long; how many. By another thread than theirs."""
        now, found = time.monotonic(), 0
        for thread, (link, since) in list(self.links.items()):
            if now - since > seconds and self.links.pop(thread, None) and not link.closed:
                with socket.socket(fileno=os.dup(link.fileno())) as end:
                    end.shutdown(socket.SHUT_RDWR)
                found += 1
        return found


pending_statements = PendingStatements()
