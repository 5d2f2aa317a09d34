"""What an operator meets at the server: sockets of systemd that are none, a taken port, a home
that serves already, a database that is away in each of its ways, a reload that leads nowhere. Each
is one line with its mend and never a traceback, and beside each stands the start that goes through.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, free_port
from tests.process.servers import Server
from tests.wait_until import wait_until

CLEAN = {
    k: v
    for k, v in os.environ.items()
    if not k.startswith(("XINGLIN_", "DATABASE_", "DJANGO_", "LISTEN_"))
}
NOWHERE = "postgresql://nobody:topsecret@127.0.0.1:1/none"
# The file that is passed as the third one; "" closes it.
PASS = (
    "import os, sys; n = sys.argv[1]; n and os.dup2(int(n), 3); n or os.closerange(3, 64);"
    " os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1'); os.execv(sys.argv[2],"
    " sys.argv[2:])"
)
MANAGE = [sys.executable, str(ROOT / "manage.py")]


class Command:
    """A command of manage.py that goes on, and what it has said so far."""

    def __init__(
        self, folder: Path, *arguments: str, release: Path = ROOT, **environment: str
    ) -> None:
        self.said_in = folder / f"said-{time.monotonic_ns()}"
        with self.said_in.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(release / "manage.py"), *arguments],
                cwd="/",
                env=CLEAN | environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        text = self.said_in.read_text()
        assert "Traceback" not in text and "topsecret" not in text, text
        return text

    def says(self, text: str) -> None:
        wait_until(
            lambda: text in self.said() or self.process.poll() is not None, f"it says {text!r}"
        )
        assert text in self.said(), self.said()

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(90)


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [*MANAGE, *arguments],
        cwd="/",
        env=CLEAN | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stdout and "topsecret" not in done.stdout, done.stdout
    return done.returncode, done.stdout


def unnamed() -> list[socket.socket]:
    return [socket.socket()]


def of_unix() -> list[socket.socket]:
    return list(socket.socketpair())


def of_unix_unnamed() -> list[socket.socket]:
    return [socket.socket(socket.AF_UNIX)]


def of_ipv6() -> list[socket.socket]:
    site = socket.socket(socket.AF_INET6)
    site.bind(("::1", 0))
    site.listen()
    return [site]


def datagrams() -> list[socket.socket]:
    return [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]


def connected() -> list[socket.socket]:
    listening = listens()[0]
    caller = socket.create_connection(listening.getsockname())
    return [listening.accept()[0], caller, listening]


def listens() -> list[socket.socket]:
    return [socket.create_server(("127.0.0.1", 0))]


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (unnamed, "bound to no address"),
        (of_unix, "passed a Unix socket"),
        (of_unix_unnamed, "passed a Unix socket"),
        (of_ipv6, "passed an IPv6 socket"),
        (datagrams, "passed a datagram socket"),
        (connected, "Accept=no"),
        (listens, "listens at 127.0.0.1:"),
        (None, "closed"),
        (Path("/dev/null"), "is no socket"),
    ],
)
def test_what_systemd_passes_must_be_the_sites_socket(
    tmp_path: Path, made: Callable[[], list[socket.socket]] | Path | None, says: str
) -> None:
    sockets: list[Any] = [] if made is None else [made.open()] if isinstance(made, Path) else made()
    number = str(sockets[0].fileno()) if sockets else ""
    done = subprocess.run(
        [sys.executable, "-c", PASS, number, *MANAGE, "serve", "web"],
        cwd="/",
        env=CLEAN
        | {
            "DATABASE_URL": NOWHERE,
            "XINGLIN_HOME": str(tmp_path),
            "PORT": str(free_port()),
        },
        pass_fds=[s.fileno() for s in sockets[:1]],
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    for each in sockets:
        each.close()
    assert (
        done.returncode == 1
        and len(done.stderr.splitlines()) == 1
        and done.stderr.startswith("Xinglin does not start. ")
        and says in done.stderr
    ), done.stderr


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    server = Server().make()
    server.sql("CREATE ROLE locked LOGIN PASSWORD 'right'")
    rules = server.data / "pg_hba.conf"
    rules.write_text("host all locked 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
    server.sql("SELECT pg_reload_conf()")
    yield server
    server.remove()


def away(database: Server) -> list[tuple[str, str]]:
    """(DATABASE_URL, the mend) of what only a person can mend."""
    at = f"127.0.0.1:{database.port}"
    return [
        (f"postgresql://locked:topsecret@{at}/xinglin", "ALTER ROLE"),
        (f"postgresql://postgres@{at}/nix", "CREATE DATABASE"),
        (f"postgresql://nix@{at}/xinglin", "CREATE ROLE"),
    ]


def test_what_only_a_person_mends_ends_the_start(database: Server, tmp_path: Path) -> None:
    for url, mend in away(database):
        here = {"DATABASE_URL": url, "XINGLIN_HOME": str(tmp_path), "PORT": str(free_port())}
        for command in ("serve", "setup", "doctor"):
            code, said = run(command, **here)
            assert code == 1 and f"127.0.0.1:{database.port}/" in said and mend in said, (
                command,
                said,
            )


@pytest.mark.parametrize(
    ("url", "mend"),
    [(NOWHERE, "start PostgreSQL"), ("postgresql://nobody:topsecret@xinglin.invalid/none", "DNS")],
)
def test_commands_say_how_a_database_that_does_not_answer_is_mended(
    tmp_path: Path, url: str, mend: str
) -> None:
    for command in (["setup"], ["doctor"], ["migrate"], ["serve", "--plan", "3"]):
        code, said = run(*command, DATABASE_URL=url, XINGLIN_HOME=str(tmp_path))
        assert code == 1 and mend in said and "DATABASE_URL" in said, (command, said)
    code, said = run("audit_key", DATABASE_URL=url, XINGLIN_HOME=str(tmp_path))
    assert code == 1 and "holds no key of a log" in said, said


def test_doctor_in_an_unused_home_makes_nothing(tmp_path: Path) -> None:
    code, said = run("doctor", XINGLIN_HOME=str(tmp_path / "unused"))
    assert code == 1 and "there is no database here" in said and not (tmp_path / "unused").exists()


def test_a_home_of_another_account_is_named() -> None:
    folder = Path(tempfile.mkdtemp(prefix="xinglin-theirs-"))
    folder.chmod(0o555)
    other = (
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    )
    here = {
        "DATABASE_URL": NOWHERE,
        "XINGLIN_HOME": str(folder / "home"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        done = subprocess.run(
            [*other, *MANAGE, "serve", "worker"],
            cwd="/",
            env=CLEAN | here,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        folder.rmdir()
    assert (
        done.returncode == 1
        and f"XINGLIN_HOME={folder}/home: Permission denied" in done.stderr
        and "Traceback" not in done.stderr
    ), done.stderr


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = run("serve", DATABASE_URL=NOWHERE, XINGLIN_HOME=str(tmp_path), PORT=str(port))
        assert code == 1 and f"PORT={port} is taken" in said and "PORT=8010" in said
    code, said = run(
        "serve",
        DATABASE_URL=NOWHERE,
        XINGLIN_HOME=str(tmp_path),
        PORT="8000",
        XINGLIN_BIND="192.0.2.1",
        XINGLIN_HTTPS="1",
        XINGLIN_PROXIES="1",
    )
    assert code == 1 and "192.0.2.1 is no address of this machine" in said


@pytest.fixture(scope="module")
def serving(
    database: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Command, dict[str, str]]]:
    """A site over a database that came only after the start; it was started by a link, which
    leads to the release over another.
    """
    folder = tmp_path_factory.mktemp("serving")
    (folder / "release").symlink_to(ROOT)
    (folder / "current").symlink_to("release")
    here = {
        "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{database.port}/xinglin",
        "XINGLIN_HOME": str(folder / "home"),
        "PORT": str(free_port()),
        "XINGLIN_WORKERS": "1",
    }
    database.stop("fast")
    site = Command(folder, "serve", release=folder / "current", **here)
    site.says("Waiting for it")
    assert "Nothing listens there" in site.said() and site.process.poll() is None
    database.start()
    site.says("serves http")
    yield site, here
    site.stop()


def test_one_home_serves_once(serving: tuple[Command, dict[str, str]], tmp_path: Path) -> None:
    site, here = serving
    for part in ([], ["web"], ["worker"]):
        code, said = run("serve", *part, **here | {"PORT": str(free_port())})
        assert (
            code == 1
            and "serves from this home already" in said
            and str(site.process.pid) in said
            and here["XINGLIN_HOME"] in said
        ), said
    assert run("setup", "--beside", **here)[0] == 0 and site.process.poll() is None, (
        "what works beside a site is let in"
    )
    code, said = run("serve", **here | {"XINGLIN_HOME": str(tmp_path)})
    assert code == 1 and "is taken" in said, "the control: another home gets as far as its port"


def became(part: Command) -> bool:
    assert part.process.poll() is None, part.said()
    return b"\0serve\0" not in (Path("/proc") / str(part.process.pid) / "cmdline").read_bytes()


def test_parts_of_one_installation_share_a_home(
    serving: tuple[Command, dict[str, str]], tmp_path: Path
) -> None:
    """Another node's, with the same keys."""
    here = serving[1] | {"XINGLIN_HOME": str(tmp_path / "home")}
    shutil.copytree(Path(serving[1]["XINGLIN_HOME"]) / "secrets", tmp_path / "home/secrets")
    parts = [Command(tmp_path, "serve", name, **here) for name in ("sealer", "worker")]
    wait_until(lambda: all(became(part) for part in parts), "they have become the parts")
    code, said = run("serve", "sealer", **here)
    assert code == 1 and str(parts[0].process.pid) in said
    code, said = run("serve", **here | {"PORT": str(free_port())})
    assert code == 1 and "serves from this home already" in said
    parts[0].stop(signal.SIGKILL)
    again = Command(tmp_path, "serve", "sealer", **here)
    wait_until(lambda: became(again), "a killed one leaves its place")
    for part in (*parts, again):
        part.stop()


