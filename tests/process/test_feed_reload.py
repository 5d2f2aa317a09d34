"""Polls that wait while the site is reloaded, and while it stops: each is answered whole, or not at
all, so that the client asks the same again; a reload refuses nobody.
"""

import http.client
import json
import threading
from typing import Any
from urllib.parse import urlsplit

from tests.factories.fhir import Api, make_patient
from tests.process.installation import Installation
from tests.wait_until import wait_until

POLLS = 6


def poll(url: str, api: Api, cursor: str, wait: int) -> tuple[int, Any]:
    """(status, answer); (0, None) where the connection ended before the answer began."""
    link = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        link.request(
            "GET",
            f"/sync/{api.base}/feed?cursor={cursor}&wait={wait}",
            headers={"Authorization": f"Bearer {api.token}"},
        )
        reply = link.getresponse()
    except (http.client.RemoteDisconnected, ConnectionError):
        return 0, None
    with reply:
        return reply.status, json.loads(reply.read())


class Pollers:
    """Clients of which each waits with one poll."""

    def __init__(self, url: str, api: Api, cursor: str) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.threads = [
            threading.Thread(
                target=lambda: self.answers.append(poll(url, api, cursor, 30)), daemon=True
            )
            for _ in range(POLLS)
        ]
        for thread in self.threads:
            thread.start()

    def end(self) -> list[tuple[int, Any]]:
        for thread in self.threads:
            thread.join()
        return self.answers


def test_no_poll_gets_half_an_answer(made: Installation, credentials: tuple[str, str]) -> None:
    api = Api(made.url, "donghu", credentials=credentials)
    api.create(make_patient())
    cursor = settle(api)
    waiting = Pollers(made.url, api, cursor)
    assert poll(made.url, api, cursor, 1)[0] == 200, "the control: they wait, another is answered"
    assert not waiting.answers
    ended = threading.Event()
    meanwhile: list[tuple[int, Any]] = []

    def ask_on() -> None:
        while not ended.is_set():
            meanwhile.append(poll(made.url, api, cursor, 0))

    asking = threading.Thread(target=ask_on)
    asking.start()
    made.manage("reload")
    wait_until(lambda: len(waiting.answers) == POLLS, "the old processes answer as they end")
    ended.set()
    asking.join()
    assert {status for status, _ in meanwhile} == {200}, "a reload refuses nobody"
    for status, answer in waiting.end():
        assert status == 200 and answer["entries"] == [] and answer["cursor"], answer
    again = Pollers(made.url, api, waiting.answers[0][1]["cursor"])
    assert poll(made.url, api, cursor, 1)[0] == 200
    written = api.create(make_patient())
    for status, answer in again.end():
        assert status == 200 and [e["id"] for e in answer["entries"]] == [written.split("/")[1]]


def test_a_site_that_stops_leaves_no_poll_half_answered() -> None:
    site = Installation()
    (site.home / "demo-records").touch()
    try:
        site.start()
        api = Api(site.url, "donghu", credentials=site.register("donghu"))
        api.create(make_patient())
        cursor = settle(api)
        waiting = Pollers(site.url, api, cursor)
        assert poll(site.url, api, cursor, 1)[0] == 200 and not waiting.answers
        site.interrupt()
        for status, answer in waiting.end():
            assert status in (0, 503) or (status == 200 and answer["cursor"]), answer
    finally:
        site.remove()


def settle(api: Api) -> str:
    """A cursor behind all that was written until now."""
    cursor, entries = "", [{}]
    while entries:
        status, answer = poll(f"http://{api.at.netloc}", api, cursor, 2)
        assert status == 200, answer
        cursor, entries = answer["cursor"], answer["entries"]
    return cursor
