"""The line between agents and site: it knows requests and answers, and does to them what networks
do, by draws of the seed.
"""

import http.client
import random
import socket
import struct
import threading
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field

from tests.conftest import free_port

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset
HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")
FATES = (
    "double",  # the site gets it twice, the agent the second answer
    "stale",  # an older push comes once more before it
    "late",  # the agent hears nothing; the site gets it after what comes next
    "delay",
    "cut request",  # at a drawn byte
    "cut answer",
    "lose request",
    "lose answer",
    "async",  # the answer is 202 wherever it can be
)
KEPT = 30  # pushes that may come once more


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_push(self) -> bool:
        return self.method == "POST" and self.path.endswith("/batches")


@dataclass
class Weather:
    """rate: of how many exchanges something is done to; to pushes and to all else."""

    rate: float = 0.0
    fates: tuple[str, ...] = FATES
    is_down: bool = False


@dataclass
class Wire:
    """Listens on loopback. done: what was done, for controls."""

    target: int
    rng: random.Random
    port: int = field(default_factory=free_port)
    weather: Weather = field(default_factory=Weather)
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.pushes: deque[Request] = deque(maxlen=KEPT)
        self.late: list[Request] = []
        self.lines: set[socket.socket] = set()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.is_open = True
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while self.is_open:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            if self.weather.is_down:
                self.done["refused"] += 1
                reset(line)
                continue
            self.lines.add(line)
            threading.Thread(target=self.serve, args=(line,), daemon=True).start()

    def serve(self, line: socket.socket) -> None:
        try:
            with line.makefile("rb") as reader:
                while (request := read_request(reader)) and self.exchange(line, request):
                    pass
        except (OSError, ValueError, http.client.HTTPException):
            pass
        finally:
            self.lines.discard(line)
            reset(line)

    def draw(self) -> tuple[str, float]:
        """What is done to the next exchange, and a number of its own from 0 to 1."""
        with self.lock:
            one = self.rng.random()
            fate = self.rng.choice(self.weather.fates) if one < self.weather.rate else ""
            return fate, self.rng.random()

    def exchange(self, line: socket.socket, request: Request) -> bool:
        """Whether the line goes on."""
        fate, part = self.draw()
        if self.weather.is_down:
            return False
        with self.lock:
            late, self.late = self.late, []
            old = self.pushes[int(part * len(self.pushes))] if self.pushes else None
            if request.is_push:
                self.pushes.append(request)
        self.done[fate or "carried"] += 1
        if fate == "lose request":
            return False
        if fate == "cut request":
            self.send_part(request, part)
            return False
        if fate == "late":
            with self.lock:
                self.late.append(request)
            return False
        if fate == "stale" and old:
            self.ask(old)
        if fate == "double":
            self.ask(request)
        if fate == "delay":
            threading.Event().wait(part)
        if fate == "async" and request.is_push:
            request.headers["Prefer"] = "respond-async"
        answer = self.ask(request)
        for one in late:
            self.ask(one)
        if answer is None or fate == "lose answer":
            return False
        if fate == "cut answer":
            line.sendall(answer[: int(part * len(answer))])
            return False
        line.sendall(answer)
        return True

    def ask(self, request: Request) -> bytes | None:
        """The site's whole answer; None where it gave none."""
        link = http.client.HTTPConnection("127.0.0.1", self.target, timeout=60)
        try:
            link.request(request.method, request.path, request.body or None, request.headers)
            reply = link.getresponse()
            data = reply.read()
            kept = [(k, v) for k, v in reply.getheaders() if k.lower() not in HOP]
            head = f"HTTP/1.1 {reply.status} {reply.reason}\r\n" + "".join(
                f"{k}: {v}\r\n" for k, v in [*kept, ("Content-Length", str(len(data)))]
            )
            return head.encode("latin-1") + b"\r\n" + data
        except (OSError, http.client.HTTPException):
            return None
        finally:
            link.close()

    def send_part(self, request: Request, part: float) -> None:
        """So many bytes of it reach the site, and then the line is reset."""
        lines = "".join(f"{k}: {v}\r\n" for k, v in request.headers.items())
        whole = f"{request.method} {request.path} HTTP/1.1\r\n{lines}\r\n".encode() + request.body
        with suppress(OSError):
            onward = socket.create_connection(("127.0.0.1", self.target), timeout=10)
            onward.sendall(whole[: int(part * len(whole))])
            reset(onward)

    def go_down(self) -> None:
        """Nobody is reached any more, and what is under way breaks."""
        self.weather.is_down = True
        for line in list(self.lines):
            reset(line)

    def calm(self) -> None:
        """From now on everything is carried; what was late comes."""
        self.weather = Weather()
        with self.lock:
            late, self.late = self.late, []
        for one in late:
            self.ask(one)

    def close(self) -> None:
        self.is_open = False
        self.go_down()
        self.listener.close()


def reset(line: socket.socket) -> None:
    with suppress(OSError):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        line.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        line.close()


def read_request(reader: "socket.SocketIO | object") -> Request | None:
    """None: the line has ended."""
    first = reader.readline(65536)  # type: ignore[union-attr]
    if not first.strip():
        return None
    method, path, _ = first.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while (text := reader.readline(65536).decode("latin-1").strip()) != "":  # type: ignore[union-attr]
        name, _, value = text.partition(":")
        headers[name.strip()] = value.strip()
    length = int(next((v for k, v in headers.items() if k.lower() == "content-length"), "0"))
    body = reader.read(length)  # type: ignore[union-attr]
    if len(body) < length:
        return None
    return Request(method, path, headers, body)
