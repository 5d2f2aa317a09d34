"""What the log says of members' systems, for the people who look after them: when one was refused a
token, and what it has co-signed last as a witness.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from consent.audit.event import AuditOutcome, EventCode

LOOKED_AT = 20  # newest lines of a system
# index: consent_audit_event_actor
REFUSED = """
SELECT k.client, l.recorded FROM unnest(%(clients)s::text[]) k(client), LATERAL (
  SELECT recorded, code, outcome FROM consent_audit_event WHERE actor_kind = 'client'
    AND actor = k.client AND recorded > now() - interval '1 day'
  ORDER BY recorded DESC LIMIT %(most)s) l
WHERE l.code = %(code)s AND l.outcome = %(outcome)s
"""
# index: consent_audit_cosignature_size
WITNESSES = """
SELECT k.client, w.received, w.size, w.contradicts FROM unnest(%(clients)s::text[]) k(client),
  LATERAL (SELECT received, size, contradicts FROM consent_audit_cosignature
    WHERE client = k.client ORDER BY size DESC, id DESC LIMIT 1) w
"""


@dataclass(frozen=True, slots=True)
class WitnessMark:
    """The last co-signature: size: lines of the log; contradicts: the log does not lead there."""

    at: dt.datetime
    size: int
    contradicts: bool


def list_refused_tokens(clients: Collection[str]) -> dict[str, dt.datetime]:
    """{system: when it was refused a token last}, of those whose newest lines say so."""
    with connection.cursor() as cursor:
        cursor.execute(
            REFUSED,
            {
                "clients": list(clients),
                "most": LOOKED_AT,
                "code": EventCode.TOKEN_ISSUE.value,
                "outcome": AuditOutcome.REFUSED.value,
            },
        )
        found: dict[str, dt.datetime] = {}
        for client, recorded in cursor.fetchall():
            found[client] = max(recorded, found.get(client, recorded))
        return found


def list_witness_marks(clients: Collection[str]) -> dict[str, WitnessMark]:
    with connection.cursor() as cursor:
        cursor.execute(WITNESSES, {"clients": list(clients)})
        return {client: WitnessMark(*rest) for client, *rest in cursor.fetchall()}
