"""Match a new registration: which person it is linked to, and which pairs a human has to review.
Decided as in a whole file (records/mpi/matching/resolution.py), beside the persons who are there:
these are not split, and not joined with each other.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from records.mpi.index.active_model import get_active_model
from records.mpi.index.candidates import CandidateRegistration, Candidates
from records.mpi.index.number_correction import read_demographics
from records.mpi.index.similar_patients import MIN_INDEX_SIZE
from records.mpi.matching import blocking
from records.mpi.matching.clustering import (
    REVIEW_PROBABILITY,
    TWIN_THRESHOLD,
    Clusters,
    ScoredPair,
    cluster_profiles,
    identity_conflict,
    twin_probability,
)
from records.mpi.matching.comparison_levels import ComparisonLevels, compare_profiles
from records.mpi.matching.join_evidence import count_equal_documents, join_obstacle
from records.mpi.matching.profile import Profile, build_profile
from records.mpi.matching.resolution import DEFAULT_THRESHOLD

log = logging.getLogger("xinglin.mpi")
# persons that one arrival is held against: who shares an identity document, who may be the patient
# with ASKED and more, the most probable others, twins among them
MAX_PERSONS = 40
ASK_PROBABILITY = 0.2  # how probable a pair is that a human is asked about
EQUAL_TOLERANCE = 1e-6  # what two probabilities differ by that are the same
# pairs that one arrival may ask humans about: those that share an identity document, then the most
# probable ones
MAX_ASKED_PAIRS = 3


@dataclass(frozen=True, slots=True)
class MatchOutcome:
    """linked_person_id: the person whom the registration goes to, or None; via_source_patient_id:
    the registration of theirs that it goes by; reasons: codes of the evidence; reviews: (other
    registration, reasons) for a human; twin_splits: children without a name who were linked with a
    child whose twin this is, as (registration, twin); crowded: a block held more others than it was
    compared with.
    """

    linked_person_id: UUID | None
    via_source_patient_id: int
    reasons: tuple[str, ...]
    reviews: tuple[tuple[int, tuple[str, ...]], ...]
    twin_splits: tuple[tuple[int, int], ...] = ()
    crowded: bool = False


NO_MATCH = MatchOutcome(None, 0, (), ())
PairChances = Callable[
    [Profile, Profile, ComparisonLevels], tuple[float, float]
]  # of one person, of twins


def active_rule_name() -> str:
    return f"rule/{get_active_model().version}"


def match_registration(arriving: Profile, person_id: UUID, candidates: Candidates) -> MatchOutcome:
    """Decide to whom an arriving registration is linked, and what a human is asked. arriving: with
    the row of the index as its key; person_id: theirs until now.
    """
    if not candidates.registrations:
        return NO_MATCH
    log_crowded_blocks(arriving, candidates)
    if candidates.has_placeholder_date:
        arriving = arriving.without_placeholder_date()
    chances = build_pair_chances(arriving, candidates)
    compared = choose_compared(arriving, person_id, candidates, chances)
    profiles = [arriving, *(profile for _, profile in compared)]
    persons = [person_id, *(registration.person_id for registration, _ in compared)]

    clusters, edges = cluster_arrival(profiles, number_groups(persons), chances)
    best_edges = sorted(
        (edge for edge in edges if edge.one == 0 and edge.single >= REVIEW_PROBABILITY),
        key=lambda edge: (-edge.single, edge.two),
    )
    joined = next(
        (
            edge
            for edge in best_edges
            if clusters.group_of[edge.two] == clusters.group_of[0]
            and persons[edge.two] != person_id
        ),
        None,
    )

    held_reasons = {edge.two: reason for edge, reason in clusters.review if edge.one == 0}
    if joined is not None and (
        rivals := list_equal_rivals(arriving, joined, best_edges, profiles, persons)
    ):
        held_reasons |= dict.fromkeys((joined.two, *(edge.two for edge in rivals)), "equals")
        joined = None
    if persons.count(person_id) > 1:
        joined = None  # whoever is linked with others already is moved by nothing but a decision

    settled = {person_id} if joined is None else {person_id, persons[joined.two]}
    reviews = list_reviews(best_edges, profiles, persons, held_reasons, settled)
    twin_splits = list_twin_splits(edges, profiles, persons)
    crowded = candidates.crowded_blocks > 0
    if joined is None:
        return MatchOutcome(None, 0, (), reviews, twin_splits, crowded)
    return MatchOutcome(
        persons[joined.two],
        int(profiles[joined.two].key),
        evidence_codes(joined),
        reviews,
        twin_splits,
        crowded,
    )


def log_crowded_blocks(arriving: Profile, candidates: Candidates) -> None:
    if candidates.crowded_blocks:
        log.warning(
            "MPI210 %s blocks of registration %s hold more than %s others: it was compared with so"
            " many of each",
            candidates.crowded_blocks,
            arriving.key,
            blocking.MAX_COMPARED_PER_BLOCK,
        )


def build_pair_chances(arriving: Profile, candidates: Candidates) -> PairChances:
    """Build the function that says how probable two profiles are one person, or twins, in an index
    of this size and with so many namesakes.
    """
    index_size = max(candidates.index_size, MIN_INDEX_SIZE)
    name_share = max(candidates.namesake_count, 1) / index_size

    def pair_chances(
        first: Profile, second: Profile, levels: ComparisonLevels
    ) -> tuple[float, float]:
        full_name = arriving.spelling.full
        bears_name = full_name in (first.spelling.full, second.spelling.full)
        name_chance = name_share if levels.name == "same" and bears_name else 0.0
        class_chances = get_active_model().chances(levels, index_size, name_chance)
        same_person = class_chances[0] / sum(class_chances)
        twins = class_chances[2] / sum(class_chances)
        return same_person, twin_probability(levels, same_person, twins)

    return pair_chances


def choose_compared(
    arriving: Profile, person_id: UUID, candidates: Candidates, chances: PairChances
) -> list[tuple[CandidateRegistration, Profile]]:
    """Choose the registrations that the arriving one is held against: all of its own person, and
    of the others' persons those who share an identity document, who are probable, the most probable
    first, at most MAX_PERSONS.
    """
    profiles = [
        (registration, candidate_profile(registration)) for registration in candidates.registrations
    ]
    rank_of_person: dict[UUID, tuple[bool, bool, float]] = {}
    for registration, profile in profiles:
        if not registration.shares_block:
            continue
        levels = compare_profiles(arriving, profile)
        same_person, twins = chances(arriving, profile, levels)
        if max(same_person, twins) < REVIEW_PROBABILITY:
            continue
        rank = (
            count_equal_documents(levels) > 0,
            same_person >= ASK_PROBABILITY,
            max(same_person, twins),
        )
        rank_of_person[registration.person_id] = max(
            rank, rank_of_person.get(registration.person_id, rank)
        )
    ranked = sorted(rank_of_person, key=rank_of_person.__getitem__, reverse=True)
    chosen = {person_id, *ranked[:MAX_PERSONS]}
    return [
        (registration, profile)
        for registration, profile in profiles
        if registration.person_id in chosen
    ]


def candidate_profile(registration: CandidateRegistration) -> Profile:
    demographics = read_demographics(
        registration.encrypted_demographics,
        registration.source_patient_id,
        registration.encrypted_correction,
    )
    profile = build_profile(demographics, str(registration.source_patient_id))
    return profile.without_placeholder_date() if registration.has_placeholder_date else profile


def number_groups(persons: Sequence[UUID]) -> list[int]:
    """Number the groups that are there already: of each registration the first one of its
    person.
    """
    first_of_person: dict[UUID, int] = {}
    return [first_of_person.setdefault(person_id, i) for i, person_id in enumerate(persons)]


def list_reviews(
    best_edges: Sequence[ScoredPair],
    profiles: Sequence[Profile],
    persons: Sequence[UUID],
    held_reasons: Mapping[int, str],
    settled: set[UUID],
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """List the pairs that a human is asked about, one for each other person. settled: persons of
    whom nothing is asked. Namesakes of one birth date are many: whoever shares a document comes
    before them.
    """
    asked_persons = set(settled)
    reviews: list[tuple[int, tuple[str, ...]]] = []
    for edge in sorted(best_edges, key=lambda edge: not count_equal_documents(edge.levels)):
        if persons[edge.two] in asked_persons or edge.single < ASK_PROBABILITY:
            continue
        asked_persons.add(persons[edge.two])
        held = f"held:{held_reasons.get(edge.two, 'bridge')}"
        reviews.append((int(profiles[edge.two].key), (*evidence_codes(edge), held)))
    return tuple(reviews[:MAX_ASKED_PAIRS])


def list_twin_splits(
    edges: Sequence[ScoredPair], profiles: Sequence[Profile], persons: Sequence[UUID]
) -> tuple[tuple[int, int], ...]:
    """List the children without a name who were linked with a child whose twin the arriving one
    is: which of the two such a child is, nobody knows any more.
    """
    if profiles[0].spelling.base:
        return ()
    twin_edges = [
        edge
        for edge in edges
        if edge.one == 0
        and edge.twin >= TWIN_THRESHOLD
        and not profiles[edge.two].spelling.base
        and persons[edge.two] != persons[0]
    ]
    return tuple(
        (int(profile.key), int(profiles[edge.two].key))
        for edge in twin_edges
        for profile, person_id in zip(profiles, persons, strict=True)
        if profile.spelling.base and person_id == persons[edge.two]
    )


def list_equal_rivals(
    arriving: Profile,
    chosen: ScoredPair,
    best_edges: Sequence[ScoredPair],
    profiles: Sequence[Profile],
    persons: Sequence[UUID],
) -> list[ScoredPair]:
    """Registrations of other persons who are as probable as the one that was found, and whom
    nothing contradicts: which of them it is a human decides.
    """
    return [
        edge
        for edge in best_edges
        if persons[edge.two] not in (persons[0], persons[chosen.two])
        and abs(edge.single - chosen.single) < EQUAL_TOLERANCE
        and not join_obstacle(edge.levels)
        and not any(
            identity_conflict(arriving, profiles[i])
            for i, p in enumerate(persons)
            if p == persons[edge.two]
        )
    ]


def cluster_arrival(
    profiles: Sequence[Profile], start_groups: Sequence[int], chances: PairChances
) -> tuple[Clusters, list[ScoredPair]]:
    """The first profile beside the groups of the others: only it may move, but twins among the
    others hold it back.
    """
    edges = []
    nameless = any(p.spelling.base for p in profiles)
    for j, second in enumerate(profiles):
        for i, first in enumerate(profiles[: j if nameless else min(j, 1)]):
            levels = compare_profiles(first, second)
            same, twin = chances(first, second, levels)
            if (i == 0 and same >= REVIEW_PROBABILITY) or twin >= TWIN_THRESHOLD:
                edges.append(ScoredPair(i, j, same if i == 0 else 0.0, levels, twin))

    def probability(i: int, j: int) -> float:
        return chances(profiles[i], profiles[j], compare_profiles(profiles[i], profiles[j]))[0]

    return (
        cluster_profiles(
            profiles, edges, probability, DEFAULT_THRESHOLD, start_groups, arriving=True
        ),
        edges,
    )


def evidence_codes(edge: ScoredPair) -> tuple[str, ...]:
    """field:level of all that both say, and how probable it is; pages say it in words."""
    return (
        *(
            f"{field}:{level}"
            for field, level in zip(ComparisonLevels._fields, edge.levels, strict=True)
            if level
        ),
        f"probability:{edge.probability:.4f}",
    )
