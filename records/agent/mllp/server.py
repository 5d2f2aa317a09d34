"""The loop of `run` that listens for HL7 v2 messages, a thread for each connection."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

from ..hl7.origin import Hl7Origin
from ..notices import set_notice
from .answer_ledger import AnswerLedger
from .line import Line, MemoryShare
from .listener_settings import ListenerSettings, read_listener_settings
from .receive import Receiver
from .refused_messages import RefusedMessages

if TYPE_CHECKING:
    from ..context import AgentContext

MOST_HELD = 64 << 20  # bytes of unfinished messages
TICK = 0.5
ALARM_KEPT = 86_400.0  # seconds
LEAST_BETWEEN = 5.0  # seconds between two alarms that are kept


class MllpServer:
    """port: the one that it got, where the settings say 0."""

    def __init__(self, context: AgentContext, settings: ListenerSettings) -> None:
        self.context, self.settings = context, settings
        self.ledger = AnswerLedger(context.home / "mllp.db")
        self.receiver = Receiver(
            context.outbox,
            self.ledger,
            RefusedMessages(context.home / "mllp-refused"),
            Hl7Origin("HL7", settings.hospital, settings.source, settings.zone, settings.encoding),
            context.language,
            settings.ignored,
            self._alarm,
        )
        self.memory = MemoryShare(MOST_HELD)
        self._lines: set[Line] = set()
        self._lock = threading.Lock()
        self._alarmed = 0.0  # by the monotonic clock; 0: nothing to tell
        self._listener = socket.socket(
            socket.AF_INET6 if ":" in settings.address else socket.AF_INET, socket.SOCK_STREAM
        )
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((settings.address, settings.port))
        self._listener.listen(128)
        self._listener.settimeout(TICK)
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        stopping = self.context.stopping
        where = f"{self.settings.address}:{self.port}"
        self._note(True, f"HL7 接口正在 {where} 等候。", f"Listening for HL7 at {where}.")
        try:
            while not stopping.is_set():
                try:
                    connection, peer = self._listener.accept()
                except socket.timeout:
                    self._calm(where)
                    continue
                self._admit(connection, str(peer[0]))
        finally:
            self._listener.close()
            for line in list(self._lines):
                line.close()
            self._wait_for_lines()
            self.ledger.close()

    def _admit(self, connection: socket.socket, peer: str) -> None:
        if not self.settings.admits(peer):
            connection.close()
            self._alarm(
                f"{peer} 想连 HL7 接口，不在 [mllp] allow 里，没有接。",
                f"{peer} tried to connect and is not in [mllp] allow: refused.",
            )
            return
        with self._lock:
            if not self._make_room(connection, peer):
                return
            line = Line(
                connection,
                self.receiver,
                self.memory,
                self.context.stopping,
                self.settings.idle,
                peer,
            )
            self._lines.add(line)
        thread = threading.Thread(
            target=line.serve, args=(self._end,), name=f"mllp {peer}", daemon=True
        )
        thread.start()

    def _make_room(self, connection: socket.socket, peer: str) -> bool:
        """A new line takes the place of the one that is silent longest: of its own sender's, where
        that has all that one may have. Who is within a message is not cut off for another.
        """
        open_lines = [line for line in self._lines if not line.closed.is_set()]
        own = [line for line in open_lines if line.peer == peer]
        if len(own) >= self.settings.of_peer:
            full, zh, en = own, f"{peer} 的 HL7 连接", f"{peer} has"
        elif len(open_lines) >= self.settings.connections:
            full, zh, en = open_lines, "HL7 连接", "There are"
        else:
            return True
        silent = [line for line in full if not line.reader.inside]
        if silent:
            min(silent, key=lambda line: line.last_used).close()
            return True
        self._alarm(
            f"{zh}太多（{len(full)} 个，都停在半条消息上），没有接 {peer} 的新连接。",
            f"{en} too many HL7 connections ({len(full)}, all within a message): a new one of"
            f" {peer} was refused.",
        )
        connection.close()
        return False

    def _end(self, line: Line) -> None:
        with self._lock:
            self._lines.discard(line)

    def _wait_for_lines(self) -> None:
        deadline = time.monotonic() + 35.0
        while self._lines and time.monotonic() < deadline:
            time.sleep(0.02)

    def _alarm(self, zh: str, en: str) -> None:
        now = time.monotonic()
        if not self._alarmed or now - self._alarmed >= LEAST_BETWEEN:
            self._alarmed = now
            self._note(False, zh, en)

    def _calm(self, where: str) -> None:
        """A day without an alarm: what was told is old."""
        if 0 < self._alarmed < time.monotonic() - ALARM_KEPT:
            self._alarmed = 0.0
            self._note(True, f"HL7 接口正在 {where} 等候。", f"Listening for HL7 at {where}.")

    def _note(self, ok: bool, zh: str, en: str) -> None:
        set_notice(self.context.outbox, "mllp", ok, zh, en)


def serve_mllp(context: AgentContext) -> None:
    """Returns when context.stopping is set; without a section [mllp] it waits for that alone.
    Raises SettingsFault, and OSError where the address is taken.
    """
    settings = read_listener_settings(context.settings)
    if settings is None:
        context.stopping.wait()
        return
    MllpServer(context, settings).serve()
