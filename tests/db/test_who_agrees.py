"""Who brings registrations together and parts them, on the real database: nobody with other hospitals' on their own word; and what it does to ties."""

import pytest

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Role
from alliance.services.staffing import do_change_staff
from consent.services.ties import is_tied
from records.models import Decision, Review, SourcePatient
from records.mpi import review, sources
from records.mpi.basis import basis_of
from records.mpi.decide import Undecidable, do_differ, do_join, do_split, do_undo
from tests.factories import alliance
from tests.factories.fhir import Api, number, patient, somebody


class Town:
    """Registrations of strangers, by hospital, and a clerk of each hospital."""

    def __init__(self, server: str, *letters: str) -> None:
        self.hospitals = {x: alliance.hospital(x) for x in sorted({*letters})}
        self.clerks = {x: alliance.principal(alliance.staff(h, Role.CLERK)) for x, h in self.hospitals.items()}
        self.apis = {x: Api(server, h.code, credentials=alliance.credentials(h)) for x, h in self.hospitals.items()}
        self.rows = [self.arrive(x, somebody(), number("19580312")) for x in letters]

    def arrive(self, letter: str, name: str, card: str = "") -> int:
        reference = self.apis[letter].create(patient(name, resident=card) if card else patient(name))
        return SourcePatient.objects.get(hospital=self.hospitals[letter], fhir_id=reference.split("/")[1]).pk

    def join(self, one: int, two: int, *who: Principal) -> Decision:
        return do_join(one, two, acting=who[0], others=who[1:])

    def persons(self) -> list[int]:
        """For each registration the first one of its person."""
        whose = dict(SourcePatient.objects.filter(pk__in=self.rows).values_list("pk", "person_id"))
        return [next(j for j, other in enumerate(self.rows) if whose[other] == whose[i]) for i in self.rows]

    def tied(self, hospital: Hospital, row: int) -> bool:
        person = SourcePatient.objects.get(pk=row).person_id
        return is_tied(hospital.pk, person, sources.of_person(person))


def say(asked: Review, who: Principal, same: bool = True) -> Decision | None:
    return review.do_opine(asked.pk, same=same, basis=basis_of(asked.pk), acting=who, note="card seen")


def test_one_curator_joins_their_own_hospitals_duplicates_and_nothing_else(server: str) -> None:
    town = Town(server, "h", "h", "g")
    a, b, c = town.rows
    h, g = town.clerks["h"], town.clerks["g"]
    for one, two, who in ((a, c, [h]), (a, c, [g]), (a, c, [h, h]), (a, c, [h, alliance.principal(alliance.staff(town.hospitals["h"], Role.CLERK, wide=True))])):
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


def test_a_proposal_waits_for_a_curator_of_the_other_side_and_confirms_the_ties_of_both(server: str) -> None:
    town = Town(server, "h", "g", "k")
    a, b, _ = town.rows
    h, g, k = (town.clerks[x] for x in "hgk")
    asked, decision = review.do_propose(a, b, acting=h, note="card seen")
    assert decision is None and town.persons() == [0, 1, 2]
    assert say(asked, alliance.principal(alliance.staff(town.hospitals["h"], Role.CLERK))) is None, "a second one of the same hospital"
    assert asked in review.waiting(g) and asked not in review.waiting(k)
    assert say(asked, g) and town.persons() == [0, 0, 2]
    assert town.tied(town.hospitals["h"], a) and town.tied(town.hospitals["g"], a)


def test_who_has_been_dismissed_since_no_longer_agrees(server: str) -> None:
    town = Town(server, "h", "g")
    leaver = alliance.staff(town.hospitals["h"], Role.CLERK)
    asked, _ = review.do_propose(*town.rows, acting=alliance.principal(leaver), note="card seen")
    leaver.ends_on = leaver.starts_on.replace(year=leaver.starts_on.year - 1)
    leaver.starts_on = leaver.ends_on
    leaver.save()
    assert say(asked, town.clerks["g"]) is None
    assert say(asked, town.clerks["h"]), "the control"


def test_two_patients_says_one_alone_unless_somebody_has_said_otherwise(server: str) -> None:
    town = Town(server, "h", "g")
    a, b = town.rows
    assert do_differ(a, b, acting=town.clerks["h"])
    other = Town(server, "h", "g")
    asked, _ = review.do_propose(*other.rows, acting=other.clerks["h"], note="card seen")
    assert say(asked, other.clerks["g"], same=False) is None, "the two differ: a third decides"
    assert say(asked, alliance.principal(alliance.staff(other.hospitals["g"], Role.CLERK)), same=False)


def test_own_duplicates_of_an_unknown_patient_take_another_hospitals_curator(server: str) -> None:
    town = Town(server, "h")
    unknown = town.arrive("h", "无名氏")
    with pytest.raises(Undecidable):
        town.join(unknown, town.rows[0], town.clerks["h"])
    newborn = town.arrive("h", f"{somebody()}之女")
    assert town.join(newborn, town.rows[0], town.clerks["h"]), "a newborn who goes by the mother's name is no unknown patient"
    assert town.join(unknown, town.rows[0], town.clerks["h"], alliance.another_curator())


