"""What this system does not understand and so may not show as if it were not there: unknown
modifier extensions and implicit rules (FHIR R4 extensibility.html#modifierExtension,
resource.html#implicitRules). It knows none, so any of them hides the datum.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.utils.translation import ngettext

from records.meaning.stored_resource import StoredResource

UNKNOWN_MODIFIERS = frozenset({"modifierExtension", "implicitRules"})


def has_unknown_modifier(node: Any) -> bool:
    """Whether an unknown modifier stands in a resource, in any part of it or in what it
    contains.
    """
    if not isinstance(node, StoredResource):
        return find_unknown_modifier(node)
    if node.has_modifier is None:
        node.has_modifier = find_unknown_modifier(node)
    return node.has_modifier


def find_unknown_modifier(node: Any) -> bool:
    left = [node]
    while left:
        found = left.pop()
        if isinstance(found, list):
            left += found
        elif isinstance(found, dict):
            if not UNKNOWN_MODIFIERS.isdisjoint(found):
                return True
            left += [v for v in found.values() if isinstance(v, (dict, list))]
    return False


def warn_of_hidden_entries(hospitals: Iterable[str]) -> list[str]:
    """One sentence for each hospital; hospitals: the name of each hidden entry's."""
    return [
        str(
            ngettext(
                "One entry from %(hospital)s carries an addition that this system does not"
                " understand. It is not shown: ask the hospital.",
                "%(n)s entries from %(hospital)s carry an addition that this system does not"
                " understand. They are not shown: ask the hospital.",
                n,
            )
            % {"n": n, "hospital": name}
        )
        for name, n in sorted(Counter(hospitals).items())
    ]
