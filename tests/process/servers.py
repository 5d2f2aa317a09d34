"""Two PostgreSQL servers of the tests' own, from the embedded binaries: a primary, and copies
that follow it by streaming replication.
"""

import os
import shutil
import signal
import tempfile
from pathlib import Path

from alliance.database.embedded_postgres import EmbeddedCluster
from tests.conftest import free_port

CONF = """
port = {port}
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
shared_buffers = 64MB
max_connections = 60
wal_level = replica
hot_standby = on
wal_keep_size = 128MB
random_page_cost = 1.1
"""


class Server:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="xinglin-server-"))
        self.folder.chmod(0o711)
        self.port = free_port()
        self.cluster = EmbeddedCluster(self.folder)
        self.cluster.prepare_directories()
        self.data, self.log = self.cluster.data, self.folder / "log"

    def run(self, program: str, *args: str, check: bool = True) -> str:
        return (self.cluster.run_program(program, *args, check=check).stdout or b"").decode()

    def make(self) -> "Server":
        self.run(
            "initdb",
            "-D",
            str(self.data),
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        self.configure()
        self.start()
        self.sql("CREATE DATABASE xinglin", "postgres")
        return self

    def follow(self, primary: "Server") -> "Server":
        shutil.rmtree(self.data)
        self.cluster.prepare_directories()
        self.run(
            "pg_basebackup",
            "-D",
            str(self.data),
            "-d",
            f"host=127.0.0.1 port={primary.port} user=postgres",
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
            "--no-sync",
        )
        self.configure()
        self.start()
        return self

    def configure(self) -> None:
        (self.data / "postgresql.conf").write_text(CONF.format(port=self.port))

    def start(self) -> None:
        self.log.touch()
        self.cluster.give_to_postgres(self.log)
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.log), "-w", "-t", "60", "start")

    def stop(self, mode: str = "immediate") -> None:
        self.run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop", check=False)

    def promote(self) -> None:
        self.run("pg_ctl", "-D", str(self.data), "-w", "promote")

    def sql(self, query: str, database: str = "xinglin") -> str:
        return self.run(
            "psql",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            "postgres",
            "-d",
            database,
            "-AtXq",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            query,
        ).strip()

    def read_only(self) -> None:
        self.sql("ALTER SYSTEM SET default_transaction_read_only = on")
        self.sql("SELECT pg_reload_conf()")

    def processes(self) -> list[int]:
        first = int((self.data / "postmaster.pid").read_text().split()[0])
        return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]

    def freeze(self) -> None:
        """As a machine does that is out of memory, or whose disk hangs: its kernel still answers
        for it.
        """
        for pid in self.processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGCONT)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
