"""Something that is read at most every few seconds, whoever asks, and that may hang: it is read
in a thread of its own, and whoever asks waits a moment and no longer.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

EVERY = 12.0  # seconds for which what was read is good
OLD = 60.0  # the same while the next reading is under way
PATIENCE = 5.0  # seconds that whoever asks waits; twice as long, and the reading hangs
log = logging.getLogger("xinglin.metrics")


class BackgroundReader:
    """read: gives a dict that JSON can hold; cut: ends a reading that hangs. kept(): a file by
    which the processes of one machine share what one of them has read.
    """

    def __init__(
        self,
        read: Callable[[], dict[str, Any]],
        cut: Callable[[], None] = lambda: None,
        kept: Callable[[], Path] | None = None,
    ) -> None:
        self.read, self.cut, self.kept = read, cut, kept
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None
        self.begun = 0.0
        self.found: dict[str, Any] = {}
        self.at = -float("inf")  # by time.monotonic(), which all processes of a machine share

    def read_latest(self) -> tuple[dict[str, Any], bool]:
        """What was read last, and whether that is new enough to count."""
        thread = None
        if not self.is_fresh():
            self.load_kept()
        if not self.is_fresh():
            with self.lock:
                if self.is_fresh():  # meanwhile, by another who asked
                    return self.found, True
                if self.thread is None or not self.thread.is_alive():
                    self.begun, self.thread = (
                        time.monotonic(),
                        threading.Thread(target=self.run_reading, daemon=True),
                    )
                    self.thread.start()
                elif time.monotonic() - self.begun > 2 * PATIENCE:
                    self.cut()
                thread = self.thread
            thread.join(max(0.0, self.begun + PATIENCE - time.monotonic()))
        slow = (
            thread is not None
            and thread.is_alive()
            and time.monotonic() - self.begun < 2 * PATIENCE
        )  # on a busy machine: that it is slow does not mean that it is away
        return self.found, self.is_fresh() or (slow and time.monotonic() - self.at < OLD)

    def is_fresh(self) -> bool:
        return 0 <= time.monotonic() - self.at < EVERY

    def run_reading(self) -> None:
        try:
            found = self.read()
        except Exception as error:
            log.error(
                "METRICS002 what /metrics tells could not be read: %s",
                type(error).__name__,
                exc_info=error,
            )
            return
        self.found, self.at = found, time.monotonic()
        if self.kept:
            with suppress(OSError):  # no room, or no folder: each process reads for itself
                new = self.kept().with_suffix(f".{os.getpid()}")
                new.write_text(json.dumps([self.at, found]))
                new.replace(self.kept())

    def load_kept(self) -> None:
        if self.kept:
            with suppress(OSError, ValueError):
                at, found = json.loads(self.kept().read_text())
                if at > self.at and at <= time.monotonic():
                    self.at, self.found = at, found
