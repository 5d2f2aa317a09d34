"""Somebody who walks through the pages in a browser of their own, from a first password on."""

from typing import Any

from tests.browser.conftest import code
from tests.browser.follow import FORWARD, follow

CODES = {"zh-CN": "恢复码", "en-US": "Recovery codes"}


class Person:
    """Somebody at a browser of their own, with a phone that holds an authenticator."""

    def __init__(
        self, chromium: Any, server: str, username: str, width: int, language: str
    ) -> None:
        self.server, self.username, self.language = server, username, language
        self.context = chromium.new_context(
            viewport={"width": width, "height": 844}, locale=language
        )
        self.page = self.context.new_page()
        self.secret = ""

    def go(self, path: str) -> str:
        self.page.goto(self.server + path)
        return self.fits()

    def press(self, selector: str = FORWARD) -> str:
        follow(self.page, selector)
        return self.fits()

    def fits(self) -> str:
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
            f"sideways scrolling at {self.page.url}"
        )
        return str(self.page.inner_text("main"))

    def type_password(self, password: str) -> str:
        self.go("/account/login/")
        self.page.fill("#id_login", self.username)
        self.page.fill("#id_password", password)
        return self.press()

    def settle_in(self, first: str, own: str) -> str:
        """First password, a password of one's own, authenticator, recovery codes; returns the
        first page.
        """
        self.type_password(first)
        assert self.page.url.endswith("/account/password/change/")
        self.go("/patients/")
        assert self.page.url.endswith("/account/password/change/"), (
            "no page before a password of one's own"
        )
        for field, value in (("oldpassword", first), ("password1", own), ("password2", own)):
            self.page.fill(f"#id_{field}", value)
        self.press()
        assert (
            self.page.url.endswith("/account/2fa/totp/activate/")
            and self.page.locator("img.qr").count() == 1
        )
        self.secret = self.page.inner_text("main code")
        self.page.reload()
        assert self.page.inner_text("main code") == self.secret, "what was scanned still fits"
        self.page.fill("#id_code", code(self.secret))
        told = self.press()
        assert CODES[self.language] in told and self.page.locator(".codes li").count() == 10
        return self.press("main a.main")

    def vouch(self, username: str) -> None:
        """In the list of accounts that wait: I have seen this person."""
        self.go("/alliance/vouching/")
        self.press(f"li:has-text('{username}') form.vouch button")
        assert username not in self.page.inner_text("main .card")

    def signed_out(self) -> bool:
        self.go("/")
        return "/account/login/" in str(self.page.url)
