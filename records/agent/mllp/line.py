"""Serve one connection: read frames, answer each, give up on whoever is too slow."""

from __future__ import annotations

import socket
import threading
import time
from typing import Callable

from .acknowledge import FAULTY, write_answer
from .frames import FrameFault, FrameReader, frame
from .receive import Receiver

CHUNK = 1 << 16
TICK = 0.5  # seconds between looks at the clock
LONGEST_MESSAGE_TIME = 60.0  # seconds from a message's first byte to its last
LONGEST_ANSWER_TIME = 30.0  # seconds in which the sender must take its answer
TOO_LARGE = ("消息超过 16 MB，没有收。", "The message is larger than 16 MB and was not taken.")
HALF = (
    "{peer} 连到 HL7 接口，发来半条消息就停了，已断开：请看那边的接口程序是否卡住。",
    "{peer} sent half of an HL7 message and stopped: cut off. See whether its interface hangs.",
)
FULL = (
    "{peer} 发来的半条消息太多、太大，放不下，已断开。",
    "Half messages of {peer} have no room: cut off.",
)
NO_FRAMES = (
    "有系统连到了 HL7 端口，发来的却不是 MLLP 帧（应以 0x0B 开头）。",
    "Something connects to the HL7 port and does not send MLLP frames (they begin with 0x0B).",
)


class MemoryShare:
    """Bytes of unfinished messages that all lines together may hold."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._held: dict[int, int] = {}
        self._lock = threading.Lock()

    def note(self, line: int, held: int) -> bool:
        """False where there is no room; what a line holds goes with note(line, 0)."""
        with self._lock:
            self._held.pop(line, None)
            if held and sum(self._held.values()) + held > self.most:
                return False
            if held:
                self._held[line] = held
            return True


class Line:
    """last_used: when it brought a whole message, by the monotonic clock; before that, when it
    came.
    """

    def __init__(
        self,
        connection: socket.socket,
        receiver: Receiver,
        memory: MemoryShare,
        stopping: threading.Event,
        idle: float,
        peer: str = "",
    ) -> None:
        self.connection, self.receiver, self.memory = connection, receiver, memory
        self.peer = peer
        self.stopping, self.idle = stopping, idle
        self.reader = FrameReader()
        self.last_used = time.monotonic()
        self.closed = threading.Event()

    def serve(self, on_end: Callable[[Line], None]) -> None:
        try:
            self._serve()
        except OSError:
            pass  # the other side went away: what it has no answer to, it sends again
        finally:
            self.memory.note(id(self), 0)
            self.closed.set()
            self.connection.close()
            on_end(self)

    def _serve(self) -> None:
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun = 0.0
        while not self.stopping.is_set() and not self.closed.is_set():
            self.connection.settimeout(TICK)
            try:
                received = self.connection.recv(CHUNK)
            except socket.timeout:
                received = None
            now = time.monotonic()
            if received == b"":
                return  # a half message has no answer
            if received:
                try:
                    contents = self.reader.feed(received)
                except FrameFault as fault:
                    self._give_up(fault)
                    return
                if contents:
                    begun, self.last_used = 0.0, now
                    self._answer(contents)
                if not self.memory.note(id(self), self.reader.held):
                    self._tell(FULL)
                    return
            if not self.reader.inside:
                begun = 0.0
            elif not begun:
                begun = now
            elif now - begun > LONGEST_MESSAGE_TIME:
                self._tell(HALF)
                return
            if now - self.last_used > self.idle:
                return

    def _answer(self, contents: list[bytes]) -> None:
        answers = self.receiver.answer(contents)
        self.connection.settimeout(LONGEST_ANSWER_TIME)
        self.connection.sendall(b"".join(frame(answer) for answer in answers))

    def _tell(self, words: tuple[str, str]) -> None:
        self.receiver.on_alarm(*(text.format(peer=self.peer) for text in words))

    def _give_up(self, fault: FrameFault) -> None:
        if fault.code == "noise":
            self.receiver.on_alarm(*NO_FRAMES)
            return
        self.receiver.on_alarm(*TOO_LARGE)
        zh, en = TOO_LARGE
        text = zh if self.receiver.language == "zh" else en
        message = self.receiver.peek(fault.begun)
        self.connection.settimeout(LONGEST_ANSWER_TIME)
        self.connection.sendall(frame(write_answer(message, FAULTY, [], text=text)))

    def close(self) -> None:
        """From another thread: ends it at its next look at the clock."""
        self.closed.set()