def test_a_clerk_does_not_part_other_hospitals_registrations(server: str) -> None:
    town = Town(server, "h", "g", "k")
    a, b, c = town.rows
    h, g, k = (town.clerks[x] for x in "hgk")
    town.join(a, b, h, g)
    link = town.join(a, c, h, k)
    for leaving in ([b], [c], [a, b]):
        with pytest.raises(Undecidable, match="part registrations of other hospitals"):
            do_split(leaving, acting=h)
    with pytest.raises(Undecidable, match="part registrations of other hospitals"):
        do_undo(link.pk, acting=h, note="wrong")
    assert town.persons() == [0, 0, 0]
    split = do_split([a], acting=h)
    assert town.persons() == [0, 1, 1], "the control: their own"
    do_undo(split.pk, acting=h, note="my mistake")
    assert town.persons() == [0, 0, 0], "and takes that back"


def test_who_was_parted_by_another_hospital_is_not_joined_again_by_undoing(server: str) -> None:
    town = Town(server, "h", "g")
    a, b = town.rows
    town.join(a, b, town.clerks["h"], town.clerks["g"])
    assert town.tied(town.hospitals["h"], a)
    split = do_split([b], acting=town.clerks["g"])
    with pytest.raises(Undecidable, match="Propose"):
        do_undo(split.pk, acting=town.clerks["h"], note="no")
    assert town.persons() == [0, 1] and not town.tied(town.hospitals["h"], a) and not town.tied(town.hospitals["h"], b)
    do_undo(split.pk, acting=town.clerks["g"], note="my mistake")
    assert town.persons() == [0, 0]


def test_where_a_hospital_has_no_curator_the_alliances_speaks_for_it(server: str) -> None:
    town = Town(server, "h", "g", "k")
    a, b, c = town.rows
    wide = alliance.another_curator()
    town.join(a, b, town.clerks["h"], town.clerks["g"])
    town.join(a, c, town.clerks["h"], town.clerks["k"])
    with pytest.raises(Undecidable):
        do_split([b], acting=wide)
    SourcePatient.objects.get(pk=b).hospital.staff.update(ends_on="2020-01-01", starts_on="2020-01-01")
    assert do_split([b], acting=wide) and town.persons() == [0, 1, 0]


def test_undoing_ones_own_split_joins_no_two_patients_of_others(server: str) -> None:
    """A registration is parted from one patient, says that it is another one, and the parting is undone: it would hold the two together."""
    town = Town(server, "g", "g")
    one, two = (SourcePatient.objects.get(pk=i) for i in town.rows)
    town.hospitals["h"] = alliance.hospital("h")
    town.apis["h"] = Api(server, town.hospitals["h"].code, credentials=alliance.credentials(town.hospitals["h"]))
    clerk = alliance.principal(alliance.staff(town.hospitals["h"], Role.CLERK))
    sent = [town.apis["g"]("GET", f"Patient/{s.fhir_id}").json for s in (one, two)]
    said = [patient(x["name"][0]["text"], resident=x["identifier"][0]["value"]) for x in sent]
    own = town.apis["h"].create(said[0])
    row = SourcePatient.objects.get(hospital=town.hospitals["h"], fhir_id=own.split("/")[1])
    town.rows.append(row.pk)
    assert town.persons() == [0, 1, 0], "linked by rule"
    split = do_split([row.pk], acting=clerk)
    assert town.apis["h"]("PUT", own, said[1] | {"id": row.fhir_id}).status == 200
    assert town.persons() == [0, 1, 1]
    with pytest.raises(Undecidable, match="Propose"):
        do_undo(split.pk, acting=clerk, note="my mistake")
    assert town.persons() == [0, 1, 1]
    again = do_split([row.pk], acting=clerk)
    do_undo(again.pk, acting=clerk, note="my mistake")
    assert town.persons() == [0, 1, 1], "the control: what it parted comes together again"


def test_an_opinion_stays_with_the_hospital_at_which_it_was_given(server: str) -> None:
    """A curator who moves to the other side makes no two hospitals of one."""
    admin = alliance.principal(alliance.staff(alliance.hospital("office"), Role.ADMINISTRATOR, wide=True))
    for moves in (True, False):
        town = Town(server, "h", "g")
        one, two = town.rows
        first = alliance.staff(town.hospitals["h"], Role.CLERK)
        asked, made = review.do_propose(one, two, acting=alliance.principal(first), note="card seen")
        assert made is None
        if moves:
            do_change_staff(first, hospital=town.hospitals["g"], acting=admin)
            alliance.vouch(first)
        colleague = alliance.principal(alliance.staff(town.hospitals["h"], Role.CLERK))
        assert say(asked, colleague) is None and town.persons() == [0, 1], "two who have looked at it for one hospital"
        assert say(asked, town.clerks["g"]) is not None and town.persons() == [0, 0], "the control: a curator of the other one"