def test_reload_says_what_stands(serving: tuple[Command, dict[str, str]]) -> None:
    site, here = serving
    code, said = run("reload", **here)
    assert (
        code == 0
        and said.startswith(f"Reloaded: the site is served from {ROOT}")
        and "Started anew: web, worker, courier, sealer" in said
    )
    wait_until(lambda: "PART003 reload 1 done" in site.said(), "it is logged")
    [line] = [line for line in site.said().splitlines() if "PART003 reload 1 done" in line]
    assert " INFO " in line


def test_reload_without_a_site_says_so(
    serving: tuple[Command, dict[str, str]], tmp_path: Path
) -> None:
    _, here = serving
    elsewhere = {
        "XINGLIN_HOME": str(tmp_path),
        "PORT": here["PORT"],
        "DATABASE_URL": here["DATABASE_URL"],
    }
    assert "No site runs here" in run("reload", **elsewhere)[1]
    file = tmp_path / f"reload-{here['PORT']}.json"
    sleeper = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()", "serve"],
        env=CLEAN | {"XINGLIN_HOME": str(tmp_path / "other")},
        stdin=subprocess.PIPE,
    )
    try:
        for pid in (sleeper.pid, serving[0].process.pid, 999_999_999):
            file.write_text(f'{{"supervisor": {pid}, "number": 0, "state": "none", "says": ""}}')
            code, said = run("reload", **elsewhere)
            assert code == 1 and f"process {pid}" in said and "Start the site" in said, said
        for text in (
            "",
            "{}",
            "[]",
            '{"supervisor": 0, "number": 0, "state": "none", "says": ""}',
            '{"supervisor": -1, "number": 0, "state": "none", "says": ""}',
        ):
            file.write_text(text)
            code, said = run("reload", **elsewhere)
            assert code == 1 and "restart the site" in said, said
        assert sleeper.poll() is None and serving[0].process.poll() is None, "nobody was signalled"
    finally:
        assert sleeper.stdin
        sleeper.stdin.close()
        sleeper.wait(30)


def test_a_link_that_leads_nowhere_leaves_the_last_release(
    serving: tuple[Command, dict[str, str]],
) -> None:
    site, here = serving
    release = Path(here["XINGLIN_HOME"]).parent / "release"
    release.unlink()
    code, said = run("reload", **here)
    assert (
        code == 1
        and "current/manage.py" in said
        and "leads to" in said
        and "The last release goes on" in said
    ), said
    release.symlink_to(ROOT)
    assert run("reload", **here)[0] == 0 and site.process.poll() is None, "the control"
