"""Put episodes before an auditor: of each day that is over the most conspicuous ones of a hospital,
and of each week a few at random, so that what the score does not find can be told as well.

A list is made once and stays: what is explained later stays on it, with its explanation.
"""

import datetime as dt
import secrets

from django.conf import settings
from django.db import connection, transaction

from records.access_review.build_episodes import POSITION_SQL

MOST = 20  # a day and hospital
MOST_OF_ONE = 3  # of one of the staff on one day: a busy snoop does not push out the others
LIST_HOUR = 4  # of the next day: members send at night
BACK_DAYS = 3  # an episode may become conspicuous, when nothing came of an emergency
DRAWN = {"waiting": 3, "explained": 2}  # a week and hospital, of those that no list of a day has
CATCH_UP_DAYS = 14
# index: record_access_day_day, record_access_listing_pkey
DUE_DAYS_SQL = f"""
SELECT DISTINCT d.hospital, d.day FROM record_access_day d
WHERE d.day < %(today)s AND d.day >= %(today)s::date - {CATCH_UP_DAYS}
  AND NOT EXISTS (SELECT FROM record_access_listing l
    WHERE l.hospital = d.hospital AND l.day = d.day)
ORDER BY 2, 1
"""
# index: record_access_episode_waits, record_access_listed_pkey
LIST_DAY_SQL = f"""
WITH candidates AS MATERIALIZED (
  SELECT e.id, e.score, e.first_at, row_number() OVER (PARTITION BY e.staff
    ORDER BY e.score DESC, e.opens DESC, md5(e.id::text)) AS nth
  FROM record_access_episode e
  WHERE e.waits AND e.hospital = %(hospital)s
    AND e.first_at >= (%(day)s::date - {BACK_DAYS})::timestamp AT TIME ZONE %(zone)s
    AND e.first_at < (%(day)s::date + 1)::timestamp AT TIME ZONE %(zone)s
    AND NOT EXISTS (SELECT FROM record_access_listed l WHERE l.episode = e.id)),
chosen AS (SELECT id, score, row_number() OVER (ORDER BY score DESC, md5(id::text)) AS place
  FROM candidates WHERE nth <= {MOST_OF_ONE} ORDER BY score DESC, md5(id::text) LIMIT {MOST}),
listed AS (INSERT INTO record_access_listed (episode, hospital, day, way, place, score)
  SELECT id, %(hospital)s, %(day)s, 'top', place, score FROM chosen RETURNING 1)
INSERT INTO record_access_listing (hospital, day, waited, left_out)
SELECT %(hospital)s, %(day)s, (SELECT count(*) FROM candidates),
  (SELECT count(*) FROM candidates) - (SELECT count(*) FROM listed)
"""
# index: record_access_listing_pkey, record_access_draw_pkey
DUE_WEEKS_SQL = """
SELECT DISTINCT l.hospital, date_trunc('week', l.day)::date AS week FROM record_access_listing l
WHERE l.day >= %(since)s AND date_trunc('week', l.day)::date + 7 <= %(today)s
  AND NOT EXISTS (SELECT FROM record_access_draw d
    WHERE d.hospital = l.hospital AND d.week = date_trunc('week', l.day)::date)
ORDER BY 2, 1
"""
# In an order that follows from the seed alone: whoever has it draws the same ones.
# index: record_access_episode_waits, record_access_episode_first
DRAW_SQL = """
WITH population AS MATERIALIZED (
  SELECT e.id, e.score FROM record_access_episode e
  WHERE e.hospital = %(hospital)s AND {waits}
    AND e.first_at >= %(week)s::timestamp AT TIME ZONE %(zone)s
    AND e.first_at < (%(week)s::date + 7)::timestamp AT TIME ZONE %(zone)s
    AND NOT EXISTS (SELECT FROM record_access_listed l WHERE l.episode = e.id)),
chosen AS (SELECT id, score,
    row_number() OVER (ORDER BY md5(%(seed)s || ':' || id::text)) AS place
  FROM population ORDER BY md5(%(seed)s || ':' || id::text) LIMIT %(most)s),
listed AS (INSERT INTO record_access_listed (episode, hospital, day, way, place, score)
  SELECT id, %(hospital)s, %(week)s::date + 6, %(way)s, place, score FROM chosen RETURNING episode)
INSERT INTO record_access_draw (hospital, week, way, seed, population, drawn)
SELECT %(hospital)s, %(week)s, %(way)s, %(seed)s, (SELECT count(*) FROM population),
  coalesce((SELECT array_agg(episode ORDER BY episode) FROM listed), '{{}}')
"""
WAITS_SQL = {"waiting": "e.waits", "explained": "NOT e.waits AND NOT e.stale"}


def list_due_episodes(now: dt.datetime) -> int:
    """How many lists were made. now: by the database's clock, in local time."""
    return list_days(now) + draw_weeks(now)


def list_days(now: dt.datetime) -> int:
    today = (now - dt.timedelta(hours=LIST_HOUR)).date()
    with connection.cursor() as cursor:
        cursor.execute(DUE_DAYS_SQL, {"today": today})
        due = cursor.fetchall()
    for hospital, day in due:
        list_day(hospital, day)
    return len(due)


@transaction.atomic
def list_day(hospital: int, day: dt.date) -> None:
    """Once: the row of the listing is the mark."""
    with connection.cursor() as cursor:
        cursor.execute(POSITION_SQL)
        cursor.execute(LIST_DAY_SQL, {"hospital": hospital, "day": day, "zone": settings.TIME_ZONE})


def draw_weeks(now: dt.datetime) -> int:
    today = (now - dt.timedelta(hours=LIST_HOUR)).date()
    with connection.cursor() as cursor:
        cursor.execute(
            DUE_WEEKS_SQL, {"today": today, "since": today - dt.timedelta(days=CATCH_UP_DAYS + 7)}
        )
        due = cursor.fetchall()
    for hospital, week in due:
        draw_week(hospital, week)
    return len(due)


@transaction.atomic
def draw_week(hospital: int, week: dt.date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(POSITION_SQL)
        for way, most in DRAWN.items():
            cursor.execute(
                DRAW_SQL.format(waits=WAITS_SQL[way]),
                {
                    "hospital": hospital,
                    "week": week,
                    "way": way,
                    "most": most,
                    "seed": secrets.token_hex(16),
                    "zone": settings.TIME_ZONE,
                },
            )
