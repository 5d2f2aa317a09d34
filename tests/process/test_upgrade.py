"""The last release under load is upgraded to the next, by the documented commands, and no
request fails: each search is exact by the release that answers it, at every moment, and nothing
that was acknowledged is lost.
"""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from alliance.database.index_version import VERSION
from tests.factories.fhir import Api, make_bundle, make_observation, make_patient
from tests.process.releases import ACTIVATE, Caller, Releases, identifier
from tests.wait_until import wait_until

MANY, KNOWN, REWRITTEN = (
    2000,
    400,
    40,
    # resources; those with the code that is asked for; those of them that are written again and
    # again
)
CODE, PLAIN = "85354-9", "853549"


@pytest.fixture(scope="module")
def releases() -> Iterator[Releases]:
    made = Releases()
    made.start()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def api(releases: Releases) -> Api:
    told = releases.manage(
        "last",
        "enrol_administrator",
        "--username",
        "luo",
        "--name",
        "罗毅",
        "--hospital",
        "first",
        "--hospital-name",
        "第一人民医院",
    )
    assert "luo" in told
    told = releases.manage(
        "last", "register_client", "--hospital", "first", "--name", "HIS", "--secret"
    )
    api = Api(
        releases.url,
        "first",
        credentials=(identifier(told, "client_id"), identifier(told, "client_secret")),
    )
    about = api.create(make_patient("公孙策"))
    rows = [
        make_observation(
            about,
            CODE if n < KNOWN else "4548-4",
            value=n,
            id=f"known-{n}",
            performer=[{"reference": "#p"}],
            contained=[{"resourceType": "Practitioner", "id": "p", "name": [{"text": "外院"}]}],
        )
        for n in range(MANY)
    ]
    for at in range(0, MANY, 1000):
        assert (
            api(
                "POST",
                "",
                make_bundle(*(("PUT", f"Observation/{r['id']}", r) for r in rows[at : at + 1000])),
            ).status
            == 200
        )
    return api


ASKED = {  # whatever the release
    "Patient?name=公孙&_summary=count": 1,
    f"Observation?code:text=糖化&value-quantity=lt{KNOWN}&_summary=count": KNOWN,
    f"Observation?patient.name=公孙策&value-quantity=lt{KNOWN}&_summary=count": KNOWN,
    f"Observation?performer.name=外院&value-quantity=lt{KNOWN}&_summary=count": KNOWN,
    f"Observation?performer:missing=false&value-quantity=lt{KNOWN}&_summary=count": KNOWN,
}


def counts(query: str) -> object:
    def call(caller: Caller) -> tuple[int, object]:
        status, told = caller.ask("GET", f"/fhir/first/{query}")
        return status, told.get("total")

    return call


def rewriting(about: str) -> object:
    numbers = itertools.cycle(range(REWRITTEN))

    def call(caller: Caller) -> tuple[int, object]:
        n = next(numbers)
        status, _ = caller.ask(
            "PUT",
            f"/fhir/first/Observation/known-{n}",
            make_observation(
                about,
                CODE,
                value=n,
                id=f"known-{n}",
                note=[{"text": str(time.monotonic())}],
                performer=[{"reference": "#p"}],
                contained=[{"resourceType": "Practitioner", "id": "p", "name": [{"text": "外院"}]}],
            ),
        )
        return status, n

    return call


def creating(about: str) -> object:
    def call(caller: Caller) -> tuple[int, object]:
        status, told = caller.ask(
            "POST", "/fhir/first/Observation", make_observation(about, "1-8", value=9999)
        )
        return status, told.get("id")

    return call


