"""The patient index over the real write path: link on a valid number that agrees, review on
doubt, twins and newborns kept apart.
"""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db.models import Q

from records.models import Decision, Review, SourcePatient
from records.mpi.matching.rules.resident_number import RESIDENT_NUMBER_SYSTEM
from tests.factories import alliance
from tests.factories.fhir import (
    Api,
    make_citizen_number,
    make_newborn_birth_date,
    make_patient,
    make_reached,
    make_unique_name,
)
from tests.support.index_pair import source, two

__all__ = ["two"]


def test_links_when_the_number_and_the_name_or_birth_date_agree(two: tuple[Api, Api]) -> None:
    card = make_citizen_number("19580312", 5)
    one, same = (
        source(two[0], two[0].create(make_patient("張偉", resident=card))),
        source(two[1], two[1].create(make_patient("张 伟", resident=card))),
    )
    assert one.person_id == same.person_id and same.decided_by.startswith("rule/")
    other = source(
        two[1], two[1].create(make_patient("张伟", resident=make_citizen_number("19580312", 7)))
    )
    assert other.person_id != one.person_id, "two different valid numbers are two persons"


@pytest.mark.parametrize(
    ("name", "birth", "gender", "card_too", "reason"),
    [
        ("王芳", "1958-03-12", "male", True, "held:another_name"),  # came with their card
        ("张伟明", "1958-03-12", "male", False, "held:two_numbers"),
        ("张伟明", "1958-03-21", "male", None, "held:doubtful"),
    ],
)
def test_doubt_goes_to_review_with_its_reason(
    two: tuple[Api, Api], name: str, birth: str, gender: str, card_too: bool | None, reason: str
) -> None:
    ours = make_unique_name() if name == "张伟明" else "张伟明"
    name = ours if name == "张伟明" else name
    card, phone = (
        make_citizen_number("19580312"),
        make_reached("137"),
    )
    theirs = {True: card, False: make_citizen_number("19580312"), None: ""}[card_too]
    one = source(
        two[0],
        two[0].create(
            make_patient(ours, resident=card) | (phone if reason != "held:doubtful" else {})
        ),
    )
    other = source(
        two[1],
        two[1].create(
            make_patient(name, birth, gender, resident=theirs)
            | (phone if reason != "held:doubtful" else {})
        ),
    )
    assert one.person_id != other.person_id
    review = Review.objects.get(one=one, two=other)
    assert (
        reason in review.reasons
        and review.state == "open"
        and any(r.startswith("probability:0.") for r in review.reasons)
    )


@pytest.mark.parametrize(
    ("name", "birth", "gender"),
    [
        ("张偉明", "1958-03-12", "female"),
        ("zhang weiming", "1958-03-12", "male"),
        ("张伟明", "1958-03-21", "male"),
        ("张为明", "1958-03-12", "male"),
    ],
)
def test_a_typing_fault_beside_the_number_does_not_part_them(
    two: tuple[Api, Api], name: str, birth: str, gender: str
) -> None:
    card = make_citizen_number("19580312")
    one, other = (
        source(two[0], two[0].create(make_patient("张伟明", resident=card))),
        source(two[1], two[1].create(make_patient(name, birth, gender, resident=card))),
    )
    assert one.person_id == other.person_id and other.decided_by == "rule/family-3"
    reasons = Decision.objects.get(claims__two=other).reasons
    assert "number:same" in reasons and [r for r in reasons if r.startswith("name:")]


def test_without_a_number_name_birth_date_and_phone_link(two: tuple[Api, Api]) -> None:
    phone = {"telecom": [{"system": "phone", "value": "13765431234"}]}
    one, other = (
        source(two[0], two[0].create(make_patient("上官若川") | phone)),
        source(two[1], two[1].create(make_patient("上官若川") | phone)),
    )
    assert one.person_id == other.person_id
    alone = source(two[1], two[1].create(make_patient("上官若川", "1971-09-01") | phone))
    assert alone.person_id != one.person_id, (
        "another birth date is another person, or a human's to decide"
    )


