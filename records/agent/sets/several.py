"""Notice cells that hold several diagnoses or allergens. They are kept as one: where one ends is the
doctor's to say, and 2型糖尿病 begins with a number too.
"""

from __future__ import annotations

import re
from typing import Any, Callable

from ..values.value_rules import SEVERAL
from .column_set import Site, Values

NUMBERED = re.compile(r"(\s|[；;，,、])[（(]?[2②][.、)）．②]|^[①1].*②")
PARTED = re.compile(r"[^；;\n]+[；;\n][^；;\n]+")
LISTED = re.compile(r"[^、，,；;\n]+[、，,；;\n][^、，,；;\n]+")


def check_several(listed: bool, *columns: str) -> Callable[[Values, Site], Any]:
    """listed: commas part as well."""

    def check(values: Values, site: Site) -> list[Any]:
        return [
            (SEVERAL, name, {})
            for name in columns
            if name in values
            and (
                (LISTED if listed else PARTED).match(values[name]) or NUMBERED.search(values[name])
            )
        ]

    return check
