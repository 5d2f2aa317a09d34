"""A forgotten password by mail: a server with a mail server, whose mails are read here."""

import os
import re
import socketserver
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP

from alliance.models import Staff, User
from tests.conftest import ROOT, free_port
from tests.factories import alliance
from tests.factories.web_session import SECRET
from tests.wait_until import wait_until

MAILS: list[tuple[str, str]] = []  # (to, text)


class Postman(socketserver.StreamRequestHandler):
    """As much SMTP as one mail needs (RFC 5321)."""

    def handle(self) -> None:
        def say(line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        to = ""
        say("220 test")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
            if verb == "DATA":
                say("354 go on")
                text = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    text += part
                MAILS.append((to, text.decode()))
            if verb == "QUIT":
                say("221 bye")
                return
            say("250 ok")


@pytest.fixture(scope="module")
def mailing(world: None) -> Iterator[str]:
    """A server that mails; yields its URL."""
    post = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman)
    threading.Thread(target=post.serve_forever, daemon=True).start()
    port = free_port()
    environment = {
        **os.environ,
        "XINGLIN_PROCESS": "web",
        "XINGLIN_MAIL": f"smtp://127.0.0.1:{post.server_address[1]}",
        "XINGLIN_MAIL_FROM": "xinglin@hospital.example",
    }
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "--bind",
            f"127.0.0.1:{port}",
            "--worker-class",
            "gthread",
            "--threads",
            "4",
            "--no-control-socket",
            "--log-level",
            "error",
            "alliance.config.wsgi:application",
        ],
        cwd=ROOT,
        env=environment,
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return bool(urllib.request.urlopen(url + "/healthz", timeout=10).status == 200)
        except OSError:
            return False

    wait_until(answers, "the server with mail answers")
    yield url
    process.terminate()
    process.wait(90)
    post.shutdown()


class Visitor:
    """A browser without JavaScript: cookies, forms and redirects."""

    def __init__(self, url: str) -> None:
        import http.cookiejar

        self.url, self.at = url, ""
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        self.opener.addheaders = [("Accept-Language", "en")]

    def open(self, path: str, form: dict[str, str] | None = None) -> str:
        address = path if path.startswith("http") else self.url + path
        data = None
        if form is not None:
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.open(path))[1]  # type: ignore[index]
            data = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **form}).encode()
            address = self.at
        with self.opener.open(urllib.request.Request(address, data, {"Referer": address})) as page:
            self.at = page.url
            return str(page.read().decode())


def addressed(name: str) -> Staff:
    who = alliance.make_staff(alliance.make_hospital("mail"))
    User.objects.filter(pk=who.user_id).update(email=f"{name}-{who.pk}@hospital.example")
    who.user.refresh_from_db()
    TOTP.activate(who.user, SECRET)
    return who


def mailed(address: str) -> list[str]:
    return [text for to, text in MAILS if to == address]


def test_a_link_by_mail_replaces_the_password_and_not_the_second_factor(mailing: str) -> None:
    who, visitor = addressed("known"), Visitor(mailing)
    assert "/account/password/reset/" in visitor.open("/account/login/")
    first = visitor.open("/account/password/reset/", {"email": who.user.email})
    wait_until(lambda: bool(mailed(who.user.email)), "the mail arrives")
    link = re.search(r"(http://\S+/account/password/reset/key/\S+)", mailed(who.user.email)[0])[1]  # type: ignore[index]
    unknown = visitor.open("/account/password/reset/", {"email": "nobody@hospital.example"})
    assert (
        "If an account has this address" in first
        and first.partition("<main")[2] == unknown.partition("<main")[2]
    ), "no sign whether somebody has it"
    visitor.open(link, {"password1": "from-a-mail-2026", "password2": "from-a-mail-2026"})
    assert visitor.at.endswith("/account/login/") and User.objects.get(
        pk=who.user_id
    ).check_password("from-a-mail-2026")
    assert "This link opens no more" in Visitor(mailing).open(link), "once"
    visitor.open("/account/login/", {"login": who.user.username, "password": "from-a-mail-2026"})
    assert visitor.at.endswith("/account/2fa/authenticate/"), (
        "the second factor is asked for as always"
    )


def test_who_may_not_sign_in_gets_no_link(mailing: str) -> None:
    from alliance.services.staffing import do_end_staff

    over, known, visitor = addressed("over"), addressed("control"), Visitor(mailing)
    visitor.open("/account/password/reset/", {"email": over.user.email})
    early = addressed("early")
    visitor.open("/account/password/reset/", {"email": early.user.email})
    wait_until(lambda: bool(mailed(early.user.email)), "a link to somebody employed")
    link = re.search(r"(http://\S+/account/password/reset/key/\S+)", mailed(early.user.email)[0])[1]  # type: ignore[index]
    do_end_staff(early, reason="test", acting=alliance.OPERATOR)
    assert "This link opens no more" in Visitor(mailing).open(link), "ended between mail and click"
    do_end_staff(over, reason="test", acting=alliance.OPERATOR)
    before = len(mailed(over.user.email))
    visitor.open("/account/password/reset/", {"email": over.user.email})
    visitor.open("/account/password/reset/", {"email": known.user.email})
    wait_until(lambda: bool(mailed(known.user.email)), "the control's mail arrives")
    assert len(mailed(over.user.email)) == before


def test_the_staff_form_asks_for_an_address_only_where_there_is_mail(world: None) -> None:
    from alliance.roles import Role
    from tests.support.browser import signed_in

    page: Any = (
        signed_in(alliance.make_staff(alliance.make_hospital("nomail"), Role.ADMINISTRATOR))
        .get("/alliance/staff/")
        .content.decode()
    )
    assert 'name="email"' not in page and 'name="ends_on"' in page
