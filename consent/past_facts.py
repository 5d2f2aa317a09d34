"""Load what the rules could know at a moment that has passed: the gate's own statement, over the
tables as they stood then (docs/adr/0076).
"""

import datetime as dt
import json
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from alliance.sql.hospitals import hospitals_then
from consent.fact_parameters import person_parameters, viewer_parameters
from consent.facts import FACTS_SQL, facts_from_row
from consent.memberships import MEMBERS_SQL
from consent.sql.past import TABLES_THEN, row_then
from consent.terms import AccessRequest, Facts

WITH_TABLES_THEN = f"WITH {hospitals_then(row_then('hospital', 'h.id'))}, {TABLES_THEN}"
FACTS_THEN_SQL = WITH_TABLES_THEN + FACTS_SQL
MEMBERS_THEN_SQL = WITH_TABLES_THEN + MEMBERS_SQL
ROW_THEN_SQL = row_then("{kind}", "%(fact)s")
# index: consent_fact_history_fact
HISTORY_SINCE_SQL = """
SELECT fact, max(until) FROM consent_fact_history
WHERE kind = %(kind)s AND fact = ANY(%(facts)s) AND until > %(now)s
GROUP BY fact, date_trunc('second', until)
"""
SINCE = ("consent", "0028_registration_history")  # the migration from which on all of it is kept


def load_facts_then(request: AccessRequest, moment: dt.datetime) -> Facts:
    """What `load_facts` told at the moment. The request's principal and registrations are those of
    the moment, too.
    """
    parameters = {**viewer_parameters(request, moment), **person_parameters(request)}
    with connection.cursor() as cursor:
        cursor.execute(FACTS_THEN_SQL, parameters)
        row = cursor.fetchone()
    return facts_from_row(request, row, moment, MEMBERS_THEN_SQL)


def load_row_then(kind: str, fact: int, moment: dt.datetime) -> dict[str, Any]:
    """The columns of a fact that have changed since, as JSON has them; empty where none has."""
    with connection.cursor() as cursor:
        cursor.execute(ROW_THEN_SQL.format(kind=kind), {"fact": fact, "now": moment})
        row = cursor.fetchone()
    return dict(json.loads(row[0]) if isinstance(row[0], str) else row[0]) if row else {}


def find_history_start() -> dt.datetime:
    """Since when all facts are kept that are changed in place: what these said before is not
    known.
    """
    return MigrationRecorder.Migration.objects.get(app=SINCE[0], name=SINCE[1]).applied
