"""Let only one process of a home send. The system frees the lock when the process ends, however it
ends.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, Any

from .outbox_faults import OutboxFault


class AlreadyRunning(OutboxFault):
    def __init__(self, home: Path, who: str) -> None:
        super().__init__(
            f"程序已经在运行（进程 {who}，目录 {home}），不用再开一个。"
            "看状态请运行 xinglin-agent status。",
            f"The agent runs already (process {who}, home {home}). xinglin-agent status shows it.",
        )


class ProcessLock:
    """with ProcessLock(home): … Raises AlreadyRunning."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._file: IO[Any] | None = None

    def __enter__(self) -> ProcessLock:
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (self.home / "agent.lock").open("a+b")
        try:
            lock_file(file)
        except OSError:
            file.close()
            raise AlreadyRunning(self.home, read_holder(self.home)) from None
        self._file = file
        (self.home / "agent.pid").write_text(str(os.getpid()))
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def lock_file(file: IO[Any]) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_running(home: Path) -> bool:
    """Whether a process holds the lock."""
    if not (home / "agent.lock").exists():
        return False
    try:
        with (home / "agent.lock").open("a+b") as file:
            lock_file(file)
        return False
    except OSError:
        return True


def read_holder(home: Path) -> str:
    try:
        return (home / "agent.pid").read_text().strip() or "?"
    except OSError:
        return "?"
