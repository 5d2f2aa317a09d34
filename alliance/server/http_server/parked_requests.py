"""Requests that wait for news without a thread: they hold a connection, and one thread of the
process asks for all of them whether there is any (docs/adr/0063).
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from alliance.platform.parked_request import KEY, Parking

BEAT = 0.25  # seconds between two looks
log = logging.getLogger("xinglin.front")
current = threading.local()  # .parking: of the request that the thread answers


class RequestParked(Exception):
    """What the application has answered is no answer: the request waits."""


def make_parkable(application: Callable[..., Any]) -> Callable[..., Any]:
    """The application, for a server that can park requests."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        parking: Parking = current.parking
        environ[KEY] = parking
        answer = application(environ, start_response)
        if not parking.asked:
            return answer
        parking.asked = False
        if hasattr(answer, "close"):
            answer.close()
        raise RequestParked

    return serve


class NewsWatch:
    """Look, while anything is parked, which of it has news. wake: called in the watch's thread
    with what has; kept: gives all that is parked.
    """

    def __init__(
        self,
        kept: Callable[[], Iterable[tuple[Any, Parking]]],
        wake: Callable[[list[Any]], None],
    ) -> None:
        self.kept, self.wake = kept, wake
        self.lock = threading.Lock()
        self.watching = False

    def start(self) -> None:
        """After something was parked: it is seen by the thread that looks, or by a new one."""
        with self.lock:
            if self.watching:
                return
            self.watching = True
        threading.Thread(target=self.run, name="news", daemon=True).start()

    def take_parked(self) -> list[tuple[Any, Parking]]:
        """What is parked; nothing ends the watch, in one step with finding that out."""
        with self.lock:
            parked = list(self.kept())
            self.watching = bool(parked)
            return parked

    def run(self) -> None:
        from django.db import connection

        try:
            while parked := self.take_parked():
                if due := find_due(parked):
                    self.wake(due)
                time.sleep(BEAT)
        except BaseException:
            with self.lock:
                self.watching = False
            raise
        finally:
            connection.close()


def find_due(parked: Iterable[tuple[Any, Parking]]) -> list[Any]:
    """What has news, or has waited long enough. Where nobody can say, as the database is away, the
    request finds out itself.
    """
    from alliance.database.statement_time import set_work_kind

    set_work_kind("read")
    due, now = [], time.monotonic()
    for thing, parking in parked:
        try:
            if now >= (parking.until or 0) or parking.has_news is None or parking.has_news():
                due.append(thing)
        except Exception as error:
            log.warning("FRONT002 no look for news: %s", type(error).__name__)
            due.append(thing)
    return due
