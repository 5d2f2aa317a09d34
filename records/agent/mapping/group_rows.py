"""Fill the rows of a group of orders from its first row: an infusion's further medicines are often
exported without what they share. Only what follows it at once, and shows that it belongs to it.
"""

from __future__ import annotations

from ..sets.column_set import ColumnSet, Values

BEGINS = frozenset("┌┏┍┎╭⎡⌈┐┓╮⎤{")
CONTINUES = frozenset("│┃├┣┤┫└┗╰┘┛╯⎢⎣⌊⎥⎦|∟}")
OWN = (
    "patient",
    "visit",
    "prescription",
    "record",
    "ordered",
    "begins",
)  # of a row that is no part
SAME = ("patient", "patient_name", "visit", "prescription")  # of all rows of a group


class GroupRows:
    def __init__(self, column_set: ColumnSet) -> None:
        self.shared = column_set.shared
        self.first: Values | None = None
        self.part = self.opened = False  # the last row belongs to the first; opened a bracket

    def fill(self, values: Values) -> list[str]:
        """Names of the columns that were filled. A drawn bracket is no number of a group."""
        self.part = self.opened = False
        group = values.get("group", "")
        drawn = group != "" and all(sign in BEGINS or sign in CONTINUES for sign in group)
        if drawn:
            del values["group"]
            if group[0] in BEGINS:
                self.first, self.opened = None, True
                if "record" in values:
                    values["group"] = values["record"]
        first = self.first
        if first is None or any(n in values and values[n] != first.get(n) for n in SAME):
            return []
        if drawn or (group and group == first.get("group")):
            belongs = True
        else:
            belongs = not group and "group" in first and not any(n in values for n in OWN)
        if not belongs:
            return []
        self.part = True
        missing = [n for n in self.shared if n not in values and n in first]
        for name in missing:
            values[name] = first[name]
        return missing

    def note(self, values: Values | None) -> None:
        """What the last row held; None where it was not taken, or is no row of data."""
        if values is None:
            self.first = None
        elif not self.part:
            self.first = values if self.opened or "group" in values else None
