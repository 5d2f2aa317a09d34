"""Whether something of a hospital's work has changed, asked each second by every page that is open:
a short mark, and which emergencies nobody has answered. No patient, no name (docs/adr/0092).
"""

import hashlib
import json
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.db import connection

from alliance.models import WorkItem
from alliance.workflow.registry import STATE_TABLES

FRESH = 0.1  # seconds that an answer is given to everybody who asks for the same
MOST_KEPT = 4096  # answers
# The newest few of either side: what was committed late, with an earlier time, is among them.
# index: work_sent_newest, work_received_newest
NEWEST_SQL = """
(SELECT id, version, alarm FROM alliance_workitem WHERE sender_id = %(hospital)s
 ORDER BY entered_at DESC LIMIT 20)
UNION ALL
(SELECT id, version, alarm FROM alliance_workitem WHERE receiver_id = %(hospital)s
 ORDER BY entered_at DESC LIMIT 20)
"""
# index: work_turn
RINGING_SQL = """
SELECT i.id, to_char(i.sent_at, 'YYYY'), i.kind = ANY(%(consultations)s), h.name_zh, h.name_en
FROM alliance_workitem i JOIN alliance_hospital h ON h.id = i.sender_id
WHERE i.owner_id = %(hospital)s AND i.receiver_id = %(hospital)s AND i.rank = 0
  AND i.closed_at IS NULL AND i.state = ANY(%(first)s)
ORDER BY i.due_at, i.id LIMIT 10
"""
# index: alliance_workitem_pkey
ITEM_SQL = "SELECT version, alarm FROM alliance_workitem WHERE id = %(item)s"


@dataclass(frozen=True, slots=True)
class Pulse:
    mark: str
    body: bytes


_kept: dict[str, tuple[float, Pulse]] = {}
_asking = threading.Lock()


def sign_hospital(hospital_id: int) -> str:
    """What a page shows to ask for a hospital's pulse."""
    return signer().sign(f"h{hospital_id}")


def sign_item(item_id: int) -> str:
    return signer().sign(f"i{item_id}")


def signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="work pulse")


def read_pulse(token: str) -> Pulse | None:
    """None for what no page was given, or longer ago than a session may be idle."""
    try:
        about = signer().unsign(token, max_age=settings.SESSION_COOKIE_AGE)
    except signing.BadSignature:
        return None
    return find_pulse(about)


def find_pulse(about: str) -> Pulse:
    """As of a moment ago. While one asks the database, others are given what was there."""
    now = time.monotonic()
    kept = _kept.get(about)
    if kept and now - kept[0] < FRESH:
        return kept[1]
    free = _asking.acquire(blocking=kept is None)
    if not free and kept:
        return kept[1]
    try:
        found = ask_hospital(int(about[1:])) if about[0] == "h" else ask_item(int(about[1:]))
    finally:
        _asking.release()
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[about] = (now, found)
    return found


def ask_hospital(hospital_id: int) -> Pulse:
    values = {
        "hospital": hospital_id,
        "first": sorted({table.first for table in STATE_TABLES.values()}),
        "consultations": sorted(WorkItem.CONSULTATIONS),
    }
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_SQL, values)
        newest = sorted(cursor.fetchall())
        cursor.execute(RINGING_SQL, values)
        ringing = cursor.fetchall()
    return build_pulse(
        newest,
        [
            {
                "id": pk,
                "number": f"{year}-{pk:06d}",
                "room": "consultations" if consults else "referrals",
                "zh": zh,
                "en": en,
            }
            for pk, year, consults, zh, en in ringing
        ],
    )


def ask_item(item_id: int) -> Pulse:
    with connection.cursor() as cursor:
        cursor.execute(ITEM_SQL, {"item": item_id})
        return build_pulse(cursor.fetchall(), [])


def build_pulse(seen: object, ringing: list[dict[str, object]]) -> Pulse:
    mark = hashlib.sha256(repr((seen, ringing)).encode()).hexdigest()[:16]
    body = json.dumps({"mark": mark, "ringing": ringing}, ensure_ascii=False)
    return Pulse(mark, body.encode())
