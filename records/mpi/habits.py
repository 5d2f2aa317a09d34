"""Birth dates that a hospital writes down where it knows none: held far too often for its register's size and month (rules/birth.py, is_habit)."""

from collections.abc import Collection

from django.db import connection

from alliance.config.literals import plain, texts
from records.mpi.rules import birth

MOST = 4000  # registrations of one date that are counted: whose every day has a tenth of so many has twelve million patients
SAMPLE = 400  # of these, whose names are read
# Registrations of a date and of its month, which is counted no further than it matters; of the index alone, for most dates are true.
# A month ends with its thirty-first day in every collation, and what a year alone is does not begin with it.
# index: source_birth
COUNTS = """
WITH day AS MATERIALIZED (
  SELECT a.hospital, a.born, d.many FROM unnest((SELECT %(hospitals)s::bigint[]), (SELECT %(births)s::text[])) AS a(hospital, born) CROSS JOIN LATERAL (
    SELECT count(*) AS many FROM (SELECT FROM records_sourcepatient WHERE hospital_id = a.hospital AND birth_date = a.born LIMIT %(most)s) x) d
  WHERE d.many >= %(few)s
), month AS MATERIALIZED (
  SELECT m.*, (SELECT count(*) FROM (
    SELECT FROM records_sourcepatient WHERE hospital_id = m.hospital AND birth_date BETWEEN m.month AND m.month || '-31' LIMIT m.most * %(enough)s) x) AS many
  FROM (SELECT hospital, left(born, 7) AS month, max(many) AS most FROM day GROUP BY 1, 2) m
)
SELECT day.hospital, day.born, day.many, month.many FROM day JOIN month ON month.hospital = day.hospital AND month.month = left(day.born, 7)
"""
# How many of the first registrations of a date have names of their own: one who is registered often is one.
# index: source_birth
NAMES = """
SELECT a.hospital, a.born, (SELECT count(DISTINCT name) FROM (
  SELECT name FROM records_sourcepatient WHERE hospital_id = a.hospital AND birth_date = a.born LIMIT %(sample)s) x)
FROM unnest((SELECT %(hospitals)s::bigint[]), (SELECT %(births)s::text[])) AS a(hospital, born)
"""


def common_dates(asked: Collection[tuple[int | None, str]]) -> set[tuple[int, str]]:
    """Of (hospital, birth date as it was sent): those that are habits. One question for all of them, and a second one where some are held so often."""
    pairs = sorted({(h, b) for h, b in asked if h is not None and (date := birth.parse(b)) and birth.tells(date)})
    if not pairs:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {**columns(pairs), "most": MOST, "few": birth.FEW, "enough": birth.ENOUGH})
        often = {(hospital, born): (day, month) for hospital, born, day, month in cursor.fetchall() if birth.is_habit(day, month)}
        if not often:
            return set()
        cursor.execute(NAMES, {**columns(sorted(often)), "sample": SAMPLE})
        named = {(hospital, born): names for hospital, born, names in cursor.fetchall()}
    return {pair for pair, (day, month) in often.items() if birth.is_habit(day * named[pair] // min(day, SAMPLE), month)}


def columns(pairs: Collection[tuple[int, str]]) -> dict[str, object]:
    return {"hospitals": plain(h for h, _ in pairs), "births": texts(b for _, b in pairs)}
