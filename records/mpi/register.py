"""do_register: Patients were written, so the index learns who they are and decides LINK, REVIEW or NEW, in the writer's transaction.

However many Patients arrive in one write: one statement for the locks, one for what the index keeps; then they take turns (turns.py).
"""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection
from django.utils import timezone

from alliance.config.literals import plain, texts
from records.fhir.issues import Conflict, Issue, Problem
from records.mpi.digest import digest, numbers_of
from records.mpi.features import Identified, identify, words_of
from records.mpi.news import Arrival, News
from records.mpi.profile import Profile
from records.mpi.rekey import VERSION
from records.mpi.rules import name_key
from records.mpi.sealed import homes, seal
from records.mpi.sources import Known
from records.mpi.turns import Turns

NOBODY = UUID(int=0)
# What is kept of each: new rows in, rows that no longer hold marked as former, equal ones untouched. The sub-selects hide the arrays'
# lengths from the planner, so that one generic plan serves every call: planning costs more than the work.
# Who says another name, birth date or citizen number of his patient than before says since now who that is (docs/adr/0030): by the clock, for what was said since the
# transaction began was said of who it was before (consent/services/hold.py).
# index: records_patientidentifier source, records_namekey_pkey, records_matchkey_pkey
KEEP = """
WITH other AS (
  SELECT DISTINCT n.source_id FROM unnest((SELECT %(number_sources)s::bigint[]), (SELECT %(kinds)s::text[]), (SELECT %(digests)s::bytea[])) AS n(source_id, kind, digest)
  WHERE n.kind = 'resident' AND NOT EXISTS (SELECT FROM records_patientidentifier o WHERE (o.source_id, o.kind, o.digest) = (n.source_id, n.kind, n.digest))
), source AS (
  UPDATE records_sourcepatient s SET registered = true, joined_at = CASE WHEN s.registered AND ((s.name, s.birth_date) <> (t.name, t.birth) OR s.id IN (SELECT source_id FROM other))
      THEN clock_timestamp() ELSE s.joined_at END, name = t.name, gender = t.gender, birth_date = t.birth, words = t.words, keyed = %(keyed)s::smallint, updated_at = now()
  FROM unnest((SELECT %(sources)s::bigint[]), (SELECT %(names)s::text[]), (SELECT %(genders)s::text[]), (SELECT %(births)s::text[]), (SELECT %(words)s::bytea[])) AS t(id, name, gender, birth, words)
  WHERE s.id = t.id
), number AS (
  SELECT * FROM unnest((SELECT %(number_sources)s::bigint[]), (SELECT %(kinds)s::text[]), (SELECT %(digests)s::bytea[])) AS t(source_id, kind, digest)
), key AS (
  SELECT * FROM unnest((SELECT %(key_sources)s::bigint[]), (SELECT %(keys)s::text[]), (SELECT %(wholes)s::boolean[])) AS t(source_id, key, whole)
), block AS (
  SELECT * FROM unnest((SELECT %(block_sources)s::bigint[]), (SELECT %(blocks)s::bigint[])) AS t(source_id, key)
), block_out AS (
  DELETE FROM records_matchkey o WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[])
    AND NOT EXISTS (SELECT FROM block n WHERE (n.source_id, n.key) = (o.source_id, o.key))
), block_in AS (
  INSERT INTO records_matchkey (source_id, key) SELECT source_id, key FROM block n
    WHERE NOT EXISTS (SELECT FROM records_matchkey o WHERE (o.source_id, o.key) = (n.source_id, n.key))
), number_out AS (
  UPDATE records_patientidentifier o SET kind = 'former' WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[]) AND kind <> 'former'
    AND NOT EXISTS (SELECT FROM number n WHERE (n.source_id, n.digest) = (o.source_id, o.digest))
), number_changed AS (
  DELETE FROM records_patientidentifier o WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[])
    AND EXISTS (SELECT FROM number n WHERE (n.source_id, n.digest) = (o.source_id, o.digest))
    AND NOT EXISTS (SELECT FROM number n WHERE (n.source_id, n.kind, n.digest) = (o.source_id, o.kind, o.digest))
), key_out AS (
  UPDATE records_namekey o SET former = NOT former WHERE source_id = ANY((SELECT %(sources)s::bigint[])::bigint[])
    AND former = EXISTS (SELECT FROM key n WHERE (n.source_id, n.key, n.whole) = (o.source_id, o.key, o.whole))
), key_in AS (
  INSERT INTO records_namekey (source_id, hospital_id, key, whole, former) SELECT source_id, %(hospital)s, key, whole, false FROM key n
    WHERE NOT EXISTS (SELECT FROM records_namekey o WHERE (o.source_id, o.key, o.whole) = (n.source_id, n.key, n.whole))
)
INSERT INTO records_patientidentifier (source_id, kind, digest) SELECT source_id, kind, digest FROM number n
  WHERE NOT EXISTS (SELECT FROM records_patientidentifier o WHERE (o.source_id, o.kind, o.digest) = (n.source_id, n.kind, n.digest))
"""
# Two hospitals that register one person at once wait for each other, so they find each other; in order, so that two writes
# with several patients never wait in a circle. A write with more patients than PostgreSQL's table of locks has room for goes alone.
LOCKS, ALL, MANY = 7301, 7303, 600
LOCK = f"""
SELECT pg_advisory_xact_lock({LOCKS}, k) FROM (SELECT pg_advisory_xact_lock_shared({ALL}, 0) OFFSET 0) g CROSS JOIN (SELECT k FROM unnest(%s::int[]) k ORDER BY k OFFSET 0) t
"""
LOCK_ALL = f"SELECT pg_advisory_xact_lock({ALL}, 0)"
DETAIL = re.compile(r"\(digest\)=\(\\x([0-9a-f]+)\)")


