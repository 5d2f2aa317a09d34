"""Each thread of the site keeps its database connection; one that died meanwhile, with the server say, whose server can only be read any more, or that was called to ask
anew who may serve the database (alliance.config.release), is dropped before a request, or a part's next round, meets it."""

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

from alliance.config.release import CHANNEL

REPORTED = ("default_transaction_read_only", "in_hot_standby")  # by PostgreSQL 14 and later, unasked, whenever they change


def drop_the_dead(**_: Any) -> None:
    """Between requests PostgreSQL has nothing to say but that call, so a connection with something to read has been ended, or was called. `called`: the call came during a request."""
    for connection in connections.all(initialized_only=True):
        link = connection.connection
        if link is not None and (link.closed or getattr(connection, "called", False) or readable(link.fileno()) or read_only(link)):
            connection.close()


def listen(connection: Any) -> None:
    """From now on a call to ask anew is heard: between requests the line has something to read, during one the handler is run."""
    connection.called = False
    connection.connection.execute(f"LISTEN {CHANNEL}")
    connection.hear = partial(hear, connection)
    connection.connection.add_notify_handler(connection.hear)


def hear(connection: Any, note: Notify) -> None:
    connection.called = getattr(connection, "called", False) or note.channel == CHANNEL


def wait_for_call(connection: Any, seconds: float) -> None:
    """Until this connection is told anything that it listens to, and no longer than that. psycopg knows no reliable waiting beside a handler: whoever waits hears here alone, from now on."""
    link = connection.connection
    if heard := getattr(connection, "hear", None):
        link.remove_notify_handler(heard)
        connection.hear = None
    for note in link.notifies(timeout=seconds, stop_after=1):
        hear(connection, note)


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


class UnderWay:
    """What this process's threads ask the database just now. PostgreSQL ends a statement that lasts too long; a server that is frozen ends nothing, though its machine still
    answers, so that no time-out of the line does: then the line is cut here, and its thread goes free."""

    def __init__(self) -> None:
        self.links: dict[int, tuple[Any, float]] = {}  # thread -> its link, and when it last asked or was answered

    def touch(self, link: Any) -> None:
        self.links[threading.get_ident()] = link, time.monotonic()

    def over(self) -> None:
        self.links.pop(threading.get_ident(), None)

    def cut(self, seconds: float) -> int:
        """Those that got no answer for so long; how many. By another thread than theirs."""
        now, found = time.monotonic(), 0
        for thread, (link, since) in list(self.links.items()):
            if now - since > seconds and self.links.pop(thread, None) and not link.closed:
                with socket.socket(fileno=os.dup(link.fileno())) as end:
                    end.shutdown(socket.SHUT_RDWR)
                found += 1
        return found


under_way = UnderWay()
