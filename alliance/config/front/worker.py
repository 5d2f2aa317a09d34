"""gunicorn's thread worker with a front before it: its loop waits for heads and bodies, its threads answer only requests that are complete, its loop
sends what slow readers have not fetched. So a client that dawdles holds a socket and no thread (docs/adr/0032)."""

import logging
import os
import resource
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.conf import settings
from gunicorn.http.errors import InvalidRequestLine
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from alliance.config import beat
from alliance.config.environment import setting
from alliance.config.front.link import HEAD, HeadTooLong, Link
from alliance.config.front.refusal import fault, refusal
from alliance.config.front.turns import Turns

LINGER, DRAIN = 2.0, 30.0  # seconds that a closed connection is listened to; the longer where a body was refused unread
CONNECTIONS = 500  # of one address, in one process, that wait for a request or for the rest of one
STORED, ALL_STORED = 512 << 20, 2 << 30  # bytes of bodies that lie in one process: of one address, and of all
FILES = 8192
SLACK = 10  # seconds that PostgreSQL may need to end a statement whose time is over
REQUEST_LINE = 8190  # bytes; the most that gunicorn's parser takes
AT_ONCE = 4  # pieces that are sent before the others are looked at
log = logging.getLogger("xinglin.front")
ORPHANED = 30.0  # seconds for which a worker whose master was killed works on, unless it is told before that others do
ENVELOPE = 1024 * 1024  # what the chunks of the largest body may take on top of it


