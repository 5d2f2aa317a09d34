"""Lines of the audit log, as tests read them back."""

from typing import Any

from django.db import connection

from consent.audit.log_query import AuditFilter, list_audit_lines

COUNTED = r"""
SELECT (SELECT coalesce(sum(coalesce(substring(detail FROM '^(\d+) more')::int, 1)), 0)
    FROM consent_audit_event
    WHERE id > %(since)s AND outcome IN ('refused', 'not-found')
      AND (actor, address) = (%(actor)s, %(address)s))
  + (SELECT coalesce(sum(times - 1), 0) FROM consent_audit_refusal
      WHERE (line->>'actor', line->>'address') = (%(actor)s, %(address)s))
"""


class Log:
    """How many refusals of one who asks stand in the log, or are counted."""

    def __init__(self, actor: str, address: str) -> None:
        self.about = {"actor": actor, "address": address}
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM consent_audit_event")
            self.about["since"] = cursor.fetchone()[0]

    def __call__(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(COUNTED, self.about)
            return int(cursor.fetchone()[0])


def fresh() -> None:
    """Forget what was counted of refusals: the next one has a line of its own."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM consent_audit_refusal")


def lines_of(target: str) -> list[str]:
    """The codes of the newest lines about a target, newest first."""
    return [x["code"] for x in list_audit_lines(AuditFilter(), None, 200) if x["target"] == target]


def told(target: str, code: str) -> list[dict[str, Any]]:
    """The newest lines about a target that have the code."""
    return [
        x
        for x in list_audit_lines(AuditFilter(), None, 300)
        if x["target"] == target and x["code"] == code
    ]
