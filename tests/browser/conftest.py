"""A real Chromium, and a person who signs in with two factors."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from alliance.models import Staff
from tests.factories import alliance

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (.ci/run installs it)")
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright runs an event loop in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def enter(chromium: Any, server: str) -> Iterator[Callable[..., Any]]:
    """enter(staff, width=…, language=…): a page of that person, signed in; `page.errors` collects the console's."""
    contexts = []

    def signed_in(who: Staff, width: int = 1440, language: str = "zh-CN") -> Any:
        TOTP.activate(who.user, SECRET)
        context = chromium.new_context(viewport={"width": width, "height": 860}, locale=language)
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
        page.goto(server + "/")
        page.fill("#id_login", who.user.username)
        page.fill("#id_password", alliance.PASSWORD)
        page.click("button.main")
        page.fill("#id_code", code())
        page.click("button.main")
        page.wait_for_load_state()
        return page

    yield signed_in
    for context in contexts:
        context.close()


def code(secret: str = SECRET) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
