"""How much the platform keeps of the refused and waiting items of one system, so that no member
fills its disk (docs/adr/0071).
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from records.sync.fault import Fault, make_fault

# Read from the index alone, and no more of it than the quota holds.
# index: record_sync_dead_letter_kept
KEPT = """
SELECT count(*), coalesce(sum(size), 0)::bigint FROM (SELECT size FROM record_sync_dead_letter
  WHERE client = %s AND state IN ('open', 'waiting') AND size > 0 LIMIT %s) k
"""


@dataclass(slots=True)
class LetterRoom:
    """What a system may still leave: letters with content, and bytes of it."""

    letters: int
    bytes: int

    @property
    def is_full(self) -> bool:
        return self.letters <= 0 or self.bytes <= 0

    def take(self, size: int) -> bool:
        """Whether so many bytes of one letter had room, which they have taken then."""
        if self.letters < 1 or self.bytes < size:
            return False
        self.letters -= 1
        self.bytes -= size
        return True


def measure_room(client: str) -> LetterRoom:
    """As it is now: streams that leave letters at the same moment do not see each other's."""
    most, most_bytes = settings.SYNC_LETTERS, settings.SYNC_LETTER_BYTES
    with connection.cursor() as cursor:
        cursor.execute(KEPT, [client, most])
        count, size = cursor.fetchone()
    return LetterRoom(most - count, most_bytes - size)


def explain_no_room(fault: Fault, waits: Collection[tuple[str, str]]) -> Fault:
    """Why an item that would wait is refused. fault: for which it would wait."""
    return make_fault(
        "reference.no-room",
        fault.field,
        fault.value,
        target="/".join(min(waits)),
        letters=f"{settings.SYNC_LETTERS:,}",
        megabytes=f"{settings.SYNC_LETTER_BYTES >> 20:,}",
    )