@pytest.mark.parametrize("sent", [True, False])
def test_who_changed_his_name_is_known_by_the_former_one(two: tuple[Api, Api], sent: bool) -> None:
    """Whether the hospital sends it as an old name, or sent it as the name before."""
    before, now, phone = (
        make_unique_name(),
        make_unique_name(),
        make_reached("133"),
    )
    renamed = make_patient(now) | phone
    if sent:
        reference = two[0].create(
            renamed | {"name": [{"text": now, "use": "official"}, {"text": before, "use": "old"}]}
        )
    else:
        reference = two[0].create(make_patient(before) | phone)
        assert two[0]("PUT", reference, renamed | {"id": reference.split("/")[1]}).status == 200
    known = source(two[1], two[1].create(make_patient(before) | phone))
    assert known.person_id == source(two[0], reference).person_id
    assert "name:former" in Decision.objects.get(claims__two=known).reasons
    assert (
        source(two[1], two[1].create(make_patient(make_unique_name()) | phone)).person_id
        != known.person_id
    ), "the control: a name that they never had"


def test_twins_and_their_newborn_registration(two: tuple[Api, Api]) -> None:
    """The nameless one may be either: nobody is linked, and a human is asked."""
    phone = make_reached("136")
    born = make_newborn_birth_date()
    for name in ("令狐景行", "令狐景知"):
        two[0].create(
            make_patient(
                name,
                born.isoformat(),
                "male",
                resident=make_citizen_number(born.strftime("%Y%m%d")),
            )
            | phone
        )
    nameless = source(
        two[1], two[1].create(make_patient("钱静文之子", born.isoformat(), "male") | phone)
    )
    assert nameless.decided_by == ""
    asked = list(Review.objects.filter(Q(one=nameless) | Q(two=nameless)))
    assert len(asked) == 2 and all("held:rivals" in r.reasons for r in asked), asked
    phone = make_reached("135")
    only = source(two[0], two[0].create(make_patient("独孤知微", born.isoformat(), "male") | phone))
    nameless = source(
        two[1], two[1].create(make_patient("周静文之子", born.isoformat(), "male") | phone)
    )
    assert nameless.person_id == only.person_id, "the control: an only child"


def test_a_child_without_a_name_brings_no_twins_together(two: tuple[Api, Api]) -> None:
    """One twin has the father's family name, the other the mother's: their registrations are
    less unlike than strangers', for they share home and day.
    """
    phone = make_reached("137")
    born = make_newborn_birth_date(
        1000, 3000
    ).isoformat()  # a day on which no other test has children
    mother, child, twin = (f"{family}{make_unique_name()[1:]}" for family in ("欧阳", "钱", "褚"))
    first = [
        two[i].create(
            make_patient(
                child, born, resident=make_citizen_number(born.replace("-", "")) if not i else ""
            )
            | phone
        )
        for i in (0, 1)
    ]
    nameless = source(two[0], two[0].create(make_patient(f"{mother}之子", born) | phone))
    one = source(two[0], first[0])
    assert one.person_id == source(two[1], first[1]).person_id == nameless.person_id, (
        "an only child so far"
    )
    other = source(two[1], two[1].create(make_patient(twin, born) | phone))
    nameless.refresh_from_db()
    assert (
        len({one.person_id, other.person_id, nameless.person_id}) == 3
        and Review.objects.filter(one=nameless, state="open").count() >= 1
    ), "and a human is asked which they are"