class Worker(ThreadWorker):
    """Of the connections that wait for a request or for the rest of one, an address has so many at most: one more ends its
    oldest. The same where the process has too many: then it ends the oldest of the address that has the most."""

    def init_process(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, FILES)), hard))
        self.turns: Turns[TConn] = Turns(self.cfg.threads)
        self.links: dict[TConn, float] = {}  # the loop's connections, and when each ends
        self.reading: dict[str, dict[TConn, None]] = {}  # address -> those that wait for a request, oldest first
        self.stored: Counter[str] = Counter()  # address -> bytes of bodies that lie here
        self.refused: Counter[int] = Counter()
        self.swept = self.told = time.monotonic()
        self.orphaned = 0.0
        self.cfg.set("limit_request_line", REQUEST_LINE)
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        from alliance.config.connections import under_way
        from alliance.config.front.party import parties  # it knows tokens, for which Django must be there: in workers only

        self.parties, self.under_way = parties, under_way
        self.longest = setting("XINGLIN_STATEMENT_SECONDS") + SLACK
        beat.ready()

    def is_parent_alive(self) -> bool:
        """A master that was killed closes nothing: its workers go on, until the supervisor sends them SIGTERM, for those of the next master are ready."""
        if os.getppid() == self.ppid:
            return True
        now = time.monotonic()
        self.orphaned = self.orphaned or now
        if now - self.orphaned < ORPHANED:
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
        conn = TConn(self.cfg, Link(sock, address, settings.FHIR_MAX_BODY + ENVELOPE, now), client, listener.getsockname())
        conn.data_ready, conn.party = True, None
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections - 1 and self.reading:
            self.drop(next(iter(max(self.reading.values(), key=len))))
        mine = self.reading.get(address, {})
        if len(mine) >= CONNECTIONS and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
            self.drop(next(iter(mine)))
        self.read(conn, now + HEAD)

    def read(self, conn: TConn, until: float) -> None:
        self.reading.setdefault(conn.sock.address, {})[conn] = None
        self.watch(conn, selectors.EVENT_READ, self.readable, until)

    def readable(self, conn: TConn, _: Any) -> None:
        """A request begins: a thread looks whether all of it is here, as mostly it is. Of one that goes on, the loop takes in what has come."""
        link: Link = conn.sock
        self.unwatch(conn)
        if link.idle:
            self.tpool.submit(self.begin, conn).add_done_callback(lambda future: self.method_queue.defer(self.finish_request, conn, future))
        else:
            self.took(conn, lambda: link.pull(time.monotonic()))

    def begin(self, conn: TConn) -> bool:
        """In a thread, which never waits for the client. Without a party: whether the request is complete, and waits for its turn; with one, it is answered."""
        link: Link = conn.sock
        if not link.pull(time.monotonic()):
            return False
        assert link.head
        party = self.parties(link.head, link.address)
        if not self.turns.enter(*party):
            return True
        conn.party = party
        return bool(self.handle(conn))

    def took(self, conn: TConn, whole: Callable[[], bool]) -> None:
        """More of a request is here: it gets its turn, or the rest is waited for."""
        link: Link = conn.sock
        try:
            complete = whole()
        except BlockingIOError:
            complete = False
        except HeadTooLong:
            return self.refuse(conn, 431)
        except (EOFError, OSError):
            return self.drop(conn)
        except Exception:
            log.exception("FRONT500 an unexpected error before a request was answered")
            return self.drop(conn)
        self.stored[link.address] += link.size - link.counted
        link.counted = link.size
        if complete:
            self.offer(conn)
        elif link.head and not self.room(link):
            self.refuse(conn, 503)
        else:
            self.read(conn, link.pace.deadline)

    def room(self, link: Link) -> bool:
        """Whether what still comes of the body may lie here: of one address, and of all."""
        coming = max(0, (link.head.length or 0) - link.size) if link.head else 0
        return self.stored[link.address] + coming <= STORED and self.stored.total() + coming <= ALL_STORED

    def offer(self, conn: TConn) -> None:
        """A complete request waits for its turn."""
        assert conn.sock.head
        party, group = self.parties(conn.sock.head, conn.sock.address)
        if self.turns.offer(party, group, conn):
            self.start()
        else:
            self.refuse(conn, 429)

    def start(self) -> None:
        while turn := self.turns.take():
            party, group, conn = turn
            conn.party = party, group
            self.enqueue_req(conn)

    # Out: what the thread has answered.

    def finish_request(self, conn: TConn, fs: Any) -> None:
        if conn.party is None:
            return self.took(conn, fs.result)
        self.turns.done(*conn.party)
        conn.party = None
        self.start()
        try:
            self.write(conn, bool(fs.result()))
        except Exception:
            self.drop(conn)

    def write(self, conn: TConn, keep: bool) -> None:
        link: Link = conn.sock
        try:
            done = link.flush(time.monotonic(), AT_ONCE)
        except OSError:
            return self.drop(conn)
        if done:
            self.after(conn, keep)
        else:
            self.watch(conn, selectors.EVENT_WRITE, partial(self.writable, keep), link.pace.deadline)

    def writable(self, keep: bool, conn: TConn, _: Any) -> None:
        self.unwatch(conn)
        self.write(conn, keep)

    def after(self, conn: TConn, keep: bool) -> None:
        """The answer is out: the next request, or the end."""
        link: Link = conn.sock
        now = time.monotonic()
        if not keep or link.cut or link.streamed:
            return self.linger(conn, DRAIN if link.cut or link.streamed else LINGER)
        self.forget(link)
        link.begin(now)
        self.read(conn, now + (self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER))
        if link.came:
            self.readable(conn, link.sock)  # the next one came along with it

    def linger(self, conn: TConn, seconds: float) -> None:
        """Say that no more comes, and take what is on its way: a connection that is closed over it would lose the answer (RFC 9112 9.6)."""
        self.forget(conn.sock)
        try:
            conn.sock.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return self.drop(conn)
        self.watch(conn, selectors.EVENT_READ, self.drain, time.monotonic() + seconds)

    def drain(self, conn: TConn, sock: Any) -> None:
        try:
            if not sock.recv(1 << 20):
                self.drop(conn)
        except BlockingIOError:
            return
        except OSError:
            self.drop(conn)

    def refuse(self, conn: TConn, status: int) -> None:
        """Answer without a thread."""
        self.unwatch(conn)
        self.refused[status] += 1
        try:
            conn.sock.push(refusal(status, conn.sock.head.path if conn.sock.head else b""))
        except OSError:
            return self.drop(conn)
        self.linger(conn, DRAIN if conn.sock.head else LINGER)

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """An address with # in it is refused (RFC 9112 3.2): gunicorn would take off what follows, and a condition that loses its end means another resource."""
        head = conn.sock.head
        if head is None or b"#" in head.target:
            raise InvalidRequestLine("#")
        return bool(super().handle_request(req, conn))

    def handle_error(self, req: Any, client: Link, addr: Any, exc: Exception) -> None:
        """In a thread: what gunicorn's parser refuses is answered in the words of the door, not by a page; so is what the application lets through. gunicorn's own lines
        would name the address."""
        status = fault(exc) or 500
        if status == 500:
            log.error("FRONT500 an unexpected error", exc_info=exc)
        else:
            log.warning("FRONT%d a request was refused before it was read: %s", status, type(exc).__name__)
        with suppress(OSError):  # nobody is there any more to be told
            client.sendall(refusal(status, client.head.path if client.head else b""))

    # The loop's own.

    def watch(self, conn: TConn, event: int, then: Callable[[TConn, Any], None], until: float) -> None:
        self.links[conn] = until
        self.poller.register(conn.sock.sock, event, partial(self.happened, conn, then))

    def happened(self, conn: TConn, then: Callable[[TConn, Any], None], sock: Any) -> None:
        if conn in self.links:  # not ended meanwhile, by one that came in the same moment
            then(conn, sock)

    def unwatch(self, conn: TConn) -> None:
        link: Link = conn.sock
        if self.links.pop(conn, None) is not None:
            self.poller.unregister(link.sock)
        if mine := self.reading.get(link.address):
            mine.pop(conn, None)
            if not mine:
                del self.reading[link.address]

    def forget(self, link: Link) -> None:
        """What was taken in of the request is not needed any more."""
        self.stored[link.address] -= link.counted
        if self.stored[link.address] <= 0:
            del self.stored[link.address]
        link.counted = 0

    def drop(self, conn: TConn) -> None:
        self.unwatch(conn)
        self.forget(conn.sock)
        self.nr_conns -= 1
        conn.sock.close()

    def murder_pending(self) -> None:
        """End what is over its time; the loop comes by at least once a second."""
        now = time.monotonic()
        if now - self.swept < 1:
            return
        self.swept = now
        if cut := self.under_way.cut(self.longest):
            log.error("FRONT503 the database is frozen, and lines to it were cut: %d", cut)
        stop = now if self.alive else now + STOP_KEEPALIVE_LINGER
        for conn, until in list(self.links.items()):
            if not self.alive and conn.sock.idle:
                self.links[conn] = until = min(until, stop)
            if until < now:
                if conn in self.reading.get(conn.sock.address, ()) and not conn.sock.idle:
                    self.refuse(conn, 408)
                else:
                    self.drop(conn)
        if self.refused and now - self.told > 60:
            log.warning("FRONT refused in the last minute, by status: %s", dict(self.refused))
            self.refused.clear()
            self.told = now
