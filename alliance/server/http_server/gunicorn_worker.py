"""Serve HTTP with gunicorn's thread worker, its loop extended: the loop waits for heads and
bodies, threads answer only requests that are complete, the loop sends what slow readers have not
fetched. So a slow client holds a socket and no thread (docs/adr/0032).
"""

import logging
import os
import resource
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from django.conf import settings
from gunicorn.http.errors import InvalidRequestLine
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn

from alliance.platform import heartbeat
from alliance.platform.environment import read_setting
from alliance.platform.page_board import BOARD
from alliance.platform.parked_request import Parking
from alliance.server import start_barrier
from alliance.server.http_server.admission import AdmissionQueue
from alliance.server.http_server.client_connection import (
    HEAD_SECONDS,
    ClientConnection,
    HeadTooLong,
)
from alliance.server.http_server.early_refusal import QUEUE_FULL, build_early_refusal, fault_status
from alliance.server.http_server.parked_requests import RequestParked, current, make_parkable
from alliance.server.http_server.parking_loop import ParkingLoop

LINGER, DRAIN = (
    2.0,
    30.0,
)  # seconds that a closed connection is listened to; the longer where a body was refused unread
CONNECTIONS = 500  # of one address, in one process, that wait for a request or for the rest of one
STORED, ALL_STORED = (
    512 << 20,
    2 << 30,
)  # bytes of bodies that lie in one process: of one address, and of all
FILES = 8192
SLACK = 10  # seconds that PostgreSQL may need to end a statement whose time is over
REQUEST_LINE = 8190  # bytes; the most that gunicorn's parser takes
AT_ONCE = 4  # pieces that are sent before the others are looked at
# seconds after which a thread lets another one go on: a page that waits for five others waits a
# fifth of Python's own
SWITCH = 0.001
log = logging.getLogger("xinglin.front")
# seconds for which a worker whose master was killed works on, unless it is told before that others
# answer
ORPHANED = 600.0
ENVELOPE = 1024 * 1024  # what the chunks of the largest body may take on top of it


