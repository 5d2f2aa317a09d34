"""What a hospital's feed may have to tell, across all stores, in the order of commits: ids alone. A
record stands in it once, as it is now: what it was before has been followed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from alliance.platform.array_literals import unquoted_array_literal

# Ids alone; the function asks row security's owner, for the gate has not decided yet.
# index: record_resource_feed, records_sourcepatient_pkey, source_person
CANDIDATES_SQL = """
SELECT xid::bigint, rid, version, store, patient, person, concerned, scanned
FROM record_feed_candidates(%(hospital)s::integer, %(stores)s::integer[],
  %(xid)s::text::xid8, %(rid)s::bigint, %(horizon)s::text::xid8, %(most)s::integer)
"""
NEWEST_SQL = "SELECT record_feed_newest(%s::integer[])::text::bigint"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One record that has changed. store: the hospital whose it is; person: of its patient;
    concerned: whether the asking hospital has registered them, or owns it. The last one scanned is
    there either way.
    """

    xid: int
    resource_id: int
    version: int
    store: int
    source_patient_id: int
    person: UUID | None
    concerned: bool


def fetch_candidates(
    hospital_id: int, stores: Sequence[int], after: tuple[int, int], horizon: int, most: int
) -> tuple[list[Candidate], bool]:
    """after: (transaction, row); the first `most` of all stores behind it, of transactions below
    the horizon; and whether more may follow.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            CANDIDATES_SQL,
            {
                "hospital": hospital_id,
                "stores": unquoted_array_literal(stores),
                "xid": str(after[0]),
                "rid": after[1],
                "horizon": str(horizon),
                "most": most,
            },
        )
        rows = cursor.fetchall()
    return [Candidate(*row[:-1]) for row in rows], bool(rows) and rows[0][-1] >= most


def fetch_newest_commit(stores: Sequence[int]) -> int:
    """The newest transaction that wrote a record or moved a registration, ended or not; 0: none."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_SQL, [unquoted_array_literal(stores)])
        return cursor.fetchone()[0] or 0
