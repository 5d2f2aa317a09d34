"""Humans' decisions on who is whom: any sequence of them and of their undoings gives exactly the
state that the standing ones give; nothing is erased.
"""

import random

import pytest

from alliance.auth.errors import Forbidden
from records.models import Decision, Review, SourcePatient
from records.mpi.curation import review_queue
from records.mpi.curation.decision_record import decision_history
from records.mpi.curation.decision_rights import Undecidable
from records.mpi.curation.decisions import (
    do_call_different,
    do_correct_number,
    do_join_persons,
    do_undo_decision,
)
from records.mpi.curation.opinion_basis import digest_opinion_basis
from records.mpi.index import patient_search, source_patients
from tests.factories import alliance
from tests.factories.fhir import Api, make_citizen_number, make_patient, make_unique_name
from tests.support.decision_ward import Ward, ward

__all__ = ["ward"]


@pytest.mark.parametrize("seed", range(12))
def test_undone_in_any_order_everything_is_as_before(server: str, seed: int) -> None:
    rng = random.Random(seed)
    ward = Ward(server, 6)
    states = [ward.state()]
    made: list[Decision] = []
    for _ in range(7):
        decision = rng.choice(ward.verbs(rng))()
        if decision is None:
            continue
        made.append(decision)
        states.append(ward.state())
    undone = []
    for decision, before, after in zip(made[::-1], states[-2::-1], states[:0:-1], strict=True):
        undone.append(do_undo_decision(decision.pk, acting=ward.curator, note="test"))
        assert ward.state() == before, "the last one first: each step back is the step before"
        redone = do_undo_decision(undone[-1].pk, acting=ward.curator, note="test")
        assert ward.state() == after, "undoing the undoing is doing it again"
        do_undo_decision(redone.pk, acting=ward.curator, note="test")
        assert ward.state() == before
    for decision in Decision.objects.filter(pk__in=[d.pk for d in made]).order_by("pk"):
        last = Decision.objects.get(pk=decision.undone_by_id)
        do_undo_decision(last.pk, acting=ward.curator, note="test")
    assert ward.state() == states[-1], "all of them done again, in order"
    for decision in rng.sample(made, len(made)):
        do_undo_decision(decision.pk, acting=ward.curator, note="test")
    assert ward.state() == states[0], "in any order"
    assert Decision.objects.filter(claims__one__in=ward.ids).distinct().count() == len(made), (
        "and nothing was erased"
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_link_that_is_undone_is_as_if_it_had_never_been_made(server: str, seed: int) -> None:
    """The same links among the same strangers, in one ward without one of them, in the other
    with it until the end.
    """
    rng = random.Random(seed)
    script, out = [rng.sample(range(6), 2) for _ in range(6)], rng.randrange(6)
    ends = []
    for skip in (True, False):
        ward = Ward(server, 6)
        made = [
            (
                None
                if skip and step == out
                else do_join_persons(
                    ward.ids[i],
                    ward.ids[j],
                    acting=ward.curator,
                    others=[alliance.make_alliance_curator()],
                )
            )
            for step, (i, j) in enumerate(script)
        ]
        if (last := made[out]) is not None:
            do_undo_decision(last.pk, acting=ward.curator, note="test")
        whose = [ward.persons()[i] for i in ward.ids]
        ends.append([whose.index(p) for p in whose])
    assert ends[0] == ends[1]


def test_what_was_decided_later_and_independently_stays(ward: Ward) -> None:
    a, b, c, d, e, _ = ward.ids
    first = do_join_persons(a, b, acting=ward.curator, others=[alliance.make_alliance_curator()])
    do_join_persons(c, d, acting=ward.curator, others=[alliance.make_alliance_curator()])
    do_join_persons(b, e, acting=ward.curator, others=[alliance.make_alliance_curator()])
    do_undo_decision(first.pk, acting=ward.curator, note="test")
    now = ward.persons()
    assert now[c] == now[d] and now[b] == now[e] and now[a] != now[b]
    with pytest.raises(Undecidable):
        do_undo_decision(first.pk, acting=ward.curator, note="test")
    assert [h.verb for h in decision_history([a])] == ["undo", "link"]


def test_a_rule_does_not_do_again_what_a_human_has_undone(server: str) -> None:
    ward = Ward(server, 1)
    card, name = make_citizen_number("19580312"), make_unique_name()
    one, two = (
        [
            SourcePatient.objects.get(
                fhir_id=api.create(make_patient(name, resident=card)).split("/")[1]
            )
        ]
        for api in ward.apis
    )
    ward.ids = [one[0].pk, two[0].pk]
    assert len(set(ward.persons().values())) == 1
    ruled = Decision.objects.get(claims__one__in=ward.ids, verb="link")
    assert ruled.by.startswith("rule/")
    do_undo_decision(ruled.pk, acting=ward.curator, note="test")
    for api, s in zip(ward.apis, (one[0], two[0]), strict=True):
        assert (
            api(
                "PUT",
                f"Patient/{s.fhir_id}",
                make_patient(name, resident=card)
                | {
                    "id": s.fhir_id,
                    "telecom": [{"system": "phone", "value": "13912340000"}],
                },
            ).status
            == 200
        )
    assert len(set(ward.persons().values())) == 2 and not Review.objects.filter(
        one__in=ward.ids, state="open"
    )
    third = Api(server, ward.hospitals[0].code, ward.apis[0].token).create(
        make_patient(name, resident=card)
    )
    arrived = SourcePatient.objects.get(fhir_id=third.split("/")[1])
    assert (
        arrived.person_id not in ward.persons().values()
        and Review.objects.filter(two=arrived, reasons__contains=["held:equals"]).count() == 2
    ), "it may be either: a human says"
    alone = make_citizen_number("19580312")
    made = [
        SourcePatient.objects.get(
            fhir_id=api.create(make_patient(name + "安", resident=alone)).split("/")[1]
        ).person_id
        for api in ward.apis
    ]
    assert len(set(made)) == 1, "the control: another one is linked"


def test_a_join_overrules_what_was_called_different_and_undoing_it_brings_that_back(
    ward: Ward,
) -> None:
    a, b, c, *_ = ward.ids
    do_call_different(a, b, acting=ward.curator)
    do_join_persons(b, c, acting=ward.curator, others=[alliance.make_alliance_curator()])
    joined = do_join_persons(a, c, acting=ward.curator, others=[alliance.make_alliance_curator()])
    assert len({ward.persons()[i] for i in (a, b, c)}) == 1
    do_undo_decision(joined.pk, acting=ward.curator, note="test")
    now = ward.persons()
    assert now[a] != now[b] == now[c]


def test_an_old_person_id_leads_to_the_person_now(ward: Ward) -> None:
    a, b, *_ = sorted(ward.ids)
    old = ward.persons()[b]
    joined = do_join_persons(a, b, acting=ward.curator, others=[alliance.make_alliance_curator()])
    assert (
        {s.id for s in source_patients.sources_of_person(old)}
        == {a, b}
        == {s.id for s in source_patients.sources_of_person(ward.persons()[a])}
    )
    do_undo_decision(joined.pk, acting=ward.curator, note="test")
    assert [s.id for s in source_patients.sources_of_person(old)] == [b]


def test_a_corrected_number_finds_and_is_kept_while_the_hospital_sends_the_wrong_one(
    ward: Ward,
) -> None:
    source, right = SourcePatient.objects.get(pk=ward.ids[0]), make_citizen_number("19580312")
    wrong = ward.numbers[0]
    before = ward.state()
    corrected = do_correct_number(source.pk, right, acting=ward.curator)

    def found(text: str) -> list[bool]:
        return [
            f.former
            for f in patient_search.find_persons(text, acting=ward.clerk(ward.hospitals[0]))
            if f.person == source.person_id
        ]

    assert found(right) == [False] and found(wrong) == [True]
    api = ward.apis[0]
    body = api("GET", f"Patient/{source.fhir_id}").json
    assert (
        api(
            "PUT",
            f"Patient/{source.fhir_id}",
            body | {"telecom": [{"system": "phone", "value": "13812340000"}]},
        ).status
        == 200
    )
    assert found(right) == [False] and found(wrong) == [True], "sent again, and still corrected"
    do_undo_decision(corrected.pk, acting=ward.curator, note="test")
    assert found(right) == [] and found(wrong) == [False] and ward.state() == before
    with pytest.raises(ValueError):
        do_correct_number(
            source.pk, wrong[:-1] + ("0" if wrong[-1] != "0" else "1"), acting=ward.curator
        )
    with pytest.raises(Forbidden):
        do_correct_number(source.pk, right, acting=ward.clerk(ward.hospitals[1]))


def test_an_unknown_patient_is_identified(server: str) -> None:
    ward = Ward(server, 1)
    unknown = SourcePatient.objects.get(
        fhir_id=ward.apis[0].create(make_patient("无名氏", "1990-01-01")).split("/")[1]
    )
    ward.ids.append(unknown.pk)
    asked, decision = review_queue.do_propose_merge(
        unknown.pk,
        ward.ids[0],
        acting=ward.curator,
        verb=Decision.Verb.IDENTIFY,
        note="his wife brought the card",
    )
    assert decision is None
    asked.refresh_from_db()
    assert (
        review_queue.do_give_opinion(
            asked.pk,
            same=True,
            basis=digest_opinion_basis(asked.pk),
            acting=ward.clerk(ward.hospitals[0], wide=True),
            note="and me",
        )
        is None
    ), "of one hospital"
    decision = review_queue.do_give_opinion(
        asked.pk,
        same=True,
        basis=digest_opinion_basis(asked.pk),
        acting=alliance.make_alliance_curator(),
        note="and he himself now",
    )
    assert (
        decision
        and len(set(ward.persons().values())) == 1
        and decision.verb == "identify"
        and decision.note.startswith("his wife brought the card")
    )
    do_undo_decision(decision.pk, acting=ward.curator, note="test")
    assert len(set(ward.persons().values())) == 2
