"""What this system does not understand and so may not show as if it were not there: unknown modifier extensions and implicit rules
(FHIR R4 extensibility.html#modifierExtension, resource.html#implicitRules). It knows none, so any of them hides the datum."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.utils.translation import ngettext

UNREAD = frozenset({"modifierExtension", "implicitRules"})


def modified(node: Any) -> bool:
    """Whether an unknown modifier stands in a resource, in any part of it or in what it contains."""
    if isinstance(node, list):
        return any(modified(x) for x in node)
    if not isinstance(node, dict):
        return False
    return not UNREAD.isdisjoint(node) or any(modified(v) for v in node.values())


def warnings(hospitals: Iterable[str]) -> list[str]:
    """One sentence for each hospital; hospitals: the name of each hidden entry's."""
    return [str(ngettext(
        "One entry from %(hospital)s carries an addition that this system does not understand. It is not shown: ask the hospital.",
        "%(n)s entries from %(hospital)s carry an addition that this system does not understand. They are not shown: ask the hospital.", n) % {"n": n, "hospital": name})
        for name, n in sorted(Counter(hospitals).items())]
