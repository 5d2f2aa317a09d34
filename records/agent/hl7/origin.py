"""Define where messages come from, and the versions of what they say."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

MOST_RECORDS = 100_000  # whose last version is remembered
SAME_MOMENT = 1 << 10  # versions of one record in one moment
LATEST_DIFFERENCE = (1 << 20) - 1  # seconds between what was said and when it was sent: 12 days


class VersionCounter:
    """Number what one moment says of one record: a message that comes later in the same second is
    newer, the same content again is the same version.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str], tuple[int, dict[str, int]]] = OrderedDict()
        self._lock = threading.Lock()

    def number(self, type: str, record: str, moment: int, hash: str) -> int:
        """The version; moment: as combine_moments gives it."""
        key = (type, record)
        with self._lock:
            last_moment, counts = self._last.get(key, (-1, {}))
            if moment > last_moment:
                counts = {}
                self._last[key] = (moment, counts)
            self._last.move_to_end(key)
            if len(self._last) > MOST_RECORDS:
                self._last.popitem(last=False)
            if moment < last_moment:
                return moment * SAME_MOMENT
            count = counts.setdefault(hash, min(len(counts), SAME_MOMENT - 1))
        return moment * SAME_MOMENT + count

    def knows_newer(self, type: str, record: str, moment: int) -> bool:
        with self._lock:
            return self._last.get((type, record), (-1, {}))[0] > moment


def combine_moments(said: int, sent: int) -> int:
    """Seconds since 1970: when the fact was (EVN-2, OBR-22), and when the message was written
    (MSH-7), which decides where the first are equal.
    """
    return (said << 20) + max(0, min(sent - said, LATEST_DIFFERENCE))


@dataclass(frozen=True)
class Hl7Origin:
    """file: what people call the source, a file's name or a sender. source: the system whose
    numbers these are. zone: of times that name none. encoding: where MSH-18 says nothing.
    """

    file: str
    hospital: str
    source: str
    zone: str = "+08:00"
    encoding: str = ""
    versions: VersionCounter = field(default_factory=VersionCounter, compare=False)

    def local_system(self, kind: str) -> str:
        """The system of this source's own codes of a kind: laboratory, diagnosis, unit …"""
        return f"urn:xinglin:local:{self.hospital}:{self.source}:{kind}"
