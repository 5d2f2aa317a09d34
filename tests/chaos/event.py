"""What an event is, and all that there are. Each shows by a control of its own that it really
happened, and says within how many seconds all must be well again.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.load import Load
from tests.chaos.stage import Stage

PAIR, NODES, SINGLE = "pair", "nodes", "single"


class DidNotHappen(AssertionError):
    """The event's own control failed: the round shows nothing."""


@dataclass(frozen=True, slots=True)
class Event:
    """do: all of it, its end included; says what happened. bound: seconds from there until all
    must be well. parts: also worker, courier and sealer must have told of themselves since.
    """

    name: str
    where: tuple[str, ...]
    bound: float
    parts: bool
    do: Callable[[Stage, Load, random.Random], str]


EVENTS: dict[str, Event] = {}


def event(
    name: str, *where: str, bound: float, parts: bool = False
) -> Callable[
    [Callable[[Stage, Load, random.Random], str]], Callable[[Stage, Load, random.Random], str]
]:
    """Register the function as an event of the stages named; of all where none is named."""

    def register(
        do: Callable[[Stage, Load, random.Random], str],
    ) -> Callable[[Stage, Load, random.Random], str]:
        EVENTS[name] = Event(name, where or (PAIR, NODES, SINGLE), bound, parts, do)
        return do

    return register


def show(true: object, what: str) -> None:
    """The control. Raises DidNotHappen."""
    if not true:
        raise DidNotHappen(what)


def shown(true: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """The same, of what takes a moment."""
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            raise DidNotHappen(what)
        time.sleep(0.1)
