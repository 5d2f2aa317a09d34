"""The tables of states by kind of work, who opens and ends the access that work gives, and what
else a verb carries out: filled by the apps, for each may be of a house above this one.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from alliance.auth.principal import Principal
from alliance.models.work_item import WorkItem, WorkTransition
from alliance.workflow.state_table import Move, StateTable

STATE_TABLES: dict[str, StateTable] = {}


class RightsKeeper(Protocol):
    def open_for_receiver(self, item: WorkItem, now: dt.datetime) -> None: ...

    def open_for_sender(self, item: WorkItem, now: dt.datetime) -> None: ...

    def end(self, item: WorkItem, at: dt.datetime) -> None:
        """All that it opened ends then, as far as no other item keeps it open."""


RIGHTS_KEEPERS: list[RightsKeeper] = []  # one, once the apps are ready


@dataclass(frozen=True, slots=True)
class MoveDone:
    """A verb in the middle of its transaction, the item already in its next state. brought: what
    came with it beside words, each of a class that the effect concerned knows.
    """

    item: WorkItem
    move: Move
    transition: WorkTransition
    brought: tuple[object, ...]
    acting: Principal
    now: dt.datetime


# Each is called for every verb, after its transition is appended and before the item is saved. One
# that raises undoes the verb.
MOVE_EFFECTS: list[Callable[[MoveDone], None]] = []


def table_of_item(item: WorkItem) -> StateTable:
    return STATE_TABLES[item.kind]