def test_no_request_fails(releases: Releases, api: Api) -> None:
    about = api("GET", "Patient?_elements=id").json["entry"][0]["resource"]
    about = f"Patient/{about['id']}"
    asked = {q: n for q, n in ASKED.items() if n is not None}
    load = {
        q: Caller(releases.url, api.token, counts(q))
        for q in (
            f"Observation?code={CODE}&_summary=count",
            f"Observation?code={PLAIN}&_summary=count",
        )
    }  # type: ignore[arg-type]
    load |= {
        "rewriting": Caller(releases.url, api.token, rewriting(about)),
        "creating": Caller(releases.url, api.token, creating(about)),
    }  # type: ignore[arg-type]
    queries = itertools.cycle(asked)

    def each(caller: Caller) -> tuple[int, object]:
        query = next(queries)
        status, told = caller.ask("GET", f"/fhir/first/{query}")
        return status, (query, told.get("total"))

    load["others"] = Caller(releases.url, api.token, each)
    wait_until(lambda: all(len(c.answers) > 20 for c in load.values()), "the load runs")

    filling = subprocess.Popen(
        releases.command("next", "setup", "--beside"),
        env=releases.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    wait_until(
        lambda: (
            releases.sql(f"SELECT count(*) FROM record_resource WHERE index_version > {VERSION}")
            > 0
        ),
        "rows are filled",
    )
    os.killpg(filling.pid, signal.SIGKILL)
    filling.communicate()
    assert (
        releases.sql(f"SELECT count(*) FROM record_resource WHERE index_version = {VERSION}")
        > MANY / 10
    ), "killed in the middle"
    ready = api.raw("GET", "/readyz").json
    assert (
        ready["status"] == "ok"
        and ready["index"]["filling"] == VERSION + 1
        and ready["index"]["remaining"] > 0
    )
    assert "Prepared" in releases.manage("next", "setup", "--beside")
    assert (
        releases.sql(f"SELECT count(DISTINCT parameter & 255 = {VERSION + 1}) FROM record_string")
        == 2
    ), "entries of both stand there"

    releases.lead("broken")
    told = releases.manage("current", "reload", code=1)
    assert "did not start" in told and "broken on purpose" in releases.said(), told

    releases.lead("next")
    assert str(releases.folder / "next") in releases.manage("current", "reload")
    assert releases.sql("SELECT version FROM record_index") == VERSION + 1
    assert str(releases.folder / "next") in releases.manage("current", "reload"), (
        "once more, beside the web that ends"
    )
    before = {k: len(c.answers) for k, c in load.items()}
    wait_until(
        lambda: all(len(c.answers) > before[k] + 5 for k, c in load.items()), "the load goes on"
    )
    for caller in load.values():
        caller.end()

    failed = {k: [a for a in c.answers if a[1] not in (200, 201)] for k, c in load.items()}
    assert not any(failed.values()), (failed, releases.said()[-3000:])
    print({k: (len(c.answers), round(c.longest, 2)) for k, c in load.items()})
    for query, first, then in ((CODE, KNOWN, 0), (PLAIN, 0, KNOWN)):
        given = [a[2] for a in load[f"Observation?code={query}&_summary=count"].answers]
        assert [k for k, _ in itertools.groupby(given)] == [
            first,
            then,
        ], "by the rules of the one release, then by those of the other, and by nothing else"
    wrong = [a for a in load["others"].answers if asked[a[2][0]] != a[2][1]]  # type: ignore[index]
    assert not wrong
    made = {a[2] for a in load["creating"].answers}
    assert api("GET", "Observation?code=18&_summary=count").json["total"] == len(made), (
        "nothing that was acknowledged is lost"
    )


def test_older_entries_go(releases: Releases, api: Api) -> None:
    both = f"SELECT count(*) FROM record_string WHERE parameter & 255 <> {VERSION + 1}"
    releases.manage(
        "next",
        "shell",
        "--no-imports",
        "-c",
        "from records.maintenance.index_fill import contract_index; list(contract_index())",
    )
    assert releases.sql(both) == 0, "the worker, or this command, has taken them off"
    assert (
        releases.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'record\\_resource\\_due%'")
        == 0
    )
    for query, count in ASKED.items():
        assert api("GET", query).json["total"] == count, query
    assert [
        api("GET", f"Observation?code={c}&_summary=count").json["total"] for c in (CODE, PLAIN)
    ] == [0, KNOWN]


def test_a_restart_refuses_nobody_where_systemd_holds_the_socket(
    releases: Releases, api: Api
) -> None:
    load = [Caller(releases.url, api.token, counts(q)) for q in list(ASKED)[:2]]  # type: ignore[arg-type]
    wait_until(lambda: all(len(c.answers) > 5 for c in load), "the control")
    releases.stop()
    before = [len(c.answers) for c in load]
    releases.start()
    wait_until(
        lambda: all(len(c.answers) > n + 5 for c, n in zip(load, before, strict=True)),
        "they are answered",
    )
    for caller in load:
        caller.end()
    assert not [a for c in load for a in c.answers if a[1] != 200]


def test_a_socket_of_another_address_is_refused(releases: Releases) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                ACTIVATE,
                str(other.fileno()),
                *releases.command("current", "serve"),
            ],
            env=releases.environment,
            capture_output=True,
            text=True,
            timeout=300,
            pass_fds=(other.fileno(),),
        )
    assert done.returncode == 1 and "ListenStream=" in done.stderr
