"""The banner: what a doctor acts on first must be neither missing nor made up."""

import datetime as dt
from typing import Any

import pytest
from django.utils.translation import override

from alliance.models import Hospital
from records.interactions.record import Shown
from records.web.banner import Banner, age_on, banner


def shown(**resource: Any) -> Shown:
    return Shown(resource, Hospital(code="h", name_zh="医院"), "")


def of(allergies: list[Shown], flags: list[Shown], **patient: Any) -> Banner | None:
    """Of one registration, which is then the golden record."""
    return banner({"resourceType": "Patient", **patient}, [shown(**patient)], allergies, flags)


def allergy(name: str, clinical: str = "active", verified: str = "confirmed", code: str = "1") -> Shown:
    return shown(code={"text": name, "coding": [{"code": code}]}, clinicalStatus={"coding": [{"code": clinical}]}, verificationStatus={"coding": [{"code": verified}]})


@pytest.mark.parametrize(("birth", "age"), [
    ("2026-11-20", "4 d"), ("2026-10-24", "1 mo"), ("2026-10-25", "30 d"), ("2023-11-25", "35 mo"), ("2023-11-24", "3 y"),
    ("1958-11-25", "67 y"), ("1958", "68 y"), ("", ""),
])
def test_age(birth: str, age: str) -> None:
    with override("en"):
        assert age_on(birth, dt.date(2026, 11, 24)) == age


def test_the_dead_have_the_age_of_their_death() -> None:
    with override("en"):
        made = of([], [], birthDate="1924-06-16", deceasedDateTime="2008-12-23T10:00:00Z")
        assert made and (made.age, made.deceased) == ("84 y", "2008-12-23")
        unknown = of([], [], birthDate="1924-06-16", deceasedBoolean=True)
        assert unknown and (unknown.age, unknown.deceased) == ("", "?")
        year = of([], [], birthDate="1924-06-16", deceasedDateTime="2008")
        assert year and (year.age, year.deceased) == ("", "2008"), "he does not go on ageing"


def test_only_allergies_that_hold_and_flags_that_are_active() -> None:
    found = [allergy("青霉素"), allergy("磺胺", verified="refuted"), allergy("花粉", clinical="resolved"), allergy("误录", verified="entered-in-error")]
    made = of(found, [shown(status="active", code={"text": "跌倒风险"}), shown(status="inactive", code={"text": "隔离"})])
    assert made and [a.title for a in made.allergies] == ["青霉素"] and [a.title for a in made.alerts] == ["跌倒风险"]


def test_no_known_allergy_is_not_an_allergy() -> None:
    made = of([allergy("No known allergy", code="716186003")], [])
    assert made and made.allergies == () and [a.title for a in made.no_allergy] == ["No known allergy"]
