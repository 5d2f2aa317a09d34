"""The curators' workplace in a real Chromium: side by side, decided by key, a second curator,
undone by a click; on desk and phone.
"""

from collections.abc import Callable
from typing import Any

import pytest

from alliance.models import Hospital
from alliance.roles import Role
from consent.audit.log_query import AuditFilter
from consent.audit.log_query import list_audit_lines as lines
from records.models import Review, SourcePatient
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.fhir import (
    Api,
    make_citizen_number,
    make_patient,
    make_phone,
    make_unique_name,
)

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]


class Two:
    """Registrations at two hospitals of somebody with two numbers, and a clerk at each."""

    def __init__(self, server: str) -> None:
        self.at = [alliance.make_hospital("desk"), alliance.make_hospital("far")]
        self.apis = [Api(server, h.code, credentials=alliance.make_credentials(h)) for h in self.at]
        self.phone = make_phone("139")
        reached = {
            "telecom": [{"system": "phone", "value": self.phone}],
            "address": [{"text": "岳麓区城南西路421号"}],
        }
        name, numbers = (
            make_unique_name(),
            (make_citizen_number("19580312", 1), make_citizen_number("19580312", 3)),
        )
        made = [
            api.create(make_patient(name, resident=n) | reached)
            for api, n in zip(self.apis, numbers, strict=True)
        ]
        self.rows = [
            SourcePatient.objects.get(hospital=h, fhir_id=m.split("/")[1])
            for h, m in zip(self.at, made, strict=True)
        ]
        self.name, self.numbers = name, numbers

    def persons(self) -> int:
        return (
            SourcePatient.objects.filter(pk__in=[r.pk for r in self.rows])
            .values("person")
            .distinct()
            .count()
        )


def clerk(at: Hospital, wide: bool = False) -> Any:
    return alliance.make_staff(at, Role.CLERK, wide=wide)


@pytest.mark.parametrize("width", [1440, 390])
def test_two_curators_join_a_risky_pair_and_one_undoes_it(
    enter: Enter, server: str, width: int
) -> None:
    two = Two(server)
    asked = Review.objects.get(one=two.rows[0], two=two.rows[1])
    first = enter(clerk(two.at[0]), width)
    first.goto(f"{server}/reviews/")
    with first.expect_navigation():
        first.keyboard.press("Enter")
    assert first.is_visible(".sides")
    first.goto(
        f"{server}/reviews/{asked.pk}/"
    )  # somebody of another test may look like them as well
    text = first.inner_text("main")
    assert (
        two.name in text
        and two.numbers[0] in text
        and two.numbers[1] not in text
        and two.phone in text
    ), "one's own in clear, the other's masked"
    assert "住址" in text and "网址" not in text
    assert first.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "no sideways scrolling"
    )
    assert [
        x["person"]
        for x in lines(AuditFilter(person=two.rows[1].home), None, 5)
        if x["target"] == f"review/{asked.pk}"
    ], "who saw the patient is found by the patient"
    assert "main" not in (first.get_attribute("button[data-key='1']", "class") or ""), (
        "two numbers: no quick yes"
    )
    with first.expect_navigation():
        first.keyboard.press("1")
    assert first.is_visible(".note.success")
    assert first.url.endswith("/reviews/") or first.inner_text("h1").endswith(
        f"#{first.url.rstrip('/').rsplit('/', 1)[1]}"
    ), "whatever comes next stands at its own address"
    assert two.persons() == 2 and asked.opinions.count() == 1, "one is not enough"
    second = enter(clerk(two.at[1]), width)
    second.goto(f"{server}/reviews/{asked.pk}/")
    assert "已有一人审核过" in second.inner_text("main")
    second.fill("input[name=note]", "两份身份证，旧号已注销1")
    assert two.persons() == 2, "a 1 that is typed into the note decides nothing"
    follow(second, "button[data-key='1']")
    assert second.is_visible(".note.success") and two.persons() == 1
    second.goto(f"{server}/person/{two.rows[0].home}/identity/")
    assert "两个不同的身份证号" in second.inner_text("main"), "what contradicts itself is shown"
    follow(second, "main a.button:has-text('撤销') >> nth=0")
    second.fill("input[name=note]", "两个证件号")
    follow(second)
    assert (
        second.is_visible(".note.success")
        and two.persons() == 2
        and second.url.endswith("/reviews/")
    ), "what is left there is no longer theirs"
    assert [e for p in (first, second) for e in p.errors] == []


def test_english_and_a_merge_of_what_no_rule_found(enter: Enter, server: str) -> None:
    two = Two(server)
    other = two.apis[0].create(make_patient("上官若川" + make_unique_name()[1:], "1971-05-06"))
    row = SourcePatient.objects.get(hospital=two.at[0], fhir_id=other.split("/")[1])
    page = enter(clerk(two.at[0], wide=True), 1440, "en-US")
    page.goto(f"{server}/person/{row.home}/identity/")
    page.fill("input[name=q]", two.numbers[0])
    follow(page, "form.find button")
    page.check("input[name=other]")
    page.fill("form[action$='/merge/'] input[name=note]", "both cards seen")
    follow(page, "button.main")
    assert (
        page.is_visible(".note")
        and "second curator" in page.inner_text("main")
        and SourcePatient.objects.get(pk=row.pk).person_id == row.home
    ), "another name and birth date: not one alone"
    assert page.errors == []
    page.goto(f"{server}/reviews/")
    assert two.name not in page.inner_text(".people") or two.numbers[0] not in page.inner_text(
        "main"
    )


def test_whom_it_does_not_concern_sees_nothing(enter: Enter, server: str) -> None:
    two = Two(server)
    asked = Review.objects.get(one=two.rows[0], two=two.rows[1])
    page = enter(clerk(alliance.make_hospital("third")))
    for path in (f"/reviews/{asked.pk}/", f"/person/{two.rows[0].home}/identity/"):
        assert page.goto(server + path).status == 403 and two.name not in page.content()
    page.goto(f"{server}/reviews/")
    assert two.name not in page.content()
