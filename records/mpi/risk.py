"""What speaks against two persons being one: a join that has any of it needs a second human."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations, product

from records.models import SourcePatient
from records.mpi import graph
from records.mpi.cluster import conflict
from records.mpi.correction import read
from records.mpi.habits import common_dates
from records.mpi.levels import compare
from records.mpi.profile import Profile, profile
from records.mpi.settle import Around, around
from records.mpi.signs import another_name

MANY = 8  # registrations on both sides
LOOK = 30  # registrations of one person that are held against others


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two registrations and what speaks against their being one person."""

    one: int
    two: int
    code: str


def profiles(ids: Collection[int]) -> dict[int, Profile]:
    """Of those whose words the index has, without the birth dates that are habits of their hospitals."""
    rows = list(SourcePatient.objects.filter(pk__in=ids, words__isnull=False).values_list("pk", "words", "correction", "hospital_id", "birth_date"))
    habits = common_dates({(hospital, born) for *_, hospital, born in rows})
    made = {i: profile(read(bytes(words), i, correction), str(i)) for i, words, correction, _, _ in rows}
    return {i: made[i].undated() if (hospital, born) in habits else made[i] for i, _, _, hospital, born in rows}


def between(one: int, two: int) -> list[Doubt]:
    """Of the two registrations' whole persons, each kind once."""
    found = around({one, two}, lock=False)
    sides = [found.of(found.persons[i]) for i in (one, two)]
    known = profiles([*sides[0][:LOOK], *sides[1][:LOOK]])
    doubts = list(against(known, product(sides[0][:LOOK], sides[1][:LOOK])))
    if one in known and two in known and (why := another_name(compare(known[one], known[two]))):
        doubts.append(Doubt(one, two, why))
    doubts += [Doubt(*p, "human_differs") for p in apart(found, *sides)]
    confirmed = set(SourcePatient.objects.filter(pk__in=[*sides[0], *sides[1]], confirmed=True).values_list("pk", flat=True))
    if all(confirmed & set(side) for side in sides):
        doubts.append(Doubt(one, two, "both_confirmed"))
    if len(sides[0]) + len(sides[1]) >= MANY:
        doubts.append(Doubt(one, two, "many"))
    return list({d.code: d for d in reversed(doubts)}.values())[::-1]


def within(ids: Collection[int]) -> list[Doubt]:
    """Of one person's registrations: what should make a human look again."""
    known = profiles(sorted(ids)[:LOOK])
    return list({d.code: d for d in against(known, combinations(sorted(known), 2))}.values())


def nameless(ids: Collection[int]) -> set[int]:
    """Those of the registrations whose patient's name nobody knew; a newborn who goes by a parent's name is known."""
    return {i for i, p in profiles(ids).items() if not p.spelling.full}


def against(known: dict[int, Profile], pairs: Iterable[tuple[int, int]]) -> Iterable[Doubt]:
    return (Doubt(i, j, code) for i, j in pairs if i in known and j in known and (code := conflict(known[i], known[j])))


def apart(found: Around, one: Collection[int], two: Collection[int]) -> list[graph.Pair]:
    """Pairs across the two persons that a human has called different."""
    return [p for p, s in graph.newest(found.said).items() if s.same is False and ({*p} & set(one) and {*p} & set(two))]
