"""Keep the connections whose requests are parked: each until there is news for it, its client goes,
or its time is over (docs/adr/0063).
"""

import selectors
from typing import Any

from gunicorn.workers.gthread import TConn

from alliance.platform.parked_request import Parking
from alliance.server.http_server.connection_loop import ConnectionLoop
from alliance.server.http_server.parked_requests import NewsWatch

GRACE = 10  # seconds that the watch may be late


class ParkingLoop(ConnectionLoop):
    """parked: connections whose requests wait. A request that is woken is queued for its turn
    (`queue_request` of the worker).
    """

    def init_process(self) -> None:
        self.parked: dict[TConn, Parking] = {}
        self.news = NewsWatch(
            lambda: list(self.parked.items()),
            lambda due: self.method_queue.defer(self.wake_parked, due),
        )
        super().init_process()

    def park_connection(self, conn: TConn) -> None:
        """Keep a request that waits, and its connection, without a thread."""
        conn.parked = False
        self.parked[conn] = conn.parking
        self.watch_connection(
            conn, selectors.EVENT_READ, self.on_parked_readable, conn.parking.until + GRACE
        )
        self.news.start()

    def on_parked_readable(self, conn: TConn, _: Any) -> None:
        """Its client has gone, or wants something else already: then the answer is due."""
        if conn.sock.gone():
            self.drop_connection(conn)
        else:
            conn.parking.until = 0.0
            self.wake_parked([conn])

    def wake_parked(self, due: list[TConn]) -> None:
        """Answer these requests anew, from their first byte, in their turn."""
        for conn in due:
            if self.parked.pop(conn, None) is None:
                continue
            self.unwatch_connection(conn)
            conn.sock.request.seek(0)
            conn.initialized, conn.parser = False, None
            self.queue_request(conn)

    def release_parking(self, conn: TConn) -> None:
        self.parked.pop(conn, None)
        if conn.parking is not None:
            conn.parking.release()
            conn.parking = None

    def drop_connection(self, conn: TConn) -> None:
        self.release_parking(conn)
        super().drop_connection(conn)

    def wake_all_parked(self) -> None:
        """The process ends: all are answered."""
        for conn, parking in list(self.parked.items()):
            parking.until = 0.0
            self.wake_parked([conn])

    def queue_request(self, conn: TConn) -> None:
        raise NotImplementedError
