"""Sessions in a real Chromium with the back/forward cache that people's browsers have: what is
on the screen when a session is over.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from alliance.models import Staff
from consent.models import Emergency
from records.models import SourcePatient
from tests.browser.conftest import sign_in
from tests.browser.follow import follow
from tests.conftest import CHROMIUM, FLAGS
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient, make_unique_name

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def cached(chromium: Any) -> Iterator[Any]:
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM,
        args=[*FLAGS, "--enable-features=BackForwardCache"],
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


class Ward:
    """A doctor at a computer of their ward, and a patient whom another hospital knows."""

    def __init__(self, browser: Any, server: str, width: int, language: str) -> None:
        at, far = alliance.make_hospital("ward"), alliance.make_hospital("far")
        self.server, self.name, self.doctor = server, make_unique_name(), alliance.make_staff(at)
        about = Api(server, far.code, credentials=alliance.make_credentials(far)).create(
            make_patient(self.name)
        )
        self.person = SourcePatient.objects.get(hospital=far, fhir_id=about.split("/")[1]).person_id
        Api(server, at.code, credentials=alliance.make_credentials(at)).create(
            make_patient(self.name + "之友", "1970-03-04")
        )
        self.context = browser.new_context(
            viewport={"width": width, "height": 860}, locale=language
        )

    def tab(self, path: str = "/") -> Any:
        page = self.context.new_page()
        page.errors = []
        page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
        page.goto(self.server + path)
        return page

    def end_session(self) -> None:
        Session.objects.filter(
            pk=next(c["value"] for c in self.context.cookies() if c["name"] == "sessionid")
        ).delete()


def shows(page: Any, text: str) -> bool:
    return text in page.inner_text("body") or text in page.title()


def confirm(page: Any) -> None:
    page.fill("#id_password", alliance.PASSWORD)
    follow(page)


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_a_day_at_the_ward(cached: Any, server: str, width: int, language: str) -> None:
    ward = Ward(cached, server, width, language)
    page = ward.tab()
    sign_in(page, ward.doctor)

    page.fill("input[name=q]", ward.name + "之友")
    follow(page, "form.find button")
    follow(page, ".people a")
    assert page.is_visible(".banner h1")
    page.go_back()
    page.wait_for_selector(".people a")
    assert ward.name not in page.url and page.locator(".people a").count() == 1, (
        "the list is there again"
    )

    glass, why = f"/person/{ward.person}/emergency/", "昏迷，急需了解用药史"
    page.goto(server + glass)
    confirm(page)
    page.check("input[name=ground][value=rescue]")
    page.fill("textarea[name=reason]", why)
    page.check("input[name=sure]")
    ward.end_session()
    follow(page, "button.main.bad")
    assert (
        page.is_visible("#id_login")
        and ("没有提交" if language == "zh-CN" else "nothing was sent") in page.inner_text("main")
        and not shows(page, why)
    )
    sign_in(page, ward.doctor)
    confirm(page)
    assert (
        page.input_value("textarea[name=reason]") == why
        and page.is_checked("[value=rescue]")
        and page.is_checked("[name=sure]")
    ), "what was typed is back"
    assert ("尚未提交" if language == "zh-CN" else "has not been sent") in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    with page.expect_navigation():
        page.dblclick("button.main.bad")
    assert page.is_visible(".glass") and Emergency.objects.filter(person=ward.person).count() == 1
    assert (
        page.evaluate("Object.values({...localStorage, ...sessionStorage}).join()").find(why) < 0
    ), "what was sent is kept nowhere"

    other = ward.tab(f"/person/{ward.person}/")
    assert shows(other, ward.name), "the control"
    page.goto(f"{server}/person/{ward.person}/results/")
    follow(page, "[data-leaves] button")
    assert page.is_visible("#id_login")
    other.wait_for_selector(".cover")
    assert not shows(other, ward.name), "another tab covers itself"
    page.go_back()
    page.wait_for_url("**/account/login/?next=**")
    assert not shows(page, ward.name), "Back shows nothing after signing out"
    follow(other, ".cover a")
    sign_in(other, ward.doctor)
    assert other.url.endswith(f"/person/{ward.person}/") and shows(other, ward.name), (
        "and comes back after signing in"
    )
    assert page.errors == other.errors == []
    ward.context.close()


def test_an_idle_page_covers_itself_and_forgets_nothing(cached: Any, server: str) -> None:
    ward = Ward(cached, server, 1440, "en-US")
    page = ward.tab()
    sign_in(page, ward.doctor)
    page.clock.install()
    treat = f"{server}/person/{ward.person}/treat/"
    page.goto(treat)
    page.fill("input[name=reason]", "ward 7")
    page.clock.fast_forward(14 * 60 * 1000)
    assert shows(page, "I am treating"), "the control: before the time is over"
    page.clock.fast_forward(61 * 1000)
    page.wait_for_selector(".cover")
    assert not shows(page, "I am treating") and "ward 7" not in page.inner_text("body")
    ward.end_session()
    follow(page, ".cover a")
    sign_in(page, ward.doctor)
    assert page.url == treat and page.input_value("input[name=reason]") == "ward 7"
    ward.context.close()


def test_the_next_person_finds_nothing_of_the_one_before(cached: Any, server: str) -> None:
    ward = Ward(cached, server, 390, "en-US")
    page = ward.tab()
    sign_in(page, ward.doctor)
    treat = f"/person/{ward.person}/treat/"
    page.goto(server + treat)
    page.fill("input[name=reason]", "only for my eyes")
    ward.end_session()
    follow(page)
    assert page.is_visible("#id_login")
    following: Staff = alliance.make_staff(ward.doctor.hospital)
    sign_in(page, following)
    assert page.url == f"{server}/", "not the page that somebody else had open"
    page.goto(server + treat)
    assert page.input_value("input[name=reason]") == "" and "only for my eyes" not in page.evaluate(
        "JSON.stringify({...sessionStorage, ...localStorage})"
    )
    assert page.errors == []
    ward.context.close()
