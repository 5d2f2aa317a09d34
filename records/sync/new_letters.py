"""Write dead letters: of a batch, as far as the quota of its system reaches, and anew where one was
tried again in vain.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from records.fhir.json_codec import dump_json
from records.sync.batch_lines import SyncItem
from records.sync.dead_letters import DeadLetter, LetterState, hash_waits, settle_letters
from records.sync.fault import Fault
from records.sync.letter_quota import LetterRoom, explain_no_room, measure_room
from records.sync.sealed_content import seal_content

INSERT = """
INSERT INTO record_sync_dead_letter (hospital, client, scopes, stream, number, item, source, type,
  record, version, hash, day, state, rule, field, waits, content, size)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, decode(%s, 'hex'), %s, %s, %s, %s, %s::bigint[], %s,
  %s)
"""
REOPEN = """
UPDATE record_sync_dead_letter SET state = %s, rule = %s, field = %s, waits = %s::bigint[],
  content = %s, size = %s, tries = tries + 1 WHERE id = %s
"""


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A letter before it is written. place: of the item in its batch; waits: (type, id) of what is
    not there, of one that waits.
    """

    place: int
    item: SyncItem
    faults: Sequence[Fault]
    waits: Collection[tuple[str, str]] = ()

    @property
    def state(self) -> LetterState:
        return LetterState.WAITING if self.waits else LetterState.OPEN

    @property
    def head(self) -> dict[str, Any]:
        """What of it is told beside its rule and field."""
        return {"at": self.item.at, "faults": [fault.as_json() for fault in self.faults]}

    def content(self) -> bytes:
        return b"\n".join((dump_json(self.head), self.item.line, self.item.body))


def insert_letters(
    letters: Sequence[NewLetter],
    *,
    hospital_id: int,
    client: str,
    scopes: str,
    stream_id: int,
    number: int,
) -> list[NewLetter]:
    """Of a batch, as they stand there: what would wait and has no room is refused. An earlier one
    of the same record gives way to it.
    """
    if not letters:
        return []
    settle_letters(
        hospital_id,
        [(*letter.item.key, letter.item.version) for letter in letters],
        LetterState.REPLAYED,
    )
    room = measure_room(client)
    written, rows = [], []
    for new in letters:
        letter, content = keep_content(new, room, hospital_id, stream_id, number)
        written.append(letter)
        rows.append(
            (
                hospital_id,
                client,
                scopes,
                stream_id,
                number,
                letter.place,
                *letter.item.key,
                letter.item.version,
                letter.item.hash or None,
                letter.item.day,
                letter.state.value,
                letter.faults[0].rule,
                letter.faults[0].field,
                hash_waits(letter.waits),
                content,
                len(content),
            )
        )
    with connection.cursor() as cursor:
        cursor.executemany(INSERT, rows)
    return written


def keep_content(
    letter: NewLetter, room: LetterRoom, hospital_id: int, stream_id: int, number: int
) -> tuple[NewLetter, bytes]:
    """What is kept of it, b"" where it has no room; it cannot wait then."""
    if not room.is_full:
        sealed = seal_content(
            letter.content(), hospital_id, "letter", stream_id, number, letter.place
        )
        if room.take(len(sealed)):
            return letter, sealed
    if letter.waits:
        faults = [explain_no_room(letter.faults[0], letter.waits), *letter.faults]
        letter = replace(letter, faults=faults, waits=())
    return letter, b""


def reopen_letter(letter: DeadLetter, new: NewLetter) -> None:
    """It was tried again, in vain."""
    content = seal_content(
        new.content(),
        letter.hospital_id,
        "letter",
        letter.stream_id,
        letter.number,
        letter.place,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            REOPEN,
            [
                new.state.value,
                new.faults[0].rule,
                new.faults[0].field,
                hash_waits(new.waits),
                content,
                len(content),
                letter.id,
            ],
        )
