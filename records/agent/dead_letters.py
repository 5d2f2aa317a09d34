"""Follow what became of refused and waiting records on the platform: mended there, done by itself
once what it refers to came, or dropped by a human (docs/sync.md, A dead letter).
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Iterator, Tuple
from urllib.parse import urlencode

from .back_off import BackOff
from .outbox_faults import OutboxFault
from .platform_away import PlatformAway
from .stream_sender import refuse_reply

if TYPE_CHECKING:
    from .context import AgentContext

FIRST, EACH = 60.0, 600.0  # seconds
PAGE = 500
OUTCOMES = {"open": "refused", "waiting": "waiting"}
SETTLED = ("mended", "dropped", "replayed")
Key = Tuple[str, str, str, int]  # source, type, record, version
# Of what the platform has a letter: not what it could not read at all.
KNOWN = """
SELECT r.source, r.type, r.record, f.version, f.seq, f.outcome, s.name, b.number
FROM refusals f JOIN records r ON r.id = f.record JOIN batches b ON b.id = f.batch
JOIN streams s ON s.stream = b.stream WHERE b.state = 'done'
"""


def follow_dead_letters(context: AgentContext) -> None:
    back_off, pause = BackOff(), FIRST
    while not context.stopping.wait(pause):
        try:
            refresh_refusals(context)
            back_off.succeeded()
            pause = EACH
        except (PlatformAway, OutboxFault, sqlite3.OperationalError) as fault:
            pause = back_off.failed(getattr(fault, "retry_after", None))


def refresh_refusals(context: AgentContext) -> int:
    """How many are not refused and do not wait any more. Raises PlatformAway."""
    known = {row[:4]: row[4:] for row in context.outbox.read(KNOWN).fetchall()}
    if not known:
        return 0
    still: dict[Key, dict[str, Any]] = {}
    for state in OUTCOMES:
        still.update((key_of(letter), letter) for letter in fetch_letters(context, state=state))
    for key, (seq, outcome, _, _) in known.items():
        letter = still.get(key)
        if letter is not None and OUTCOMES[letter["state"]] != outcome:
            context.outbox.batches.change_refusal(seq, OUTCOMES[letter["state"]], letter)
    settled = 0
    gone = {row[2:] for key, row in known.items() if key not in still}
    for stream, number in sorted(gone):
        for letter in fetch_letters(context, stream=stream, number=str(number)):
            row = known.get(key_of(letter))
            if row is not None and letter["state"] in SETTLED:
                context.outbox.batches.settle_refusal(row[0], letter["state"] == "mended")
                settled += 1
    return settled


def key_of(letter: dict[str, Any]) -> Key:
    return (letter["source"], letter["type"], letter["record"], letter["version"])


def fetch_letters(context: AgentContext, **question: str) -> Iterator[dict[str, Any]]:
    """Page by page. Raises PlatformAway."""
    cursor = ""
    while True:
        asked = {"limit": str(PAGE), **question, **({"cursor": cursor} if cursor else {})}
        path = f"{context.platform.sync_path}/dead-letters?{urlencode(asked)}"
        reply = context.platform.send("GET", path)
        if reply.status != 200:
            raise refuse_reply(reply)
        answer = reply.json()
        yield from answer["dead_letters"]
        if not answer.get("more") or answer["cursor"] == cursor:
            return
        cursor = answer["cursor"]
