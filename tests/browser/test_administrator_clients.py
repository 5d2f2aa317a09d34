"""An administrator registers a script that acts for them, sees its secret once and revokes it, in a
real Chromium.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from alliance.models import AdministratorClient
from tests.browser.conftest import unused_code
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.administrator_clients import make_administrator

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "language"), [(390, "zh-CN"), (1440, "en-US")])
def test_a_script_is_registered_and_revoked(
    enter: Callable[..., Any], server: str, width: int, language: str
) -> None:
    who = make_administrator()
    page = enter(who, width=width, language=language)

    def fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        assert page.errors == []

    page.goto(server + "/account/")
    fits()
    follow(page, "a[href='/alliance/administrator-clients/']")
    follow(page, "a[href='/alliance/administrator-clients/register/']")
    page.fill("#id_password", alliance.PASSWORD)
    follow(page)
    fits()
    page.fill("#id_name", "nightly report")
    page.check("input[value='administration/hospitals.read']")
    page.check("input[value='administration/clients.write']")
    page.fill("#id_last_day", "2001-01-01")
    page.fill("#id_reason", "report")
    page.fill("#id_code", "000000")
    page.click("main button.main")
    page.wait_for_selector(".fault, .note.error")
    fits()
    assert not AdministratorClient.objects.filter(staff=who).exists()
    page.fill("#id_last_day", timezone.localdate().isoformat())
    page.fill("#id_code", unused_code(who.user.username))
    follow(page)
    client = AdministratorClient.objects.get(staff=who)
    assert client.client_id in page.inner_text("main")
    fits()
    page.goto(server + "/alliance/administrator-clients/")
    assert client.client_id in page.inner_text("main")
    fits()
    follow(page, f"a[href$='/{client.client_id}/revoke/']")
    page.fill("#id_reason", "no longer used")
    follow(page)
    assert page.locator("li.off").count() == 1
    fits()
