"""How fast clinicians open records in emergencies: what stops a machine and no doctor, and what
the privacy officer is to look into (docs/adr/0030).
"""

import datetime as dt
import math
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, Purpose, hospitals_served
from alliance.models import Staff
from alliance.sql.hospitals import STAFF
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.refusal_counter import log_refusal
from consent.models import Emergency

MINUTE, HOUR = dt.timedelta(seconds=60), dt.timedelta(hours=1)
# records that one clinician opens within MINUTE; the next one waits until the first of them is a
# minute ago
MAX_PER_MINUTE = 6
HOURLY_ALARM = 30  # within HOUR: looked into, never refused
RATE_WINDOW = dt.timedelta(days=30)  # of so long ago rates are told, and of all that still waits

RATES_SQL = f"""
SELECT staff_id, count(*) FILTER (WHERE waits), count(*),
  max(in_hour), max(in_minute), max(opened_at)
FROM (
  SELECT e.staff_id, e.opened_at, e.reviewed_at IS NULL OR e.told_at IS NULL AS waits,
    count(*) OVER (PARTITION BY e.staff_id
      ORDER BY e.opened_at RANGE BETWEEN '1 hour' PRECEDING AND CURRENT ROW) AS in_hour,
    count(*) OVER (PARTITION BY e.staff_id
      ORDER BY e.opened_at RANGE BETWEEN '1 minute' PRECEDING AND CURRENT ROW) AS in_minute
  FROM consent_emergency e JOIN {STAFF} s ON s.id = e.staff_id
  WHERE (e.opened_at > %(since)s OR e.reviewed_at IS NULL OR e.told_at IS NULL)
    AND (%(hospitals)s::bigint[] IS NULL
      OR coalesce(e.hospital_id, s.hospital_id) = ANY(%(hospitals)s::bigint[]))) x
GROUP BY staff_id
HAVING bool_or(waits)
ORDER BY max(in_minute) >= %(at_once)s OR max(in_hour) >= %(many)s DESC, max(in_hour) DESC,
  max(opened_at) DESC
"""


class EmergencyRateExceeded(Forbidden):
    """The clinician has opened AT_ONCE records within a minute: the next one waits. seconds: so
    long.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "rate",
            f"You have opened {MAX_PER_MINUTE} records in an emergency within a minute. The next"
            f" one can be opened in {seconds} seconds.",
        )
        self.seconds = seconds


def check_emergency_rate(acting: Principal, now: dt.datetime) -> None:
    """Raises TooFast. Only what this clinician has opened counts: nobody else's tries make them
    wait. Accounts of a hospital for whom nobody vouches yet count together, for whoever has made
    them could be all of them.
    """
    whose = (
        Q(staff_id=int(acting.id))
        if acting.vouched
        else Q(staff__hospital_id=acting.hospital_id, staff__vouched_at=None)
    )
    latest = list(
        Emergency.objects.filter(whose, opened_at__gt=now - MINUTE)
        .order_by("-opened_at")
        .values_list("opened_at", flat=True)[:MAX_PER_MINUTE]
    )
    if len(latest) == MAX_PER_MINUTE:
        raise EmergencyRateExceeded(max(1, math.ceil((latest[-1] + MINUTE - now).total_seconds())))


def append_rate_alarm(acting: Principal, now: dt.datetime) -> None:
    """A line of its own where one more makes it MANY within the hour; again with each MANY more."""
    n = Emergency.objects.filter(staff_id=int(acting.id), opened_at__gt=now - HOUR).count()
    if n and n % HOURLY_ALARM == 0:
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.EMERGENCY_ALARM,
                target=f"staff/{acting.id}",
                detail=f"{n} within an hour",
                purpose=Purpose.EMERGENCY.value,
            )
        )


def log_rate_refusal(acting: Principal, error: EmergencyRateExceeded) -> None:
    """Write down that somebody was made to wait; the same again within the minute is counted.
    Outside the transaction that the refusal undoes.
    """
    log_refusal(
        AuditEvent.from_principal(
            acting,
            EventCode.EMERGENCY_ALARM,
            outcome=AuditOutcome.REFUSED,
            reason="rate",
            target=f"staff/{acting.id}",
            purpose=Purpose.EMERGENCY.value,
        ).with_changes(proviso=None),
        account=True,
    )
    error.written = True


@dataclass(frozen=True, slots=True)
class EmergencyRate:
    """Of one clinician: how many emergencies wait for the officer, and how many there were, at
    most within an hour and within a minute.
    """

    staff: Staff
    waits: int
    all: int
    hour: int
    minute: int
    last: dt.datetime

    @property
    def alarm(self) -> bool:
        return self.minute >= MAX_PER_MINUTE or self.hour >= HOURLY_ALARM

    @property
    def address(self) -> str:
        """The query by which a page shows this clinician's alone."""
        return f"staff={self.staff.pk}"


def list_emergency_rates(acting: Principal) -> list[EmergencyRate]:
    """Of clinicians of whom something waits: those to look into first. Of the hospitals that the
    officer serves, or of all.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            RATES_SQL,
            {
                "since": timezone.now() - RATE_WINDOW,
                "hospitals": None if acting.alliance_wide else sorted(hospitals_served(acting)),
                "at_once": MAX_PER_MINUTE,
                "many": HOURLY_ALARM,
            },
        )
        found = cursor.fetchall()
    staff = Staff.objects.select_related("hospital").in_bulk([row[0] for row in found])
    return [EmergencyRate(staff[i], *more) for i, *more in found]
