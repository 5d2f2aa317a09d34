"""Persons of a hospital whose registrations were joined with others, or parted from them, in the
order of commits, for its feed (docs/sync.md, Pull).
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

# Of each decision the persons that won or lost registrations and are known to the hospital. It
# parted where a registration went back to a person of its own, or left others behind; else it
# joined. A decision that concerns nobody is there all the same.
# index: decision_feed, records_sourcepatient_home_key, source_person
LINK_CHANGES_SQL = """
WITH part AS MATERIALIZED (
  SELECT xid, id, at, moved FROM records_decision
    WHERE (xid, id) > (%(xid)s::text::xid8, %(id)s) AND xid < %(horizon)s::text::xid8
    ORDER BY xid, id LIMIT %(most)s),
move AS MATERIALIZED (
  SELECT p.xid, p.id, (x->>1)::uuid AS before, (x->>2)::uuid AS after,
    bool_or(s.home = (x->>2)::uuid) OVER (PARTITION BY p.xid, p.id, x->>2) AS parted
  FROM part p CROSS JOIN jsonb_array_elements(p.moved) x
    JOIN records_sourcepatient s ON s.id = (x->>0)::bigint),
touched AS (
  SELECT DISTINCT xid, id, after AS person, parted FROM move
  UNION SELECT DISTINCT xid, id, before, true FROM move WHERE parted)
SELECT p.xid::text::bigint, p.id, p.at, own.person_id, bool_or(t.parted),
  (SELECT array_agg(o.fhir_id ORDER BY o.id) FROM records_sourcepatient o
    WHERE o.person_id = own.person_id AND o.hospital_id = %(hospital)s AND o.registered)
FROM part p LEFT JOIN touched t ON t.id = p.id AND t.xid = p.xid
LEFT JOIN records_sourcepatient now ON now.home = t.person
LEFT JOIN LATERAL (SELECT o.person_id FROM records_sourcepatient o
  WHERE o.person_id = now.person_id AND o.hospital_id = %(hospital)s AND o.registered
  LIMIT 1) own ON true
GROUP BY p.xid, p.id, p.at, own.person_id ORDER BY p.xid, p.id, own.person_id
"""


@dataclass(frozen=True, slots=True)
class LinkChange:
    """person: as they are now; None: of nobody whom the hospital knows. patients: the hospital's
    own.
    """

    xid: int
    id: int
    at: dt.datetime
    person: UUID | None
    parted: bool
    patients: tuple[str, ...]


def fetch_link_changes(
    hospital_id: int, after: tuple[int, int], horizon: int, most: int
) -> list[LinkChange]:
    """after: (transaction, decision); of transactions below the horizon, `most` decisions at
    most.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            LINK_CHANGES_SQL,
            {
                "xid": str(after[0]),
                "id": after[1],
                "horizon": str(horizon),
                "most": most,
                "hospital": hospital_id,
            },
        )
        return [
            LinkChange(xid, number, at, person, bool(parted), tuple(patients or ()))
            for xid, number, at, person, parted, patients in cursor.fetchall()
        ]
