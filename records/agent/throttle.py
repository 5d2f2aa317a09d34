"""Keep to the speed of the hour: `[hours]` of agent.ini, such as `07:30-11:30 = 200 KB/s`, `0` to
send nothing then. Hours that no line names are free.
"""

from __future__ import annotations

import configparser
import re
import threading
import time
from dataclasses import dataclass

from .settings import SettingsFault

SPAN = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-–~—至]\s*(\d{1,2})[:：](\d{2})")
SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(k|m)?b?(?:/s|每秒|/秒)?", re.I)
UNIT = {"": 1, "k": 1024, "m": 1024 * 1024}
DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Hours:
    """Minutes of the day from start (included) to end (left out); it may go over midnight."""

    start: int
    end: int
    bytes_a_second: float

    def covers(self, minute: int) -> bool:
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def read_hours(settings: configparser.ConfigParser) -> tuple[Hours, ...]:
    """Raises SettingsFault, which names the line."""
    if not settings.has_section("hours"):
        return ()
    return tuple(read_hours_line(*line) for line in settings.items("hours"))


def read_hours_line(span: str, speed: str) -> Hours:
    times, fast = SPAN.fullmatch(span), SPEED.fullmatch(speed)
    if times and fast:
        start, end = (int(times[n]) * 60 + int(times[n + 1]) for n in (1, 3))
        if start < DAY_MINUTES and end <= DAY_MINUTES and start != end:
            return Hours(start, end, float(fast[1]) * UNIT[(fast[2] or "").lower()])
    raise SettingsFault(
        f"设置 [hours] 里“{span} = {speed}”不对，要写成 07:30-11:30 = 200 KB/s。",
        f"[hours] has `{span} = {speed}`: write 07:30-11:30 = 200 KB/s.",
    )


class Throttle:
    """Shared by the threads that send."""

    def __init__(self, hours: tuple[Hours, ...]) -> None:
        self.hours = hours
        self._free_from = 0.0  # by time.monotonic(): what was sent is paid until then
        self._lock = threading.Lock()

    def speed_now(self, now: time.struct_time | None = None) -> float | None:
        """Bytes a second; None: as fast as it goes."""
        now = now or time.localtime()
        minute = now.tm_hour * 60 + now.tm_min
        return next((h.bytes_a_second for h in self.hours if h.covers(minute)), None)

    def wait_turn(self, stopping: threading.Event) -> bool:
        """Whether to send now; False where the agent stops first."""
        while not stopping.is_set():
            speed = self.speed_now()
            left = self._free_from - time.monotonic()
            if speed is None or (speed > 0 and left <= 0):
                return True
            stopping.wait(min(max(left, 0.05), 1.0) if speed else 1.0)
        return False

    def note_sent(self, count: int) -> None:
        speed = self.speed_now()
        if speed:
            with self._lock:
                self._free_from = max(self._free_from, time.monotonic()) + count / speed
