"""What speaks against two persons being one: a join that has any of it needs a second human."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations, product

from records.models import SourcePatient
from records.mpi.index import claim_graph
from records.mpi.index.claim_settlement import AffectedRegistrations, load_affected
from records.mpi.index.number_correction import read_demographics
from records.mpi.index.placeholder_dates import find_placeholder_dates
from records.mpi.matching.clustering import identity_conflict
from records.mpi.matching.comparison_levels import compare_profiles
from records.mpi.matching.join_evidence import other_name_reason
from records.mpi.matching.profile import Profile, build_profile

MANY_REGISTRATIONS = 8  # registrations on both sides
MAX_LOOKED_AT = 30  # registrations of one person that are held against others


@dataclass(frozen=True, slots=True)
class JoinDoubt:
    """Two registrations and what speaks against their being one person."""

    one: int
    two: int
    code: str


def load_profiles(source_patient_ids: Collection[int]) -> dict[int, Profile]:
    """Of those whose words the index has, without the birth dates that are habits of their
    hospitals.
    """
    rows = list(
        SourcePatient.objects.filter(pk__in=source_patient_ids, words__isnull=False).values_list(
            "pk", "words", "correction", "hospital_id", "birth_date"
        )
    )
    placeholder_dates = find_placeholder_dates(
        {(hospital_id, birth) for *_, hospital_id, birth in rows}
    )
    profiles = {
        source_patient_id: build_profile(
            read_demographics(
                bytes(encrypted_demographics), source_patient_id, encrypted_correction
            ),
            str(source_patient_id),
        )
        for source_patient_id, encrypted_demographics, encrypted_correction, _, _ in rows
    }
    return {
        source_patient_id: profiles[source_patient_id].without_placeholder_date()
        if (hospital_id, birth) in placeholder_dates
        else profiles[source_patient_id]
        for source_patient_id, _, _, hospital_id, birth in rows
    }


def doubts_between(one_id: int, two_id: int) -> list[JoinDoubt]:
    """Of the two registrations' whole persons, each kind once."""
    affected = load_affected({one_id, two_id}, lock=False)
    sides = [affected.registrations_of(affected.persons[i]) for i in (one_id, two_id)]
    profiles = load_profiles([*sides[0][:MAX_LOOKED_AT], *sides[1][:MAX_LOOKED_AT]])
    doubts = list(
        conflict_doubts(profiles, product(sides[0][:MAX_LOOKED_AT], sides[1][:MAX_LOOKED_AT]))
    )
    if (
        one_id in profiles
        and two_id in profiles
        and (other_name := other_name_reason(compare_profiles(profiles[one_id], profiles[two_id])))
    ):
        doubts.append(JoinDoubt(one_id, two_id, other_name))
    doubts += [
        JoinDoubt(*pair, "human_differs") for pair in pairs_called_different(affected, *sides)
    ]
    confirmed = set(
        SourcePatient.objects.filter(pk__in=[*sides[0], *sides[1]], confirmed=True).values_list(
            "pk", flat=True
        )
    )
    if all(confirmed & set(side) for side in sides):
        doubts.append(JoinDoubt(one_id, two_id, "both_confirmed"))
    if len(sides[0]) + len(sides[1]) >= MANY_REGISTRATIONS:
        doubts.append(JoinDoubt(one_id, two_id, "many"))
    return list({doubt.code: doubt for doubt in reversed(doubts)}.values())[::-1]


def doubts_within(source_patient_ids: Collection[int]) -> list[JoinDoubt]:
    """Of one person's registrations: what should make a human look again."""
    profiles = load_profiles(sorted(source_patient_ids)[:MAX_LOOKED_AT])
    return list(
        {
            doubt.code: doubt
            for doubt in conflict_doubts(profiles, combinations(sorted(profiles), 2))
        }.values()
    )


def find_nameless(source_patient_ids: Collection[int]) -> set[int]:
    """Those of the registrations whose patient's name nobody knew; a newborn who goes by a
    parent's name is known.
    """
    return {i for i, p in load_profiles(source_patient_ids).items() if not p.spelling.full}


def conflict_doubts(
    profiles: dict[int, Profile], pairs: Iterable[tuple[int, int]]
) -> Iterable[JoinDoubt]:
    return (
        JoinDoubt(i, j, code)
        for i, j in pairs
        if i in profiles and j in profiles and (code := identity_conflict(profiles[i], profiles[j]))
    )


def pairs_called_different(
    affected: AffectedRegistrations, first_members: Collection[int], second_members: Collection[int]
) -> list[claim_graph.Pair]:
    """Pairs across the two persons that a human has called different."""
    return [
        pair
        for pair, claim in claim_graph.newest_claims(affected.claims).items()
        if claim.same_person is False
        and ({*pair} & set(first_members) and {*pair} & set(second_members))
    ]
