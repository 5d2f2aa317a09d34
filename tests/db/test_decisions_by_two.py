"""Decisions that need two who agree, a ground, a hospital that it concerns; one pair is held by
one curator.
"""

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from records.models import Opinion, Review, SourcePatient
from records.mpi.curation import review_queue
from records.mpi.curation.decision_rights import Undecidable
from records.mpi.curation.decisions import (
    do_call_different,
    do_confirm_card,
    do_join_persons,
    do_split_person,
    do_undo_decision,
)
from records.mpi.curation.opinion_basis import digest_opinion_basis
from records.mpi.index import rule_links
from tests.factories import alliance
from tests.support.decision_ward import Ward, ward

__all__ = ["ward"]


def test_a_risky_join_needs_two_who_agree(ward: Ward) -> None:
    """Two valid numbers: one curator is not enough, and not the same one twice; a third decides
    where two differ.
    """
    a, b, *_ = ward.ids
    first, second, third = (ward.clerk(ward.hospitals[i], wide=True) for i in (0, 1, 1))
    asked, decision = review_queue.do_propose_merge(a, b, acting=first, note="both cards seen")
    assert decision is None and len({ward.persons()[i] for i in (a, b)}) == 2
    with pytest.raises(Undecidable):
        review_queue.do_give_opinion(
            asked.pk, same=True, basis=digest_opinion_basis(asked.pk), acting=first
        )
    assert asked not in review_queue.query_waiting_reviews(
        first
    ) and asked in review_queue.query_waiting_reviews(second)
    assert (
        review_queue.do_give_opinion(
            asked.pk, same=False, basis=digest_opinion_basis(asked.pk), acting=second
        )
        is None
    )
    decision = review_queue.do_give_opinion(
        asked.pk, same=True, basis=digest_opinion_basis(asked.pk), acting=third
    )
    assert (
        decision
        and len({ward.persons()[i] for i in (a, b)}) == 1
        and "held:two_numbers" in decision.reasons
    )
    do_undo_decision(decision.pk, acting=second, note="test")
    asked.refresh_from_db()
    assert (asked.state, asked.round, Opinion.objects.filter(review=asked).count()) == (
        "open",
        1,
        3,
    ), "asked anew; what was said is kept"
    assert (
        review_queue.do_give_opinion(
            asked.pk, same=True, basis=digest_opinion_basis(asked.pk), acting=first
        )
        is None
    )


def test_nobody_opines_without_a_ground(ward: Ward) -> None:
    """What was seen of the pair, or how the curator knows: without it nothing is written."""
    a, b, *_ = ward.ids
    for note in ("", "  "):
        with pytest.raises(Undecidable, match="how you know"):
            review_queue.do_propose_merge(a, b, acting=ward.curator, note=note)
    assert not Review.objects.filter(one=a, two=b).exists()
    rule_links.open_reviews(a, [(b, ("name:same", "probability:0.5000"))])
    asked = Review.objects.get(one=a, two=b)
    with pytest.raises(TypeError):
        review_queue.do_give_opinion(asked.pk, same=False, acting=ward.curator)  # type: ignore[call-arg]
    for basis in ("", None, "0" * 32):
        with pytest.raises(review_queue.PairChanged):
            review_queue.do_give_opinion(asked.pk, same=False, basis=basis, acting=ward.curator)  # type: ignore[arg-type]
    assert not Opinion.objects.filter(review=asked).exists()
    review_queue.do_give_opinion(
        asked.pk, same=False, basis=digest_opinion_basis(asked.pk), acting=ward.curator
    )
    assert Opinion.objects.filter(review=asked).count() == 1, "the control"


def test_what_the_index_does_not_know_equals_nothing_that_it_knows(ward: Ward) -> None:
    a, b, *_ = ward.ids
    rule_links.open_reviews(a, [(b, ("name:same", "probability:0.5000"))])
    asked = Review.objects.get(one=a, two=b)
    seen = []
    with transaction.atomic():
        for column in ("correction", "words"):
            for value in (None, b"", b"x"):
                SourcePatient.objects.filter(pk=b).update(**{column: value})
                seen.append(digest_opinion_basis(asked.pk))
        transaction.set_rollback(True)
    assert len({*seen[:3]}) == 3 and len({*seen[3:]}) == 3


