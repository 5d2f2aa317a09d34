"""The banner: what a doctor acts on first must be neither missing nor made up."""

from typing import Any

from django.utils.translation import override

from alliance.models import Hospital
from records.interactions.record import Shown
from records.web.banner import Banner, banner


def shown(**resource: Any) -> Shown:
    return Shown(resource, Hospital(code="h", name_zh="医院"), "")


def of(allergies: list[Shown], flags: list[Shown], **patient: Any) -> Banner | None:
    """Of one registration, which is then the golden record."""
    return banner({"resourceType": "Patient", **patient}, [shown(**patient)], allergies, flags)


def allergy(name: str, clinical: str = "active", verified: str = "confirmed", code: str = "1") -> Shown:
    return shown(
        resourceType="AllergyIntolerance", code={"text": name, "coding": [{"code": code}]}, clinicalStatus={"coding": [{"code": clinical}]}, verificationStatus={"coding": [{"code": verified}]})


def test_the_dead_have_the_age_of_their_death() -> None:
    with override("en"):
        made = of([], [], birthDate="1924-06-16", deceasedDateTime="2008-12-23T10:00:00Z")
        assert made and (made.age, made.deceased) == ("84 y", "2008-12-23")
        unknown = of([], [], birthDate="1924-06-16", deceasedBoolean=True)
        assert unknown and (unknown.age, unknown.deceased) == ("", "?")
        year = of([], [], birthDate="1924-06-16", deceasedDateTime="2008")
        assert year and (year.age, year.deceased) == ("about 84 y", "2008"), "they do not go on ageing"
        evening = of([], [], birthDate="1940-02-03", deceasedDateTime="2026-11-20T17:30:00Z")
        assert evening and (evening.deceased, evening.death_sent) == ("2026-11-21", "2026-11-20T17:30:00Z"), "the next day here"


def test_only_allergies_that_hold_and_flags_that_are_active() -> None:
    found = [allergy("青霉素"), allergy("磺胺", verified="refuted"), allergy("花粉", clinical="resolved"), allergy("误录", verified="entered-in-error")]
    made = of(found, [shown(resourceType="Flag", status="active", code={"text": "跌倒风险"}), shown(resourceType="Flag", status="inactive", code={"text": "隔离"})])
    assert made and [a.title for a in made.allergies] == ["青霉素"] and [a.title for a in made.alerts] == ["跌倒风险"]


def test_no_known_allergy_is_not_an_allergy() -> None:
    made = of([allergy("No known allergy", code="716186003")], [])
    assert made and made.allergies == () and [a.title for a in made.no_allergy] == ["No known allergy"]


def test_that_nobody_asked_is_said_and_is_no_denial() -> None:
    with override("en"):
        made = of([allergy("过敏史不详", code="")], [])
    assert made and made.allergies == () and [(a.title, [m.text for m in a.marks]) for a in made.no_allergy] == [("过敏史不详", ["not asked, or not known"])]
