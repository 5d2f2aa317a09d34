"""Registrations that no rule joins, as they arrive, whoever comes first: a human is asked where
the evidence is otherwise strong.
"""

import datetime as dt
from typing import Any

import pytest

from records.models import Review, SourcePatient
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import (
    Api,
    make_birth_date,
    make_bundle,
    make_citizen_number,
    make_newborn_birth_date,
    make_patient,
    make_reached,
    make_unique_name,
)


def phone() -> dict[str, Any]:
    return make_reached("137")


def day(first: int = 1930) -> str:
    """A birth date that no other test has, and no habit."""
    return make_birth_date(dt.date(first, 2, 2), 9000).isoformat()


def arrive(server: str, *rows: dict[str, Any]) -> list[SourcePatient]:
    """Each at a hospital of its own, in this order."""
    out = []
    for row in rows:
        at = alliance.make_hospital("any")
        reference = Api(server, at.code, credentials=alliance.make_credentials(at)).create(row)
        out.append(SourcePatient.objects.get(hospital=at, fhir_id=reference.split("/")[1]))
    return [SourcePatient.objects.get(pk=s.pk) for s in out]


def asked(one: SourcePatient, two: SourcePatient, why: str = "") -> bool:
    found = Review.objects.filter(
        one=min(one.pk, two.pk), two=max(one.pk, two.pk), state="open"
    ).first()
    return found is not None and (not why or f"held:{why}" in found.reasons)


# (two names, birth date, what both have as well, linked, why not)
CASES = {
    "twins by letter": lambda m: (
        f"{m}之子A",
        f"{m}之子B",
        make_newborn_birth_date().isoformat(),
        phone(),
        False,
        "",
    ),
    "twins by bracket": lambda m: (
        f"{m}之女（大）",
        f"{m}之女（小）",
        make_newborn_birth_date().isoformat(),
        phone(),
        False,
        "",
    ),
    "a digit beside one card": lambda m: (
        f"{m}1",
        f"{m}2",
        day(),
        {"card": make_citizen_number()},
        False,
        "marked_name",
    ),
    "a bracket and none": lambda m: (m, f"{m}（小）", day(), phone(), False, "marked_name"),
    "another name in letters": lambda m: ("李若岚", "Chen Xiaoming", day(), phone(), False, ""),
    "the same name in letters": lambda m: ("李若岚", "Ruolan LI", day(), phone(), True, ""),
    "initials": lambda m: ("李若岚", "R. Li", day(), phone(), False, ""),
    "initials beside a card": lambda m: (
        "李若岚",
        "R. Li",
        "1958-03-12",
        {"card": make_citizen_number("19580312", 5)},
        True,
        "",
    ),
    "a default date": lambda m: (m, m, "1970-01-01", phone(), False, "sole_sign"),
    "a default date beside a card": lambda m: (
        m,
        m,
        "1970-01-01",
        {"card": make_citizen_number("19580312", 5)},
        True,
        "",
    ),
    "name and birth date alone": lambda m: (m, m, day(), {}, False, "sole_sign"),
    "a place without a house": lambda m: (
        m,
        m,
        day(),
        {"address": [{"text": "长沙市芙蓉区"}]},
        False,
        "sole_sign",
    ),
    "a house": lambda m: (
        m,
        m,
        day(),
        {"address": [{"text": f"长沙市开福区湘雅路{draws.randbelow(900) + 1}号"}]},
        True,
        "",
    ),
    "another house of the street": lambda m: (
        m,
        m,
        day(),
        [{"address": [{"text": f"长沙市开福区湘雅路12号{n}栋201室"}]} for n in (3, 5)],
        False,
        "sole_sign",
    ),
    "a day mistyped, and a phone": lambda m: (
        m,
        m,
        ("1958-03-12", "1958-03-13"),
        phone(),
        False,
        "sole_sign",
    ),
    "a day mistyped, beside a card": lambda m: (
        m,
        m,
        ("1958-03-12", "1958-03-13"),
        {"card": make_citizen_number("19580312", 5)},
        True,
        "",
    ),
    "a phone": lambda m: (m, m, day(), phone(), True, ""),
}


