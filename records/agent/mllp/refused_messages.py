"""Keep messages that were refused as files, with the reasons beside them, for people."""

from __future__ import annotations

import os
from pathlib import Path

from ..refusal import Refusal

MOST_FILES = 1_000  # messages; the oldest go


class RefusedMessages:
    """folder: `mllp-refused` in the agent's home. A message that comes again is the same file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, name: str, message: bytes, refusals: list[Refusal], language: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{name}.hl7"
        words = [
            f"{r.row} {r.column}\t{r.rule.code}\n\t{r.why(language)}\n\t{r.mend(language)}\n"
            for r in refusals
            if not r.warning
        ]
        _write(path, message)
        _write(path.with_suffix(".txt"), "".join(words).encode("utf-8-sig"))
        self._thin()
        return path

    def _thin(self) -> None:
        found = list(self.folder.glob("*.hl7"))
        if len(found) <= MOST_FILES:
            return
        oldest = sorted(found, key=lambda p: p.stat().st_mtime)
        for path in oldest[: len(found) - MOST_FILES]:
            for one in (path, path.with_suffix(".txt")):
                if one.exists():
                    one.unlink()


def _write(path: Path, content: bytes) -> None:
    handle = os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
