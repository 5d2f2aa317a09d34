"""A browser of somebody's over real HTTP: a session that is signed in, forms taken from pages,
two sendings at the same moment.
"""

import re
import threading
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.hashers import ScryptPasswordHasher

from alliance.models import Staff
from tests.factories import alliance
from tests.support.html import Browser

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def keep_as_server_does(who: Staff) -> None:
    """Keep the password by the hash that the server makes: a cheaper one (quick_hashes) is renewed
    when the password is given, and that ends the account's sessions.
    """
    hasher = ScryptPasswordHasher()
    who.user.password = hasher.encode(alliance.PASSWORD, hasher.salt())
    who.user.save(update_fields=["password"])


class WebSession:
    """who: signed in with both factors, or None: nobody."""

    def __init__(self, server: str, who: Staff | None = None, language: str = "en") -> None:
        self.server, self.http = server, requests.Session()
        self.http.headers["Accept-Language"] = language
        if who is not None:
            if not who.user.authenticator_set.exists():
                TOTP.activate(who.user, SECRET)
            browser = Browser()
            browser.force_login(who.user, backend="alliance.auth.backend.StaffBackend")
            self.session(browser.cookies["sessionid"].value)

    def session(self, value: str) -> None:
        """Have this session, as a cookie of the server's own."""
        self.http.cookies.set("sessionid", value, domain=urlsplit(self.server).hostname, path="/")

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.http.get(self.server + path, **more)

    def token(self, page: str) -> str:
        """Of the forms of a page that is rendered for this."""
        found = TOKEN.search(self.get(page).text)
        assert found, page
        return found[1]

    def send(
        self, path: str, data: dict[str, Any], token: str, page: str = "", **more: Any
    ) -> requests.Response:
        headers = {"Referer": self.server + (page or path), **more.pop("headers", {})}
        return self.http.post(
            self.server + path, data={**data, "csrfmiddlewaretoken": token}, headers=headers, **more
        )

    def post(
        self, path: str, data: dict[str, Any], page: str = "", **more: Any
    ) -> requests.Response:
        return self.send(path, data, self.token(page or path), page, **more)

    def together(self, *forms: tuple[str, dict[str, Any], str]) -> list[requests.Response]:
        """(path, data, token) of each, sent at the same moment; the answers where they led to,
        in the order of the forms.
        """
        answers: list[Any] = [None] * len(forms)

        def go(i: int) -> None:
            path, data, token = forms[i]
            answers[i] = requests.post(
                self.server + path,
                data={**data, "csrfmiddlewaretoken": token},
                cookies=self.http.cookies.copy(),
                headers={"Referer": self.server + path, "Accept-Language": "en"},
                timeout=60,
            )

        threads = [threading.Thread(target=go, args=(i,)) for i in range(len(forms))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return answers


def extract_page_text(reply: requests.Response) -> str:
    return re.sub(
        r"\s+",
        " ",
        unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<template.*?</template>", "", reply.text))),
    )
