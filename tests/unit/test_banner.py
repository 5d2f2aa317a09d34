"""The banner: what a doctor acts on first must be neither missing nor made up."""

from dataclasses import replace
from typing import Any

from django.utils.translation import override

from alliance.models import Hospital
from records.operations.shared_record import ShownResource
from records.web.banner import Banner, build_banner


def shown(**resource: Any) -> ShownResource:
    return ShownResource(resource, Hospital(code="h", name_zh="医院"), "")


def of(allergies: list[ShownResource], flags: list[ShownResource], **patient: Any) -> Banner | None:
    """Of one registration, which is then the golden record."""
    return build_banner(
        {"resourceType": "Patient", **patient}, [shown(**patient)], allergies, flags
    )


def allergy(
    name: str, clinical: str = "active", verified: str = "confirmed", code: str = "1"
) -> ShownResource:
    return shown(
        resourceType="AllergyIntolerance",
        code={"text": name, "coding": [{"code": code}]},
        clinicalStatus={"coding": [{"code": clinical}]},
        verificationStatus={"coding": [{"code": verified}]},
    )


def test_the_dead_have_the_age_of_their_death() -> None:
    with override("en"):
        made = of([], [], birthDate="1924-06-16", deceasedDateTime="2008-12-23T10:00:00Z")
        assert made and (made.age, made.deceased) == ("84 y", "2008-12-23")
        unknown = of([], [], birthDate="1924-06-16", deceasedBoolean=True)
        assert unknown and (unknown.age, unknown.deceased) == ("", "?")
        year = of([], [], birthDate="1924-06-16", deceasedDateTime="2008")
        assert year and (year.age, year.deceased) == (
            "about 84 y",
            "2008",
        ), "they do not go on ageing"
        evening = of([], [], birthDate="1940-02-03", deceasedDateTime="2026-11-20T17:30:00Z")
        assert evening and (evening.deceased, evening.death_sent) == (
            "2026-11-21",
            "2026-11-20T17:30:00Z",
        ), "the next day here"


def test_only_allergies_that_hold_and_flags_that_are_active() -> None:
    found = [
        allergy("青霉素"),
        allergy("磺胺", verified="refuted"),
        allergy("花粉", clinical="resolved"),
        allergy("误录", verified="entered-in-error"),
    ]
    made = of(
        found,
        [
            shown(resourceType="Flag", status="active", code={"text": "跌倒风险"}),
            shown(resourceType="Flag", status="inactive", code={"text": "隔离"}),
        ],
    )
    assert (
        made
        and [a.title for a in made.allergies] == ["青霉素"]
        and [a.title for a in made.alerts] == ["跌倒风险"]
    )


def test_no_known_allergy_is_not_an_allergy() -> None:
    made = of([allergy("No known allergy", code="716186003")], [])
    assert (
        made and made.allergies == () and [a.title for a in made.no_allergy] == ["No known allergy"]
    )


def test_that_nobody_asked_is_said_and_is_no_denial() -> None:
    with override("en"):
        made = of([allergy("过敏史不详", code="")], [])
    assert (
        made
        and made.allergies == ()
        and [(a.title, [m.text for m in a.marks]) for a in made.no_allergy]
        == [("过敏史不详", ["not asked, or not known"])]
    )


def test_an_allergy_of_two_hospitals_is_one_with_both_entries_and_what_contradicts_it() -> None:
    def at(code: str, s: ShownResource) -> ShownResource:
        return replace(s, hospital=Hospital(code=code, name_zh=code, name_en=code))

    with override("en"):
        made = of(
            [
                at("甲", allergy("青霉素", code="")),
                at("乙", allergy("青霉素过敏", code="")),
                at("丙", allergy("青霉素", verified="refuted", code="")),
                at("丁", allergy("磺胺", verified="refuted", code="")),
            ],
            [],
        )
    assert made and len(made.allergies) == 1
    [line] = made.allergies
    assert line.hospitals == ("甲", "乙") and len(line.entries) == 2
    assert line.against == ("丙: ruled out",)
    assert {x.title for x in made.no_allergy} == {"青霉素", "磺胺"}, "nothing is dropped"
