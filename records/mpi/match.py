"""Who in the index may be this patient: those that share a block with him, compared and graded (FHIR R4 patient-operation-match.html)."""

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from django.db import connection

from alliance.config.literals import plain
from records.mpi import block
from records.mpi.cluster import REVIEW, conflict
from records.mpi.correction import read
from records.mpi.force import in_force
from records.mpi.habits import common_dates
from records.mpi.levels import Levels, compare
from records.mpi.profile import Words, profile
from records.mpi.resolve import USUAL
from records.mpi.rules import name
from records.mpi.sealed import hashed
from records.mpi.signs import obstacle

LEAST = 20_000  # registrations that an alliance has at least: in a small index look-alikes are not yet there, but they live
PROBABLE = 0.5
# Of a block no more than AT_ONCE are compared.
# index: match_key, records_sourcepatient_pkey
SIMILAR = """
WITH hit AS (
  SELECT DISTINCT b.source_id AS id FROM unnest(%(keys)s::bigint[]) AS asked(key)
    CROSS JOIN LATERAL (SELECT source_id FROM records_matchkey m WHERE m.key = asked.key LIMIT %(most)s) b
)
SELECT s.id, s.person_id, h.code, s.fhir_id, s.words, s.correction, s.hospital_id, s.birth_date FROM hit JOIN records_sourcepatient s ON s.id = hit.id JOIN alliance_hospital h ON h.id = s.hospital_id
WHERE s.words IS NOT NULL AND (%(hospital)s::bigint IS NULL OR s.hospital_id = %(hospital)s) ORDER BY s.id
"""
# index: name_key_whole
COMMON = """
SELECT (SELECT count(*) FROM (SELECT FROM records_namekey WHERE whole AND key = %(name)s LIMIT 5000) x),
  (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'records_sourcepatient'::regclass)
"""


# index: one_source_patient
HELD = "SELECT id, words, correction FROM records_sourcepatient WHERE hospital_id = %(hospital)s AND fhir_id = %(fhir_id)s AND words IS NOT NULL"
# Of name and birth date, beside a number that is the same; a name that is only alike needs the birth date
ALIKE = {"": ("", "same", "estimated"), "same": ("", "same", "estimated"), "variant": ("", "same", "estimated"), "former": ("", "same", "estimated"),
         "sound": ("same",), "part": ("same",), "cut": ("same",), "typo": ("same",)}


class Grade(StrEnum):
    """Code system http://terminology.hl7.org/CodeSystem/match-grade."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Similar:
    """score: the probability that the two are one person; levels: how far each field agrees."""

    source: int
    person: UUID
    hospital: str
    fhir_id: str
    score: float
    grade: Grade
    levels: Levels


def similar(words: Words, hospital_id: int | None, certain: bool = False) -> list[Similar]:
    """The most probable first; hospital_id: only of its registrations; certain: only these. What is certainly somebody else is not in it."""
    asked = profile(words)
    found: list[Similar] = []
    with connection.cursor() as cursor:
        cursor.execute(SIMILAR, {"keys": plain(hashed(asked)), "most": block.AT_ONCE, "hospital": hospital_id})
        rows = cursor.fetchall()
    chance, size = rarity(words.name)
    habits = common_dates({(held, born) for *_, held, born in rows if born == words.birth})
    for source, person, hospital, fhir_id, sealed, correction, held, born in rows:
        there = profile(read(sealed, source, correction))
        levels = compare(asked, there.undated() if (held, born) in habits else there)
        score = in_force().probability(levels, size, chance if levels.name == "same" else 0.0)
        if score >= REVIEW:
            found.append(Similar(source, person, hospital, fhir_id, score, grade(score, levels, conflict(asked, there)), levels))
    graded = sorted(unequalled(found), key=lambda f: (-f.score, f.source))
    return [f for f in graded if f.grade is Grade.CERTAIN or not certain]


def agrees(words: Words, hospital_id: int, fhir_id: str) -> bool:
    """Whether nothing that both say of name, birth date and sex speaks against their being one person, whose number has told so: what one of them leaves out says nothing."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"hospital": hospital_id, "fhir_id": fhir_id})
        row = cursor.fetchone()
    if row is None:
        return False
    one, two = profile(words), profile(read(row[1], row[0], row[2]))
    levels = compare(one, two)
    return not conflict(one, two) and levels.sex != "differ" and levels.birth in ALIKE.get(levels.name, ())


def unequalled(found: list[Similar]) -> list[Similar]:
    """Of several persons who are equally certain none is certain: a human says which it is."""
    whose: dict[float, set[UUID]] = defaultdict(set)
    for f in found:
        if f.grade is Grade.CERTAIN:
            whose[round(f.score, 6)].add(f.person)
    return [replace(f, grade=Grade.PROBABLE) if f.grade is Grade.CERTAIN and len(whose[round(f.score, 6)]) > 1 else f for f in found]


def rarity(called: str) -> tuple[float, int]:
    """(how probable a stranger has this name, registrations in the index, about)."""
    with connection.cursor() as cursor:
        cursor.execute(COMMON, {"name": name.fold(called)})
        namesakes, registered = cursor.fetchone()
    size = max(registered, LEAST)
    return max(namesakes, 1) / size, size


def grade(score: float, levels: Levels, contradicted: str = "") -> Grade:
    """Certain only where a rule would link; contradicted: what one person cannot have (cluster.conflict)."""
    if score >= USUAL and not obstacle(levels) and not contradicted:
        return Grade.CERTAIN
    return Grade.PROBABLE if score >= PROBABLE else Grade.POSSIBLE
