"""Humans' decisions on who is whom: any sequence of them and of their undoings gives exactly the state that the standing ones give, on the real
database; what was decided independently stays, and nothing is erased."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Role
from records.models import Decision, Opinion, PatientIdentifier, Review, SourcePatient
from records.mpi import find, link, review, sources
from records.mpi.basis import basis_of
from records.mpi.correction import Correction
from records.mpi.decide import Undecidable, do_confirm, do_correct, do_differ, do_join, do_split, do_undo, history
from tests.factories import alliance
from tests.factories.fhir import Api, number, patient, somebody

State = tuple[Any, ...]


class Ward:
    """Some registrations of strangers at two hospitals, and a curator for the whole alliance."""

    def __init__(self, server: str, many: int) -> None:
        at = [alliance.hospital("one"), alliance.hospital("two")]
        apis = [Api(server, h.code, credentials=alliance.credentials(h)) for h in at]
        self.numbers = [number("19580312") for _ in range(many)]
        made = [apis[i % 2].create(patient(somebody(), resident=n)).split("/")[1] for i, n in enumerate(self.numbers)]
        self.ids = [SourcePatient.objects.get(fhir_id=m, hospital__code=apis[i % 2].base).pk for i, m in enumerate(made)]
        self.hospitals, self.apis = at, apis
        self.curator = alliance.principal(alliance.staff(at[0], Role.CLERK, wide=True))

    def clerk(self, at: Hospital, wide: bool = False) -> Principal:
        return alliance.principal(alliance.staff(at, Role.CLERK, wide=wide))

    def persons(self) -> dict[int, Any]:
        return dict(SourcePatient.objects.filter(pk__in=self.ids).values_list("pk", "person_id"))

    def state(self) -> State:
        rows = SourcePatient.objects.filter(pk__in=self.ids).order_by("pk")
        numbers = sorted((s, k, bytes(d)) for s, k, d in PatientIdentifier.objects.filter(source__in=self.ids).values_list("source_id", "kind", "digest"))
        corrections = [s.correction and Correction.opened(s.correction, s.pk) for s in rows]
        pairs = sorted(Review.objects.filter(one__in=self.ids, two__in=self.ids).values_list("one_id", "two_id", "state"))
        return self.persons(), [s.confirmed for s in rows], corrections, numbers, pairs

    def verbs(self, rng: random.Random) -> list[Callable[[], Decision | None]]:
        one, two = rng.sample(self.ids, 2)
        mates = [i for i, p in self.persons().items() if p == self.persons()[one]]
        some = rng.sample(mates, rng.randrange(1, len(mates))) if len(mates) > 1 else []
        acting = self.curator

        def join() -> Decision:
            return do_join(one, two, acting=acting, others=[alliance.another_curator()])

        out: list[Callable[[], Decision | None]] = [
            join, join, lambda: do_differ(one, two, acting=acting), lambda: do_confirm(one, acting=acting),
            lambda: do_correct(one, rng.choice([number("19580312"), ""]), acting=acting), lambda: do_split(some, acting=acting) if some else None]
        return out


@pytest.fixture
def ward(server: str) -> Ward:
    return Ward(server, 6)


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
        undone.append(do_undo(decision.pk, acting=ward.curator, note="test"))
        assert ward.state() == before, "the last one first: each step back is the step before"
        redone = do_undo(undone[-1].pk, acting=ward.curator, note="test")
        assert ward.state() == after, "undoing the undoing is doing it again"
        do_undo(redone.pk, acting=ward.curator, note="test")
        assert ward.state() == before
    for decision in Decision.objects.filter(pk__in=[d.pk for d in made]).order_by("pk"):
        last = Decision.objects.get(pk=decision.undone_by_id)
        do_undo(last.pk, acting=ward.curator, note="test")
    assert ward.state() == states[-1], "all of them done again, in order"
    for decision in rng.sample(made, len(made)):
        do_undo(decision.pk, acting=ward.curator, note="test")
    assert ward.state() == states[0], "in any order"
    assert Decision.objects.filter(claims__one__in=ward.ids).distinct().count() == len(made), "and nothing was erased"


@pytest.mark.parametrize("seed", range(6))
def test_a_link_that_is_undone_is_as_if_it_had_never_been_made(server: str, seed: int) -> None:
    """The same links among the same strangers, in one ward without one of them, in the other with it until the end."""
    rng = random.Random(seed)
    script, out = [rng.sample(range(6), 2) for _ in range(6)], rng.randrange(6)
    ends = []
    for skip in (True, False):
        ward = Ward(server, 6)
        made = [None if skip and step == out else do_join(ward.ids[i], ward.ids[j], acting=ward.curator, others=[alliance.another_curator()]) for step, (i, j) in enumerate(script)]
        if (last := made[out]) is not None:
            do_undo(last.pk, acting=ward.curator, note="test")
        whose = [ward.persons()[i] for i in ward.ids]
        ends.append([whose.index(p) for p in whose])
    assert ends[0] == ends[1]


def test_what_was_decided_later_and_independently_stays(ward: Ward) -> None:
    a, b, c, d, e, _ = ward.ids
    first = do_join(a, b, acting=ward.curator, others=[alliance.another_curator()])
    do_join(c, d, acting=ward.curator, others=[alliance.another_curator()])
    do_join(b, e, acting=ward.curator, others=[alliance.another_curator()])
    do_undo(first.pk, acting=ward.curator, note="test")
    now = ward.persons()
    assert now[c] == now[d] and now[b] == now[e] and now[a] != now[b]
    with pytest.raises(Undecidable):
        do_undo(first.pk, acting=ward.curator, note="test")
    assert [h.verb for h in history([a])] == ["undo", "link"]


def test_a_rule_does_not_do_again_what_a_human_has_undone(server: str) -> None:
    ward = Ward(server, 1)
    card, name = number("19580312"), somebody()
    one, two = ([SourcePatient.objects.get(fhir_id=api.create(patient(name, resident=card)).split("/")[1])] for api in ward.apis)
    ward.ids = [one[0].pk, two[0].pk]
    assert len(set(ward.persons().values())) == 1
    ruled = Decision.objects.get(claims__one__in=ward.ids, verb="link")
    assert ruled.by.startswith("rule/")
    do_undo(ruled.pk, acting=ward.curator, note="test")
    for api, s in zip(ward.apis, (one[0], two[0]), strict=True):
        assert api("PUT", f"Patient/{s.fhir_id}", patient(name, resident=card) | {"id": s.fhir_id, "telecom": [{"system": "phone", "value": "13912340000"}]}).status == 200
    assert len(set(ward.persons().values())) == 2 and not Review.objects.filter(one__in=ward.ids, state="open")
    third = Api(server, ward.hospitals[0].code, ward.apis[0].token).create(patient(name, resident=card))
    arrived = SourcePatient.objects.get(fhir_id=third.split("/")[1])
    assert arrived.person_id not in ward.persons().values() and Review.objects.filter(two=arrived, reasons__contains=["held:equals"]).count() == 2, "it may be either: a human says"
    alone = number("19580312")
    made = [SourcePatient.objects.get(fhir_id=api.create(patient(name + "安", resident=alone)).split("/")[1]).person_id for api in ward.apis]
    assert len(set(made)) == 1, "the control: another one is linked"


def test_a_join_overrules_what_was_called_different_and_undoing_it_brings_that_back(ward: Ward) -> None:
    a, b, c, *_ = ward.ids
    do_differ(a, b, acting=ward.curator)
    do_join(b, c, acting=ward.curator, others=[alliance.another_curator()])
    joined = do_join(a, c, acting=ward.curator, others=[alliance.another_curator()])
    assert len({ward.persons()[i] for i in (a, b, c)}) == 1
    do_undo(joined.pk, acting=ward.curator, note="test")
    now = ward.persons()
    assert now[a] != now[b] == now[c]


def test_an_old_person_id_leads_to_the_person_now(ward: Ward) -> None:
    a, b, *_ = sorted(ward.ids)
    old = ward.persons()[b]
    joined = do_join(a, b, acting=ward.curator, others=[alliance.another_curator()])
    assert {s.id for s in sources.of_person(old)} == {a, b} == {s.id for s in sources.of_person(ward.persons()[a])}
    do_undo(joined.pk, acting=ward.curator, note="test")
    assert [s.id for s in sources.of_person(old)] == [b]


def test_a_corrected_number_finds_and_is_kept_while_the_hospital_sends_the_wrong_one(ward: Ward) -> None:
    source, right = SourcePatient.objects.get(pk=ward.ids[0]), number("19580312")
    wrong = ward.numbers[0]
    before = ward.state()
    corrected = do_correct(source.pk, right, acting=ward.curator)

    def found(text: str) -> list[bool]:
        return [f.former for f in find.find(text, acting=ward.clerk(ward.hospitals[0])) if f.person == source.person_id]

    assert found(right) == [False] and found(wrong) == [True]
    api = ward.apis[0]
    body = api("GET", f"Patient/{source.fhir_id}").json
    assert api("PUT", f"Patient/{source.fhir_id}", body | {"telecom": [{"system": "phone", "value": "13812340000"}]}).status == 200
    assert found(right) == [False] and found(wrong) == [True], "sent again, and still corrected"
    do_undo(corrected.pk, acting=ward.curator, note="test")
    assert found(right) == [] and found(wrong) == [False] and ward.state() == before
    with pytest.raises(ValueError):
        do_correct(source.pk, wrong[:-1] + ("0" if wrong[-1] != "0" else "1"), acting=ward.curator)
    with pytest.raises(Forbidden):
        do_correct(source.pk, right, acting=ward.clerk(ward.hospitals[1]))


def test_an_unknown_patient_is_identified(server: str) -> None:
    ward = Ward(server, 1)
    unknown = SourcePatient.objects.get(fhir_id=ward.apis[0].create(patient("无名氏", "1990-01-01")).split("/")[1])
    ward.ids.append(unknown.pk)
    asked, decision = review.do_propose(unknown.pk, ward.ids[0], acting=ward.curator, verb=Decision.Verb.IDENTIFY, note="his wife brought the card")
    assert decision is None
    asked.refresh_from_db()
    assert review.do_opine(asked.pk, same=True, basis=basis_of(asked.pk), acting=ward.clerk(ward.hospitals[0], wide=True), note="and me") is None, "of one hospital"
    decision = review.do_opine(asked.pk, same=True, basis=basis_of(asked.pk), acting=alliance.another_curator(), note="and he himself now")
    assert decision and len(set(ward.persons().values())) == 1 and decision.verb == "identify" and decision.note.startswith("his wife brought the card")
    do_undo(decision.pk, acting=ward.curator, note="test")
    assert len(set(ward.persons().values())) == 2


def test_a_risky_join_needs_two_who_agree(ward: Ward) -> None:
    """Two valid numbers: one curator is not enough, and not the same one twice; a third decides where two differ."""
    a, b, *_ = ward.ids
    first, second, third = (ward.clerk(ward.hospitals[i], wide=True) for i in (0, 1, 1))
    asked, decision = review.do_propose(a, b, acting=first, note="both cards seen")
    assert decision is None and len({ward.persons()[i] for i in (a, b)}) == 2
    with pytest.raises(Undecidable):
        review.do_opine(asked.pk, same=True, basis=basis_of(asked.pk), acting=first)
    assert asked not in review.waiting(first) and asked in review.waiting(second)
    assert review.do_opine(asked.pk, same=False, basis=basis_of(asked.pk), acting=second) is None
    decision = review.do_opine(asked.pk, same=True, basis=basis_of(asked.pk), acting=third)
    assert decision and len({ward.persons()[i] for i in (a, b)}) == 1 and "held:two_numbers" in decision.reasons
    do_undo(decision.pk, acting=second, note="test")
    asked.refresh_from_db()
    assert (asked.state, asked.round, Opinion.objects.filter(review=asked).count()) == ("open", 1, 3), "asked anew; what was said is kept"
    assert review.do_opine(asked.pk, same=True, basis=basis_of(asked.pk), acting=first) is None


def test_nobody_opines_without_a_ground(ward: Ward) -> None:
    """What was seen of the pair, or how the curator knows: without it nothing is written."""
    a, b, *_ = ward.ids
    for note in ("", "  "):
        with pytest.raises(Undecidable, match="how you know"):
            review.do_propose(a, b, acting=ward.curator, note=note)
    assert not Review.objects.filter(one=a, two=b).exists()
    link.ask(a, [(b, ("name:same", "probability:0.5000"))])
    asked = Review.objects.get(one=a, two=b)
    with pytest.raises(TypeError):
        review.do_opine(asked.pk, same=False, acting=ward.curator)  # type: ignore[call-arg]
    for basis in ("", None, "0" * 32):
        with pytest.raises(review.Changed):
            review.do_opine(asked.pk, same=False, basis=basis, acting=ward.curator)  # type: ignore[arg-type]
    assert not Opinion.objects.filter(review=asked).exists()
    review.do_opine(asked.pk, same=False, basis=basis_of(asked.pk), acting=ward.curator)
    assert Opinion.objects.filter(review=asked).count() == 1, "the control"


def test_what_the_index_does_not_know_equals_nothing_that_it_knows(ward: Ward) -> None:
    a, b, *_ = ward.ids
    link.ask(a, [(b, ("name:same", "probability:0.5000"))])
    asked = Review.objects.get(one=a, two=b)
    seen = []
    with transaction.atomic():
        for column in ("correction", "words"):
            for value in (None, b"", b"x"):
                SourcePatient.objects.filter(pk=b).update(**{column: value})
                seen.append(basis_of(asked.pk))
        transaction.set_rollback(True)
    assert len({*seen[:3]}) == 3 and len({*seen[3:]}) == 3


def test_two_curators_never_hold_one_pair(ward: Ward) -> None:
    a, b, *_ = ward.ids
    link.ask(a, [(b, ("name:same", "probability:0.5000"))])
    asked = Review.objects.get(one=a, two=b)
    first, second = (ward.clerk(h) for h in ward.hospitals)
    review.do_take(asked.pk, acting=first)
    for verb in (lambda: review.do_take(asked.pk, acting=second), lambda: review.do_opine(asked.pk, same=False, basis=basis_of(asked.pk), acting=second)):
        with pytest.raises(Undecidable):
            verb()
    assert review.do_take(asked.pk, acting=first), "the control: he may open it again"
    Review.objects.filter(pk=asked.pk).update(taken_until="2020-01-01T00:00:00Z")
    assert review.do_take(asked.pk, acting=second), "ten minutes later another one may"


def test_two_persons_wait_once_however_many_of_their_registrations_are_asked_about(ward: Ward) -> None:
    """For each curator the first question that concerns him, and the queue counts what the list shows."""
    a, b, c, d = ward.ids[:4]
    for one, two in ((b, d), (a, c)):
        link.ask(one, [(two, ("name:same", "probability:0.5000"))])
    here, there = (ward.clerk(h) for h in ward.hospitals)

    def listed(who: Principal) -> list[tuple[int, int]]:
        return [(r.one_id, r.two_id) for r in review.waiting(who) if {r.one_id, r.two_id} <= set(ward.ids)]

    assert [listed(who) for who in (here, there)] == [[(a, c)], [(b, d)]]
    do_join(a, b, acting=ward.curator, others=[alliance.another_curator()])
    do_join(c, d, acting=ward.curator, others=[alliance.another_curator()])
    assert [listed(who) for who in (here, there)] == [[(a, c)], [(b, d)]], "two hospitals, one question each"
    assert listed(ward.curator) == [(b, d)]
    for who in (here, there, ward.curator):
        assert review.figures(who).waiting == review.waiting(who).count() > 0


def test_figures() -> None:
    assert review.kappa(0, 0, 0, 0) is None and review.kappa(4, 4, 2, 2) == 1 and review.kappa(4, 2, 2, 2) == 0 and review.kappa(3, 3, 3, 3) is None


def test_the_web_role_adds_decisions_and_erases_none(ward: Ward) -> None:
    decision = do_join(*ward.ids[:2], acting=ward.curator, others=[alliance.another_curator()])
    for sql in ("DELETE FROM records_decision WHERE id = %s", "UPDATE records_decision SET by = 'nobody' WHERE id = %s", "DELETE FROM records_claim WHERE decision_id = %s",
                "UPDATE records_claim SET kind = 'different' WHERE decision_id = %s"):
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE xinglin_web")
            try:
                with pytest.raises(ProgrammingError, match="permission denied"):
                    cursor.execute(sql, [decision.pk])
            finally:
                cursor.execute("RESET ROLE")
    do_undo(decision.pk, acting=ward.curator, note="test")


def test_whom_it_does_not_concern_decides_nothing(ward: Ward) -> None:
    a, b, *_ = ward.ids
    stranger, doctor = ward.clerk(alliance.hospital("third")), alliance.principal(alliance.staff(ward.hospitals[0]))
    decision = do_join(a, b, acting=ward.curator, others=[alliance.another_curator()])
    for acting in (stranger, doctor):
        for verb in (lambda: do_split([b], acting=acting), lambda: do_undo(decision.pk, acting=acting, note="test"), lambda: do_confirm(a, acting=acting), lambda: do_differ(a, b, acting=acting),
                     lambda: review.do_propose(a, b, acting=acting, note="both cards seen")):
            with pytest.raises(Forbidden):
                verb()
    assert do_split([b], acting=ward.clerk(ward.hospitals[1])), "the control: a clerk of one of the two"
