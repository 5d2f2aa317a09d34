"""A hospital's system that opens records as doctors, and what it is answered."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from alliance.models import Client, Staff
from alliance.services.clients import do_register_client
from alliance.services.launches import do_say_launch_permission
from records.web.launch_pages import SESSION_COOKIE
from tests.factories import alliance
from tests.factories.fhir import Api, Reply
from tests.support.world import World, new_world

FRAME = "https://his.example"


@dataclass
class LaunchedBrowser:
    """A browser that has opened an address, with the cookie that it was given, in its own
    language.
    """

    server: str
    base: str = ""
    http: requests.Session = field(default_factory=requests.Session)
    cookie: str = ""

    def open(self, url: str) -> requests.Response:
        """Send the form of the address's page."""
        answer = self.http.post(
            url, headers={"Accept-Language": "en"}, allow_redirects=False, timeout=60
        )
        if answer.status_code == 303:
            self.cookie = answer.cookies[SESSION_COOKIE]
            self.base = answer.headers["Location"].split("/person/")[0]
        return answer

    def get(self, path: str, method: str = "get", **more: Any) -> requests.Response:
        """path: below the session's own addresses, or a whole one."""
        whole = path if path.startswith("/launched/") else self.base + path
        return self.http.request(
            method,
            self.server + whole,
            headers={"Cookie": f"{SESSION_COOKIE}={self.cookie}", "Accept-Language": "en"},
            allow_redirects=False,
            timeout=60,
            **more,
        )


@dataclass
class LaunchWorld:
    """A's system that opens records of the patient of two hospitals as A's doctor."""

    world: World
    server: str
    client: Client
    his: Api
    staff: Staff
    number: str

    def ask(self, **changes: Any) -> Reply:
        body = {"patient": [{"value": self.number}], "doctor": self.staff.user.username} | changes
        return self.send(json.dumps(body).encode())

    def send(self, body: bytes, method: str = "POST", language: str = "en") -> Reply:
        return self.his.raw(
            method,
            "/launch",
            body,
            {
                "Authorization": f"Bearer {self.his.token}",
                "Content-Type": "application/json",
                "Accept-Language": language,
            },
        )

    def allow(self, *, allowed: bool = True) -> None:
        """The doctor, signed in themselves, has said so."""
        do_say_launch_permission(
            self.client, allowed=allowed, acting=alliance.get_staff_principal(self.staff)
        )

    def let_refer(self, staff: Staff | None = None, *, works: bool = True) -> None:
        """A doctor of A, the world's own or another, lets the system refer in their name."""
        who = alliance.get_staff_principal(staff or self.staff)
        do_say_launch_permission(self.client, allowed=True, acting=who, works=works)

    def browser(self) -> LaunchedBrowser:
        """One that has opened the record."""
        browser = LaunchedBrowser(self.server)
        opened = browser.open(self.address())
        assert opened.status_code == 303, opened.text
        return browser

    def address(self) -> str:
        return self.server + urlsplit(self.ask().json["url"]).path


def make_launch_world(server: str) -> LaunchWorld:
    w = new_world(server)
    client, secret = do_register_client(
        w.a,
        name="HIS",
        acting=alliance.OPERATOR,
        may_launch=True,
        frame_origins=[FRAME],
    )
    his = Api(server, w.a.code, credentials=(client.client_id, secret))
    staff = Staff.objects.select_related("user", "hospital").get(pk=int(w.doctor.id))
    [entry] = w.ask("GET", "Patient").json["entry"]
    number = next(i["value"] for i in entry["resource"]["identifier"] if i["system"] == "urn:mrn")
    return LaunchWorld(w, server, client, his, staff, number)
