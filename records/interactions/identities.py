"""Who is whom, and when that changed: Patient/_history of the shared base, for members whose patients were linked or parted (IHE PMIR ITI-93 words),
and whom a change concerns."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connection

from alliance.auth.errors import Forbidden
from alliance.auth.scopes import Need
from alliance.roles import Permission
from consent import gate
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.terms import AccessRequest, Scope
from records.facade import golden
from records.fhir import bundle
from records.fhir.query import link
from records.interactions.ask import Answer, Ask
from records.models import SourcePatient
from records.search import page

SCAN = 2000  # decisions that one page looks through
# Only transactions older than every running one, so that none slips in behind the reader.
# index: decision_feed, records_sourcepatient_home_key, source_person
FEED = """
WITH part AS (
  SELECT xid, id, at, moved FROM records_decision WHERE (xid, id) > (%(xid)s::xid8, %(id)s) AND xid < pg_snapshot_xmin(pg_current_snapshot())
    AND (%(since)s::timestamptz IS NULL OR at >= %(since)s) ORDER BY xid, id LIMIT %(scan)s
)
SELECT p.xid::text, p.id, p.at, m.person, now.person_id, EXISTS (SELECT FROM records_sourcepatient o WHERE o.person_id = now.person_id AND o.hospital_id = %(hospital)s)
FROM part p LEFT JOIN LATERAL (
  SELECT DISTINCT b.person::uuid AS person FROM jsonb_array_elements(p.moved) x CROSS JOIN LATERAL (VALUES (x->>1), (x->>2)) b(person)
) m ON true LEFT JOIN records_sourcepatient now ON now.home = m.person ORDER BY p.xid, p.id, m.person
"""


def feed(ask: Ask, count: int, since: dt.datetime | None, cursor: str, pairs: list[tuple[str, str]]) -> Answer:
    """A history Bundle, oldest first: of each person whom the caller's hospital knows and whose registrations were linked or parted, that he is there, or
    who has replaced him by now. It holds ids alone. `next` is always there: ask it again later for what comes."""
    if not ask.principal.may(Permission.RECORD_READ):
        raise Forbidden("role", "This role does not read changes.")
    scope = own_scope(ask)
    here = f"{ask.root}/{ask.base}/Patient/_history"
    xid, after = page.read_forever(scope, here, cursor) if cursor else ("0", 0)
    with connection.cursor() as at:
        at.execute(FEED, {"xid": xid, "id": after, "since": since, "scan": min(SCAN, count), "hospital": ask.principal.hospital_id})
        rows = at.fetchall()
    told = [(person, now, when) for _, _, when, person, now, own in rows if own]
    append(Event.of(ask.principal, EventCode.RECORD_FEED, target="alliance/Patient/_history", persons=tuple({now for _, now, _ in told})))
    entries = [entry(ask, *t) for t in told]
    if rows:
        xid, after = rows[-1][:2]
    token = page.write(scope, here, [xid, after])
    links = [("self", link(here, pairs)),
             ("next", link(here, pairs, _cursor=token))]
    return Answer(200, bundle.bundle("history", entries, links))


def own_scope(ask: Ask) -> Scope:
    """The caller's own store: whose cursor it is."""
    return gate.enter(AccessRequest(ask.principal, Permission.RECORD_READ, EventCode.RECORD_FEED, "alliance/Patient/_history", hospital_id=ask.principal.hospital_id,
                                    need=Need("s", ("Patient",))))


def entry(ask: Ask, person: UUID, now: UUID, at: dt.datetime) -> bytes:
    return bundle.entry(f"{ask.root}/alliance/Patient/{person}", golden.pointer(person, now, ask.root), request={"method": "PUT", "url": f"Patient/{person}"},
                        response={"status": "200", "lastModified": at.isoformat(timespec="milliseconds")})


def concerned(moved: list[Any]) -> dict[int, list[SourcePatient]]:
    """{hospital: registrations of which it is to be told}: of each person that lost or won some, all that he has now, for the hospitals that know him."""
    persons = {UUID(p) for _, *both in moved for p in both}
    now = list(SourcePatient.objects.filter(person__in=persons, registered=True).order_by("pk"))
    who: dict[UUID, set[int]] = {}
    for s in now:
        who.setdefault(s.person_id, set()).add(s.hospital_id)
    every = {h for hospitals in who.values() for h in hospitals}
    return {h: [s for s in now if h in who[s.person_id]] for h in every}
