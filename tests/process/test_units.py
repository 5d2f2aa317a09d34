"""The systemd units that are shipped: each part a process of its own, told apart from the
others, started again by its own rule, and none of them root.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from alliance.server.notify_socket import NotifySocket
from tests.conftest import ROOT, free_port
from tests.process.servers import Server
from tests.process.units import FOLDER, Running, end_group, read, start
from tests.wait_until import wait_until

PARTS = ("xinglin-web", "xinglin-worker", "xinglin-courier", "xinglin-sealer")
SERVICES = sorted(p.name for p in FOLDER.glob("*.service"))


@pytest.mark.parametrize("name", SERVICES)
def test_no_unit_is_root_or_may_more_than_it_needs(name: str) -> None:
    unit = read(name)
    for key, value in (
        ("User", "xinglin"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("UMask", "0077"),
        ("RestrictNamespaces", "yes"),
    ):
        assert unit[f"Service.{key}"] == [value], (name, key)
    assert unit["Service.CapabilityBoundingSet"] == [] and unit["Unit.PartOf"] == ["xinglin.target"]
    knows_the_owner = "/etc/xinglin/owner.env" in unit["Service.EnvironmentFile"]
    assert knows_the_owner is (name != "xinglin-web.service"), (
        "the site is not told the owner's line"
    )


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_watched_limited_and_never_given_up(name: str) -> None:
    unit = read(f"{name}.service")
    assert (
        unit["Service.Type"] == ["notify"]
        and unit["Service.Restart"] == ["always"]
        and unit["Unit.StartLimitIntervalSec"] == ["0"]
        and int(unit["Service.WatchdogSec"][0]) >= 30
    )
    assert all(
        unit[f"Service.{limit}"]
        for limit in ("LimitNOFILE", "TasksMax", "MemoryHigh", "TimeoutStopSec")
    )
    assert f"{name}.service" in read("xinglin.target")["Unit.Wants"][0]


def test_systemd_takes_them(tmp_path: Path) -> None:
    if not (analyze := shutil.which("systemd-analyze")):
        pytest.skip("systemd is not installed here")
    shutil.copytree(FOLDER, tmp_path / "units")
    for path in (tmp_path / "units").glob("*.service"):
        path.write_text(
            path.read_text().replace("/srv/xinglin/current/.venv/bin/python", "/bin/true")
        )
    units = [str(p) for p in sorted((tmp_path / "units").glob("xinglin*.*")) if p.is_file()]

    def said() -> str:
        done = subprocess.run(
            [analyze, "verify", "--man=no", *units],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}/units:/lib/systemd/system"},
        )
        return "\n".join(line for line in done.stderr.splitlines() if "xinglin" in line)

    assert said() == ""
    (tmp_path / "units/xinglin-web.service").write_text(
        "[Service]\nExecStart=/bin/true\nNoSuchKey=1\n"
    )
    assert "NoSuchKey" in said(), "the control"


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    server = Server().make()
    yield server
    server.remove()


def test_from_setup_to_stop(database: Server, tmp_path: Path) -> None:
    etc, home = tmp_path / "etc", tmp_path / "home"
    etc.mkdir()
    home.mkdir(mode=0o700)
    site = socket.socket()
    site.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    site.bind(("127.0.0.1", 0))
    site.listen(64)
    port = site.getsockname()[1]
    (etc / "xinglin.env").write_text(
        f"DATABASE_WEB_URL=postgresql://xinglin_web@127.0.0.1:{database.port}/xinglin\nPORT={port}\nXINGLIN_WORKERS=1\n"
    )
    (etc / "owner.env").write_text(
        f"DATABASE_URL=postgresql://postgres@127.0.0.1:{database.port}/xinglin\n"
    )
    setup = Running("xinglin-setup", etc, home)
    setup.start()
    assert setup.process and setup.process.wait(180) == 0
    before = signal.getsignal(signal.SIGCHLD)
    ear = NotifySocket(tmp_path)
    running = [
        Running(name, etc, home, ear, site if name == "xinglin-web" else None) for name in PARTS
    ]

    def look() -> None:
        for pid, lines in ear.read_messages():
            for one in running:
                one.look(pid, lines)

    def all_ready() -> bool:
        look()
        assert not [
            one.name for one in running if one.process and one.process.poll() is not None
        ], "it ended by itself"
        return all(one.ready and one.beats for one in running)

    def answers() -> bool:
        look()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as response:
                return response.status == 200
        except OSError:
            return False

    try:
        for one in running:
            one.start()
        wait_until(all_ready, "all have told that they are ready")
        wait_until(answers, "the site is ready")
        for one in running:
            assert one.process
            first = one.process.pid
            os.kill(first, signal.SIGKILL)
            one.process.wait(30)
            one.again()
            assert one.process.pid != first and not one.ready
        wait_until(answers, "whoever calls meanwhile waits in the socket")
        wait_until(all_ready, "all are back")
        wait_until(answers, "the site is ready again")
        for one in running:
            assert one.process
            one.process.terminate()
        for one in running:
            assert one.process
            assert one.process.wait(60) in (0, -signal.SIGTERM), one.name
    finally:
        for one in running:
            if one.process:
                end_group(one.process.pid, signal.SIGKILL)
                one.process.wait(30)
        ear.close()
        signal.signal(signal.SIGCHLD, before)
        site.close()


def refused(environment: dict[str, str], site: socket.socket | None = None) -> str:
    """What `serve web` says when it does not start."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("XINGLIN_", "DATABASE_"))}
    process = start(
        [sys.executable, "manage.py", "serve", "web"],
        str(ROOT),
        clean | environment,
        site,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = str(process.communicate(timeout=120)[1])
    assert process.returncode == 1, said
    return said


def test_a_socket_that_the_settings_do_not_name_and_a_database_that_needs_a_supervisor_are_refused(
    tmp_path: Path,
) -> None:
    with socket.socket() as site:
        site.bind(("127.0.0.1", 0))
        site.listen(1)
        here = {
            "XINGLIN_HOME": str(tmp_path / "home"),
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        }
        assert "The socket unit listens at 127.0.0.1:" in refused(here | {"PORT": "8000"}, site)
    assert "DATABASE_URL is not set" in refused(
        {"XINGLIN_HOME": str(tmp_path / "home"), "PORT": str(free_port()), "DATABASE_URL": ""}
    )
    assert not (tmp_path / "home/postgres").exists()
