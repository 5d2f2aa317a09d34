"""do_rekey: registrations get the keys that this release would give them, by which they are found and compared. Who is whom is not decided anew.

What they were found by before they had another name or number stays: of it the index has no more than the keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from alliance.config.literals import plain, texts
from records.mpi.correction import Correction, corrected
from records.mpi.digest import numbers_of
from records.mpi.features import identify
from records.mpi.profile import profile
from records.mpi.rules import name_key
from records.mpi.sealed import kept, unseal

# Raise it where registrations would get other keys to be found or compared by (tests/unit/test_rekey.py says when): setup gives them theirs.
VERSION = 2
# Where two registrations of one hospital turn out to have one hospital number, the older one keeps it.
# index: records_patientidentifier source, records_namekey_pkey, records_matchkey_pkey
REKEY = """
WITH number AS (
  SELECT * FROM unnest(%(number_sources)s::bigint[], %(kinds)s::text[], %(digests)s::bytea[]) AS t(source_id, kind, digest)
), key AS (
  SELECT * FROM unnest(%(key_sources)s::bigint[], %(hospitals)s::int[], %(keys)s::text[], %(wholes)s::boolean[], %(formers)s::boolean[]) AS t(source_id, hospital_id, key, whole, former)
), block AS (
  SELECT * FROM unnest(%(block_sources)s::bigint[], %(blocks)s::bigint[]) AS t(source_id, key)
), number_out AS (
  DELETE FROM records_patientidentifier o WHERE source_id = ANY(%(sources)s::bigint[]) AND kind <> 'former'
    AND NOT EXISTS (SELECT FROM number n WHERE (n.source_id, n.kind, n.digest) = (o.source_id, o.kind, o.digest))
), number_in AS (
  INSERT INTO records_patientidentifier (source_id, kind, digest) SELECT source_id, kind, digest FROM number n
    WHERE NOT EXISTS (SELECT FROM records_patientidentifier o WHERE (o.source_id, o.kind, o.digest) = (n.source_id, n.kind, n.digest))
    ORDER BY source_id ON CONFLICT DO NOTHING RETURNING source_id, kind, digest
), key_out AS (
  DELETE FROM records_namekey o WHERE source_id = ANY(%(sources)s::bigint[]) AND NOT former
    AND NOT EXISTS (SELECT FROM key n WHERE (n.source_id, n.key, n.whole) = (o.source_id, o.key, o.whole))
), key_in AS (
  INSERT INTO records_namekey (source_id, hospital_id, key, whole, former) SELECT source_id, hospital_id, key, whole, former FROM key
    ON CONFLICT (source_id, key, whole) DO UPDATE SET former = excluded.former WHERE records_namekey.former <> excluded.former
), block_out AS (
  DELETE FROM records_matchkey o WHERE source_id = ANY(%(sources)s::bigint[]) AND NOT EXISTS (SELECT FROM block n WHERE (n.source_id, n.key) = (o.source_id, o.key))
), block_in AS (
  INSERT INTO records_matchkey (source_id, key) SELECT source_id, key FROM block n
    WHERE NOT EXISTS (SELECT FROM records_matchkey o WHERE (o.source_id, o.key) = (n.source_id, n.key))
), done AS (
  UPDATE records_sourcepatient SET keyed = %(version)s WHERE id = ANY(%(sources)s::bigint[])
)
SELECT count(*) FROM number n WHERE NOT EXISTS (SELECT FROM records_patientidentifier o WHERE (o.source_id, o.kind, o.digest) = (n.source_id, n.kind, n.digest))
  AND NOT EXISTS (SELECT FROM number_in i WHERE (i.source_id, i.kind, i.digest) = (n.source_id, n.kind, n.digest))
"""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A registration as the index has it; words, correction: sealed; patient: as its hospital sent it last."""

    source: int
    hospital_id: int
    words: bytes
    correction: bytes | None
    patient: dict[str, Any]


def do_rekey(registrations: Sequence[Keyed]) -> int:
    """How many numbers stay out, because an older registration of the hospital has them: they differ in nothing that anybody sees."""
    if not registrations:
        return 0
    numbers: set[tuple[int, str, bytes]] = set()
    keys: dict[tuple[int, int, str, bool], bool] = {}
    blocks: list[tuple[int, int]] = []
    for r in registrations:
        sent, words = identify(r.patient), unseal(r.words, r.source)
        known = Correction.opened(r.correction, r.source).identified(sent) if r.correction else sent
        numbers |= {(r.source, *found) for found in numbers_of(known, r.hospital_id)}
        for names, former in (((words.name, *words.former), True), (known.features.names, False)):
            keys |= {(r.source, r.hospital_id, key, whole): former for n in names for key, whole in name_key.keys(n).items()}
        blocks += [(r.source, key) for key in kept(profile(corrected(words, r.correction, r.source), str(r.source)))]
    ordered = sorted(numbers)
    with connection.cursor() as cursor:
        cursor.execute(REKEY, {
            "version": VERSION, "sources": plain(r.source for r in registrations), "number_sources": plain(n[0] for n in ordered), "kinds": texts(n[1] for n in ordered),
            "digests": texts(f"\\x{n[2].hex()}" for n in ordered), "key_sources": plain(k[0] for k in keys), "hospitals": plain(k[1] for k in keys), "keys": texts(k[2] for k in keys),
            "wholes": plain(k[3] for k in keys), "formers": plain(keys.values()), "block_sources": plain(b[0] for b in blocks), "blocks": plain(b[1] for b in blocks)})
        return int(cursor.fetchone()[0])
