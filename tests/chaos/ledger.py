"""What the site has acknowledged, written down by the client and on the disk before it goes on;
and what it was asked for without an answer, which may have been stored.
"""

import hashlib
import json
import os
import random
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def digest(resource: dict[str, Any]) -> str:
    """Of a resource's content: without what the server adds."""
    told = {k: v for k, v in resource.items() if k not in ("meta", "id")}
    return hashlib.sha256(
        json.dumps(told, sort_keys=True, ensure_ascii=False).encode()
    ).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Entry:
    """key: Type/id. at: by this machine's monotonic clock."""

    key: str
    version: int
    digest: str
    at: float


class Ledger:
    def __init__(self, path: Path) -> None:
        self.file = path.open("a")
        self.lock = threading.Lock()
        self.entries: list[Entry] = []
        self.newest: dict[str, Entry] = {}
        self.tried: dict[str, set[str]] = {}  # key -> digests of all that was ever sent for it
        self.conditions: dict[str, str] = {}  # number of an If-None-Exist -> key
        self.groups: dict[str, tuple[str, ...]] = {}  # transaction, acknowledged or not -> its keys

    def intend(self, key: str, content: str) -> None:
        """Before it is sent."""
        with self.lock:
            self.tried.setdefault(key, set()).add(content)

    def group(self, name: str, keys: tuple[str, ...]) -> None:
        with self.lock:
            self.groups[name] = keys

    def acknowledge(self, *told: tuple[str, int, str], condition: str = "") -> None:
        """(key, version, digest) of each; on the disk when this returns."""
        with self.lock:
            for key, version, content in told:
                entry = Entry(key, version, content, time.monotonic())
                self.file.write(
                    json.dumps(
                        {"key": key, "version": version, "digest": content, "condition": condition}
                    )
                    + "\n"
                )
                self.entries.append(entry)
                self.tried.setdefault(key, set()).add(content)
                if key not in self.newest or version >= self.newest[key].version:
                    self.newest[key] = entry
                if condition:
                    self.conditions[condition] = key
            self.file.flush()
            os.fsync(self.file.fileno())

    def some(self, rng: random.Random) -> Entry | None:
        """One that was acknowledged: as often a new one as an old one."""
        with self.lock:
            if not self.entries:
                return None
            near = self.entries[-20:] if rng.random() < 0.5 else self.entries
            return self.newest[rng.choice(near).key]

    def newest_of(self, key: str) -> Entry | None:
        with self.lock:
            return self.newest.get(key)

    def sent(self, key: str, content: str) -> bool:
        """Whether that was ever sent for it."""
        with self.lock:
            return content in self.tried.get(key, ())

    def all(self, until: float | None = None) -> list[Entry]:
        with self.lock:
            return [e for e in self.entries if until is None or e.at <= until]

    def close(self) -> None:
        self.file.close()
