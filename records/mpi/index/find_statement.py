"""Build the statement that finds the persons whom a typed line may mean: a branch for each thing
that it may be, ranked; who is another hospital's patient comes by exact number or whole name alone.
"""

from typing import Any

from records.mpi.index import find_keys
from records.mpi.index.identifier_digest import digest_identifier
from records.mpi.matching.rules import resident_number
from records.mpi.matching.rules.typed_search import NarrowedName, TypedSearch

MAX_HITS = 500  # registrations that one branch looks at
# What a branch gives of each registration: whether by something that it no longer has, how near it
# comes to what was typed, and by what.
# index: identifier_digest
NUMBER_SQL = """
  SELECT source_id, kind = 'former', 0,
    CASE kind WHEN 'resident' THEN 'citizen' ELSE 'number' END
  FROM records_patientidentifier WHERE digest = ANY(%(digests)s)"""
# index: identifier_digest, records_sourcepatient_pkey
OWN_NUMBER_SQL = """
  SELECT i.source_id, i.kind = 'former', 0, 'number' FROM records_patientidentifier i
    JOIN records_sourcepatient s ON s.id = i.source_id AND s.hospital_id = %(hospital)s
  WHERE i.digest = %(own_digest)s"""
# index: name_key_newest
BEGINNING_SQL = f"""
  SELECT own.source_id, own.former, own.rank, own.why
  FROM unnest(%(beginnings)s::text[]) AS typed(key) CROSS JOIN LATERAL (
    SELECT source_id, former, CASE WHEN k.whole AND k.key = typed.key THEN 2 ELSE 5 END AS rank,
      'key:' || k.key AS why
    FROM records_namekey k
      WHERE k.hospital_id = %(hospital)s AND k.key >= typed.key
      AND k.key < typed.key || E'\\U0010FFFF' LIMIT {MAX_HITS}) own"""
# index: name_key_whole
WHOLE_SQL = """
  SELECT whole.source_id, whole.former, 2, whole.why
  FROM unnest(%(whole)s::text[]) AS typed(key) CROSS JOIN LATERAL (
    SELECT source_id, former, 'key:' || k.key AS why FROM records_namekey k
      WHERE k.whole AND k.key = typed.key LIMIT 200) whole"""
# The newest of the hospital's that have one key.
# index: name_key_newest
KEY_SQL = f"""
  (SELECT source_id, former, {{rank}}, '{{why}}' FROM records_namekey k
    WHERE k.hospital_id = %(hospital)s AND k.key = %({{why}})s
    ORDER BY source_id DESC LIMIT {MAX_HITS})"""
# OFFSET 0 keeps each look-up by its index: the planner knows nothing of what is typed, and would
# take a limit for a reason to read the whole table.
# index: source_birth
BORN_SQL = """unnest(%({firsts})s::text[], %({lasts})s::text[]) AS typed(first, last)
    CROSS JOIN LATERAL (SELECT id FROM records_sourcepatient
      WHERE hospital_id = %(hospital)s AND birth_date >= typed.first AND birth_date <= typed.last
      OFFSET 0) s"""
BIRTH_SQL = f"""
  (SELECT s.id, false, 4, 'birth' FROM {BORN_SQL.format(firsts="firsts", lasts="lasts")}
    LIMIT {MAX_HITS})"""
# index: records_namekey_pkey
NAMED_SQL = """unnest(%(narrow_names)s::text[]) AS name(key)
    CROSS JOIN LATERAL (SELECT key, former FROM records_namekey
      WHERE source_id = {source} AND key >= name.key AND key < name.key || E'\\U0010FFFF'
      OFFSET 0) k"""
NAME_AND_BIRTH_SQL = f"""
  (SELECT s.id, k.former, 3, unnest(ARRAY['key:' || k.key, 'birth'])
    FROM {BORN_SQL.format(firsts="narrow_firsts", lasts="narrow_lasts")}
    CROSS JOIN {NAMED_SQL.format(source="s.id")}
    LIMIT {MAX_HITS})"""
# index: name_key_newest
NAME_AND_LAST_FOUR_SQL = f"""
  (SELECT l.source_id, k.former OR l.former, 3, unnest(ARRAY['key:' || k.key, 'last_four'])
    FROM (SELECT source_id, former FROM records_namekey
      WHERE hospital_id = %(hospital)s AND key = %(narrow_last_four)s OFFSET 0) l
    CROSS JOIN {NAMED_SQL.format(source="l.source_id")}
    LIMIT {MAX_HITS})"""
