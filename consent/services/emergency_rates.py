"""How fast clinicians open records in emergencies: what stops a machine and no doctor, and what the privacy officer is to look into (docs/adr/0030)."""

import datetime as dt
import math
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, Purpose
from alliance.models import Staff
from consent.audit.append import append
from consent.audit.event import Event, EventCode, Outcome
from consent.audit.refusal import refuse
from consent.models import Emergency

MINUTE, HOUR = dt.timedelta(seconds=60), dt.timedelta(hours=1)
AT_ONCE = 6  # records that one clinician opens within MINUTE; the next one waits until the first of them is a minute ago
MANY = 30  # within HOUR: looked into, never refused
KEPT = dt.timedelta(days=30)  # of so long ago rates are told, and of all that still waits

RATES = """
SELECT staff_id, count(*) FILTER (WHERE waits), count(*), max(in_hour), max(in_minute), max(opened_at) FROM (
  SELECT e.staff_id, e.opened_at, e.reviewed_at IS NULL OR e.told_at IS NULL AS waits,
    count(*) OVER (PARTITION BY e.staff_id ORDER BY e.opened_at RANGE BETWEEN '1 hour' PRECEDING AND CURRENT ROW) AS in_hour,
    count(*) OVER (PARTITION BY e.staff_id ORDER BY e.opened_at RANGE BETWEEN '1 minute' PRECEDING AND CURRENT ROW) AS in_minute
  FROM consent_emergency e JOIN alliance_staff s ON s.id = e.staff_id
  WHERE (e.opened_at > %(since)s OR e.reviewed_at IS NULL OR e.told_at IS NULL) AND (%(hospital)s::bigint IS NULL OR coalesce(e.hospital_id, s.hospital_id) = %(hospital)s)) x
GROUP BY staff_id HAVING bool_or(waits) ORDER BY max(in_minute) >= %(at_once)s OR max(in_hour) >= %(many)s DESC, max(in_hour) DESC, max(opened_at) DESC
"""


class TooFast(Forbidden):
    """The clinician has opened AT_ONCE records within a minute: the next one waits. seconds: so long."""

    def __init__(self, seconds: int) -> None:
        super().__init__("rate", f"You have opened {AT_ONCE} records in an emergency within a minute. The next one can be opened in {seconds} seconds.")
        self.seconds = seconds


def check_rate(acting: Principal, now: dt.datetime) -> None:
    """Raises TooFast. Only what this clinician has opened counts: nobody else's tries make them wait. Accounts of a hospital for whom nobody vouches yet count
    together, for whoever has made them could be all of them."""
    whose = Q(staff_id=int(acting.id)) if acting.vouched else Q(staff__hospital_id=acting.hospital_id, staff__vouched_at=None)
    latest = list(Emergency.objects.filter(whose, opened_at__gt=now - MINUTE).order_by("-opened_at").values_list("opened_at", flat=True)[:AT_ONCE])
    if len(latest) == AT_ONCE:
        raise TooFast(max(1, math.ceil((latest[-1] + MINUTE - now).total_seconds())))


def write_alarm(acting: Principal, now: dt.datetime) -> None:
    """A line of its own where one more makes it MANY within the hour; again with each MANY more."""
    n = Emergency.objects.filter(staff_id=int(acting.id), opened_at__gt=now - HOUR).count()
    if n and n % MANY == 0:
        append(Event.of(acting, EventCode.EMERGENCY_ALARM, target=f"staff/{acting.id}", detail=f"{n} within an hour", purpose=Purpose.EMERGENCY.value))


def note_stop(acting: Principal, error: TooFast) -> None:
    """Write down that somebody was made to wait; the same again within the minute is counted. Outside the transaction that the refusal undoes."""
    refuse(Event.of(acting, EventCode.EMERGENCY_ALARM, outcome=Outcome.REFUSED, reason="rate", target=f"staff/{acting.id}", purpose=Purpose.EMERGENCY.value).but(proviso=None), account=True)
    error.written = True


@dataclass(frozen=True, slots=True)
class Rate:
    """Of one clinician: how many emergencies wait for the officer, and how many there were, at most within an hour and within a minute."""

    staff: Staff
    waits: int
    all: int
    hour: int
    minute: int
    last: dt.datetime

    @property
    def alarm(self) -> bool:
        return self.minute >= AT_ONCE or self.hour >= MANY

    @property
    def address(self) -> str:
        """The query by which a page shows this clinician's alone."""
        return f"staff={self.staff.pk}"


def rates(acting: Principal) -> list[Rate]:
    """Of clinicians of whom something waits: those to look into first. Of the officer's hospital, or of all."""
    with connection.cursor() as cursor:
        cursor.execute(RATES, {"since": timezone.now() - KEPT, "hospital": None if acting.alliance_wide else acting.hospital_id, "at_once": AT_ONCE, "many": MANY})
        found = cursor.fetchall()
    staff = Staff.objects.select_related("hospital").in_bulk([row[0] for row in found])
    return [Rate(staff[i], *more) for i, *more in found]
