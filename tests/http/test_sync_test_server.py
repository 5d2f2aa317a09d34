"""The agent's test server answers as the platform does: one conversation, held with both, and what
differs stands in a table.
"""

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from consent.audit.tree_head import load_newest_head
from records.agent.connection import read_line
from records.agent.context import open_context
from records.agent.platform_client import Credentials, PlatformClient
from records.agent.test_server.site import Site
from records.agent.test_server.systems import make_code
from tests.factories import alliance
from tests.feed_horizon import wait_for_feed
from tests.support.agent_machine import Agent
from tests.support.enrolling import operator_code
from tests.support.sync_conversation import hold
from tests.support.sync_test_server import serve_test_site
from tests.wait_until import wait_until

# TABLE (step, place) as regular expressions -> why the test server says it otherwise
SOMETIMES = ("the feed, a page", "entries")
MEANT = {
    SOMETIMES: "a page may hold less: the alliance's other records are looked at",
    ("a head", "public_key"): "each log has a key of its own",
    ("the feed", r".*\.patients.*"): "a sandbox has no patient index; here the feed is to be tried",
}


def enrolled(agent: Agent, home: Path, code: str, url: str) -> PlatformClient:
    agent.home = home
    status, said = agent.run("enrol", code, "--url", url, "--name", "vendor")
    assert status == 0, said
    context = open_context(home)
    context.outbox.close()
    return context.platform


def finish_here() -> None:
    call_command("sync_work", linger=0.0)
    wait_for_feed()


def finish_there(site: Site) -> None:
    site.clock += 60


def is_of(meant: tuple[str, str], step: str, place: str) -> bool:
    return bool(re.fullmatch(meant[0], step) and re.fullmatch(meant[1], place))


def is_meant(step: str, place: str) -> bool:
    return any(is_of(meant, step, place) for meant in MEANT)


def test_both_answer_alike(server: str, agent: Agent, tmp_path: Path) -> None:
    code = operator_code(alliance.make_hospital("alike"), sandbox=True)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_sync_stream SET done = next - 1")  # of other tests
    wait_until(lambda: load_newest_head() is not None, "the log has a head")
    platform = hold(enrolled(agent, tmp_path / "a", code, server), finish_here)
    with serve_test_site() as (url, site):
        client = enrolled(agent, tmp_path / "b", make_code(site, "test"), url)
        tested = hold(client, lambda: finish_there(site))
    differing = {
        (step, place): (platform[step].get(place), tested[step].get(place))
        for step in platform
        for place in platform[step].keys() | tested[step].keys()
        if platform[step].get(place) != tested[step].get(place)
    }
    lines = [f"{key}: {said}" for key, said in differing.items() if not is_meant(*key)]
    assert not lines, "platform, test server:\n" + "\n".join(sorted(lines))
    unseen = [m for m in MEANT if m != SOMETIMES and not any(is_of(m, *key) for key in differing)]
    assert not unseen, f"a difference that is gone leaves the table: {unseen}"
    assert {200, 202, 400, 403, 404, 405, 409, 413, 415} <= {s["status"] for s in tested.values()}


@pytest.mark.parametrize("token", ["", "wrong"])
def test_both_refuse_who_has_no_token(server: str, token: str) -> None:
    with serve_test_site() as (url, _):
        told = []
        for root in (server, url):
            client = PlatformClient(read_line(root), Credentials(""))
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            reply = client.send_without_token("GET", "/sync/test/batches/x", b"", headers)
            told.append((reply.status, reply.json()["error"], reply.headers["www-authenticate"]))
            client.close()
    assert told[0] == told[1] == (401, "token", 'Bearer realm="xinglin"')
