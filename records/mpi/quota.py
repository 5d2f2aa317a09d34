"""How many strangers somebody may look for in an hour: an index that answers without end is fished (docs/threat-model.md). Counted in the database, for all
processes together; whom the own hospital knows is always found, and an emergency has a count of its own."""

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

URGENT = 120  # searches an hour in emergencies: stops a machine, and no doctor
EACH = 3  # strangers that a search lists on average, at most
KEPT = dt.timedelta(days=90)
ADD = """
INSERT INTO records_strangersearch (hospital_id, kind, actor, hour, searches, strangers, urgent, refused)
  VALUES (%(hospital)s, %(kind)s, %(actor)s, %(hour)s, %(searches)s, %(strangers)s, %(urgent)s, %(refused)s)
ON CONFLICT (kind, actor, hour) DO UPDATE SET searches = records_strangersearch.searches + excluded.searches, strangers = records_strangersearch.strangers + excluded.strangers,
  urgent = records_strangersearch.urgent + excluded.urgent, refused = records_strangersearch.refused + excluded.refused
"""


class TooManySearches(Problem):
    """Nobody of the own hospital fits, and strangers are not looked for until the hour is over. seconds: until then."""

    kind = "too-many"

    def __init__(self, seconds: int) -> None:
        super().__init__(Issue("throttled", f"You have looked for too many people whom your hospital does not know. Its own patients are found as always; ask for others again in {seconds} seconds."))
        self.seconds = seconds


def this_hour() -> dt.datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


def limit(acting: Principal) -> int:
    return int(settings.FIND_SYSTEM if acting.kind == "client" else settings.FIND_STAFF)


def may_look(acting: Principal, urgent: bool = False) -> bool:
    """Whether the one who acts may still look for strangers in this hour. Accounts of a hospital for whom nobody vouches yet look together as one: whoever has
    made them could be all of them."""
    whose = [acting.id] if acting.vouched else [str(i) for i in Staff.objects.filter(hospital_id=acting.hospital_id, vouched_at=None).values_list("pk", flat=True)]
    found = StrangerSearch.objects.filter(kind=acting.kind, actor__in=whose, hour=this_hour()).aggregate(searches=Sum("searches"), urgent=Sum("urgent"), strangers=Sum("strangers"))
    searches, in_emergencies, strangers = (found[x] or 0 for x in ("searches", "urgent", "strangers"))
    return in_emergencies < URGENT if urgent else searches - in_emergencies < limit(acting) and strangers < EACH * limit(acting)


def write_search(acting: Principal, strangers: int, *, urgent: bool = False, refused: bool = False) -> None:
    """A search that found nobody of the own hospital. strangers: whom it listed."""
    with connection.cursor() as cursor:
        cursor.execute(ADD, {"hospital": acting.hospital_id, "kind": acting.kind, "actor": acting.id, "hour": this_hour(), "searches": int(not refused), "strangers": strangers,
                             "urgent": int(urgent and not refused), "refused": int(refused)})


def too_many(acting: Principal) -> TooManySearches:
    """Written down, to be raised."""
    write_search(acting, 0, refused=True)
    return TooManySearches(math.ceil((this_hour() + dt.timedelta(hours=1) - timezone.now()).total_seconds()))


def forget_searches(now: dt.datetime) -> None:
    StrangerSearch.objects.filter(hour__lt=now - KEPT).delete()
