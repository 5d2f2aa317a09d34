"""Feed of identity changes: Patient/_history of the shared base, for members whose patients were
linked or parted (IHE PMIR ITI-93 words), and whom a change concerns.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connection

from alliance.auth.errors import Forbidden
from alliance.auth.scopes import ScopeNeed
from alliance.roles import Permission
from consent import gate
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.terms import AccessRequest, Scope
from records.facade import golden_patient
from records.fhir import bundle
from records.fhir.query_string import build_link
from records.models import SourcePatient
from records.requests.feed_resume import resume_feed
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.search import cursors

DECISIONS_A_PAGE = 2000  # decisions that one page looks through
# Only transactions older than every running one, so that none slips in behind the reader.
# index: decision_feed, records_sourcepatient_home_key, source_person
IDENTITY_FEED_SQL = """
WITH part AS (
  SELECT xid, id, at, moved FROM records_decision
    WHERE (xid, id) > (%(xid)s::xid8, %(id)s) AND xid < alliance_horizon()
    AND (%(since)s::timestamptz IS NULL OR at >= %(since)s) ORDER BY xid, id LIMIT %(scan)s
)
SELECT p.xid::text, p.id, p.at, m.person, now.person_id,
  EXISTS (SELECT FROM records_sourcepatient o
    WHERE o.person_id = now.person_id AND o.hospital_id = %(hospital)s)
FROM part p LEFT JOIN LATERAL (
  SELECT DISTINCT b.person::uuid AS person FROM jsonb_array_elements(p.moved) x
    CROSS JOIN LATERAL (VALUES (x->>1), (x->>2)) b(person)
) m ON true LEFT JOIN records_sourcepatient now ON now.home = m.person
  ORDER BY p.xid, p.id, m.person
"""


def read_identity_feed(
    fhir_request: FhirRequest,
    count: int,
    since: dt.datetime | None,
    cursor: str,
    pairs: list[tuple[str, str]],
) -> FhirResponse:
    """A history Bundle, oldest first: of each person whom the caller's hospital knows and whose
    registrations were linked or parted, that the person is there, or who has replaced them by now.
    It holds ids alone. `next` is always there: ask it again later for what comes.
    """
    if not fhir_request.principal.may(Permission.RECORD_READ):
        raise Forbidden("role", "This role does not read changes.")
    scope = enter_own_store(fhir_request)
    feed_url = f"{fhir_request.root}/{fhir_request.base}/Patient/_history"
    (xid, after), epoch = resume_feed(scope, feed_url, cursor, ["0", 0])
    with connection.cursor() as at:
        at.execute(
            IDENTITY_FEED_SQL,
            {
                "xid": xid,
                "id": after,
                "since": since,
                "scan": min(DECISIONS_A_PAGE, count),
                "hospital": fhir_request.principal.hospital_id,
            },
        )
        rows = at.fetchall()
    changes = [(person, now, when) for _, _, when, person, now, own in rows if own]
    append_event(
        AuditEvent.from_principal(
            fhir_request.principal,
            EventCode.RECORD_FEED,
            target="alliance/Patient/_history",
            persons=tuple({now for _, now, _ in changes}),
        )
    )
    entries = [build_identity_entry(fhir_request, *t) for t in changes]
    if rows:
        xid, after = rows[-1][:2]
    token = cursors.write_feed_cursor(scope, feed_url, [xid, after], epoch.number, epoch.began)
    links = [
        ("self", build_link(feed_url, pairs)),
        ("next", build_link(feed_url, pairs, _cursor=token)),
    ]
    return FhirResponse(200, bundle.build_bundle("history", entries, links))


def enter_own_store(fhir_request: FhirRequest) -> Scope:
    """The caller's own store: whose cursor it is."""
    return gate.authorize_access(
        AccessRequest(
            fhir_request.principal,
            Permission.RECORD_READ,
            EventCode.RECORD_FEED,
            "alliance/Patient/_history",
            hospital_id=fhir_request.principal.hospital_id,
            need=ScopeNeed("s", ("Patient",)),
        )
    )


def build_identity_entry(
    fhir_request: FhirRequest, earlier_person_id: UUID, person_id: UUID, changed_at: dt.datetime
) -> bytes:
    return bundle.build_entry(
        f"{fhir_request.root}/alliance/Patient/{earlier_person_id}",
        golden_patient.person_pointer(earlier_person_id, person_id, fhir_request.root),
        request={"method": "PUT", "url": f"Patient/{earlier_person_id}"},
        response={"status": "200", "lastModified": changed_at.isoformat(timespec="milliseconds")},
    )


def find_concerned_registrations(moved: list[Any]) -> dict[int, list[SourcePatient]]:
    """{hospital: registrations of which it is to be told}: of each person that lost or won some,
    all that they have now, for the hospitals that know him.
    """
    persons = {UUID(p) for _, *both in moved for p in both}
    registrations = list(
        SourcePatient.objects.filter(person__in=persons, registered=True).order_by("pk")
    )
    hospitals_of_person: dict[UUID, set[int]] = {}
    for s in registrations:
        hospitals_of_person.setdefault(s.person_id, set()).add(s.hospital_id)
    all_hospitals = {h for hospitals in hospitals_of_person.values() for h in hospitals}
    return {
        h: [s for s in registrations if h in hospitals_of_person[s.person_id]]
        for h in all_hospitals
    }
