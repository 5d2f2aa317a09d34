"""Search the directory for where to refer a patient: nearest match first. Nearest is: the words,
then the day of the earliest free place, then the tier that suits the direction, then the distance
by the district in the hospitals' credit codes (GB 32100-2015, digits 3 to 8: GB/T 2260).
"""

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from alliance.models import Hospital

WITHIN = dt.timedelta(days=7)
MOST_WORDS, MOST_ROWS = 6, 40
RANK_BY_TIER = {"township": 0, "community": 0, "tertiary": 1}


@dataclass(frozen=True, slots=True)
class DirectoryQuestion:
    """words: diseases, department, doctor, hospital; hospital: a code, "" for all; free: only what
    has a free place; urgency: only what takes work so urgent, "" for any.
    """

    words: str = ""
    hospital: str = ""
    free: bool = False
    urgency: str = ""
    for_consultation: bool = False


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """A clinic, or a department that has none. free: places of the next days."""

    hospital_id: int
    department_id: int
    clinic_id: int | None
    free: int
    first: dt.datetime | None
    score: int


# index: offered_slot_free, offered_department_code, offered_clinic_code
FIND_SQL = r"""
WITH free AS MATERIALIZED (
  SELECT s.clinic_id, sum(s.places - s.taken) AS places, min(s.starts_at) AS first
  FROM alliance_offeredslot s
  WHERE s.stopped_at IS NULL AND s.taken < s.places AND s.starts_at > %(now)s
    AND s.starts_at < %(until)s
  GROUP BY s.clinic_id
), offered AS (
  SELECT h.id AS hospital, d.id AS department, c.id AS clinic, h.tier, h.credit_code,
    coalesce(f.places, 0) AS places, f.first, h.code,
    lower(concat_ws(' ', d.name_zh, d.name_en, c.name, c.doctor)) AS names,
    lower(concat_ws(' ', d.takes, c.takes)) AS takes,
    lower(concat_ws(' ', h.name_zh, h.name_en)) AS hospital_name
  FROM alliance_offereddepartment d
  JOIN alliance_hospital h ON h.id = d.hospital_id
  LEFT JOIN alliance_offeredclinic c ON c.department_id = d.id AND c.ended_at IS NULL
  LEFT JOIN free f ON f.clinic_id = c.id
  WHERE d.ended_at IS NULL AND d.hospital_id = ANY(%(hospitals)s)
    AND CASE WHEN %(consults)s THEN d.for_consultation ELSE d.for_referral END
    AND (%(urgencies)s::text[] IS NULL OR d.most_urgent = ANY(%(urgencies)s))
), scored AS (
  SELECT o.*, (
    SELECT coalesce(sum(CASE
      WHEN strpos(o.names, w) > 0 THEN 3
      WHEN strpos(o.takes, w) > 0 OR EXISTS (
        SELECT FROM regexp_split_to_table(o.takes, '[\s,，、;；]+') t
        WHERE length(t) > 1 AND strpos(w, t) > 0) THEN 2
      WHEN strpos(o.hospital_name, w) > 0 THEN 1 ELSE 0 END), 0)
    FROM unnest(%(words)s::text[]) w) AS score
  FROM offered o
)
SELECT hospital, department, clinic, places, first, score FROM scored
WHERE (score > 0 OR %(words)s::text[] = '{}') AND (places > 0 OR NOT %(free)s)
ORDER BY score DESC, date_trunc('day', first AT TIME ZONE 'Asia/Shanghai') NULLS LAST,
  CASE WHEN tier = ANY(%(higher)s) THEN %(higher_rank)s ELSE 1 - %(higher_rank)s END,
  CASE WHEN length(credit_code) < 8 OR length(%(here)s) < 8 THEN 3
    WHEN substr(credit_code, 3, 6) = substr(%(here)s, 3, 6) THEN 0
    WHEN substr(credit_code, 3, 4) = substr(%(here)s, 3, 4) THEN 1
    WHEN substr(credit_code, 3, 2) = substr(%(here)s, 3, 2) THEN 2 ELSE 3 END,
  first NULLS LAST, places DESC, code, department, clinic
LIMIT %(most)s
"""


def split_words(text: str) -> list[str]:
    """Small letters, at most MOST_WORDS."""
    return (
        text.replace("，", " ").replace("、", " ").replace(",", " ").casefold().split()[:MOST_WORDS]
    )


def find_clinics(
    asked: DirectoryQuestion, hospitals: list[int], sender: Hospital, now: dt.datetime
) -> list[DirectoryRow]:
    """hospitals: ids of those that may be chosen. A sender below looks up first, one above down."""
    urgencies = {
        "emergency": ["emergency"],
        "urgent": ["emergency", "urgent"],
    }.get(asked.urgency)
    with connection.cursor() as cursor:
        cursor.execute(
            FIND_SQL,
            {
                "now": now,
                "until": now + WITHIN,
                "hospitals": hospitals,
                "consults": asked.for_consultation,
                "urgencies": urgencies,
                "words": split_words(asked.words),
                "free": asked.free,
                "higher": [t for t, rank in RANK_BY_TIER.items() if rank],
                "higher_rank": 1 if RANK_BY_TIER.get(sender.tier, 0) else 0,
                "here": sender.credit_code,
                "most": MOST_ROWS,
            },
        )
        return [DirectoryRow(*row) for row in cursor.fetchall()]