# The nearest of each person's hits tells how near they come.
# index: records_sourcepatient_pkey, source_person
PERSONS_SQL = """
WITH hit (source_id, former, rank, why) AS ({branches}
), person AS (
  SELECT p.person_id, bool_and(former) AS former, min(rank) AS rank, max(p.id) AS newest,
    array_agg(DISTINCT why) AS why
  FROM hit JOIN records_sourcepatient p ON p.id = hit.source_id GROUP BY 1
)
SELECT s.person_id AS person, bool_or(s.hospital_id = %(hospital)s) AS own,
  (array_agg(s.name ORDER BY s.hospital_id = %(hospital)s DESC, s.updated_at DESC))[1] AS name,
  (array_agg(s.gender ORDER BY s.hospital_id = %(hospital)s DESC, s.updated_at DESC))[1] AS gender,
  (array_agg(s.birth_date ORDER BY s.hospital_id = %(hospital)s DESC,
        s.updated_at DESC))[1] AS birth_date, person.former, person.why,
  'person/' || s.person_id AS ref, NULL::uuid[] AS others
FROM {persons} person JOIN records_sourcepatient s ON s.person_id = person.person_id
WHERE s.registered
GROUP BY s.person_id, person.former, person.rank, person.newest, person.why
HAVING %(everybody)s OR bool_or(s.hospital_id = %(hospital)s)
ORDER BY 2 DESC, person.former, person.rank, {order} 3, 5, 1 LIMIT %(most)s
"""
NEWEST_PERSONS_SQL = "(SELECT * FROM person ORDER BY newest DESC LIMIT %(most)s)"


def build_find_statement(typed: TypedSearch, hospital_id: int) -> tuple[str, dict[str, Any]]:
    """The SELECT, which also binds %(everybody)s and %(most)s, and what it binds."""
    branches: list[str] = []
    parameters: dict[str, Any] = {"hospital": hospital_id}
    if typed.number:
        branches.append(NUMBER_SQL)
        parameters["digests"] = number_digests(typed.number)
    if typed.own_number:
        branches.append(OWN_NUMBER_SQL)
        parameters["own_digest"] = digest_identifier("other", typed.own_number)
    if typed.names.beginnings:
        branches += [BEGINNING_SQL, WHOLE_SQL]
        parameters["beginnings"] = list(typed.names.beginnings)
        parameters["whole"] = list(typed.names.whole)
    for why, rank, key in (
        ("phone", 1, typed.phone and find_keys.phone_key(typed.phone, hospital_id)),
        (
            "last_four",
            3,
            typed.last_four and find_keys.last_four_key(typed.last_four, hospital_id),
        ),
        ("family", 5, typed.family and find_keys.family_key(typed.family)),
    ):
        if key:
            branches.append(KEY_SQL.format(rank=rank, why=why))
            parameters[why] = key
    if typed.births:
        branches.append(BIRTH_SQL)
        parameters["firsts"] = [born.first for born in typed.births]
        parameters["lasts"] = [born.last for born in typed.births]
    if typed.narrowed:
        narrow_branches, narrow_parameters = narrowed_branches(typed.narrowed, hospital_id)
        branches += narrow_branches
        parameters |= narrow_parameters
    statement = PERSONS_SQL.format(
        branches="\n  UNION".join(branches),
        persons=NEWEST_PERSONS_SQL if typed.family else "person",
        order="person.newest DESC," if typed.family else "",
    )
    return statement, parameters


def narrowed_branches(narrowed: NarrowedName, hospital_id: int) -> tuple[list[str], dict[str, Any]]:
    branches: list[str] = []
    parameters: dict[str, Any] = {"narrow_names": list(narrowed.beginnings)}
    if narrowed.births:
        branches.append(NAME_AND_BIRTH_SQL)
        parameters["narrow_firsts"] = [born.first for born in narrowed.births]
        parameters["narrow_lasts"] = [born.last for born in narrowed.births]
    if narrowed.last_four:
        branches.append(NAME_AND_LAST_FOUR_SQL)
        parameters["narrow_last_four"] = find_keys.last_four_key(narrowed.last_four, hospital_id)
    return branches, parameters


def number_digests(text: str) -> list[bytes]:
    """Of a number as somebody reads it from a card: as any, and as a citizen number."""
    digests = [digest_identifier("other", text)]
    try:
        digests.append(
            digest_identifier("resident", resident_number.normalize_resident_number(text))
        )
    except resident_number.InvalidResidentNumber:
        pass
    return digests
