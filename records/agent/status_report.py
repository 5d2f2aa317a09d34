"""Gather what `status` and the local page tell: counts, places and sentences, no patient's data
beside file and row.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from . import __version__
from .notices import Notice, list_notices
from .outbox_status import OutboxState, RefusedGroup, list_refused_groups
from .process_lock import is_running

if TYPE_CHECKING:
    from .context import AgentContext


@dataclass(frozen=True)
class StatusReport:
    """clock: seconds that the platform's clock is ahead of ours."""

    version: str
    hospital: str
    platform: str
    running: bool
    outbox: OutboxState
    refused: tuple[RefusedGroup, ...]
    notices: tuple[Notice, ...]
    clock: float
    at: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def healthy(self) -> bool:
        return self.running and not self.outbox.full and all(notice.ok for notice in self.notices)

    def notice(self, name: str) -> Notice | None:
        return next((notice for notice in self.notices if notice.name == name), None)


def build_report(context: AgentContext) -> StatusReport:
    return StatusReport(
        version=__version__,
        hospital=context.platform.hospital,
        platform=context.platform.line.base.geturl(),
        running=is_running(context.home),
        outbox=context.outbox.state(),
        refused=tuple(list_refused_groups(context.outbox)),
        notices=tuple(list_notices(context.outbox)),
        clock=context.outbox.clock_offset,
        at=time.time(),
    )
