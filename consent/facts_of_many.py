"""Load what the rules may know about many persons and one viewer, in one query: for a page of a
feed (docs/adr/0063).
"""

import datetime as dt
import re
from collections.abc import Sequence

from django.db import connection
from django.utils import timezone

from consent.fact_parameters import person_parameters, viewer_parameters
from consent.facts import FACTS_SQL, facts_from_row
from consent.terms import AccessRequest, Facts

FACTS_OF_ASKED_SQL = re.sub(r"%\((homes|known|hospitals)\)s", r"asked.\1", FACTS_SQL)
FACTS_OF_MANY_SQL = f"""
SELECT f.* FROM unnest(%(homes)s::text[], %(known)s::text[], %(hospitals)s::text[])
  WITH ORDINALITY AS asked(homes, known, hospitals, place)
CROSS JOIN LATERAL ({FACTS_OF_ASKED_SQL}) f
ORDER BY asked.place
"""


def load_facts_of_many(
    requests: Sequence[AccessRequest], now: dt.datetime | None = None
) -> list[Facts]:
    """Of requests by one principal, each about one person."""
    if not requests:
        return []
    now = now or timezone.now()
    by_person = [person_parameters(request) for request in requests]
    with connection.cursor() as cursor:
        cursor.execute(
            FACTS_OF_MANY_SQL,
            {
                **viewer_parameters(requests[0], now),
                **{key: [p[key] for p in by_person] for key in by_person[0]},
            },
        )
        rows = cursor.fetchall()
    return [facts_from_row(request, row, now) for request, row in zip(requests, rows, strict=True)]
