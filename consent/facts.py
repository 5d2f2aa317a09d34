"""Load what the rules may know about one person and one viewer, in one query."""

import datetime as dt
import json
import uuid
from functools import lru_cache
from typing import Any

from django.db import connection
from django.utils import timezone

from alliance.config.literals import plain
from consent.provision import Provision, read
from consent.terms import AccessRequest, Facts, Policy, Standing

# What was said of a person lies at the home of his oldest registration then, so it is asked by all homes: links and undone links move nothing.
# A denial also protects every registration that was his when he gave it, a permit counts only while all of these are his (docs/adr/0018) and a
# human has seen the signed paper. The sub-selects hide the arrays' lengths from the planner,
# which would plan the statement anew each time; that takes longer than running it.
# index: consent_directive person, directive_covers, consent_relationship person, consent_emergency person
FACTS = """
SELECT
  (SELECT coalesce(array_agg(code), '{}') FROM alliance_hospital
    WHERE suspended_at IS NOT NULL OR admitted_on > %(today)s OR leaves_on < %(today)s),
  EXISTS (SELECT 1 FROM consent_relationship
    WHERE person = ANY ((SELECT %(homes)s::uuid[])::uuid[]) AND hospital_id = %(hospital)s AND starts_at <= %(now)s AND ends_at > %(now)s),
  (SELECT coalesce(json_agg(json_build_array(d.id, h.code, d.resource::text, d.whole) ORDER BY d.id), '[]')
    FROM (SELECT id, hospital_id, resource, denies, verified_at IS NOT NULL AND person = ANY ((SELECT %(homes)s::uuid[])::uuid[]) AND covers <@ (SELECT %(known)s::bigint[]) AS whole
      FROM consent_directive WHERE (person = ANY ((SELECT %(homes)s::uuid[])::uuid[]) OR denies AND covers && (SELECT %(known)s::bigint[]))
      AND withdrawn_at IS NULL AND valid_from <= %(now)s AND (valid_until IS NULL OR valid_until > %(now)s)) d
    JOIN alliance_hospital h ON h.id = d.hospital_id WHERE d.whole OR d.denies),
  (SELECT max(until) FROM consent_emergency
    WHERE person = ANY ((SELECT %(homes)s::uuid[])::uuid[]) AND staff_id = %(staff)s AND closed_at IS NULL AND until > %(now)s),
  (SELECT json_build_array(code, id, basis) FROM consent_alliancepolicy WHERE starts_at <= %(now)s ORDER BY starts_at DESC, id DESC LIMIT 1),
  ARRAY(SELECT unnest(covers) FROM consent_incidentseal WHERE lifted_at IS NULL AND covers && (SELECT %(known)s::bigint[]) AND NOT %(staff)s = ANY(listed))
"""
NOBODY = uuid.UUID(int=0)  # asked about like anybody, so that absence takes as long as refusal


@lru_cache(maxsize=5_000)
def rule_of(text: str, hospital: str) -> Provision:
    """Of a consent as it is stored."""
    return read(json.loads(text), hospital)


def load(request: AccessRequest, now: dt.datetime | None = None) -> Facts:
    now = now or timezone.now()
    if request.directory:
        return Facts(now)
    principal = request.principal
    parameters: dict[str, Any] = {
        "today": timezone.localdate(now), "now": now, "homes": plain([s.home for s in request.known] or [NOBODY]), "known": plain([s.id for s in request.known] or [0]),
        "hospital": principal.hospital_id, "staff": int(principal.id) if principal.kind == "staff" else 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(FACTS, parameters)
        suspended, related, consents, emergency, policy, sealed = cursor.fetchone()
    return Facts(
        now, frozenset(suspended), related, tuple(Standing(i, rule_of(text, of), whole) for i, of, text, whole in consents),
        emergency, Policy(*policy) if policy else Policy(), frozenset(s.hospital for s in request.known if s.id in sealed))
