"""Limit how many patients unknown to their hospital somebody may look for in an hour, so that the
index cannot be listed by guessing (docs/threat-model.md). Counted in the database, for all
processes together; whom the own hospital knows is always found, and an emergency has a count of its
own.
"""

import datetime as dt
import math

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import Staff
from records.fhir.issues import Issue, Problem
from records.models import StrangerSearch

MAX_URGENT_SEARCHES = 120  # searches an hour in emergencies: stops a machine, and no doctor
MAX_STRANGERS_PER_SEARCH = 3  # strangers that a search lists on average, at most
SEARCH_RETENTION = dt.timedelta(days=90)
ADD_SEARCH_SQL = """
INSERT INTO records_strangersearch (hospital_id, kind, actor, hour, searches, strangers, urgent,
    refused)
  VALUES (%(hospital)s, %(kind)s, %(actor)s, %(hour)s, %(searches)s, %(strangers)s, %(urgent)s,
      %(refused)s)
ON CONFLICT (kind, actor, hour) DO UPDATE
  SET searches = records_strangersearch.searches + excluded.searches,
  strangers = records_strangersearch.strangers + excluded.strangers,
  urgent = records_strangersearch.urgent + excluded.urgent,
    refused = records_strangersearch.refused + excluded.refused
"""


class TooManySearches(Problem):
    """Nobody of the own hospital fits, and strangers are not looked for until the hour is over.
    seconds: until then.
    """

    kind = "too-many"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            Issue(
                "throttled",
                "You have looked for too many people whom your hospital does not know. Its own"
                f" patients are found as always; ask for others again in {seconds} seconds.",
            )
        )
        self.seconds = seconds


def current_hour() -> dt.datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


def hourly_search_limit(acting: Principal) -> int:
    return int(settings.FIND_SYSTEM if acting.kind == "client" else settings.FIND_STAFF)


def may_search_strangers(acting: Principal, urgent: bool = False) -> bool:
    """Whether the one who acts may still look for strangers in this hour. Accounts of a hospital
    for whom nobody vouches yet look together as one: whoever has made them could be all of them.
    """
    actor_ids = (
        [acting.id]
        if acting.vouched
        else [
            str(i)
            for i in Staff.objects.filter(
                hospital_id=acting.hospital_id, vouched_at=None
            ).values_list("pk", flat=True)
        ]
    )
    counts = StrangerSearch.objects.filter(
        kind=acting.kind, actor__in=actor_ids, hour=current_hour()
    ).aggregate(searches=Sum("searches"), urgent=Sum("urgent"), strangers=Sum("strangers"))
    searches, in_emergencies, strangers = (
        counts[x] or 0 for x in ("searches", "urgent", "strangers")
    )
    return (
        in_emergencies < MAX_URGENT_SEARCHES
        if urgent
        else searches - in_emergencies < hourly_search_limit(acting)
        and strangers < MAX_STRANGERS_PER_SEARCH * hourly_search_limit(acting)
    )


def record_stranger_search(
    acting: Principal, strangers: int, *, urgent: bool = False, refused: bool = False
) -> None:
    """A search that found nobody of the own hospital. strangers: whom it listed."""
    with connection.cursor() as cursor:
        cursor.execute(
            ADD_SEARCH_SQL,
            {
                "hospital": acting.hospital_id,
                "kind": acting.kind,
                "actor": acting.id,
                "hour": current_hour(),
                "searches": int(not refused),
                "strangers": strangers,
                "urgent": int(urgent and not refused),
                "refused": int(refused),
            },
        )


def record_refused_search(acting: Principal) -> TooManySearches:
    """Written down, to be raised."""
    record_stranger_search(acting, 0, refused=True)
    return TooManySearches(
        math.ceil((current_hour() + dt.timedelta(hours=1) - timezone.now()).total_seconds())
    )


def delete_old_searches(now: dt.datetime) -> None:
    StrangerSearch.objects.filter(hour__lt=now - SEARCH_RETENTION).delete()
