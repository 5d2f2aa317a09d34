"""In which order the lines of an import are stored, so that what they refer to is there first,
in whatever order they were sent.
"""

import re
from collections.abc import Sequence

from consent.terms import Scope
from records.fhir.resource_types import DIRECTORY_TYPES
from records.ingest.incoming_resource import IncomingResource
from records.ingest.referential_integrity import find_missing_targets
from records.store import chunks

RESOURCE_TYPE = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')
BEFORE_PATIENTS = frozenset(name.encode() for name in DIRECTORY_TYPES)


def choose_import_group(line: bytes) -> int:
    """The group of chunks that a line goes to: the directory, which refers to no patient; then
    Patients; then the rest.
    """
    type_match = RESOURCE_TYPE.search(line)
    if type_match and type_match.group(1) in BEFORE_PATIENTS:
        return chunks.DIRECTORY
    return chunks.PATIENTS if type_match and type_match.group(1) == b"Patient" else chunks.REST


def select_storable(
    scope: Scope, items: Sequence[tuple[int, IncomingResource]]
) -> list[tuple[int, IncomingResource]]:
    """Those that refer to nothing but what is in the store or comes with them; the others wait.
    items: (line, item).
    """
    missing_by_item: dict[tuple[str, str], set[tuple[str, str]]] = {
        (item.resource["resourceType"], item.fhir_id): set() for _, item in items
    }
    for item, key, _ in find_missing_targets(scope, [item for _, item in items]):
        missing_by_item[item.resource["resourceType"], item.fhir_id].add(key)
    while unstorable := [
        key for key, missing in missing_by_item.items() if missing - missing_by_item.keys()
    ]:
        for key in unstorable:
            del missing_by_item[key]
    return [
        (line, item)
        for line, item in items
        if (item.resource["resourceType"], item.fhir_id) in missing_by_item
    ]
