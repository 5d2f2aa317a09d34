"""The tables of states by kind of work, and who opens and ends the access that work gives: filled
by the apps, for either may be of a house above this one.
"""

import datetime as dt
from typing import Protocol

from alliance.models.work_item import WorkItem
from alliance.workflow.state_table import StateTable

STATE_TABLES: dict[str, StateTable] = {}


class RightsKeeper(Protocol):
    def open_for_receiver(self, item: WorkItem, now: dt.datetime) -> None: ...

    def open_for_sender(self, item: WorkItem, now: dt.datetime) -> None: ...

    def end(self, item: WorkItem, at: dt.datetime) -> None:
        """All that it opened ends then, as far as no other item keeps it open."""


RIGHTS_KEEPERS: list[RightsKeeper] = []  # one, once the apps are ready


def table_of_item(item: WorkItem) -> StateTable:
    return STATE_TABLES[item.kind]
