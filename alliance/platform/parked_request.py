"""Park a request that has nothing to tell yet: it gives its thread back, and is answered again from
its beginning as soon as there is news, or its time is over (docs/adr/0063).

The server that can do so puts a Parking into the request's environment; elsewhere there is none,
and the request is answered at once.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KEY = "xinglin.parking"
MOST_PARKED = 8  # requests of one hospital, in one process
parked_by_hospital: Counter[int] = Counter()
lock = threading.Lock()


@dataclass(slots=True, eq=False)
class Parking:
    """One request's place to wait. until: by the monotonic clock, None before it was parked; begun:
    what the view wants to know when it is run again; asked: whether it is to be parked after this
    run; refused: the hospital has too many that wait.
    """

    until: float | None = None
    begun: Any = None
    has_news: Callable[[], bool] | None = None
    hospital: int | None = None
    asked: bool = False
    refused: bool = False

    def park(self, seconds: float, hospital: int, begun: Any, has_news: Callable[[], bool]) -> bool:
        """Whether the request waits. False: its time is over, or `refused`. has_news: asked in
        another thread, whether to run it again.
        """
        now = time.monotonic()
        if self.until is None:
            with lock:
                if parked_by_hospital[hospital] >= MOST_PARKED:
                    self.refused = True
                    return False
                parked_by_hospital[hospital] += 1
            self.until, self.hospital = now + seconds, hospital
        self.begun, self.has_news = begun, has_news
        self.asked = now < self.until
        return self.asked

    def release(self) -> None:
        """The request is answered, or nobody waits for it any more."""
        if self.hospital is not None:
            with lock:
                parked_by_hospital[self.hospital] -= 1
            self.hospital = None


def find_parking(request: Any) -> Parking | None:
    """Of a Django request; None where the server cannot park it."""
    return getattr(request, "environ", {}).get(KEY)
