"""Who in the index may be this patient: those that share a block with them, compared and graded
(FHIR R4 patient-operation-match.html).
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from django.db import connection

from alliance.platform.array_literals import unquoted_array_literal
from alliance.sql.hospitals import HOSPITALS
from records.mpi.index.active_model import get_active_model
from records.mpi.index.field_protection import hash_blocking_keys
from records.mpi.index.number_correction import read_demographics
from records.mpi.index.placeholder_dates import find_placeholder_dates
from records.mpi.matching import blocking
from records.mpi.matching.clustering import REVIEW_PROBABILITY, identity_conflict
from records.mpi.matching.comparison_levels import ComparisonLevels, compare_profiles
from records.mpi.matching.join_evidence import join_obstacle
from records.mpi.matching.profile import Demographics, build_profile
from records.mpi.matching.resolution import DEFAULT_THRESHOLD
from records.mpi.matching.rules import name_forms

# registrations that an alliance has at least: in a small index look-alikes are not yet there, but
# they live
MIN_INDEX_SIZE = 20_000
PROBABLE_SCORE = 0.5
# Of a block no more than AT_ONCE are compared.
# index: match_key, records_sourcepatient_pkey
SIMILAR_SQL = f"""
WITH hit AS (
  SELECT DISTINCT b.source_id AS id FROM unnest(%(keys)s::bigint[]) AS asked(key)
    CROSS JOIN LATERAL (SELECT source_id FROM records_matchkey m
        WHERE m.key = asked.key LIMIT %(most)s) b
)
SELECT s.id, s.person_id, h.code, s.fhir_id, s.words, s.correction, s.hospital_id, s.birth_date
  FROM hit JOIN records_sourcepatient s ON s.id = hit.id JOIN {HOSPITALS} h ON h.id = s.hospital_id
WHERE s.words IS NOT NULL AND (%(hospital)s::bigint IS NULL OR s.hospital_id = %(hospital)s)
  ORDER BY s.id
"""
# index: name_key_whole
NAME_FREQUENCY_SQL = """
SELECT (SELECT count(*) FROM (SELECT FROM records_namekey
      WHERE whole AND key = %(name)s LIMIT 5000) x),
  (SELECT greatest(reltuples, 0)::bigint FROM pg_class
      WHERE oid = 'records_sourcepatient'::regclass)
"""


# index: one_source_patient
HELD_SQL = (
    "SELECT id, words, correction FROM records_sourcepatient WHERE hospital_id = %(hospital)s AND"
    " fhir_id = %(fhir_id)s AND words IS NOT NULL"
)
# Of name and birth date, beside a number that is the same; a name that is only alike needs the
# birth date
AGREEING_BIRTH_LEVELS = {
    "": ("", "same", "estimated"),
    "same": ("", "same", "estimated"),
    "variant": ("", "same", "estimated"),
    "former": ("", "same", "estimated"),
    "sound": ("same",),
    "part": ("same",),
    "cut": ("same",),
    "typo": ("same",),
}


class MatchGrade(StrEnum):
    """Code system http://terminology.hl7.org/CodeSystem/match-grade."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class SimilarPatient:
    """score: the probability that the two are one person; levels: how far each field agrees."""

    source_patient_id: int
    person_id: UUID
    hospital: str
    fhir_id: str
    score: float
    grade: MatchGrade
    levels: ComparisonLevels


def find_similar_patients(
    demographics: Demographics, hospital_id: int | None, certain_only: bool = False
) -> list[SimilarPatient]:
    """The most probable first; hospital_id: only of its registrations; certain_only: only these.
    What is certainly somebody else is not in it.
    """
    profile = build_profile(demographics)
    similar: list[SimilarPatient] = []
    with connection.cursor() as cursor:
        cursor.execute(
            SIMILAR_SQL,
            {
                "keys": unquoted_array_literal(hash_blocking_keys(profile)),
                "most": blocking.MAX_COMPARED_PER_BLOCK,
                "hospital": hospital_id,
            },
        )
        rows = cursor.fetchall()
    name_chance, size = name_frequency(demographics.name)
    placeholder_dates = find_placeholder_dates(
        {(held_by, birth) for *_, held_by, birth in rows if birth == demographics.birth}
    )
    for (
        source_patient_id,
        person_id,
        hospital,
        fhir_id,
        encrypted_demographics,
        encrypted_correction,
        held_by,
        birth,
    ) in rows:
        other = build_profile(
            read_demographics(encrypted_demographics, source_patient_id, encrypted_correction)
        )
        levels = compare_profiles(
            profile,
            other.without_placeholder_date() if (held_by, birth) in placeholder_dates else other,
        )
        score = get_active_model().probability(
            levels, size, name_chance if levels.name == "same" else 0.0
        )
        if score >= REVIEW_PROBABILITY:
            similar.append(
                SimilarPatient(
                    source_patient_id,
                    person_id,
                    hospital,
                    fhir_id,
                    score,
                    grade_match(score, levels, identity_conflict(profile, other)),
                    levels,
                )
            )
    ranked = sorted(
        demote_equal_matches(similar), key=lambda match: (-match.score, match.source_patient_id)
    )
    return [match for match in ranked if match.grade is MatchGrade.CERTAIN or not certain_only]


def demographics_agree(demographics: Demographics, hospital_id: int, fhir_id: str) -> bool:
    """Whether nothing that both say of name, birth date and sex speaks against their being one
    person, whose number has told so: what one of them leaves out says nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(HELD_SQL, {"hospital": hospital_id, "fhir_id": fhir_id})
        row = cursor.fetchone()
    if row is None:
        return False
    first, second = (
        build_profile(demographics),
        build_profile(read_demographics(row[1], row[0], row[2])),
    )
    levels = compare_profiles(first, second)
    return (
        not identity_conflict(first, second)
        and levels.sex != "differ"
        and levels.birth in AGREEING_BIRTH_LEVELS.get(levels.name, ())
    )


def demote_equal_matches(matches: list[SimilarPatient]) -> list[SimilarPatient]:
    """Of several persons who are equally certain none is certain: a human says which it is."""
    persons_by_score: dict[float, set[UUID]] = defaultdict(set)
    for match in matches:
        if match.grade is MatchGrade.CERTAIN:
            persons_by_score[round(match.score, 6)].add(match.person_id)
    return [
        (
            replace(match, grade=MatchGrade.PROBABLE)
            if match.grade is MatchGrade.CERTAIN
            and len(persons_by_score[round(match.score, 6)]) > 1
            else match
        )
        for match in matches
    ]


def name_frequency(name: str) -> tuple[float, int]:
    """(how probable a stranger has this name, registrations in the index, about)."""
    with connection.cursor() as cursor:
        cursor.execute(NAME_FREQUENCY_SQL, {"name": name_forms.fold_name(name)})
        namesakes, registered = cursor.fetchone()
    size = max(registered, MIN_INDEX_SIZE)
    return max(namesakes, 1) / size, size


def grade_match(score: float, levels: ComparisonLevels, contradicted: str = "") -> MatchGrade:
    """Certain only where a rule would link; contradicted: what one person cannot have
    (cluster.conflict).
    """
    if score >= DEFAULT_THRESHOLD and not join_obstacle(levels) and not contradicted:
        return MatchGrade.CERTAIN
    return MatchGrade.PROBABLE if score >= PROBABLE_SCORE else MatchGrade.POSSIBLE
