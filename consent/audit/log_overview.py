"""Count what an overview of the log tells of a span of days: what was done, refused and exported,
emergencies, witnesses, and whether the log itself is well.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection

from consent.audit.event import EventCode
from consent.audit.log_query import AuditFilter

MOST_EXPORTS = 200  # that are listed one by one
CLOCK_SLACK = 10.0  # seconds by which a line may be older than the one before it (order_checks.py)
# index: consent_audit_event_recorded
COUNTS_SQL = """
SELECT code, outcome, reason, purpose = 'BTG', actor_kind, count(*) FROM consent_audit_event
WHERE {where} GROUP BY 1, 2, 3, 4, 5
"""
# index: consent_audit_event_recorded
EXPORTS_SQL = """
SELECT id, recorded, actor_kind, actor, actor_hospital, role, code, detail, target
FROM consent_audit_event WHERE {where} AND code = ANY(%(exports)s) ORDER BY id DESC LIMIT %(most)s
"""
# Of all hospitals: numbers that no line has, lines behind the sealer, the clock set back.
# index: consent_audit_event_recorded, consent_audit_leaf_event_id_key
HEALTH_SQL = """
SELECT count(*), min(id), max(id), count(*) FILTER (WHERE back > %(slack)s), count(*) FILTER
  (WHERE NOT EXISTS (SELECT FROM consent_audit_leaf l WHERE l.event_id = e.id))
FROM (SELECT id, extract(epoch FROM lag(recorded) OVER (ORDER BY id) - recorded) AS back
  FROM consent_audit_event WHERE recorded >= %(start)s AND recorded < %(end)s) e
"""
# index: consent_audit_event_recorded
CHECKS_SQL = """
SELECT recorded, detail FROM consent_audit_event
WHERE recorded >= %(start)s AND recorded < %(end)s AND code = %(read)s AND target = 'verify'
ORDER BY id DESC LIMIT 20
"""
EXPORT_CODES = (EventCode.AUDIT_EXPORT.value, EventCode.RECORD_EXPORT.value)


@dataclass(frozen=True, slots=True)
class NotedExport:
    number: int
    at: dt.datetime
    actor_kind: str
    actor: str
    actor_hospital: str
    role: str
    code: str
    detail: str
    target: str

    def as_line(self) -> dict[str, object]:
        """What names are looked up by (consent/audit/line_names.py)."""
        return {
            "actor_kind": self.actor_kind,
            "actor": self.actor,
            "actor_hospital": self.actor_hospital,
            "role": self.role,
            "target": "",
            "detail": "",
            "person": None,
        }


@dataclass(slots=True)
class LogHealth:
    """Of the whole log in these days: numbers that no line has, lines that are not sealed yet or
    are dated back against the one before; checks: when somebody had the log checked, and what came.
    """

    lines: int = 0
    missing: int = 0
    dated_back: int = 0
    unsealed: int = 0
    checks: list[tuple[dt.datetime, str]] = field(default_factory=list)


@dataclass(slots=True)
class LogOverview:
    """lines: {(code, outcome): lines}; refusals: {reason: lines}; emergency: lines of emergency
    access; exports: the newest of export_lines.
    """

    lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    actors: Counter[str] = field(default_factory=Counter)
    emergency: int = 0
    exports: list[NotedExport] = field(default_factory=list)
    health: LogHealth = field(default_factory=LogHealth)

    @property
    def export_lines(self) -> int:
        return sum(n for (code, _outcome), n in self.lines.items() if code in EXPORT_CODES)


def count_overview(audit_filter: AuditFilter) -> LogOverview:
    """Of a filter that has a first and a last moment."""
    where, parameters = audit_filter.where_sql()
    out = LogOverview()
    with connection.cursor() as cursor:
        cursor.execute(COUNTS_SQL.format(where=where), parameters)
        for code, outcome, reason, emergency, kind, n in cursor:
            out.lines[code, outcome] += n
            out.actors[kind] += n
            out.emergency += n if emergency else 0
            if outcome == "refused":
                out.refusals[reason] += n
        cursor.execute(
            EXPORTS_SQL.format(where=where),
            {**parameters, "exports": list(EXPORT_CODES), "most": MOST_EXPORTS},
        )
        out.exports = [NotedExport(*row) for row in cursor]
    out.health = measure_health(audit_filter)
    return out


def measure_health(audit_filter: AuditFilter) -> LogHealth:
    parameters = {
        "start": audit_filter.start,
        "end": audit_filter.end,
        "slack": CLOCK_SLACK,
        "read": EventCode.AUDIT_READ.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(HEALTH_SQL, parameters)
        lines, first, last, back, unsealed = cursor.fetchone()
        cursor.execute(CHECKS_SQL, parameters)
        checks = cursor.fetchall()
    missing = last - first + 1 - lines if lines else 0
    return LogHealth(lines, missing, back, unsealed, checks)
