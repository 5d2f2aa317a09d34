"""Who brings registrations together and parts them, on the real database: nobody with other
hospitals' on their own word; and what it does to ties.
"""

import pytest

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Role
from alliance.services.staffing import do_change_staff
from consent.services.ties import is_tied
from records.models import Decision, Review, SourcePatient
from records.mpi.curation import review_queue
from records.mpi.curation.decision_rights import Undecidable
from records.mpi.curation.decisions import (
    do_call_different,
    do_join_persons,
    do_split_person,
    do_undo_decision,
)
from records.mpi.curation.opinion_basis import digest_opinion_basis
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.fhir import Api, make_citizen_number, make_patient, make_unique_name


class Town:
    """Registrations of strangers, by hospital, and a clerk of each hospital."""

    def __init__(self, server: str, *letters: str) -> None:
        self.hospitals = {x: alliance.make_hospital(x) for x in sorted({*letters})}
        self.clerks = {
            x: alliance.get_staff_principal(alliance.make_staff(h, Role.CLERK))
            for x, h in self.hospitals.items()
        }
        self.apis = {
            x: Api(server, h.code, credentials=alliance.make_credentials(h))
            for x, h in self.hospitals.items()
        }
        self.rows = [
            self.arrive(x, make_unique_name(), make_citizen_number("19580312")) for x in letters
        ]

    def arrive(self, letter: str, name: str, card: str = "") -> int:
        reference = self.apis[letter].create(
            make_patient(name, resident=card) if card else make_patient(name)
        )
        return SourcePatient.objects.get(
            hospital=self.hospitals[letter], fhir_id=reference.split("/")[1]
        ).pk

    def join(self, one: int, two: int, *who: Principal) -> Decision:
        return do_join_persons(one, two, acting=who[0], others=who[1:])

    def persons(self) -> list[int]:
        """For each registration the first one of its person."""
        whose = dict(SourcePatient.objects.filter(pk__in=self.rows).values_list("pk", "person_id"))
        return [
            next(j for j, other in enumerate(self.rows) if whose[other] == whose[i])
            for i in self.rows
        ]

    def tied(self, hospital: Hospital, row: int) -> bool:
        person = SourcePatient.objects.get(pk=row).person_id
        return is_tied(hospital.pk, person, source_patients.sources_of_person(person))


def say(asked: Review, who: Principal, same: bool = True) -> Decision | None:
    return review_queue.do_give_opinion(
        asked.pk, same=same, basis=digest_opinion_basis(asked.pk), acting=who, note="card seen"
    )


def test_one_curator_joins_their_own_hospitals_duplicates_and_nothing_else(server: str) -> None:
    town = Town(server, "h", "h", "g")
    a, b, c = town.rows
    h, g = town.clerks["h"], town.clerks["g"]
    for one, two, who in (
        (a, c, [h]),
        (a, c, [g]),
        (a, c, [h, h]),
        (
            a,
            c,
            [
                h,
                alliance.get_staff_principal(
                    alliance.make_staff(town.hospitals["h"], Role.CLERK, wide=True)
                ),
            ],
        ),
    ):
        with pytest.raises(Undecidable, match="other hospital"):
            town.join(one, two, *who)
    town.join(a, b, h)
    assert town.persons() == [0, 0, 2]
    town.join(a, c, h, g)
    assert town.persons() == [0, 0, 0], "the control: one of each side"


def test_own_duplicates_of_a_patient_whom_another_hospital_knows_take_two(server: str) -> None:
    """For what was said of one of them, the patient's permits too, would hold for both."""
    town = Town(server, "h", "h", "g")
    a, b, c = town.rows
    h, g = town.clerks["h"], town.clerks["g"]
    town.join(a, c, h, g)
    with pytest.raises(Undecidable):
        town.join(a, b, h)
    assert town.join(a, b, h, g)


