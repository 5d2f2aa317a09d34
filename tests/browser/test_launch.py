"""A record that a hospital's system opens in a frame of its own page, in a real Chromium: of a
registered origin, and of no other.
"""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from alliance.models import Client
from tests.factories.launches import LaunchWorld, make_launch_world


class HisPage(BaseHTTPRequestHandler):
    """The page of a hospital's system, with one frame."""

    url = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        frame = f'<iframe src="{self.url}" width="1200" height="700"></iframe>'
        self.wfile.write(f"<title>HIS</title>{frame}".encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def his() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), HisPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def page(chromium: Any) -> Iterator[Callable[..., Any]]:
    contexts = []

    def opened(**more: Any) -> Any:
        contexts.append(chromium.new_context(locale="en-US", **more))
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


def framed(w: LaunchWorld, his: ThreadingHTTPServer, host: str, page: Any) -> Any:
    """What stands in the frame of a page of this host, once it has come to rest."""
    HisPage.url = w.address()
    page.goto(f"http://{host}:{his.server_port}/")
    page.wait_for_load_state("networkidle")
    return page.frames[1]


def test_in_a_frame_of_a_registered_page_and_of_no_other(
    server: str, his: ThreadingHTTPServer, page: Callable[..., Any]
) -> None:
    w = make_launch_world(server)
    # localhost and 127.0.0.1 are different sites to a browser: the frame is another site's
    Client.objects.filter(pk=w.client.pk).update(
        frame_origins=[f"http://localhost:{his.server_port}"]
    )
    shown = page()
    frame = framed(w, his, "localhost", shown)
    frame.wait_for_url("**/launched/**")
    assert frame.locator(".banner h1").count() == 1
    frame.get_by_role("link", name="Results").click()
    frame.wait_for_url("**/results/")
    assert frame.locator(".tabs [aria-current]").inner_text() == "Results"
    frame.get_by_role("button", name="Close the record").click()
    frame.get_by_text("The record is closed.").wait_for()
    other = page()
    refused = framed(w, his, "127.0.0.1", other)
    assert refused.url.startswith("chrome-error://")


def test_without_javascript_a_button_opens_it(server: str, page: Callable[..., Any]) -> None:
    w = make_launch_world(server)
    shown = page(java_script_enabled=False)
    shown.goto(w.address())
    with shown.expect_navigation(url="**/launched/**"):  # whole, not just begun
        shown.get_by_role("button", name="Open the record").click()
    assert shown.locator(".banner h1").count() == 1
