"""Keep what `status` and the local page tell, so that another process can read it: a notice a name,
with a sentence in Chinese and English.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .outbox_faults import OutboxFault
from .platform_away import PlatformAway
from .verdict import say_trouble, whose_trouble

if TYPE_CHECKING:
    from .outbox import Outbox

PREFIX = "notice."
LEAST_BETWEEN = 5.0  # seconds between two notes of the same


@dataclass(frozen=True)
class Notice:
    """name: such as "witness", "reconcile", "folder". at: seconds since 1970. whose: "us", "them",
    "line" where it is trouble with the platform.
    """

    name: str
    ok: bool
    zh: str
    en: str
    at: float
    whose: str = ""

    def say(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


def set_notice(outbox: Outbox, name: str, ok: bool, zh: str, en: str, whose: str = "") -> None:
    """Best effort: a full disk must not stop what is going on."""
    words = {"ok": ok, "zh": zh, "en": en, "at": time.time(), "whose": whose}
    try:
        outbox.keep(PREFIX + name, json.dumps(words, ensure_ascii=False))
    except (OutboxFault, sqlite3.Error):
        pass


def list_notices(outbox: Outbox) -> list[Notice]:
    rows = outbox.read(
        "SELECT name, value FROM kept WHERE name GLOB ? ORDER BY name", (PREFIX + "*",)
    )
    return [Notice(name[len(PREFIX) :], **json.loads(value)) for name, value in rows.fetchall()]


class ExchangeNotes:
    """Note how the exchange with the platform goes; the good news not oftener than needed."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self._lock = threading.Lock()
        self._state = ""
        self._noted = 0.0

    def succeeded(self) -> None:
        if self._due("ok"):
            set_notice(self.outbox, "exchange", True, "和平台通着。", "In touch with the platform.")

    def failed(self, away: PlatformAway) -> None:
        if self._due(str(away)):
            set_notice(
                self.outbox,
                "exchange",
                False,
                say_trouble(away, "zh"),
                say_trouble(away, "en"),
                whose_trouble(away),
            )

    def _due(self, state: str) -> bool:
        with self._lock:
            now = time.monotonic()
            if state == self._state and now - self._noted < LEAST_BETWEEN:
                return False
            self._state, self._noted = state, now
            return True
