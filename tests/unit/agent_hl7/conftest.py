"""A listener of its own for each test: its outbox, its port, its threads."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from records.agent.context import AgentContext, open_context
from records.agent.mllp.frames import FrameReader, frame
from records.agent.mllp.listener_settings import read_listener_settings
from records.agent.mllp.server import MllpServer

SETTINGS = """\
[platform]
url = http://127.0.0.1:1/
hospital = nanqiao
client_id = nanqiao-test
[mllp]
port = 0
source = his
"""


@dataclass
class Listening:
    context: AgentContext
    server: MllpServer

    def connect(self) -> Sender:
        return Sender(socket.create_connection(("127.0.0.1", self.server.port), timeout=30))

    def count(self) -> int:
        """Items in the outbox."""
        (number,) = self.context.outbox.read("SELECT count(*) FROM items").fetchone()
        return int(number)


class Sender:
    """Another system's side of the line."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.reader = connection, FrameReader()
        self.answers: list[str] = []

    def send(self, *messages: bytes) -> list[list[str]]:
        """The answers as segments, in their order."""
        self.connection.sendall(b"".join(map(frame, messages)))
        return [self.receive() for _ in messages]

    def receive(self) -> list[str]:
        while not self.answers:
            received = self.connection.recv(65536)
            assert received, "the line was closed"
            self.answers += [a.decode() for a in self.reader.feed(received)]
        return self.answers.pop(0).split("\r")

    def is_closed(self) -> bool:
        """Waits for it."""
        try:
            return self.connection.recv(65536) == b""
        except ConnectionResetError:
            return True


def code_of(answer: list[str]) -> str:
    return answer[1].split("|")[1]


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Callable[..., Listening]]:
    """Call it with further lines of [mllp]; again, after stop(), on the same home."""
    begun: list[tuple[Listening, threading.Thread]] = []

    def begin(more: str = "") -> Listening:
        for before, thread in begun:
            before.context.stopping.set()
            thread.join()
            before.context.close()
        begun.clear()
        (tmp_path / "agent.ini").write_text(SETTINGS + more, encoding="utf-8")
        context = open_context(tmp_path)
        settings = read_listener_settings(context.settings)
        assert settings is not None
        listening = Listening(context, MllpServer(context, settings))
        thread = threading.Thread(target=listening.server.serve)
        thread.start()
        begun.append((listening, thread))
        return listening

    yield begin
    for listening, thread in begun:
        listening.context.stopping.set()
        thread.join()
        listening.context.close()