def test_two_curators_never_hold_one_pair(ward: Ward) -> None:
    a, b, *_ = ward.ids
    rule_links.open_reviews(a, [(b, ("name:same", "probability:0.5000"))])
    asked = Review.objects.get(one=a, two=b)
    first, second = (ward.clerk(h) for h in ward.hospitals)
    review_queue.do_take_review(asked.pk, acting=first)
    for verb in (
        lambda: review_queue.do_take_review(asked.pk, acting=second),
        lambda: review_queue.do_give_opinion(
            asked.pk, same=False, basis=digest_opinion_basis(asked.pk), acting=second
        ),
    ):
        with pytest.raises(Undecidable):
            verb()
    assert review_queue.do_take_review(asked.pk, acting=first), (
        "the control: they may open it again"
    )
    Review.objects.filter(pk=asked.pk).update(taken_until="2020-01-01T00:00:00Z")
    assert review_queue.do_take_review(asked.pk, acting=second), "ten minutes later another one may"


def test_two_persons_wait_once_however_many_of_their_registrations_are_asked_about(
    ward: Ward,
) -> None:
    """For each curator the first question that concerns them, and the queue counts what the list
    shows.
    """
    a, b, c, d = ward.ids[:4]
    for one, two in ((b, d), (a, c)):
        rule_links.open_reviews(one, [(two, ("name:same", "probability:0.5000"))])
    here, there = (ward.clerk(h) for h in ward.hospitals)

    def listed(who: Principal) -> list[tuple[int, int]]:
        return [
            (r.one_id, r.two_id)
            for r in review_queue.query_waiting_reviews(who)
            if {r.one_id, r.two_id} <= set(ward.ids)
        ]

    assert [listed(who) for who in (here, there)] == [[(a, c)], [(b, d)]]
    do_join_persons(a, b, acting=ward.curator, others=[alliance.make_alliance_curator()])
    do_join_persons(c, d, acting=ward.curator, others=[alliance.make_alliance_curator()])
    assert [listed(who) for who in (here, there)] == [
        [(a, c)],
        [(b, d)],
    ], "two hospitals, one question each"
    assert listed(ward.curator) == [(b, d)]
    for who in (here, there, ward.curator):
        assert (
            review_queue.review_figures(who).waiting
            == review_queue.query_waiting_reviews(who).count()
            > 0
        )


def test_figures() -> None:
    assert (
        review_queue.cohens_kappa(0, 0, 0, 0) is None
        and review_queue.cohens_kappa(4, 4, 2, 2) == 1
        and review_queue.cohens_kappa(4, 2, 2, 2) == 0
        and review_queue.cohens_kappa(3, 3, 3, 3) is None
    )


def test_the_web_role_adds_decisions_and_erases_none(ward: Ward) -> None:
    decision = do_join_persons(
        *ward.ids[:2], acting=ward.curator, others=[alliance.make_alliance_curator()]
    )
    for sql in (
        "DELETE FROM records_decision WHERE id = %s",
        "UPDATE records_decision SET by = 'nobody' WHERE id = %s",
        "DELETE FROM records_claim WHERE decision_id = %s",
        "UPDATE records_claim SET kind = 'different' WHERE decision_id = %s",
    ):
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE xinglin_web")
            try:
                with pytest.raises(ProgrammingError, match="permission denied"):
                    cursor.execute(sql, [decision.pk])
            finally:
                cursor.execute("RESET ROLE")
    do_undo_decision(decision.pk, acting=ward.curator, note="test")


def test_whom_it_does_not_concern_decides_nothing(ward: Ward) -> None:
    a, b, *_ = ward.ids
    stranger, doctor = (
        ward.clerk(alliance.make_hospital("third")),
        alliance.get_staff_principal(alliance.make_staff(ward.hospitals[0])),
    )
    decision = do_join_persons(a, b, acting=ward.curator, others=[alliance.make_alliance_curator()])
    for acting in (stranger, doctor):
        for verb in (
            lambda: do_split_person([b], acting=acting),
            lambda: do_undo_decision(decision.pk, acting=acting, note="test"),
            lambda: do_confirm_card(a, acting=acting),
            lambda: do_call_different(a, b, acting=acting),
            lambda: review_queue.do_propose_merge(a, b, acting=acting, note="both cards seen"),
        ):
            with pytest.raises(Forbidden):
                verb()
    assert do_split_person([b], acting=ward.clerk(ward.hospitals[1])), (
        "the control: a clerk of one of the two"
    )