@pytest.mark.parametrize("case", CASES)
def test_whoever_comes_first(server: str, case: str) -> None:
    for turned in (False, True):
        one, other, born, more, linked, why = CASES[case](make_unique_name())
        both = [dict(m) for m in (more if isinstance(more, list) else (more, more))]
        borns = born if isinstance(born, tuple) else (born, born)
        rows = [
            make_patient(n, b, "male", resident=m.pop("card", "")) | m
            for n, b, m in zip((one, other), borns, both, strict=True)
        ]
        found = arrive(server, *(rows[::-1] if turned else rows))
        assert (found[0].person_id == found[1].person_id) is linked
        assert not why or asked(*found, why)


def test_a_father_and_a_son_of_one_name_share_their_home_and_no_date(server: str) -> None:
    name, home = (
        make_unique_name(),
        phone() | {"address": [{"text": f"长沙市开福区湘雅路{draws.randbelow(900) + 1}号"}]},
    )
    father, son, undated = arrive(
        server,
        make_patient(name, "1958-03-12") | home,
        make_patient(name, "1988-03-12") | home,
        {k: v for k, v in (make_patient(name) | home).items() if k != "birthDate"},
    )
    assert len({s.person_id for s in (father, son, undated)}) == 3


def test_a_date_that_a_hospital_gives_to_everybody_is_no_second_sign(server: str) -> None:
    at, elsewhere = alliance.make_hospital("habit"), alliance.make_hospital("other")
    api, other = (
        Api(server, h.code, credentials=alliance.make_credentials(h)) for h in (at, elsewhere)
    )
    assert (
        api(
            "POST",
            "",
            make_bundle(
                *[
                    ("POST", "Patient", make_patient(make_unique_name(), "1966-06-06"))
                    for _ in range(21)
                ]
            ),
        ).status
        == 200
    )
    for born, linked in (("1966-06-06", False), ("1966-06-08", True)):
        for first, second in ((api, other), (other, api)):
            body = make_patient(make_unique_name(), born) | phone()
            one, two = (
                SourcePatient.objects.get(
                    hospital__code=a.base, fhir_id=a.create(body).split("/")[1]
                )
                for a in (first, second)
            )
            assert (one.person_id == two.person_id) is linked
            assert linked or asked(one, two, "sole_sign")


def test_who_may_be_either_of_two_is_asked_about(server: str) -> None:
    name, born, home = make_unique_name(), "1958-03-12", phone()
    one, two, third = arrive(
        server,
        make_patient(name, born, resident=make_citizen_number("19580312", 5)) | home,
        make_patient(name, born, resident=make_citizen_number("19580312", 7)) | home,
        make_patient(name, born) | home,
    )
    assert (
        len({s.person_id for s in (one, two, third)}) == 3
        and asked(one, third, "equals")
        and asked(two, third, "equals")
    )
    other = phone()
    known, again = arrive(
        server,
        make_patient(name + "安", born, resident=make_citizen_number("19580312", 9)) | other,
        make_patient(name + "安", born) | other,
    )
    assert known.person_id == again.person_id, "the control: one of them alone"


def test_who_shares_a_number_is_asked_about_before_namesakes(server: str) -> None:
    """No rule joins namesakes of one birth date, so there may be many: they must not crowd out
    the one who shows the same card.
    """
    name, born = make_unique_name(), day()
    card = make_citizen_number(born.replace("-", ""))
    holder, *namesakes, late = arrive(
        server,
        make_patient(make_unique_name(), born, resident=card),
        *[make_patient(name, born) for _ in range(4)],
        make_patient(name, born, resident=card),
    )
    assert len({s.person_id for s in (holder, *namesakes, late)}) == 6
    assert asked(holder, late) and sum(asked(s, late, "sole_sign") for s in namesakes) == 2, (
        "three in all"
    )
