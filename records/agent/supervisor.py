"""Run the agent's loops until it is told to stop: one that fails is told, and started again after a
pause that grows; the others go on.
"""

from __future__ import annotations

import importlib
import logging
import signal
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Callable

from .back_off import BackOff
from .loops import LOOPS
from .notices import set_notice
from .outbox_faults import DiskFull, OutboxFault
from .sd_notify import notify_systemd, watchdog_seconds

if TYPE_CHECKING:
    from .context import AgentContext

LOG = logging.getLogger("xinglin_agent")
TICK = 1.0
LONGEST_PAUSE = 60.0
MENDED_AFTER = 90.0  # seconds without a fault, more than the longest pause
GOOD_AFTER = 600.0  # seconds that a loop must live to count as mended


class Faults:
    """When each loop failed last, so that it is told when it works again."""

    def __init__(self, context: AgentContext) -> None:
        self.context = context
        self._last: dict[str, float] = {}

    def note(self, name: str, error: BaseException) -> None:
        self._last[name] = time.monotonic()
        tell_fault(self.context, name, error)

    def tell_mended(self) -> None:
        for name, last in list(self._last.items()):
            if time.monotonic() - last > MENDED_AFTER:
                del self._last[name]
                set_notice(
                    self.context.outbox,
                    f"loop.{name}",
                    True,
                    f"“{name}”恢复正常。",
                    f"`{name}` works again.",
                )


def run_loops(context: AgentContext, loops: tuple[tuple[str, str], ...] = LOOPS) -> bool:
    """Until `context.stopping` is set; whether all loops ended in time."""
    faults = Faults(context)
    threads = [
        threading.Thread(
            target=keep_running, args=(context, faults, name, where), name=name, daemon=True
        )
        for name, where in loops
    ]
    for thread in threads:
        thread.start()
    notify_systemd("READY=1")
    watch = watchdog_seconds()
    last = 0.0
    while not context.stopping.wait(TICK):
        now = time.monotonic()
        faults.tell_mended()
        if watch and now - last >= watch / 3 and outbox_answers(context):
            notify_systemd("WATCHDOG=1")
            last = now
    notify_systemd("STOPPING=1")
    until = time.monotonic() + 60
    for thread in threads:
        thread.join(max(0.1, until - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def outbox_answers(context: AgentContext) -> bool:
    """Whether the writer does its work; a full disk is no reason to be started anew."""
    try:
        context.outbox.write(lambda connection: None)
        return True
    except DiskFull:
        return True
    except (OutboxFault, sqlite3.Error):
        return False


def keep_running(context: AgentContext, faults: Faults, name: str, where: str) -> None:
    back_off = BackOff(first=1.0, longest=LONGEST_PAUSE)
    while not context.stopping.is_set():
        began = time.monotonic()
        try:
            load_function(where)(context)
            return
        except BaseException as error:
            if context.stopping.is_set():
                return
            if time.monotonic() - began > GOOD_AFTER:
                back_off.succeeded()
            faults.note(name, error)
            pause = back_off.failed()
            LOG.error("loop %s failed: %s; again in %.0f s", name, describe(error), pause)
            context.stopping.wait(pause)


def tell_fault(context: AgentContext, name: str, error: BaseException) -> None:
    if isinstance(error, OutboxFault):
        zh, en = error.words["zh"], error.words["en"]
    else:
        words = getattr(error, "words", None) or {"zh": describe(error), "en": describe(error)}
        zh = f"“{name}”出错，正在自动重试：{words['zh']}"
        en = f"`{name}` failed and is tried again: {words['en']}"
    set_notice(context.outbox, f"loop.{name}", False, zh, en)


def describe(error: BaseException) -> str:
    """Kind and place, not the values: those may be a patient's."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    place = ""
    if traceback is not None:
        file = traceback.tb_frame.f_code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
        place = f" ({file}:{traceback.tb_lineno})"
    return f"{type(error).__name__}{place}"


def load_function(where: str) -> Callable[[AgentContext], None]:
    module, _, function = where.partition(":")
    found: Callable[[AgentContext], None] = getattr(
        importlib.import_module(f".{module}", __package__), function
    )
    return found


def stop_on_signals(stopping: threading.Event) -> None:
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stopping.set())
