"""Send what waits in the outbox: streams side by side, each in its order, for as long as the agent
runs.
"""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from .back_off import BackOff
from .context import OFFSET
from .notices import ExchangeNotes
from .outbox_faults import OutboxFault
from .platform_away import PlatformAway
from .receipt_check import PinnedKeys
from .settings import path_in_home, read_number
from .stream_sender import StreamSender
from .throttle import Throttle, read_hours

if TYPE_CHECKING:
    from .context import AgentContext

IDLE_SECONDS = (
    0.5  # until another process's items are seen, and until an accepted batch is asked for
)
CLIENT = "client"  # kept: whose numbers the outbox counts


class Sender:
    """One at a time: whoever runs it holds the process lock (process_lock.py)."""

    def __init__(self, context: AgentContext) -> None:
        self.context = context
        self.back_off = BackOff()
        self.notes = ExchangeNotes(context.outbox)
        self.workers = int(read_number(context.settings, "outbox", "workers", 1, 16))
        keys = path_in_home(context.settings, context.home, "platform_keys")
        pinned = PinnedKeys(keys or context.home / "platform-keys.pem")
        throttle = Throttle(read_hours(context.settings))
        self.streams = {
            stream: StreamSender(context, stream, name, pinned, throttle)
            for stream, name, _ in context.outbox.batches.list_streams()
        }
        self._under_way: dict[Future[bool], int] = {}
        self._resting: dict[int, float] = {}  # stream: not before, by time.monotonic()

    def run(self, until_empty: bool = False) -> None:
        """until_empty: return once nothing waits; PlatformAway is raised then, else waited out."""
        count_by_client(self.context)
        with ThreadPoolExecutor(self.workers, thread_name_prefix="send") as pool:
            while not self.context.stopping.is_set():
                busy = self.context.outbox.batches.streams_with_work()
                if until_empty and not busy:
                    return
                self._begin(pool, busy)
                if not self._under_way:
                    self.context.outbox.added.wait(IDLE_SECONDS)
                    self.context.outbox.added.clear()
                    continue
                away = self._finish()
                if away is not None:
                    self.notes.failed(away)
                    if until_empty:
                        raise away
                    self.back_off.wait(self.context.stopping)

    def _begin(self, pool: ThreadPoolExecutor, busy: list[int]) -> None:
        now, under_way = time.monotonic(), set(self._under_way.values())
        doubtful = [
            stream
            for stream, sender in self.streams.items()
            if sender.name in self.context.outbox.doubtful and stream not in busy
        ]
        for stream in busy + doubtful:
            if stream not in under_way and self._resting.get(stream, 0.0) <= now:
                self._under_way[pool.submit(self._serve, stream)] = stream

    def _finish(self) -> PlatformAway | None:
        """Take in what is done. Raises what is a fault of ours."""
        done, _ = wait(self._under_way, IDLE_SECONDS, FIRST_COMPLETED)
        away = None
        for future in done:
            stream = self._under_way.pop(future)
            try:
                if not future.result():
                    self._resting[stream] = time.monotonic() + IDLE_SECONDS
            except PlatformAway as error:
                self.back_off.failed(error.retry_after)
                away = error
        return away

    def _serve(self, stream: int) -> bool:
        """Whether anything was done. Raises PlatformAway."""
        if self.context.stopping.is_set():
            return False
        done = self.streams[stream].take_turn()
        if done:
            self.back_off.succeeded()
            self.notes.succeeded()
            keep_clock(self.context)
        return done


def send_waiting(context: AgentContext) -> None:
    Sender(context).run()


def count_by_client(context: AgentContext) -> None:
    """Numbers count per system: another client's begin where the platform says."""
    client, kept = context.platform.client_id, context.outbox.kept(CLIENT)
    if client and kept != client:
        if kept is not None:
            for stream, _, _ in context.outbox.batches.list_streams():
                context.outbox.batches.rewind(stream, None, None)
        context.outbox.keep(CLIENT, client)


def keep_clock(context: AgentContext) -> None:
    """Versions that we count follow the platform's clock, after a start without a line, too."""
    clock = context.platform.clock
    if clock.known and abs(clock.offset - context.outbox.clock_offset) > 1:
        context.outbox.clock_offset = clock.offset
        try:
            context.outbox.keep(OFFSET, str(clock.offset))
        except (OutboxFault, sqlite3.Error):
            pass