def test_a_child_is_found_by_the_number_of_who_answers_for_it(two: tuple[Api, Api]) -> None:
    """It comes as the identifier of the related person that a contact is; the mother's name is
    written in two ways here.
    """
    born = make_newborn_birth_date(60, 360).isoformat()  # a day on which no other test has children

    def child(name: str, mother: str, card: str) -> dict[str, Any]:
        related = {
            "url": "http://hl7.org/fhir/StructureDefinition/patient-relatedPerson",
            "valueReference": {
                "type": "RelatedPerson",
                "identifier": {"system": RESIDENT_NUMBER_SYSTEM, "value": card},
            },
        }
        return make_patient(name, born, "male") | {
            "contact": [
                {
                    "relationship": [{"coding": [{"code": "MTH"}]}],
                    "name": {"text": mother},
                    "extension": [related],
                }
            ]
        }

    linked = []
    for same in (True, False):
        card, mother = make_citizen_number("19900607", 2), make_unique_name()
        named = source(two[0], two[0].create(child(make_unique_name(), mother, card)))
        nameless = source(
            two[1],
            two[1].create(
                child(
                    f"欧阳{make_unique_name()[1:]}之子",
                    mother[:-1],
                    card if same else make_citizen_number("19900607", 2),
                )
            ),
        )
        linked.append(nameless.person_id == named.person_id)
    assert linked == [True, False]


def test_a_child_without_a_name_is_parted_when_the_twin_arrives(two: tuple[Api, Api]) -> None:
    """Linked while there was one child only; then it may be either. Whoever was linked with the
    named child stays with them.
    """
    phone = make_reached("132")
    born = make_newborn_birth_date()
    card = make_citizen_number(born.strftime("%Y%m%d"))
    nameless = source(
        two[1], two[1].create(make_patient("孔静文之子", born.isoformat(), "male") | phone)
    )
    first = source(
        two[0],
        two[0].create(make_patient("太史景行", born.isoformat(), "male", resident=card) | phone),
    )
    assert first.person_id == nameless.person_id, "an only child so far"
    third = alliance.make_hospital("three")
    elsewhere = Api(two[0].at.geturl(), third.code, credentials=alliance.make_credentials(third))
    again = source(
        elsewhere,
        elsewhere.create(make_patient("太史景行", born.isoformat(), "male", resident=card) | phone),
    )
    assert again.person_id == nameless.person_id
    twin = source(
        two[0],
        two[0].create(
            make_patient(
                "太史景知",
                born.isoformat(),
                "male",
                resident=make_citizen_number(born.strftime("%Y%m%d")),
            )
            | phone
        ),
    )
    now = {
        name: SourcePatient.objects.get(pk=s.pk).person_id
        for name, s in (("nameless", nameless), ("first", first), ("again", again), ("twin", twin))
    }
    assert now["first"] == now["again"] and len({now["nameless"], now["first"], now["twin"]}) == 3
    asked = Review.objects.filter(one=nameless, state="open")
    assert {r.two_id for r in asked} <= {
        first.pk,
        again.pk,
        twin.pk,
    } and asked.count() == 2, "they may be either"
    marked = source(
        two[1], two[1].create(make_patient("孔静文双胎B", born.isoformat(), "male") | phone)
    )
    assert marked.decided_by == "", "marked as one of two: never by a rule"


def test_whoever_comes_first_they_are_the_same_persons(server: str) -> None:
    card, phone = (
        make_citizen_number("19580312"),
        make_reached("134"),
    )
    name = make_unique_name()
    rows = [
        make_patient(name, resident=card) | phone,
        make_patient(name) | phone,
        make_patient(name, resident=card),
    ]
    for order in itertools.permutations(rows):
        made = []
        for row in order:
            at = alliance.make_hospital("any")
            api = Api(server, at.code, credentials=alliance.make_credentials(at))
            made.append(source(api, api.create(row)).pk)
        assert (
            len(set(SourcePatient.objects.filter(pk__in=made).values_list("person_id", flat=True)))
            == 1
        )


def test_sixteen_writers_register_one_person(server: str) -> None:
    card, name = make_citizen_number("19580312"), make_unique_name()
    apis = [
        Api(server, h.code, credentials=alliance.make_credentials(h))
        for h in (alliance.make_hospital("race") for _ in range(16))
    ]
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda api: api.create(make_patient(name, resident=card)), apis))
    assert (
        len({source(api, reference).person_id for api, reference in zip(apis, made, strict=True)})
        == 1
    )