def test_a_proposal_waits_for_a_curator_of_the_other_side_and_confirms_the_ties_of_both(
    server: str,
) -> None:
    town = Town(server, "h", "g", "k")
    a, b, _ = town.rows
    h, g, k = (town.clerks[x] for x in "hgk")
    asked, decision = review_queue.do_propose_merge(a, b, acting=h, note="card seen")
    assert decision is None and town.persons() == [0, 1, 2]
    assert (
        say(
            asked,
            alliance.get_staff_principal(alliance.make_staff(town.hospitals["h"], Role.CLERK)),
        )
        is None
    ), "a second one of the same hospital"
    assert asked in review_queue.query_waiting_reviews(
        g
    ) and asked not in review_queue.query_waiting_reviews(k)
    assert say(asked, g) and town.persons() == [0, 0, 2]
    assert town.tied(town.hospitals["h"], a) and town.tied(town.hospitals["g"], a)


def test_who_has_been_dismissed_since_no_longer_agrees(server: str) -> None:
    town = Town(server, "h", "g")
    leaver = alliance.make_staff(town.hospitals["h"], Role.CLERK)
    asked, _ = review_queue.do_propose_merge(
        *town.rows, acting=alliance.get_staff_principal(leaver), note="card seen"
    )
    leaver.ends_on = leaver.starts_on.replace(year=leaver.starts_on.year - 1)
    leaver.starts_on = leaver.ends_on
    leaver.save()
    assert say(asked, town.clerks["g"]) is None
    assert say(asked, town.clerks["h"]), "the control"


def test_two_patients_says_one_alone_unless_somebody_has_said_otherwise(server: str) -> None:
    town = Town(server, "h", "g")
    a, b = town.rows
    assert do_call_different(a, b, acting=town.clerks["h"])
    other = Town(server, "h", "g")
    asked, _ = review_queue.do_propose_merge(
        *other.rows, acting=other.clerks["h"], note="card seen"
    )
    assert say(asked, other.clerks["g"], same=False) is None, "the two differ: a third decides"
    assert say(
        asked,
        alliance.get_staff_principal(alliance.make_staff(other.hospitals["g"], Role.CLERK)),
        same=False,
    )


def test_own_duplicates_of_an_unknown_patient_take_another_hospitals_curator(server: str) -> None:
    town = Town(server, "h")
    unknown = town.arrive("h", "无名氏")
    with pytest.raises(Undecidable):
        town.join(unknown, town.rows[0], town.clerks["h"])
    newborn = town.arrive("h", f"{make_unique_name()}之女")
    assert town.join(newborn, town.rows[0], town.clerks["h"]), (
        "a newborn who goes by the mother's name is no unknown patient"
    )
    assert town.join(unknown, town.rows[0], town.clerks["h"], alliance.make_alliance_curator())


def test_a_clerk_does_not_part_other_hospitals_registrations(server: str) -> None:
    town = Town(server, "h", "g", "k")
    a, b, c = town.rows
    h, g, k = (town.clerks[x] for x in "hgk")
    town.join(a, b, h, g)
    link = town.join(a, c, h, k)
    for leaving in ([b], [c], [a, b]):
        with pytest.raises(Undecidable, match="part registrations of other hospitals"):
            do_split_person(leaving, acting=h)
    with pytest.raises(Undecidable, match="part registrations of other hospitals"):
        do_undo_decision(link.pk, acting=h, note="wrong")
    assert town.persons() == [0, 0, 0]
    split = do_split_person([a], acting=h)
    assert town.persons() == [0, 1, 1], "the control: their own"
    do_undo_decision(split.pk, acting=h, note="my mistake")
    assert town.persons() == [0, 0, 0], "and takes that back"


