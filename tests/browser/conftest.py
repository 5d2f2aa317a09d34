"""A person who signs in with two factors, in a real Chromium."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from alliance.models import Staff
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.web_session import SECRET


@pytest.fixture
def enter(chromium: Any, server: str) -> Iterator[Callable[..., Any]]:
    """enter(staff, width=…, language=…): a page of that person, signed in; `page.errors`
    collects the console's.
    """
    contexts = []

    def signed_in(who: Staff, width: int = 1440, language: str = "zh-CN") -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 860}, locale=language)
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
        page.goto(server + "/")
        sign_in(page, who)
        return page

    yield signed_in
    for context in contexts:
        for page in context.pages:  # what a page asks for at this moment is nobody's fault
            page.unroute_all(behavior="ignoreErrors")
        context.close()


def sign_in(page: Any, who: Staff) -> None:
    """On the sign-in page, with both factors."""
    if not who.user.authenticator_set.exists():
        TOTP.activate(who.user, SECRET)
    page.fill("#id_login", who.user.username)
    page.fill("#id_password", alliance.PASSWORD)
    follow(page)
    page.fill("#id_code", unused_code(who.user.username))
    follow(page)


SPENT: dict[str, set[int]] = {}  # user name -> the steps whose codes were typed: each opens once


def unused_code(username: str) -> str:
    """One of the three codes that are accepted now, as an authenticator shows it, or a clock
    beside it; waits where all were typed before.
    """
    spent = SPENT.setdefault(username, set())
    while True:
        now, gone = divmod(int(time.time()), 30)
        if fresh := [
            n for n in (now, now + 1, *([now - 1] if gone < 15 else ())) if n not in spent
        ]:  # the last one's code dies with this step
            spent.add(fresh[0])
            return str(format_hotp_value(hotp_value(SECRET, fresh[0])))
        time.sleep(1)


def code(secret: str = SECRET) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
