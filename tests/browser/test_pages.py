"""Pages in a real Chromium: sign in with two factors, find, open, break the glass, in both
languages, on desk and phone.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore

from alliance.roles import Role
from records.models import SourcePatient
from tests.browser.conftest import code
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.fhir import Api, make_citizen_number, make_observation, make_patient

pytestmark = pytest.mark.browser
Enter = Callable[..., Any]


@pytest.mark.parametrize("width", [1440, 390])
def test_clinician_finds_opens_and_breaks_the_glass(enter: Enter, server: str, width: int) -> None:
    a, b = alliance.make_hospital("desk"), alliance.make_hospital("far")
    card = make_citizen_number()
    Api(server, a.code, credentials=alliance.make_credentials(a)).create(
        make_patient("司徒云帆", resident=card)
    )
    far = Api(server, b.code, credentials=alliance.make_credentials(b))
    far.create(make_observation(far.create(make_patient("司徒云帆", resident=card))))
    doctor = alliance.make_staff(a)
    page = enter(doctor, width)
    page.fill("input[name=q]", "styf")
    follow(page)
    follow(page, ".people a")
    assert page.inner_text(
        ".banner h1"
    ) == "司徒云帆" and "该患者在其他医院另有病历未向您开放" in page.inner_text("main")
    assert "糖化血红蛋白" not in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        "no sideways scrolling"
    )
    page.click("details.hidden summary")
    follow(page, "a.button.danger")
    page.fill("#id_password", alliance.PASSWORD)
    follow(page)
    page.check("input[name=ground][value=rescue]")
    page.fill("textarea[name=reason]", "昏迷，需了解用药史")
    page.check("input[name=sure]")
    follow(page, "button.main.bad")
    assert "糖化血红蛋白" in page.inner_text("main")
    assert "紧急调阅进行中" in page.inner_text(".glass") and "分钟" in page.inner_text(".glass")
    box = page.locator(".glass").bounding_box()
    assert box["y"] + box["height"] <= 861, "in sight without scrolling"
    follow(page, "button[name=language]")
    assert "Emergency access is active" in page.inner_text(
        "main"
    ) and doctor.name in page.inner_text(".water")
    assert page.errors == []


def test_auditor_sees_refusals_and_the_log_is_intact(enter: Enter, server: str) -> None:
    page = enter(
        alliance.make_staff(alliance.make_hospital("aud"), Role.AUDITOR, wide=True), language="en"
    )
    page.goto(server + "/audit/")
    assert page.locator("table.log tbody tr").count() > 1
    page.click("summary:has(~ button[value=csv])")
    with page.expect_download() as got:
        page.click("button[value=csv]")
    assert got.value.suggested_filename.endswith(".zip")
    page.goto(server + "/patients/")
    assert "not" in page.inner_text("h1").lower(), "the role table refuses"


def test_no_second_factor_no_page(chromium: Any, server: str) -> None:
    who = alliance.make_staff(alliance.make_hospital("nof"))
    context = chromium.new_context()
    page = context.new_page()
    page.goto(server + "/")
    page.fill("#id_login", who.user.username)
    page.fill("#id_password", alliance.PASSWORD)
    follow(page)
    page.goto(server + "/patients/")
    page.fill("#id_password", alliance.PASSWORD)
    follow(page)
    assert page.is_visible("img.qr")
    page.goto(server + "/patients/")
    assert page.locator("input[name=q]").count() == 0, "still no page"
    page.goto(server + "/account/2fa/totp/activate/")
    secret = page.inner_text("main code")
    page.fill("#id_code", code(secret))
    follow(page)
    page.goto(server + "/patients/")
    assert page.locator("input[name=q]").count() == 1, (
        "the control: with the second factor the page opens"
    )
    context.close()


def test_an_open_screen_breaks_no_glass(enter: Enter, server: str) -> None:
    at, far = alliance.make_hospital("step"), alliance.make_hospital("far")
    about = Api(server, far.code, credentials=alliance.make_credentials(far)).create(
        make_patient("长孙无忌")
    )
    person = SourcePatient.objects.get(hospital=far, fhir_id=about.split("/")[1]).person_id
    doctor = alliance.make_staff(at)
    page = enter(doctor)
    glass = f"{server}/person/{person}/emergency/"
    page.goto(glass)
    assert page.locator("input[name=sure]").count() == 0, "having signed in is not enough"
    page.fill("#id_password", alliance.PASSWORD)
    follow(page)
    assert page.is_visible("input[name=sure]")
    page.goto(glass)
    assert page.locator("input[name=sure]").count() == 1, "the control: just shown who they are"
    session = SessionStore(
        next(c["value"] for c in page.context.cookies() if c["name"] == "sessionid")
    )
    session["account_authentication_methods"] = [
        m | {"at": m["at"] - 600} for m in session["account_authentication_methods"]
    ]
    session.save()
    page.goto(glass)
    assert (
        page.locator("input[name=sure]").count() == 0 and page.locator("#id_password").count() == 1
    )
    page.fill("#id_password", alliance.PASSWORD)
    follow(page)
    assert page.is_visible("input[name=sure]") and page.url == glass and page.errors == []
