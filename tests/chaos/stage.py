"""Where it plays: one site, or two over one database; the database a pair of servers with
synchronous streaming replication behind proxies, or the embedded one.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from alliance.database.embedded_postgres import EmbeddedCluster
from tests.chaos.proxy import Proxy
from tests.conftest import ROOT
from tests.process.installation import Installation
from tests.process.servers import Server
from tests.wait_until import wait_until

STATEMENT = (
    5  # XINGLIN_STATEMENT_SECONDS: a frozen server holds a request for ten seconds longer than that
)
MEMBER, WORKERS = "donghu", 2
ROOM = 700  # megabytes of the small disk under the embedded server
QUIET = ("connect_timeout=3", "options='-c statement_timeout=20000'", "application_name=chaos")
SETTINGS = {
    "XINGLIN_STATEMENT_SECONDS": str(STATEMENT),
    "XINGLIN_WORKERS": str(WORKERS),
    "XINGLIN_THREADS": "4",
    "XINGLIN_DEMO": "1",
}


class Site(Installation):
    """Run by `manage.py serve`, so that the supervisor is our own child and can be killed."""

    def __init__(self, environment: dict[str, str], disk: Path | None = None) -> None:
        super().__init__()
        if disk:
            shutil.rmtree(self.home)
            self.home = disk / "home"
            self.home.mkdir(mode=0o711)
        self.environment |= SETTINGS | environment | {"XINGLIN_HOME": str(self.home)}
        (
            self.home / "demo-records"
        ).touch()  # the demo's people sign in; its records are of no use here

    def begin(self) -> None:
        with (self.home / "run.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def start(self) -> None:
        self.begin()
        wait_until(lambda: self.ready() or self.ended(), "the site answers", 600)
        if self.ended():
            raise RuntimeError(f"the site did not start: {self.said()[-2000:]}")

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def part(self, name: str) -> int:
        """The process of web (gunicorn's master), worker, courier or sealer; 0 where there is
        none.
        """
        word = {
            "web": "gunicorn",
            "worker": "job_worker",
            "courier": "courier",
            "sealer": "audit_seal",
        }[name]
        assert self.process
        return next((p for p in self.children(self.process.pid) if word in self.line(p)), 0)

    def workers(self) -> list[int]:
        master = self.part("web")
        return self.children(master) if master else []

    def kill(self) -> None:
        """The whole node at once: as a machine does that loses power, but for its disk and the
        database.
        """
        for pid, line in self.parts().items():
            if "postgres" not in line.partition(" ")[0]:
                end(pid)
        if self.process:
            self.process.wait(30)

    def remove(self) -> None:
        """Everything of it ends, by pid, whatever state it is in."""
        for pid in self.parts():
            signal_to(pid, signal.SIGCONT)
        try:
            if self.process and self.process.poll() is None:
                self.process.terminate()
                self.process.wait(60)
        except subprocess.TimeoutExpired:
            pass
        for pid in self.parts():
            end(pid)
        shutil.rmtree(self.home, ignore_errors=True)


class Stage:
    """kind: "pair" (two servers), "nodes" (the same, and two sites) or "single" (the embedded
    server, where possible on a small disk of its own).
    """

    def __init__(
        self, kind: str, hook: str, clock: Path | None, settings: dict[str, str] | None = None
    ) -> None:
        self.kind, self.hook, self.settings = kind, hook, settings or {}
        self.folder = Path(tempfile.mkdtemp(prefix="xinglin-chaos-"))
        self.folder.chmod(0o711)
        self.shim, self.offset = clock, self.folder / "offset"
        self.offset.write_bytes(b"\0" * 8)
        self.offset.chmod(0o644)
        self.disk: Path | None = None
        self.sites: list[Site] = []
        self.servers: list[Server] = []
        self.proxies: dict[int, Proxy] = {}  # by the server's port
        self.skipped: dict[str, str] = {}  # event -> why it cannot be had here

    def make(self) -> "Stage":
        environment = {"XINGLIN_HOOKS": self.hook} | self.settings
        if self.shim:
            environment |= {"LD_PRELOAD": str(self.shim), "CHAOS_CLOCK": str(self.offset)}
        if self.kind == "single":
            self.disk = small_disk(self.folder)
            environment["XINGLIN_PG_OPTIONS"] = "max_wal_size=128MB,min_wal_size=32MB,fsync=off"
        else:
            first = Server()
            self.servers.append(first)
            first.make()
            second = Server()
            self.servers.append(second)
            second.follow(first)
            self.proxies = {s.port: Proxy(s.port) for s in self.servers}
            self.synchronous()
            hosts = ",".join(
                f"127.0.0.1:{self.proxies[s.port].port}" for s in reversed(self.servers)
            )
            environment["DATABASE_URL"] = f"postgresql://postgres@{hosts}/xinglin"
        self.sites.append(Site(environment, self.disk))
        self.sites[0].environment["XINGLIN_PUBLIC_URL"] = environment["XINGLIN_PUBLIC_URL"] = (
            self.sites[0].url
        )  # of both: a cursor names the address that it belongs to
        self.sites[0].start()
        if self.kind == "nodes":
            self.sites.append(Site(environment))
            shutil.copytree(self.sites[0].home / "secrets", self.sites[1].home / "secrets")
            self.sites[1].start()
        return self

    # The database

    @property
    def primary(self) -> Server:
        return self.servers[0]

    @property
    def standby(self) -> Server:
        return self.servers[1]

    def proxy(self, server: Server) -> Proxy:
        return self.proxies[server.port]

    def cluster(self) -> EmbeddedCluster:
        return EmbeddedCluster(self.sites[0].home)

    def link(self, server: Server | None = None, user: str = "postgres") -> psycopg.Connection[Any]:
        """A connection of our own, past the proxies."""
        if self.kind == "single":
            return psycopg.connect(
                f"host={self.cluster().sockets} dbname=xinglin user={user} {' '.join(QUIET)}",
                autocommit=True,
            )
        return psycopg.connect(
            f"host=127.0.0.1 port={(server or self.primary).port} dbname=xinglin user={user}"
            f" {' '.join(QUIET)}",
            autocommit=True,
        )

    def rows(
        self, query: str, *parameters: Any, server: Server | None = None
    ) -> list[tuple[Any, ...]]:
        with self.link(server) as link:
            return link.execute(query, parameters).fetchall()

    def value(self, query: str, *parameters: Any, server: Server | None = None) -> Any:
        return self.rows(query, *parameters, server=server)[0][0]

    def synchronous(self) -> None:
        """From now on nothing is acknowledged that the copy does not have."""
        wait_until(
            lambda: (
                self.primary.sql(
                    "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "postgres"
                )
                == "1"
            ),
            "the copy follows",
            60,
        )
        self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'", "postgres")
        self.primary.sql("SELECT pg_reload_conf()", "postgres")
        wait_until(
            lambda: (
                self.primary.sql(
                    "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum'",
                    "postgres",
                )
                == "1"
            ),
            "the copy counts",
            60,
        )

    def promote(self) -> None:
        """The copy becomes the primary, and waits for no copy of its own."""
        self.standby.sql("ALTER SYSTEM SET synchronous_standby_names = ''", "postgres")
        self.standby.promote()
        self.standby.sql("SELECT pg_reload_conf()", "postgres")
        self.servers.reverse()

    def rebuild(self) -> None:
        """What was the primary is made anew as the copy of what is, and the pair is synchronous
        again.
        """
        self.proxy(self.standby).restore()
        for pid in alive_of(self.standby):
            signal_to(pid, signal.SIGCONT)
        self.standby.stop()
        self.standby.follow(self.primary)
        self.synchronous()

    def postmaster(self) -> int:
        if self.kind == "single":
            return self.sites[0].postmaster()
        return int((self.primary.data / "postmaster.pid").read_text().split()[0])

    def backends(self, user: str = "xinglin_web") -> list[int]:
        return [
            int(pid)
            for (pid,) in self.rows(
                "SELECT pid FROM pg_stat_activity WHERE usename = %s AND backend_type = 'client"
                " backend'",
                user,
            )
        ]

    # The site

    def step_clock(self, seconds: int) -> None:
        """Of the site's processes; the database's stays."""
        with self.offset.open("r+b") as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))

    def verify(self, against: Path | None, keep: Path) -> tuple[bool, str]:
        command = [
            "audit_verify",
            "--keep",
            str(keep),
            *(["--against", str(against)] if against and against.exists() else []),
        ]
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.sites[0].environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        return done.returncode == 0 and "intact" in done.stdout, (done.stdout + done.stderr)[-4000:]

    def remove(self) -> None:
        for site in reversed(self.sites):
            site.remove()
        for proxy in self.proxies.values():
            proxy.close()
        for server in self.servers:
            for pid in alive_of(server):
                signal_to(pid, signal.SIGCONT)
            server.remove()
        if self.disk:
            wait_until(
                lambda: (
                    subprocess.run(["umount", str(self.disk)], capture_output=True).returncode == 0
                ),
                "the small disk is given back",
                30,
            )
        shutil.rmtree(self.folder, ignore_errors=True)


def small_disk(folder: Path) -> Path | None:
    """A tmpfs of ROOM; None where this account may not mount one."""
    place = folder / "disk"
    place.mkdir(mode=0o711)
    if (
        os.geteuid() == 0
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={ROOM}m,mode=711", "tmpfs", str(place)],
            capture_output=True,
        ).returncode
        == 0
    ):
        return place
    return None


def alive_of(server: Server) -> list[int]:
    try:
        return server.processes()
    except (OSError, ValueError, IndexError):
        return []


def signal_to(pid: int, number: int) -> bool:
    """Whether it was there."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def end(pid: int) -> None:
    signal_to(pid, signal.SIGKILL)


def state_of(pid: int) -> str:
    """R, S, D, T (stopped), Z (ended); "" where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def gone(pid: int, seconds: float = 10) -> bool:
    """Whether it ends within that time."""
    limit = time.monotonic() + seconds
    while state_of(pid) not in ("", "Z") and time.monotonic() < limit:
        time.sleep(0.02)
    return state_of(pid) in ("", "Z")
