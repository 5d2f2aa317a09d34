"""Who co-signs the log as its witness and when they did last, and whether one has seen another log
(docs/adr/0063).
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from alliance.models import Client, Hospital
from consent.audit.browser_witnesses import list_browser_witnesses
from consent.sql.log import CONTRADICTIONS

REMEMBERED_DAYS = 30  # for which a contradiction is an alarm
SILENT_AFTER = dt.timedelta(days=1)  # a witness co-signs every few minutes as long as it runs
# The newest co-signature of each, and how many heads it has seen to which this log does not lead.
# index: consent_audit_cosignature_newest, consent_audit_cosignature_alarm
LAST_SQL = """
SELECT w.client, l.received, l.size,
  (SELECT count(*) FROM consent_audit_cosignature c WHERE c.contradicts AND c.restore IS NULL
    AND c.client = w.client AND c.received > now() - make_interval(days => %(days)s))
FROM unnest(%(clients)s::text[]) w(client) LEFT JOIN LATERAL (
  SELECT c.received, c.size FROM consent_audit_cosignature c
    WHERE c.client = w.client AND NOT c.contradicts ORDER BY c.id DESC LIMIT 1) l ON true
"""


@dataclass(frozen=True, slots=True)
class LogWitness:
    """A system with a witness key, or a browser whose key was accepted. at, size: of its newest
    co-signature, None: it has none yet; contradictions: heads that it has seen and nothing
    explains.
    """

    name: str
    hospital: str
    browser: bool
    at: dt.datetime | None
    size: int | None
    contradictions: int

    @property
    def silent(self) -> bool:
        return self.at is None or self.at < timezone.now() - SILENT_AFTER


def count_contradictions() -> tuple[int, dt.datetime | None]:
    """Of all members: (how many heads, when the newest of them came)."""
    with connection.cursor() as cursor:
        cursor.execute(CONTRADICTIONS, {"days": REMEMBERED_DAYS})
        return cursor.fetchone()


def list_witnesses(hospital_ids: Collection[int]) -> list[LogWitness]:
    """Of these hospitals; who contradicts comes first, then who has been silent the longest."""
    named = {
        c.client_id: (c.name, c.hospital.name, False)
        for c in Client.objects.filter(
            hospital__in=hospital_ids, revoked_at=None, witness_key__isnull=False
        ).select_related("hospital")
    }
    hospitals = Hospital.objects.in_bulk(list(hospital_ids))
    named |= {
        w.code: (w.name, hospitals[w.hospital_id].name, True)
        for w in list_browser_witnesses(hospital_ids)
        if w.stands
    }
    with connection.cursor() as cursor:
        cursor.execute(LAST_SQL, {"clients": sorted(named), "days": REMEMBERED_DAYS})
        rows = cursor.fetchall()
    found = [LogWitness(*named[code], *rest) for code, *rest in rows]
    begin = dt.datetime.min.replace(tzinfo=dt.UTC)
    return sorted(found, key=lambda w: (-w.contradictions, w.at or begin, w.name))
