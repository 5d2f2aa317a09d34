"""Room on the disk of the outbox: a ballast file that is given up when the disk is full, so that
receipts can still be written down.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

BALLAST_BYTES = 16 * 1024 * 1024
LEAST_FREE = 64 * 1024 * 1024  # below this nothing more is added


class DiskRoom:
    """full: nothing more is to be added. Asked by the outbox's writer alone."""

    def __init__(self, home: Path, least_free: int = LEAST_FREE) -> None:
        self.ballast = home / "ballast"
        self.home = home
        self.least_free = least_free
        self.full = False

    def free_bytes(self) -> int:
        return shutil.disk_usage(str(self.home)).free

    def check(self) -> bool:
        """Whether there is room to add. Makes the ballast where it is missing and there is room."""
        free = self.free_bytes()
        if free < self.least_free:
            self.full = True
        elif free >= self.least_free + BALLAST_BYTES:
            self.full = False
            self._load_ballast()
        return not self.full

    def give_ballast(self) -> None:
        """The disk is full: free the ballast for what must be written down."""
        self.full = True
        try:
            self.ballast.unlink()
        except FileNotFoundError:
            pass

    def _load_ballast(self) -> None:
        if self.ballast.exists() and self.ballast.stat().st_size >= BALLAST_BYTES:
            return
        try:
            with self.ballast.open("wb") as file:
                for _ in range(BALLAST_BYTES // 65536):
                    file.write(os.urandom(65536))  # no file system can hold it as a hole
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.give_ballast()