def load_application() -> None:
    """Import all that answers requests, before the first one, and without a look at the
    database.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
    import django

    django.setup()
    import_module(settings.ROOT_URLCONF)


class HttpWorker(ParkingLoop):
    """Serve HTTP. Of the connections that wait for a request or for the rest of one, an address
    has a limited number: one more ends its oldest. Where the process has too many, the oldest of
    the address that has the most is ended.
    """

    def init_process(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, FILES)), hard))
        BOARD.take_slot(self.age)
        sys.setswitchinterval(SWITCH)
        self.turns: AdmissionQueue[TConn] = AdmissionQueue(self.cfg.threads, BOARD)
        self.refused: Counter[int] = Counter()
        self.swept = self.told = time.monotonic()
        self.orphaned = self.beaten = 0.0
        self.cfg.set("limit_request_line", REQUEST_LINE)
        super().init_process()

    def load_wsgi(self) -> None:
        if read_setting("XINGLIN_GATE"):
            load_application()
            start_barrier.wait_for_start(self.notify)
        super().load_wsgi()
        self.wsgi = make_parkable(self.wsgi)
        from alliance.database.connections import pending_statements
        from alliance.database.statement_time import LONGEST_STATEMENT
        from alliance.platform import counters
        from alliance.server.http_server.request_party import (
            identify_party,  # it knows tokens, for which Django must be there: in workers only
        )

        self.party, self.under_way, self.counters = identify_party, pending_statements, counters
        self.longest = LONGEST_STATEMENT + SLACK
        heartbeat.send_ready()

    def notify(self) -> None:
        """Report each round of the loop to gunicorn, and to systemd where the web part is a unit
        of its own.
        """
        super().notify()
        if (now := time.monotonic()) - self.beaten > heartbeat.EVERY:
            self.beaten = now
            heartbeat.send_heartbeat()

    def is_parent_alive(self) -> bool:
        """Whether to go on. A master that was killed closes nothing: its workers go on until the
        supervisor sends them SIGTERM, for those of the next master answer, however long that takes
        to come up. They end where no supervisor could do so, or after ORPHANED seconds, since
        nothing watches them.
        """
        if os.getppid() == self.ppid:
            return True
        now = time.monotonic()
        if not self.orphaned:
            log.warning(
                "FRONT001 a worker's master is gone: it answers until another one's workers do"
            )
        self.orphaned = self.orphaned or now
        if now - self.orphaned < ORPHANED and heartbeat.is_heard():
            return True
        self.alive = False
        return False

    # In: until a request is complete.

    def accept(self, listener: Any) -> None:
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        now = time.monotonic()
        address = client[0] if isinstance(client, tuple) else ""
        conn = TConn(
            self.cfg,
            ClientConnection(sock, address, settings.FHIR_MAX_BODY + ENVELOPE, now),
            client,
            listener.getsockname(),
        )
        conn.data_ready, conn.party, conn.parking = True, None, None
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections - 1 and self.reading:
            self.drop_connection(next(iter(max(self.reading.values(), key=len))))
        mine = self.reading.get(address, {})
        if len(mine) >= CONNECTIONS and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
            self.drop_connection(next(iter(mine)))
        self.await_request(conn, now + HEAD_SECONDS)

    def await_request(self, conn: TConn, until: float) -> None:
        self.reading.setdefault(conn.sock.address, {})[conn] = None
        self.watch_connection(conn, selectors.EVENT_READ, self.on_readable, until)

    def on_readable(self, conn: TConn, _: Any) -> None:
        """Take in what has come of a request. Where one begins, a thread looks whether all of it
        is here, as mostly it is; of one that goes on, the loop reads.
        """
        link: ClientConnection = conn.sock
        self.unwatch_connection(conn)
        if link.idle:
            self.tpool.submit(self.begin_request, conn).add_done_callback(
                lambda future: self.method_queue.defer(self.finish_request, conn, future)
            )
        else:
            self.continue_request(conn, lambda: link.take_in(time.monotonic()))

    def begin_request(self, conn: TConn) -> bool:
        """Read a request in a thread, which never waits for the client. Without a party: whether
        the request is complete, and waits for its turn; with one, it is answered.
        """
        link: ClientConnection = conn.sock
        if not link.take_in(time.monotonic()):
            return False
        assert link.head
        party = self.party(link.head, link.address)
        if not self.turns.try_enter(party):
            return True
        conn.party = party
        return bool(self.handle(conn))

    def handle(self, conn: TConn) -> Any:
        conn.began, conn.parked = time.monotonic(), False
        return super().handle(conn)

    def continue_request(self, conn: TConn, whole: Callable[[], bool]) -> None:
        """Go on with a request of which more is here: it is queued, or the rest is waited for."""
        link: ClientConnection = conn.sock
        try:
            complete = whole()
        except BlockingIOError:
            complete = False
        except HeadTooLong:
            return self.refuse_request(conn, 431)
        except (EOFError, OSError):
            return self.drop_connection(conn)
        except Exception:
            log.exception("FRONT500 an unexpected error before a request was answered")
            return self.drop_connection(conn)
        self.stored[link.address] += link.size - link.counted
        link.counted = link.size
        if complete:
            self.queue_request(conn)
        elif link.head and not self.has_body_room(link):
            self.refuse_request(conn, 503)
        else:
            self.await_request(conn, link.pace.deadline)

    def has_body_room(self, link: ClientConnection) -> bool:
        """Whether what still comes of the body may lie here: of one address, and of all."""
        coming = max(0, (link.head.length or 0) - link.size) if link.head else 0
        return (
            self.stored[link.address] + coming <= STORED
            and self.stored.total() + coming <= ALL_STORED
        )

    def queue_request(self, conn: TConn) -> None:
        """Queue a complete request for its turn."""
        assert conn.sock.head
        if refused := self.turns.offer(self.party(conn.sock.head, conn.sock.address), conn):
            self.refuse_request(conn, refused.status, QUEUE_FULL, refused.seconds)
        else:
            self.start_next()

    def start_next(self) -> None:
        while turn := self.turns.take_next():
            conn = turn.thing
            conn.party = turn.party
            if conn.sock.gone():
                self.turns.left += 1
                self.end_turn(conn)
                self.drop_connection(conn)
            else:
                self.enqueue_req(conn)

    def end_turn(self, conn: TConn, seconds: float = 0.0) -> None:
        self.turns.mark_finished(conn.party, seconds)
        conn.party = None

    # Out: what the thread has answered.

    def finish_request(self, conn: TConn, fs: Any) -> None:
        if conn.party is None:
            return self.continue_request(conn, fs.result)
        self.end_turn(conn, time.monotonic() - conn.began)
        self.start_next()
        if conn.parked and self.alive:
            return self.park_connection(conn)
        self.release_parking(conn)
        try:
            self.send_answer(conn, bool(fs.result()))
        except Exception:
            self.drop_connection(conn)

    def send_answer(self, conn: TConn, keep: bool) -> None:
        link: ClientConnection = conn.sock
        try:
            done = link.flush(time.monotonic(), AT_ONCE)
        except OSError:
            return self.drop_connection(conn)
        if done:
            self.after_answer(conn, keep)
        else:
            self.watch_connection(
                conn, selectors.EVENT_WRITE, partial(self.on_writable, keep), link.pace.deadline
            )

    def on_writable(self, keep: bool, conn: TConn, _: Any) -> None:
        self.unwatch_connection(conn)
        self.send_answer(conn, keep)

    def after_answer(self, conn: TConn, keep: bool) -> None:
        """Wait for the next request once the answer is out, or end the connection."""
        link: ClientConnection = conn.sock
        now = time.monotonic()
        if not keep or link.cut or link.streamed:
            return self.linger(conn, DRAIN if link.cut or link.streamed else LINGER)
        self.forget_body(link)
        link.reset_request(now)
        self.await_request(
            conn, now + (self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER)
        )
        if link.came:
            self.on_readable(conn, link.sock)  # the next one came along with it

    def linger(self, conn: TConn, seconds: float) -> None:
        """Shut down the sending side, and read what is on its way: a connection that is closed
        over it would lose the answer (RFC 9112 9.6).
        """
        self.forget_body(conn.sock)
        try:
            conn.sock.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return self.drop_connection(conn)
        self.watch_connection(conn, selectors.EVENT_READ, self.drain, time.monotonic() + seconds)

    def drain(self, conn: TConn, sock: Any) -> None:
        try:
            if not sock.recv(1 << 20):
                self.drop_connection(conn)
        except BlockingIOError:
            return
        except OSError:
            self.drop_connection(conn)

    def refuse_request(self, conn: TConn, status: int, cause: str = "", seconds: int = 0) -> None:
        """Answer without a thread. seconds: after which to ask again."""
        self.unwatch_connection(conn)
        self.refused[status] += 1
        self.counters.refused_early.labels(str(status)).inc()
        try:
            conn.sock.push(build_early_refusal(status, conn.sock.head, cause, seconds))
        except OSError:
            return self.drop_connection(conn)
        self.linger(conn, DRAIN if conn.sock.head else LINGER)

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Refuse an address with # in it (RFC 9112 3.2), else answer: gunicorn would take off what
        follows, and a condition that loses its end means another resource.
        """
        head = conn.sock.head
        if head is None or b"#" in head.target:
            raise InvalidRequestLine("#")
        conn.parking = current.parking = conn.parking or Parking()
        try:
            return bool(super().handle_request(req, conn))
        except RequestParked:
            conn.parked = True
            return True

    def handle_error(self, req: Any, client: ClientConnection, addr: Any, exc: Exception) -> None:
        """Answer, in a thread, what gunicorn's parser refuses, in the format of the interface and
        not by a page; likewise what the application does not handle. gunicorn's own lines would
        name the address.
        """
        status = fault_status(exc) or 500
        if status == 500:
            log.error("FRONT500 an unexpected error", exc_info=exc)
        else:
            log.warning(
                "FRONT%d a request was refused before it was read: %s", status, type(exc).__name__
            )
        self.counters.refused_early.labels(str(status)).inc()
        with suppress(OSError):  # nobody is there any more to be told
            client.sendall(build_early_refusal(status, client.head))

    # By the clock.

    def murder_pending(self) -> None:
        """End what is over its time; the loop calls it at least once a second."""
        now = time.monotonic()
        if now - self.swept < 1:
            return
        self.swept = now
        self.counters.show_admission(
            self.cfg.threads, self.cfg.threads - self.turns.free, *self.turns.describe_waiting()
        )
        if cut := self.under_way.cut_overdue(self.longest):
            log.error("FRONT503 the database is frozen, and lines to it were cut: %d", cut)
        for conn, refused in self.turns.drop_unserved(lambda conn: conn.sock.gone()):
            if refused is None:
                self.drop_connection(conn)
            else:
                self.refuse_request(conn, refused.status, QUEUE_FULL, refused.seconds)
        self.start_next()  # what was held back for a page
        if not self.alive:
            self.wake_all_parked()
        stop = now if self.alive else now + STOP_KEEPALIVE_LINGER
        for conn, until in list(self.links.items()):
            if not self.alive and conn.sock.idle:
                self.links[conn] = until = min(until, stop)
            if until < now:
                if conn in self.reading.get(conn.sock.address, ()) and not conn.sock.idle:
                    self.refuse_request(conn, 408)
                else:
                    self.drop_connection(conn)
        if self.refused and now - self.told > 60:
            log.warning("FRONT refused in the last minute, by status: %s", dict(self.refused))
            self.refused.clear()
            self.told = now
