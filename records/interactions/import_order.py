"""In which order the lines of an import are stored, so that what they refer to is there first, in whatever order they were sent."""

import re
from collections.abc import Sequence

from consent.terms import Scope
from records.fhir.types import DIRECTORY
from records.interactions.integrity import missing_targets
from records.interactions.item import Item
from records.store import chunks

KIND = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')
BEFORE_PATIENTS = frozenset(name.encode() for name in DIRECTORY)


def group_of(line: bytes) -> int:
    """The group of chunks that a line goes to: the directory, which refers to no patient; then Patients; then the rest."""
    m = KIND.search(line)
    if m and m.group(1) in BEFORE_PATIENTS:
        return chunks.DIRECTORY
    return chunks.PATIENTS if m and m.group(1) == b"Patient" else chunks.REST


def ready(scope: Scope, items: Sequence[tuple[int, Item]]) -> list[tuple[int, Item]]:
    """Those that refer to nothing but what is in the store or comes with them; the others wait. items: (line, item)."""
    left: dict[tuple[str, str], set[tuple[str, str]]] = {(i.resource["resourceType"], i.fhir_id): set() for _, i in items}
    for item, key, _ in missing_targets(scope, [i for _, i in items]):
        left[item.resource["resourceType"], item.fhir_id].add(key)
    while hopeless := [key for key, missing in left.items() if missing - left.keys()]:
        for key in hopeless:
            del left[key]
    return [(n, i) for n, i in items if (i.resource["resourceType"], i.fhir_id) in left]
