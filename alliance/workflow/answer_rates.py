"""How each hospital keeps its time: of what was sent to it in a month how much it answered, how
much in time, and within how long half of it.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from alliance.models import Hospital

MONTHS = 6
# Who answered of what was sent to them, and when. In time: before the duty office was to be told.
# index: work_sent_at, work_transition_once, alliance_worktimer_item_id
RATES_SQL = """
SELECT to_char(i.sent_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, i.receiver_id,
  count(*), count(a.at), count(*) FILTER (WHERE a.at <= d.due_at),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.at - i.sent_at))
FROM alliance_workitem i
LEFT JOIN LATERAL (
  SELECT min(t.at) AS at FROM alliance_worktransition t
  WHERE t.item_id = i.id AND t.version > 1 AND t.hospital_id = i.receiver_id
) a ON true
LEFT JOIN LATERAL (
  SELECT min(t.due_at) AS due_at FROM alliance_worktimer t
  WHERE t.item_id = i.id AND t.action = 'duty'
) d ON true
WHERE i.sent_at >= %(since)s
GROUP BY 1, 2 ORDER BY 1 DESC, 2
"""


@dataclass(frozen=True, slots=True)
class AnswerRate:
    """median: seconds until half of what was answered was; None where nothing was."""

    month: str
    hospital: Hospital
    sent: int
    answered: int
    in_time: int
    median: float | None

    @property
    def percent(self) -> int:
        return round(100 * self.in_time / self.sent)


def list_rates(now: dt.datetime) -> list[AnswerRate]:
    """Of this month and the five before."""
    first = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _month in range(MONTHS - 1):
        first = (first - dt.timedelta(days=1)).replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(RATES_SQL, {"since": first})
        found = cursor.fetchall()
    hospitals = Hospital.objects.in_bulk({row[1] for row in found})
    return [
        AnswerRate(
            month,
            hospitals[receiver],
            sent,
            answered,
            in_time,
            float(median) if median is not None else None,
        )
        for month, receiver, sent, answered, in_time, median in found
    ]