def test_who_was_parted_by_another_hospital_is_not_joined_again_by_undoing(server: str) -> None:
    town = Town(server, "h", "g")
    a, b = town.rows
    town.join(a, b, town.clerks["h"], town.clerks["g"])
    assert town.tied(town.hospitals["h"], a)
    split = do_split_person([b], acting=town.clerks["g"])
    with pytest.raises(Undecidable, match="Propose"):
        do_undo_decision(split.pk, acting=town.clerks["h"], note="no")
    assert (
        town.persons() == [0, 1]
        and not town.tied(town.hospitals["h"], a)
        and not town.tied(town.hospitals["h"], b)
    )
    do_undo_decision(split.pk, acting=town.clerks["g"], note="my mistake")
    assert town.persons() == [0, 0]


def test_where_a_hospital_has_no_curator_the_alliances_speaks_for_it(server: str) -> None:
    town = Town(server, "h", "g", "k")
    a, b, c = town.rows
    wide = alliance.make_alliance_curator()
    town.join(a, b, town.clerks["h"], town.clerks["g"])
    town.join(a, c, town.clerks["h"], town.clerks["k"])
    with pytest.raises(Undecidable):
        do_split_person([b], acting=wide)
    SourcePatient.objects.get(pk=b).hospital.staff.update(
        ends_on="2020-01-01", starts_on="2020-01-01"
    )
    assert do_split_person([b], acting=wide) and town.persons() == [0, 1, 0]


def test_undoing_ones_own_split_joins_no_two_patients_of_others(server: str) -> None:
    """A registration is parted from one patient, says that it is another one, and the parting is
    undone: it would hold the two together.
    """
    town = Town(server, "g", "g")
    one, two = (SourcePatient.objects.get(pk=i) for i in town.rows)
    town.hospitals["h"] = alliance.make_hospital("h")
    town.apis["h"] = Api(
        server, town.hospitals["h"].code, credentials=alliance.make_credentials(town.hospitals["h"])
    )
    clerk = alliance.get_staff_principal(alliance.make_staff(town.hospitals["h"], Role.CLERK))
    sent = [town.apis["g"]("GET", f"Patient/{s.fhir_id}").json for s in (one, two)]
    said = [make_patient(x["name"][0]["text"], resident=x["identifier"][0]["value"]) for x in sent]
    own = town.apis["h"].create(said[0])
    row = SourcePatient.objects.get(hospital=town.hospitals["h"], fhir_id=own.split("/")[1])
    town.rows.append(row.pk)
    assert town.persons() == [0, 1, 0], "linked by rule"
    split = do_split_person([row.pk], acting=clerk)
    assert town.apis["h"]("PUT", own, said[1] | {"id": row.fhir_id}).status == 200
    assert town.persons() == [0, 1, 1]
    with pytest.raises(Undecidable, match="Propose"):
        do_undo_decision(split.pk, acting=clerk, note="my mistake")
    assert town.persons() == [0, 1, 1]
    again = do_split_person([row.pk], acting=clerk)
    do_undo_decision(again.pk, acting=clerk, note="my mistake")
    assert town.persons() == [0, 1, 1], "the control: what it parted comes together again"


def test_an_opinion_stays_with_the_hospital_at_which_it_was_given(server: str) -> None:
    """A curator who moves to the other side makes no two hospitals of one."""
    admin = alliance.get_staff_principal(
        alliance.make_staff(alliance.make_hospital("office"), Role.ADMINISTRATOR, wide=True)
    )
    for moves in (True, False):
        town = Town(server, "h", "g")
        one, two = town.rows
        first = alliance.make_staff(town.hospitals["h"], Role.CLERK)
        asked, made = review_queue.do_propose_merge(
            one, two, acting=alliance.get_staff_principal(first), note="card seen"
        )
        assert made is None
        if moves:
            do_change_staff(first, hospital=town.hospitals["g"], acting=admin)
            alliance.mark_vouched(first)
        colleague = alliance.get_staff_principal(
            alliance.make_staff(town.hospitals["h"], Role.CLERK)
        )
        assert say(asked, colleague) is None and town.persons() == [
            0,
            1,
        ], "two who have looked at it for one hospital"
        assert say(asked, town.clerks["g"]) is not None and town.persons() == [
            0,
            0,
        ], "the control: a curator of the other one"
