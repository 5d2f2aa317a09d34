"""Who has to agree before registrations come together or part: whose records somebody could read
afterwards, they do not decide alone (docs/adr/0030). Pure.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import permutations


@dataclass(frozen=True, slots=True)
class Curator:
    """hospital: whose staff they are, of a curator for the whole alliance too; wide: for the
    whole alliance.
    """

    staff: int
    hospital: int
    wide: bool

    def speaks_for(self, hospitals: Collection[int]) -> bool:
        return self.wide or self.hospital in hospitals


def may_join(
    curators: Collection[Curator],
    first_hospitals: Collection[int],
    second_hospitals: Collection[int],
    is_nameless: bool,
) -> bool:
    """Whether these curators are enough to make two persons one. first_hospitals, second_hospitals:
    those of either person's registrations; is_nameless: nobody knows the name of one of the two. Of
    one hospital alone its curator is enough; else it takes a curator of each side, and they are of
    two hospitals.
    """
    if len({*first_hospitals, *second_hospitals}) == 1 and not is_nameless:
        return any(curator.speaks_for(first_hospitals) for curator in curators)
    return any(
        a.hospital != b.hospital
        and a.speaks_for(first_hospitals)
        and b.speaks_for(second_hospitals)
        for a, b in permutations(curators, 2)
    )


def may_part(
    curator: Curator, pairs: Iterable[tuple[int, int]], without_curator: Collection[int]
) -> bool:
    """Whether this curator is enough to part registrations. pairs: of each two that are parted
    their hospitals; without_curator: hospitals that have no curator. A curator says of their own
    hospital's registrations that they are not the others'; others' from each other they do not
    part.
    """
    return all(curator.hospital in p or (curator.wide and {*p} & {*without_curator}) for p in pairs)
