"""Keep the connections that the loop of a gunicorn thread worker watches: what each waits for and
until when, and the bytes of bodies that it has taken in.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from alliance.server.http_server.client_connection import ClientConnection


class ConnectionLoop(ThreadWorker):
    """links: the loop's connections, and when each ends. reading: address -> those that wait for a
    request, oldest first. stored: address -> bytes of bodies that lie here.
    """

    def init_process(self) -> None:
        self.links: dict[TConn, float] = {}
        self.reading: dict[str, dict[TConn, None]] = {}
        self.stored: Counter[str] = Counter()
        super().init_process()

    def watch_connection(
        self, conn: TConn, event: int, then: Callable[[TConn, Any], None], until: float
    ) -> None:
        self.links[conn] = until
        self.poller.register(conn.sock.sock, event, partial(self.on_event, conn, then))

    def on_event(self, conn: TConn, then: Callable[[TConn, Any], None], sock: Any) -> None:
        if conn in self.links:  # not ended meanwhile, by one that came in the same moment
            then(conn, sock)

    def unwatch_connection(self, conn: TConn) -> None:
        link: ClientConnection = conn.sock
        if self.links.pop(conn, None) is not None:
            self.poller.unregister(link.sock)
        if mine := self.reading.get(link.address):
            mine.pop(conn, None)
            if not mine:
                del self.reading[link.address]

    def forget_body(self, link: ClientConnection) -> None:
        """Release the count of what was taken in of the request's body."""
        self.stored[link.address] -= link.counted
        if self.stored[link.address] <= 0:
            del self.stored[link.address]
        link.counted = 0

    def drop_connection(self, conn: TConn) -> None:
        self.unwatch_connection(conn)
        self.forget_body(conn.sock)
        self.nr_conns -= 1
        conn.sock.close()
