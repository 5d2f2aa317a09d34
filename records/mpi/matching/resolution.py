"""A whole set of registrations -> persons: block, compare, learn, decide, group. Label-free, the
same for every set, and the same result for the same registrations in whatever order they come.
Pure.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from records.mpi.matching import blocking
from records.mpi.matching.clustering import (
    REVIEW_PROBABILITY,
    TWIN_THRESHOLD,
    Clusters,
    ScoredPair,
    cluster_profiles,
    twin_probability,
)
from records.mpi.matching.comparison_levels import ComparisonLevels, compare_profiles
from records.mpi.matching.em_training import LevelPattern, train_model
from records.mpi.matching.linkage_model import PAIR_CLASSES, LinkageModel, release_model
from records.mpi.matching.profile import Profile
from records.mpi.matching.rules import birth_dates

MAX_WRONG_SHARE = (
    0.0005  # of the pairs that are joined, how many may be wrong by the model's own account
)
MIN_THRESHOLD, DEFAULT_THRESHOLD = 0.7, 0.985
MIN_SIZE_FOR_TWINS = 2000  # registrations that can tell whether a register has twins
# pairs of twins for one registration below which a register, as learnt, has none: one birth in
# eighty is of twins
TWINLESS_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class Resolution:
    """clusters: of the registrations in the order that they came; skipped: blocks that were too
    large to help, and how large.
    """

    clusters: Clusters
    model: LinkageModel
    threshold: float
    pairs: int
    skipped: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class NameFrequencies:
    """How probable it is that a stranger has this name: counted by persons, as far as their
    birth dates tell them apart.
    """

    births: dict[str, int]
    total: int

    @classmethod
    def count_names(cls, profiles: Iterable[Profile]) -> "NameFrequencies":
        births_by_name: dict[str, set[object]] = defaultdict(set)
        for profile in profiles:
            if profile.spelling.full and not profile.spelling.base:
                births_by_name[profile.spelling.full].add(profile.birth)
        births = {name: len(found) for name, found in births_by_name.items()}
        return cls(births, sum(births.values()))

    def chance(self, levels: ComparisonLevels, profile: Profile) -> float:
        """To one figure, so that like cases are one; 0 where it does not matter."""
        return (
            float(f"{self.births.get(profile.spelling.full, 1) / self.total:.1g}")
            if levels.name == "same"
            else 0.0
        )


@dataclass(frozen=True, slots=True)
class FixedGroups:
    """What stands whatever the rules say: groups that humans made (registration -> one of the
    group), and who may not come together.
    """

    start: Mapping[str, str]
    foes: Mapping[str, frozenset[str]]


def resolve_registrations(
    registrations: Sequence[Profile],
    beginning: LinkageModel | None = None,
    *,
    learning: bool = True,
    fixed: FixedGroups | None = None,
) -> Resolution:
    """beginning: the model that the learning begins with; the release's own where none is given.
    Without learning it is taken as it is, with the limit that single arrivals have.
    """
    beginning = beginning or release_model()
    order = sorted(range(len(registrations)), key=lambda i: registrations[i].key)
    profiles = drop_placeholder_dates(registrations[i] for i in order)
    names, size = NameFrequencies.count_names(profiles), len(profiles)
    candidates, skipped = blocking.find_candidate_pairs(profiles)
    compared: list[tuple[int, int, LevelPattern]] = []
    shared_patterns: dict[
        LevelPattern, LevelPattern
    ] = {}  # millions of pairs have some thousands of patterns
    for first, others in candidates.items():
        for second in sorted(others):
            levels = compare_profiles(profiles[first], profiles[second])
            pattern = (levels, names.chance(levels, profiles[first]))
            compared.append((first, second, shared_patterns.setdefault(pattern, pattern)))
    patterns = Counter(pattern for _, _, pattern in compared)
    model = (
        train_model(patterns, size, f"{beginning.version}+em", beginning) if learning else beginning
    )
    probabilities: dict[LevelPattern, tuple[float, float]] = {}
    for pattern in patterns:
        chances = model.chances(pattern[0], size, pattern[1])
        probabilities[pattern] = (
            chances[0] / sum(chances),
            twin_probability(pattern[0], chances[0] / sum(chances), chances[2] / sum(chances)),
        )
    edges = [
        ScoredPair(first, second, probabilities[pattern][0], pattern[0], probabilities[pattern][1])
        for first, second, pattern in compared
        if probabilities[pattern][0] >= REVIEW_PROBABILITY
        or probabilities[pattern][1] >= TWIN_THRESHOLD
    ]

    def probability(i: int, j: int) -> float:
        levels = compare_profiles(profiles[i], profiles[j])
        return model.probability(levels, size, names.chance(levels, profiles[i]))

    threshold = link_threshold(edge.single for edge in edges) if learning else DEFAULT_THRESHOLD
    index_of = {p.key: i for i, p in enumerate(profiles)} if fixed else {}
    start_groups = [index_of[fixed.start.get(p.key, p.key)] for p in profiles] if fixed else None
    called_different = (
        {
            index_of[k]: {index_of[x] for x in others if x in index_of}
            for k, others in fixed.foes.items()
            if k in index_of
        }
        if fixed
        else {}
    )
    clusters = cluster_profiles(
        profiles,
        edges,
        probability,
        threshold,
        start_groups,
        called_different,
        learning
        and size >= MIN_SIZE_FOR_TWINS
        and model.share[PAIR_CLASSES.index("twin")] < TWINLESS_SHARE,
    )
    return Resolution(restore_order(clusters, order), model, threshold, len(compared), skipped)


def drop_placeholder_dates(profiles: Iterable[Profile]) -> list[Profile]:
    """The registrations of whole registers, without the dates that are habits of their
    hospitals.
    """
    profiles = list(profiles)
    days = Counter((profile.hospital, profile.birth) for profile in profiles if profile.birth)
    months: Counter[tuple[str, int, int]] = Counter()
    for (hospital, day), count in days.items():
        months[hospital, day.year, day.month] += count
    frequent = {
        (hospital, day): months[hospital, day.year, day.month]
        for (hospital, day), count in days.items()
        if birth_dates.is_placeholder_date(count, months[hospital, day.year, day.month])
    }
    people: dict[tuple[str, dt.date], set[str]] = defaultdict(
        set
    )  # of these alone: one who is registered often is one
    for profile in profiles if frequent else ():
        if profile.birth and (profile.hospital, profile.birth) in frequent:
            people[profile.hospital, profile.birth].add(profile.spelling.full)
    placeholder_dates = {
        key
        for key, names in people.items()
        if birth_dates.is_placeholder_date(len(names), frequent[key])
    }
    return [
        profile.without_placeholder_date()
        if profile.birth and (profile.hospital, profile.birth) in placeholder_dates
        else profile
        for profile in profiles
    ]


def link_threshold(probabilities: Iterable[float]) -> float:
    """The least probability at which no more than WRONG of all pairs down to there are wrong, as
    the model believes.
    """
    expected_wrong, limit = 0.0, DEFAULT_THRESHOLD
    for n, p in enumerate(
        sorted((p for p in probabilities if p >= MIN_THRESHOLD), reverse=True), 1
    ):
        expected_wrong += 1 - p
        if expected_wrong / n > MAX_WRONG_SHARE:
            break
        limit = min(limit, p)
    return limit


def restore_order(clusters: Clusters, order: list[int]) -> Clusters:
    """In the order in which the registrations came."""
    group_of = [0] * len(order)
    for i, group in enumerate(clusters.group_of):
        group_of[order[i]] = order[group]
    return Clusters(
        group_of,
        [
            (
                ScoredPair(
                    order[edge.one], order[edge.two], edge.probability, edge.levels, edge.twin
                ),
                why,
            )
            for edge, why in clusters.review
        ],
    )
