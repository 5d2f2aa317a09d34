"""Birth dates that a hospital writes down where it knows none: held far too often for its
register's size and month (records/mpi/matching/rules/birth_dates.py).
"""

from collections.abc import Collection

from django.db import connection

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal
from records.mpi.matching.rules import birth_dates

# registrations of one date that are counted: whose every day has a tenth of so many has twelve
# million patients
MAX_COUNTED = 4000
NAME_SAMPLE = 400  # of these, whose names are read
# Registrations of a date and of its month, which is counted no further than it matters; of the
# index alone, for most dates are true. A month ends with its thirty-first day in every collation,
# and what a year alone is does not begin with it.
# index: source_birth
DATE_COUNTS_SQL = """
WITH day AS MATERIALIZED (
  SELECT a.hospital, a.born, d.many
    FROM unnest((SELECT %(hospitals)s::bigint[]), (SELECT %(births)s::text[])) AS a(hospital, born)
    CROSS JOIN LATERAL (
    SELECT count(*) AS many FROM (SELECT FROM records_sourcepatient
        WHERE hospital_id = a.hospital AND birth_date = a.born LIMIT %(most)s) x) d
  WHERE d.many >= %(few)s
), month AS MATERIALIZED (
  SELECT m.*, (SELECT count(*) FROM (
    SELECT FROM records_sourcepatient WHERE hospital_id = m.hospital
      AND birth_date BETWEEN m.month AND m.month || '-31' LIMIT m.most * %(enough)s) x) AS many
  FROM (SELECT hospital, left(born, 7) AS month, max(many) AS most FROM day GROUP BY 1, 2) m
)
SELECT day.hospital, day.born, day.many, month.many FROM day
  JOIN month ON month.hospital = day.hospital AND month.month = left(day.born, 7)
"""
# How many of the first registrations of a date have names of their own: one who is registered often
# is one.
# index: source_birth
DATE_NAMES_SQL = """
SELECT a.hospital, a.born, (SELECT count(DISTINCT name) FROM (
  SELECT name FROM records_sourcepatient WHERE hospital_id = a.hospital AND birth_date = a.born
    LIMIT %(sample)s) x)
FROM unnest((SELECT %(hospitals)s::bigint[]), (SELECT %(births)s::text[])) AS a(hospital, born)
"""


def find_placeholder_dates(
    hospital_dates: Collection[tuple[int | None, str]],
) -> set[tuple[int, str]]:
    """Of (hospital, birth date as it was sent): those that are habits. One question for all of
    them, and a second one where some are held so often.
    """
    pairs = sorted(
        {
            (hospital_id, birth)
            for hospital_id, birth in hospital_dates
            if hospital_id is not None
            and (date := birth_dates.parse_birth_date(birth))
            and birth_dates.is_informative_date(date)
        }
    )
    if not pairs:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            DATE_COUNTS_SQL,
            {
                **date_pair_columns(pairs),
                "most": MAX_COUNTED,
                "few": birth_dates.MIN_SHARED_DATE,
                "enough": birth_dates.MONTH_COUNT_FACTOR,
            },
        )
        frequent = {
            (hospital_id, birth): (day, month)
            for hospital_id, birth, day, month in cursor.fetchall()
            if birth_dates.is_placeholder_date(day, month)
        }
        if not frequent:
            return set()
        cursor.execute(
            DATE_NAMES_SQL, {**date_pair_columns(sorted(frequent)), "sample": NAME_SAMPLE}
        )
        name_counts = {
            (hospital_id, birth): names for hospital_id, birth, names in cursor.fetchall()
        }
    return {
        pair
        for pair, (day, month) in frequent.items()
        if birth_dates.is_placeholder_date(day * name_counts[pair] // min(day, NAME_SAMPLE), month)
    }


def date_pair_columns(pairs: Collection[tuple[int, str]]) -> dict[str, object]:
    return {
        "hospitals": unquoted_array_literal(h for h, _ in pairs),
        "births": text_array_literal(b for _, b in pairs),
    }
