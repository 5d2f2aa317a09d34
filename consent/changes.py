"""What may be seen has changed: facts of consent in the order of their commits, for a hospital's
feed (docs/sync.md, Pull). Only those that concern the hospital.
"""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from alliance.auth.principal import Principal
from alliance.sql.hospitals import HOSPITALS
from consent.compile import ConsentViewer, evaluate_provision
from consent.criteria import NEVER
from consent.from_records import asked
from consent.provision import find_named_groups, find_named_sources, parse_consent
from consent.purposes import BREAK_GLASS

# A row for each change, and for each person of the hospital's whom it is about.
# index: consent_change_feed, records_sourcepatient_home_key, records_sourcepatient_pkey,
# source_person, consent_directive_pkey
CHANGES_SQL = f"""
WITH part AS MATERIALIZED (
  SELECT * FROM consent_change
    WHERE (xid, id) > (%(xid)s::text::xid8, %(id)s) AND xid < %(horizon)s::text::xid8
    ORDER BY xid, id LIMIT %(most)s)
SELECT p.xid::text::bigint, p.id, p.at,
  p.concerns = 'everybody' AND coalesce(p.hospital = %(hospital)s, true), own.person_id,
  own.patients, d.resource::text, h.code
FROM part p
LEFT JOIN LATERAL (
  SELECT o.person_id, array_agg(o.fhir_id ORDER BY o.id) AS patients
    FROM {asked.registrations} o
    WHERE o.hospital_id = %(hospital)s AND o.registered AND CASE p.concerns
      WHEN 'registrations' THEN o.id = ANY(p.covers)
      ELSE (p.concerns = 'person' OR p.hospital = %(hospital)s) AND o.person_id IN (
        SELECT s.person_id FROM {asked.registrations} s
          WHERE s.home = p.person OR s.id = ANY(p.covers)) END
    GROUP BY o.person_id) own ON true
LEFT JOIN consent_directive d ON d.id = p.directive
LEFT JOIN {HOSPITALS} h ON h.id = d.hospital_id
ORDER BY p.xid, p.id, own.person_id
"""
NEWEST_SQL = "SELECT xid::text::bigint FROM consent_change ORDER BY consent_change.xid DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """person None: all whom the hospital knows. concerned: whether the hospital is told; a
    change that is not its own is there all the same, for the reader goes on from behind it.
    """

    xid: int
    id: int
    at: dt.datetime
    person: UUID | None
    patients: tuple[str, ...]
    concerned: bool


def fetch_consent_changes(
    acting: Principal, after: tuple[int, int], horizon: int, most: int
) -> list[ConsentChange]:
    """after: (transaction, number); of transactions below the horizon, `most` changes at most."""
    with connection.cursor() as cursor:
        cursor.execute(
            CHANGES_SQL,
            {
                "xid": str(after[0]),
                "id": after[1],
                "horizon": str(horizon),
                "most": most,
                "hospital": acting.hospital_id,
            },
        )
        rows = cursor.fetchall()
    return [
        ConsentChange(
            xid,
            number,
            at,
            person,
            tuple(patients or ()),
            everybody
            or (person is not None and (not resource or names_viewer(resource, code, acting))),
        )
        for xid, number, at, everybody, person, patients, resource, code in rows
    ]


def names_viewer(resource: str, hospital: str, acting: Principal) -> bool:
    """Whether a decision says anything of what systems of the acting one's hospital may see: one
    between other hospitals is none of its business.
    """
    rule = parse_consent(json.loads(resource), hospital)
    if find_named_groups(rule):
        return True
    now = dt.datetime.now(dt.UTC)
    for purpose, urgent in ((acting.purpose.value, False), (BREAK_GLASS, True)):
        viewer = ConsentViewer(acting.hospital, "", purpose, now, frozenset())
        for source in {*find_named_sources(rule), ""} - {acting.hospital}:
            outcome = evaluate_provision(rule, viewer, source, urgent=urgent)
            if outcome.permits != NEVER or outcome.denies != NEVER:
                return True
    return False


def fetch_newest_change() -> int:
    """The transaction of the newest one, whether it has ended or not."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_SQL)
        row: Any = cursor.fetchone()
    return int(row[0]) if row else 0