def do_register(hospital_id: int, arrivals: Sequence[Arrival]) -> dict[int, UUID]:
    """{row of the index: its new person} of those that were moved. Raises Conflict where another Patient of this hospital
    has the same hospital number, Problem for an identifier that cannot be."""
    today = timezone.localdate()
    new = [n for a in arrivals if (n := News(a, identified(a), words_of(a.patient, today))).any]
    if not new:
        return {}
    with connection.cursor() as cursor:
        turns = sorted({turn(n.profile) for n in new})
        cursor.execute(LOCK if len(turns) <= MANY else LOCK_ALL, [plain(turns)] if len(turns) <= MANY else [])
    keep(hospital_id, new)
    return Turns(new).take()


def turn(p: Profile) -> int:
    """Of two writers who register one person at once, the second waits for the first: by the number, else by name and birth date."""
    text = p.number or p.borrowed or f"{''.join(sorted(''.join(p.spelling.sounds)))}|{p.birth}"
    return int.from_bytes(digest("turn", text)[:4], "big", signed=True)


def identified(arrival: Arrival) -> Identified:
    try:
        return identify(arrival.patient)
    except Problem as problem:
        raise (problem.inside(arrival.place) if arrival.place else problem) from problem


def keep(hospital_id: int, new: Sequence[News]) -> None:
    ids = [n.id for n in new]
    numbers: dict[tuple[int, str, bytes], int] = {}
    keys: set[tuple[int, str, bool]] = set()
    blocks = [(row, key) for row, n in zip(ids, new, strict=True) for key in (*n.blocks, *homes(n.profile))]
    for i, (row, n) in enumerate(zip(ids, new, strict=True)):
        known = n.known
        numbers |= {(row, *found): i for found in numbers_of(known, hospital_id)}
        keys |= {(row, key, whole) for x in known.features.names for key, whole in name_key.keys(x).items()}
    try:
        with connection.cursor() as cursor:
            cursor.execute(KEEP, {
                "hospital": hospital_id, "keyed": VERSION, "sources": plain(ids), "names": texts(n.known.display[:200] for n in new), "genders": texts(n.known.features.gender for n in new),
                "births": texts(n.known.features.birth_date for n in new), "number_sources": plain(x[0] for x in numbers), "kinds": texts(x[1] for x in numbers),
                "digests": texts(f"\\x{x[2].hex()}" for x in numbers), "key_sources": plain(k[0] for k in keys), "keys": texts(k[1] for k in keys),
                "wholes": plain(k[2] for k in keys), "words": texts(f"\\x{seal(n.kept, n.id, n.mark).hex()}" for n in new),
                "block_sources": plain(b[0] for b in blocks), "blocks": plain(b[1] for b in blocks)})
    except IntegrityError as error:
        m = DETAIL.search(str(error))
        place = next((new[i].arrival.place for (_, _, d), i in reversed(numbers.items()) if m and d.hex() == m.group(1)), "")
        taken = Conflict(Issue(
            "duplicate", "Another Patient of this hospital has the same hospital number (type MR): update that one, or use "
            "If-None-Exist with the identifier.", "Patient.identifier"))
        raise (taken.inside(place) if place else taken) from error


def remember(hospital_id: int, source: int, patient: dict[str, Any]) -> None:
    """What is kept of a Patient who is registered already."""
    keep(hospital_id, [News(Arrival(Known(source, NOBODY, NOBODY), patient), identify(patient), words_of(patient, timezone.localdate()))])
