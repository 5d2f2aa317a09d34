"""Forget bodies some days after their receipt; what they were is kept as digests."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from .outbox_faults import OutboxFault
from .settings import read_number

if TYPE_CHECKING:
    from .context import AgentContext

HOUR = 3600.0
AT_ONCE = 5000
PAGES = 2000  # given back to the disk at once


def drop_old_bodies(context: AgentContext) -> None:
    days = read_number(context.settings, "outbox", "keep_days", 1, 3650)
    while not context.stopping.is_set():
        pause = HOUR
        try:
            if context.outbox.batches.drop_bodies(days, AT_ONCE):
                pause = 1.0
            context.outbox.give_back_space(PAGES)
        except (OutboxFault, sqlite3.OperationalError):
            pass  # a full disk, or another process that writes: in an hour again
        context.stopping.wait(pause)
