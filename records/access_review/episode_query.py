"""Load episodes for an auditor: the lists of a hospital's days, one episode, and what was found."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from records.access_review.estimate_recall import DrawnSample, RecallEstimate, estimate_recall
from records.access_review.judge_episodes import parts_of

WAYS = ("top", "waiting", "explained")
PAGE = 50
NEWEST_OUTCOME = (  # index: records_episodeoutcome_episode_
    "LEFT JOIN LATERAL (SELECT outcome FROM records_episodeoutcome o WHERE o.episode = e.id"
    " ORDER BY o.id DESC LIMIT 1) o ON true"
)
COLUMNS = """e.id, e.staff, e.hospital, e.person, e.role, e.first_at, e.last_at, e.first_line,
  e.opens, e.finds, e.prints, e.emergency, e.template, e.evidence, e.own, e.waits, e.score, e.parts,
  l.day, l.way, l.place, l.score, o.outcome"""
# index: record_access_listed_day, record_access_episode_pkey
LISTED_SQL = f"""
SELECT {COLUMNS} FROM record_access_listed l JOIN record_access_episode e ON e.id = l.episode
{NEWEST_OUTCOME}
WHERE l.hospital = ANY(%(hospitals)s) AND (%(day)s::date IS NULL OR l.day = %(day)s)
  AND (%(open)s = false OR o.outcome IS NULL)
ORDER BY l.day DESC, l.hospital, l.way = 'top' DESC, l.way DESC, l.place
LIMIT %(limit)s OFFSET %(offset)s
"""
# index: record_access_episode_pkey
ONE_SQL = f"""
SELECT {COLUMNS} FROM record_access_episode e
LEFT JOIN record_access_listed l ON l.episode = e.id {NEWEST_OUTCOME}
WHERE e.id = %(episode)s AND e.hospital = ANY(%(hospitals)s)
"""
# index: record_access_listed_day
COUNT_OPEN_SQL = """
SELECT count(*) FROM record_access_listed l WHERE l.hospital = ANY(%(hospitals)s)
  AND NOT EXISTS (SELECT FROM records_episodeoutcome o WHERE o.episode = l.episode)
"""
# index: record_access_listing_pkey, record_access_draw_pkey, record_access_listed_day
FIGURES_SQL = f"""
WITH listed AS (SELECT l.way, e.id, o.outcome FROM record_access_listed l
  JOIN record_access_episode e ON e.id = l.episode {NEWEST_OUTCOME}
  WHERE l.hospital = ANY(%(hospitals)s) AND l.day >= %(since)s)
SELECT w.way,
  (SELECT coalesce(sum(d.population), 0) FROM record_access_draw d
    WHERE d.hospital = ANY(%(hospitals)s) AND d.way = w.way AND d.week + 6 >= %(since)s),
  count(l.id), count(l.id) FILTER (WHERE l.outcome IN ('missing', 'unusual', 'violation')),
  count(l.id) FILTER (WHERE l.outcome = 'violation'),
  count(l.id) FILTER (WHERE l.outcome = 'unclear')
FROM unnest(%(ways)s::text[]) w(way) LEFT JOIN listed l ON l.way = w.way GROUP BY w.way
"""
# Of whole days: all episodes are counted day by day, and what is unexplained waits.
# index: record_access_day_day, record_access_episode_waits
SHARE_SQL = """
SELECT (SELECT coalesce(sum(d.episodes), 0) FROM record_access_day d
    WHERE d.day >= %(from)s AND d.day < %(until)s AND d.hospital = ANY(%(hospitals)s)),
  (SELECT count(*) FROM record_access_episode e WHERE e.hospital = ANY(%(hospitals)s) AND e.waits
    AND e.template IS NULL AND e.first_at >= %(from)s::timestamp AT TIME ZONE %(zone)s
    AND e.first_at < %(until)s::timestamp AT TIME ZONE %(zone)s)
"""
SHARE_DAYS, FIGURE_DAYS = 14, 90


@dataclass(frozen=True, slots=True)
class Episode:
    """listed_score: the one that it had when it was listed, None where it is on no list."""

    pk: int
    staff: int
    hospital: int
    person: UUID
    role: str
    first_at: dt.datetime
    last_at: dt.datetime
    first_line: int
    opens: int
    finds: int
    prints: int
    emergency: bool
    template: str | None
    evidence: str
    own: bool
    waits: bool
    score: float
    parts: list[tuple[str, float, str]]
    day: dt.date | None
    way: str | None
    place: int | None
    listed_score: float | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class ReviewFigures:
    """explained: of the episodes; listed, judged, violations: by the way onto the list."""

    episodes: int
    explained: int
    listed: dict[str, int]
    judged: dict[str, int]
    violations: dict[str, int]
    unclear: int
    recall: RecallEstimate | None

    @property
    def explained_percent(self) -> float | None:
        return 100 * self.explained / self.episodes if self.episodes else None


def episode_from_row(row: Sequence[Any]) -> Episode:
    values = list(row)
    values[17] = parts_of(values[17])
    return Episode(*values)


def load_listed_episodes(
    hospitals: Sequence[int], day: dt.date | None, *, only_open: bool, page: int
) -> tuple[list[Episode], bool]:
    """(those of a page, whether there are more)"""
    with connection.cursor() as cursor:
        cursor.execute(
            LISTED_SQL,
            {
                "hospitals": list(hospitals),
                "day": day,
                "open": only_open,
                "limit": PAGE + 1,
                "offset": PAGE * (page - 1),
            },
        )
        rows = [episode_from_row(row) for row in cursor.fetchall()]
    return rows[:PAGE], len(rows) > PAGE


def load_episode(number: int, hospitals: Sequence[int]) -> Episode | None:
    """None where there is none, and where it is of another hospital."""
    with connection.cursor() as cursor:
        cursor.execute(ONE_SQL, {"episode": number, "hospitals": list(hospitals)})
        row = cursor.fetchone()
    return episode_from_row(row) if row else None


def count_open_episodes(hospitals: Sequence[int]) -> int:
    """Those on lists of which nobody has said anything."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_OPEN_SQL, {"hospitals": list(hospitals)})
        return int(cursor.fetchone()[0])


def load_figures(hospitals: Sequence[int], today: dt.date) -> ReviewFigures:
    """Of the lists of ninety days, and of the accesses of fourteen, without today."""
    values = {
        "hospitals": list(hospitals),
        "since": today - dt.timedelta(days=FIGURE_DAYS),
        "ways": list(WAYS),
        "from": today - dt.timedelta(days=SHARE_DAYS),
        "until": today,
        "zone": settings.TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(FIGURES_SQL, values)
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(SHARE_SQL, values)
        episodes, unexplained = cursor.fetchone()
    samples = [
        DrawnSample(int(rows[way][0]), int(rows[way][2]), int(rows[way][3]))
        for way in ("waiting", "explained")
    ]
    return ReviewFigures(
        episodes=episodes,
        explained=max(0, episodes - unexplained),
        listed={way: row[1] for way, row in rows.items()},
        judged={way: row[2] for way, row in rows.items()},
        violations={way: row[3] for way, row in rows.items()},
        unclear=sum(row[4] for row in rows.values()),
        recall=estimate_recall(int(rows["top"][3]), samples),
    )
