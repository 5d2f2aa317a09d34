"""Count repeated refusals in the audit log: the first one of a kind is a line at once; the same
one again within the minute is counted, and how often it came is one line more, which the sealer
writes when the minute is over. Who is refused a thousand times a second writes two lines a minute.

A kind is code, outcome, reason, actor, address, the patient whom it was about, and what was asked
for, without its number. How many kinds a minute has is bounded for whoever shows no account, by
address and for all together, apart for those who guess at an account and those who name none:
further ones are counted as one.
"""

import hashlib
import json

from django.db import connection, transaction

from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode

MANY = "many"  # the reason of what is counted together
MAX_KINDS_OF_ACCOUNT, MAX_KINDS_OF_ADDRESS, MAX_KINDS_OF_STRANGERS = (
    20,
    10,
    40,
)  # kinds a minute: of one account, of one address, of all addresses
EVERYBODY = "everybody"

# A kind that is there already, or has room, is itself; else it is the rest of its address or
# account, else the rest of all.
# index: consent_audit_refusal_pkey, consent_audit_refusal_counted
COUNT_REFUSAL_SQL = """
WITH now AS MATERIALIZED (SELECT date_trunc('minute', clock_timestamp()) AS minute),
room AS MATERIALIZED (SELECT
  EXISTS (SELECT FROM consent_audit_refusal r, now
    WHERE r.minute = now.minute AND r.kind = (%(kinds)s::text[])[1]) AS known,
  EXISTS (SELECT FROM consent_audit_refusal r, now
    WHERE r.minute = now.minute AND r.kind = (%(kinds)s::text[])[2]) AS folded,
  (SELECT count(*) FROM consent_audit_refusal r, now
    WHERE r.minute = now.minute AND r.counted = %(counted)s::text) < %(most)s AS own,
  %(account)s::boolean OR (SELECT count(*) FROM consent_audit_refusal r, now
    WHERE r.minute = now.minute AND r.counted LIKE %(alike)s::text
    ) < %(strangers)s AS all_together),
chosen AS (
  SELECT CASE
    WHEN known OR own AND all_together THEN 1
    WHEN folded OR all_together THEN 2
    ELSE 3 END AS i
  FROM room)
INSERT INTO consent_audit_refusal AS r (minute, kind, counted, times, line)
SELECT now.minute, (%(kinds)s::text[])[i],
  CASE WHEN i < 3 THEN %(counted)s::text ELSE (%(kinds)s::text[])[3] END,
  1, (%(lines)s::jsonb[])[i]
FROM chosen, now
ON CONFLICT (minute, kind) DO UPDATE SET times = r.times + 1
RETURNING r.times, r.kind
"""
FIELDS = (
    "code",
    "actor_kind",
    "actor",
    "actor_hospital",
    "role",
    "purpose",
    "outcome",
    "reason",
    "person",
    "target",
    "detail",
    "address",
    "request_id",
)
LINE_VALUES = {f: f"line->>'{f}'" for f in FIELDS} | {
    "person": "nullif(line->>'person', '')::uuid",
    "detail": "(times - 1) || ' more'",
}
FLUSH_SQL = f"""
WITH over AS (DELETE FROM consent_audit_refusal
  WHERE minute < date_trunc('minute', clock_timestamp() - interval '3 seconds')
  RETURNING times, line)
INSERT INTO consent_audit_event ({", ".join(FIELDS)}, refs)
SELECT {", ".join(LINE_VALUES.values())}, '{{}}' FROM over WHERE times > 1
"""


def log_refusal(event: AuditEvent, *, account: bool) -> None:
    """Write or count one. account: whether who is refused has shown who they are; a stranger may
    name any account.

    MUST NOT be called inside a transaction that the refusal undoes.
    """
    sort = (
        "account" if account else "guess" if event.actor else "stranger"
    )  # who guesses at no account takes no room from guesses at one
    refused_party = (
        f"{sort} {event.actor_kind} {event.actor}" if account else f"{sort} {event.address}"
    )
    counted_event = event.with_changes(
        code=EventCode.DOOR,
        outcome=AuditOutcome.REFUSED,
        reason=MANY,
        target="",
        detail="",
        person=None,
        **({} if account else STRANGER),
    )
    kinds = {
        hash_refusal_kind(event): event,
        f"rest of {refused_party}": counted_event,
        EVERYBODY: counted_event.with_changes(address=""),
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                COUNT_REFUSAL_SQL,
                {
                    "kinds": list(kinds),
                    "lines": [serialize_refusal(e) for e in kinds.values()],
                    "counted": refused_party,
                    "alike": f"{sort} %",
                    "account": account,
                    "most": MAX_KINDS_OF_ACCOUNT if account else MAX_KINDS_OF_ADDRESS,
                    "strangers": MAX_KINDS_OF_STRANGERS,
                },
            )
            times, kind = cursor.fetchone()
        if times == 1:
            append_event(kinds[kind])


def hash_refusal_kind(event: AuditEvent) -> str:
    kind = (
        event.code,
        event.outcome,
        event.reason,
        event.actor_kind,
        event.actor,
        event.address,
        str(event.person or ""),
        event.target,
    )
    return hashlib.sha256("|".join(kind).encode()).hexdigest()


STRANGER = {"actor_kind": "stranger", "actor": "", "actor_hospital": "", "role": "", "purpose": ""}


def serialize_refusal(event: AuditEvent) -> str:
    """The line as the sealer will write it."""
    return json.dumps({f: str(getattr(event, f) or "") for f in FIELDS})


def flush_refusals() -> int:
    """Write how often the refusals of past minutes came again; how many lines."""
    with connection.cursor() as cursor:
        cursor.execute(FLUSH_SQL)
        return cursor.rowcount
