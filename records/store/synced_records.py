"""What the ledger of sync says of records that were changed by another way than sync: what was
deleted does not stand there any more, what was written anew is not what its source sent. Both sides
differ then, and the source may send them again (docs/sync.md, Compare).
"""

import re
from collections.abc import Collection

from django.db import connection

from alliance.platform.array_literals import text_array_literal, unquoted_array_literal

SYNCED_ID = re.compile(r"([a-z0-9]{1,16})-(.+)")  # source and record number, or its hash
GIVEN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # by this server, at a create
HASHED = "h."  # with which the second part of an id begins that says no record number
MODULUS = 2**128
# source, type, day, by how many records more, fingerprint before and after
Change = tuple[str, str, str, int, bytes | None, bytes | None]
# index: record_sync_ledger_pkey, record_sync_ledger_hashed
KNOWN = """
WITH known AS (SELECT l.source, l.type, l.record, l.version, l.day, l.fingerprint
  FROM unnest(%(sources)s::text[], %(types)s::text[], %(names)s::text[]) AS k(source, type, name)
  JOIN record_sync_ledger l ON l.hospital = %(hospital)s AND l.source = k.source COLLATE "C"
    AND l.type = k.type COLLATE "C" AND {named} AND {asked}
  ORDER BY l.source, l.type, l.record FOR UPDATE OF l)
"""
NAMED = {
    "record": 'l.record = k.name COLLATE "C"',
    "fhir_id": """l.fhir_id = k.name COLLATE "C" AND l.fhir_id LIKE '%%-h.%%'""",
}
# The version goes, for the source still has it and decides: the same one is stored again.
FORGET = """
UPDATE record_sync_ledger l SET state = 'deleted', version = NULL, hash = NULL, fingerprint = NULL,
  changed_at = clock_timestamp()
FROM known k WHERE l.hospital = %(hospital)s AND l.source = k.source AND l.type = k.type
  AND l.record = k.record
RETURNING k.source, k.type, k.day, -1, k.fingerprint, NULL
"""
# The version stays, that an older one does not come back. The hash goes, for what stands there is
# not what was sent, and with it the fingerprint is another one; the same version is stored again.
MARK = """
UPDATE record_sync_ledger l SET state = 'stored', hash = NULL, client = %(actor)s,
  fingerprint = substring(sha256(convert_to(
    concat_ws(chr(10), k.source, k.type, k.record, coalesce(k.version::text, ''), ''), 'UTF8'))
    FROM 1 FOR 16),
  changed_at = clock_timestamp()
FROM known k WHERE l.hospital = %(hospital)s AND l.source = k.source AND l.type = k.type
  AND l.record = k.record
RETURNING k.source, k.type, k.day, (k.fingerprint IS NULL)::integer, k.fingerprint, l.fingerprint
"""
# index: record_sync_digest_pkey
ADD = f"""
INSERT INTO record_sync_digest AS d (hospital, source, type, day, part, count, sum)
SELECT %(hospital)s, source, type, day, 0, sum(count), mod(sum(more), {MODULUS})
FROM unnest(%(sources)s::text[], %(types)s::text[], %(days)s::text[], %(counts)s::bigint[],
  %(more)s::numeric[]) AS k(source, type, day, count, more)
GROUP BY 1, 2, 3, 4 ORDER BY source COLLATE "C", type COLLATE "C", day COLLATE "C"
ON CONFLICT (hospital, source, type, day, part)
DO UPDATE SET count = d.count + excluded.count, sum = mod(d.sum + excluded.sum, {MODULUS})
"""


def forget_synced_records(hospital_id: int, keys: Collection[tuple[str, str]]) -> None:
    """keys: (type, id) of what was deleted. In the transaction that deletes it."""
    change_rows(hospital_id, keys, "l.state = 'stored'", FORGET)


def mark_synced_records(hospital_id: int, keys: Collection[tuple[str, str]], actor: str) -> None:
    """keys: (type, id) of what was written anew; actor: by whom. In the transaction that writes.
    Nothing is looked up for ids that this server gave: no record of sync has one.
    """
    keys = [key for key in keys if not GIVEN_ID.fullmatch(key[1])]
    asked = "(l.hash IS NOT NULL OR l.state <> 'stored')"
    change_rows(hospital_id, keys, asked, MARK, actor)


def change_rows(
    hospital_id: int,
    keys: Collection[tuple[str, str]],
    asked: str,
    statement: str,
    actor: str = "",
) -> None:
    """asked: of which rows; and the sums of their days."""
    named: dict[str, list[tuple[str, str, str]]] = {"record": [], "fhir_id": []}
    for type_name, fhir_id in keys:
        if said := SYNCED_ID.fullmatch(fhir_id):
            source, record = said.groups()
            if record.startswith(HASHED):
                named["fhir_id"].append((source, type_name, fhir_id))
            else:
                named["record"].append((source, type_name, record))
    changed: list[Change] = []
    for name, listed in named.items():
        if listed:
            found = KNOWN.format(named=NAMED[name], asked=asked) + statement
            changed += execute_change(found, hospital_id, listed, actor)
    if changed:
        add_to_sums(hospital_id, changed)


def execute_change(
    statement: str, hospital_id: int, listed: list[tuple[str, str, str]], actor: str
) -> list[Change]:
    """listed: (source, type, name)."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "hospital": hospital_id,
                "actor": actor[:64],
                "sources": text_array_literal(k[0] for k in listed),
                "types": text_array_literal(k[1] for k in listed),
                "names": text_array_literal(k[2] for k in listed),
            },
        )
        return list(cursor.fetchall())


def add_to_sums(hospital_id: int, changed: list[Change]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            ADD,
            {
                "hospital": hospital_id,
                "sources": text_array_literal(c[0] for c in changed),
                "types": text_array_literal(c[1] for c in changed),
                "days": text_array_literal(c[2] for c in changed),
                "counts": unquoted_array_literal(c[3] for c in changed),
                "more": unquoted_array_literal(
                    (read_print(c[5]) - read_print(c[4])) % MODULUS for c in changed
                ),
            },
        )


def read_print(fingerprint: bytes | None) -> int:
    """0: it is in no sum."""
    return int.from_bytes(bytes(fingerprint or b""), "big")
