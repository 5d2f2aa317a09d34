"""A part of the site tells that it lives: systemd's notify protocol (sd_notify(3)), to the
supervisor, or to systemd where a part is a unit of its own. Costs one datagram, and nothing where
nobody listens.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

EVERY = 10.0  # seconds


def notify_supervisor(what: bytes) -> None:
    """To $NOTIFY_SOCKET: a path, or @ and a name that lies in no folder."""
    if not address():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        with suppress(
            OSError
            # whoever listened is gone, or has more to read than it can: the next beat counts as
            # well
        ):
            out.sendto(what, socket.MSG_DONTWAIT, address())


def is_heard() -> bool:
    """Whether somebody listens, and has not ended."""
    if not address():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        try:
            out.connect(address())
        except OSError:
            return False
    return True


def address() -> str:
    """As the kernel takes it; "" where nobody is named."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    return "\0" + where[1:] if where.startswith("@") else where


def send_heartbeat() -> None:
    """Once a round: who does not for a minute hangs, and is started again."""
    notify_supervisor(b"WATCHDOG=1")


def send_ready() -> None:
    notify_supervisor(b"READY=1")


@contextmanager
def heartbeat_during(seconds: float) -> Iterator[None]:
    """Beats go on while one long step lasts that cannot tell in between, and no longer than
    that.
    """
    if not os.environ.get("NOTIFY_SOCKET"):
        yield
        return
    over, limit = threading.Event(), time.monotonic() + seconds

    def go_on() -> None:
        while time.monotonic() < limit and not over.wait(EVERY):
            send_heartbeat()

    threading.Thread(target=go_on, daemon=True).start()
    try:
        yield
    finally:
        over.set()
