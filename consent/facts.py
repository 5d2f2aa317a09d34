"""Load what the rules may know about one person and one viewer, in one query."""

import datetime as dt
import uuid
from typing import Any

from django.db import connection
from django.utils import timezone

from consent.terms import AccessRequest, Directive, Effect, Facts

# What was said of a person lies at the home of his oldest registration then, so it is asked by all homes: links and undone links move nothing.
# A denial also protects every registration that was his when he gave it, a permit counts only while all of these are his (docs/adr/0018).
# index: consent_directive person, directive_covers, consent_relationship person, consent_emergency person
FACTS = """
SELECT
  (SELECT coalesce(array_agg(id), '{}') FROM alliance_hospital
    WHERE suspended_at IS NOT NULL OR admitted_on > %(today)s OR leaves_on < %(today)s),
  EXISTS (SELECT 1 FROM consent_relationship
    WHERE person = ANY(%(homes)s) AND hospital_id = %(hospital)s AND starts_at <= %(now)s AND ends_at > %(now)s),
  (SELECT coalesce(json_agg(json_build_array(id, effect, recipient_id, source_id, sensitive) ORDER BY id), '[]')
    FROM consent_directive WHERE (person = ANY(%(homes)s) AND (effect = 'deny' OR covers <@ %(known)s::bigint[]) OR effect = 'deny' AND covers && %(known)s::bigint[])
      AND withdrawn_at IS NULL AND valid_from <= %(now)s
      AND (valid_until IS NULL OR valid_until > %(now)s)),
  (SELECT max(until) FROM consent_emergency
    WHERE person = ANY(%(homes)s) AND staff_id = %(staff)s AND closed_at IS NULL AND until > %(now)s)
"""
NOBODY = uuid.UUID(int=0)  # asked about like anybody, so that absence takes as long as refusal


def load(request: AccessRequest, now: dt.datetime | None = None) -> Facts:
    now = now or timezone.now()
    if request.directory:
        return Facts(now)
    principal = request.principal
    parameters: dict[str, Any] = {
        "today": timezone.localdate(now), "now": now, "homes": [s.home for s in request.known] or [NOBODY], "known": [s.id for s in request.known] or [0],
        "hospital": principal.hospital_id, "staff": int(principal.id) if principal.kind == "staff" else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(FACTS, parameters)
        suspended, related, directives, emergency = cursor.fetchone()
    return Facts(
        now, frozenset(suspended), related,
        tuple(Directive(i, Effect(e), to, of, s) for i, e, to, of, s in directives), emergency,
    )
