"""Who has to agree before registrations come together or part: every pair of curators of three
hospitals, against the rule in other words.
"""

from itertools import product

import pytest

from records.mpi.curation.agreement import Curator, may_join, may_part

H, G, K = 1, 2, 3
STAFF = [Curator(10 * h + wide, h, bool(wide)) for h in (H, G, K) for wide in (0, 1)]
SIDES = [({H}, {H}), ({H}, {G}), ({H}, {H, G}), ({H, K}, {G}), ({H, G}, {G, K})]


@pytest.mark.parametrize(("one", "two"), SIDES)
@pytest.mark.parametrize("unknown", [False, True])
def test_nobody_joins_several_hospitals_alone_and_two_of_one_hospital_do_not_either(
    one: set[int], two: set[int], unknown: bool
) -> None:
    own = one == two == {H} and not unknown
    for c in STAFF:
        assert may_join([c], one, two, unknown) is (own and (c.hospital == H or c.wide))
    for a, b in product(STAFF, repeat=2):
        covers = any(
            (x.wide or x.hospital in one) and (y.wide or y.hospital in two)
            for x, y in ((a, b), (b, a))
        )
        expected = (own and any(c.hospital == H or c.wide for c in (a, b))) or (
            covers and a.hospital != b.hospital
        )
        assert may_join([a, b], one, two, unknown) is expected, (a, b)


def test_both_of_one_side_are_not_enough_however_many_hospitals_they_are_of() -> None:
    h, k, g = (Curator(x, x, False) for x in (H, K, G))
    assert not may_join([h, k], {H, K}, {G}, False)
    assert may_join([h, k, g], {H, K}, {G}, False) and may_join([h, g], {H, K}, {G}, False), (
        "the control"
    )


def test_a_curator_parts_own_registrations_from_others_and_not_others_from_each_other() -> None:
    h, wide = Curator(1, H, False), Curator(2, H, True)
    assert may_part(h, [(H, G), (H, K), (H, H)], ())
    for mute, expected in (((), False), ({K}, True), ({H}, False)):
        assert (
            not may_part(h, [(H, G), (G, K)], mute)
            and may_part(wide, [(H, G), (G, K)], mute) is expected
        )
