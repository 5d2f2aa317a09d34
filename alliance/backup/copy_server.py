"""A server of one's own from a chain of base backups: put together, recovered to the end of the
log or to a moment, on a private socket and no network.
"""

import datetime as dt
import fcntl
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from alliance.backup import backup_tags, wal_archive
from alliance.backup.backup_chain import BaseBackup
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder
from alliance.backup.postgres_programs import PostgresPrograms, give_to_postgres, last_lines
from alliance.database.embedded_postgres import EmbeddedCluster
from alliance.platform import connection_string
from alliance.platform.state_files import state_folder

LAST_TRANSACTION_LINE = re.compile(r"last completed transaction was at log time (\S+ \S+)")
SCRATCH_PREFIX = "copy-"
FIRST_INCREMENTAL_MAJOR, LINKS = (
    17,
    18,
    # the first major versions that make and combine incremental ones; that do so without a second
    # copy of each file
)
# seconds for which the server that is raised may say nothing at all; for as long as it says that it
# recovers it is waited for
SILENT = 300.0
# starting up, not accepting connections, in recovery: how PostgreSQL begins what will be otherwise
# soon
BUSY = "the database system is "
NOBODY = re.compile(
    r"No such file or directory|Connection refused|timeout expired|timed out|server closed the"
    r" connection",
    re.IGNORECASE,
)  # what libpq says of a server that is not there yet
# What tells a server to follow another one, to recover otherwise, or to keep tables elsewhere.
OF_OTHERS = (
    "standby.signal",
    "recovery.signal",
    "recovery.done",
    "tablespace_map",
    "postmaster.pid",
    "postmaster.opts",
)
TABLESPACES = "pg_tblspc"
SETTLED = {
    "postgresql.conf": "# What the backup held lies in $XINGLIN_HOME/restored-…\n",
    "postgresql.auto.conf": "",
    "pg_ident.conf": "",
}
ACCESS = "local all all {how}\nlocal replication all {how}\n"  # pg_hba.conf: this machine alone
# For as long as it is a copy. What the data directory itself says of sockets, archives and
# libraries does not hold for it.
COPY_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "ssl": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_min_messages": "warning",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "lc_messages": "C",
    "shared_preload_libraries": "",
    "archive_mode": "off",
    "hot_standby": "off",
    "recovery_target_action": "promote",
    "recovery_target_timeline": "latest",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "4GB",
    "shared_buffers": "256MB",
    "synchronous_standby_names": "",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "summarize_wal": "off",
    "primary_conninfo": "",
    "primary_slot_name": "",
    "recovery_target": "",
    "recovery_target_name": "",
    "recovery_target_xid": "",
    "recovery_target_lsn": "",
    "recovery_end_command": "",
    "archive_cleanup_command": "",
}
SETTING_SINCE_MAJOR = {"summarize_wal": 17}  # settings that older servers do not know


@dataclass(frozen=True, slots=True)
class RestoredCopy:
    """line: to its database, as the owner of the tables; until: the moment of the last
    transaction in it; reached: the place in the log at which it was opened.
    """

    data: Path
    line: str
    until: dt.datetime
    reached: int


def verify_files(programs: PostgresPrograms, folder: BackupFolder, chain: list[BaseBackup]) -> None:
    """Every file of each link against its manifest. Raises Refused that names the link."""
    for link in chain:
        verified(programs, link.name, link.data(folder))


def verified(programs: PostgresPrograms, name: str, data: Path) -> None:
    """The files of one against the manifest that PostgreSQL made. Raises Refused."""
    done = programs.run("pg_verifybackup", "--quiet", str(data), check=False)
    if done.returncode:
        raise BackupRefused(
            f"{name}: it is damaged. {last_lines(done.stderr or done.stdout)} Take another copy of"
            " the folder, or an earlier backup (--at)."
        )


def needed(chain: list[BaseBackup]) -> int:
    """Bytes that a copy takes: the files of each link and, where they are combined, what comes
    of it.
    """
    return sum(each.bytes for each in chain) + (chain[0].bytes if len(chain) > 1 else 0)


def assemble_data(
    programs: PostgresPrograms,
    folder: BackupFolder,
    chain: list[BaseBackup],
    stage: Path,
    key: bytes | None,
) -> Path:
    """stage/data, the directory of a server that has not recovered yet. Files are brought out of
    the folder first, and each is held against its tag there: PostgreSQL's programs read nothing
    else. key: of the tags, None: as it lies in the folder. Nothing that a folder says of settings,
    access or tables elsewhere takes effect: it is laid aside in stage/conf. Raises Refused.
    """
    parts, data = stage / "parts", stage / "data"
    parts.mkdir(mode=0o700)
    for link in chain:
        backup_tags.copy_checked_backup(
            folder,
            link,
            parts / link.name,
            backup_tags.check_backup_tag(folder, link, key) if key is not None else None,
        )
    give_to_postgres(parts)
    for link in chain:
        verified(programs, link.name, parts / link.name)
    if len(chain) == 1:
        (parts / chain[0].name).rename(data)
    else:
        data.mkdir(mode=0o700)
        give_to_postgres(data)
        programs.run(
            "pg_combinebackup",
            "--no-sync",
            *(["--link"] if programs.major >= LINKS else []),
            "--output",
            str(data),
            *(str(parts / each.name) for each in chain),
        )
    shutil.rmtree(parts)
    inert(data, stage / "conf")
    return data


def inert(data: Path, aside: Path) -> None:
    """Leave of the folder's words only data. Raises Refused for tables that lie elsewhere."""
    aside.mkdir(mode=0o700)
    for name in OF_OTHERS:
        (data / name).unlink(missing_ok=True)
    if (data / TABLESPACES).exists() and (
        there := sorted(p.name for p in (data / TABLESPACES).iterdir())
    ):
        raise BackupRefused(
            f"{TABLESPACES}/{there[0]}: the backup keeps tables elsewhere (tablespaces), which is"
            " never restored. Take another backup."
        )
    for path in sorted(data.glob("*.conf")):
        shutil.move(path, aside / path.name)
    settle(data, "reject")


def settle(data: Path, how: str) -> None:
    """Give a data directory settings of ours. how: who may connect, by a socket of this machine."""
    for name, content in (SETTLED | {"pg_hba.conf": ACCESS.format(how=how)}).items():
        (data / name).write_text(content)
        (data / name).chmod(0o600)
        give_to_postgres(data / name)


@contextmanager
def running_copy(
    programs: PostgresPrograms,
    folder: BackupFolder,
    last: BaseBackup,
    data: Path,
    key: bytes | None,
    at: dt.datetime | None = None,
) -> Iterator[RestoredCopy]:
    """The server that serves what `assemble` put together; stopped in order at the end. key: of
    the tags. Raises Refused where the log does not lead to where it should.
    """
    led = wal_archive.find_wal_reach(folder, last, key)
    place = Path(tempfile.mkdtemp(prefix="xinglin-copy-"))
    try:
        (place / "fetch").write_text(
            wal_archive.build_restore_command(folder, last, key, place / "list")
        )
        (place / "hba").write_text("local all all trust\n")
        (place / "conf").write_text("")
        said = place / "server.log"
        said.touch(0o600)
        options = COPY_SETTINGS | {
            "unix_socket_directories": str(place),
            "hba_file": str(place / "hba"),
            "ident_file": str(place / "conf"),
            "config_file": str(place / "conf"),
            "restore_command": f"/bin/sh {wal_archive.quote_for_shell(place / 'fetch')} %f %p",
        }
        options["recovery_target_time"] = at.astimezone(dt.UTC).isoformat(sep=" ") if at else ""
        (data / "recovery.signal").touch(0o600)
        give_to_postgres(place)
        give_to_postgres(data / "recovery.signal")
        arguments = [
            a
            for name, value in options.items()
            if SETTING_SINCE_MAJOR.get(name, 0) <= programs.major
            for a in ("-c", f"{name}={value}")
        ]
        process = programs.start("postgres", "-D", str(data), *arguments, log=said)
        try:
            way = connection_string.complete_connection_string(
                "", host=str(place), port="5432", user=last.user, dbname=last.database
            )
            wait_until_recovered(process, way, said)
            moment, reached = read_recovery_end(said, data, last)
            if at is None and reached < led.whole * last.segment:
                raise BackupRefused(
                    "The write-ahead log is damaged: recovery ended at"
                    f" {moment.astimezone().isoformat()}, and there are files of later moments. To"
                    " come to where it is whole, say --at"
                    f" {(moment - dt.timedelta(milliseconds=1)).astimezone().isoformat()}; then"
                    " make a full backup."
                )
            yield RestoredCopy(data, way, moment, reached)
        finally:
            stop_server(process)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def wait_until_recovered(process: "subprocess.Popen[bytes]", way: str, said: Path) -> None:
    """As soon as it has recovered. Raises Refused where it ends, where it refuses the connection
    for a reason that stays, and where it says nothing for long.
    """
    heard = time.monotonic()
    while True:
        if process.poll() is not None:
            raise BackupRefused(
                "The server that was put together did not come up."
                f" {last_lines(said.read_text(errors='replace'))}"
            )
        try:
            psycopg.connect(way, connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if BUSY in str(error):
                heard = time.monotonic()
            elif not NOBODY.search(str(error)):
                raise BackupRefused(
                    "The server that was put together takes no connection:"
                    f" {last_lines(str(error))}. Take an earlier backup (--at)."
                ) from error
            elif time.monotonic() - heard > SILENT:
                raise BackupRefused(
                    f"The server that was put together has said nothing for {SILENT:.0f} s:"
                    f" {last_lines(str(error))}. {last_lines(said.read_text(errors='replace'))}"
                ) from error
            time.sleep(0.1)


def read_recovery_end(said: Path, data: Path, last: BaseBackup) -> tuple[dt.datetime, int]:
    """(moment of the last transaction, place in the log) at which the copy was opened."""
    found = LAST_TRANSACTION_LINE.findall(said.read_text(errors="replace"))
    moment = (
        dt.datetime.fromisoformat(
            found[-1] + ":00" if re.search(r"[+-]\d\d$", found[-1]) else found[-1]
        )
        if found
        else last.ended
    )
    histories = sorted((data / "pg_wal").glob("*.history"))
    try:
        places = (
            [
                words[1]
                for words in map(str.split, histories[-1].read_text().splitlines())
                if len(words) > 1
            ]
            if histories
            else []
        )
        return moment, (
            wal_archive.parse_lsn(places[-1]) if places else wal_archive.parse_lsn(last.stop)
        )
    except ValueError:
        raise BackupRefused(
            f"{last.name}/data/pg_wal/{histories[-1].name}: it is damaged: it is no history of a"
            " timeline. Take another copy of the folder, or an earlier backup."
        ) from None


def stop_server(process: "subprocess.Popen[bytes]") -> None:
    """Whatever is done by now lies in its files."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # the fast shutdown
        process.wait()


def sync_data(programs: PostgresPrograms, data: Path) -> None:
    """What was put together without waiting for the disk is on the disk when this returns."""
    programs.run("initdb", "--sync-only", "-D", str(data))


def folder_size(place: Path) -> int:
    return sum(p.lstat().st_size for p in place.rglob("*") if p.is_file())


@contextmanager
def scratch_folder(near: Path) -> Iterator[Path]:
    """A folder for one copy, below `near`, gone at the end; and what a run that was killed has
    left there goes now.
    """
    near.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in near.glob(f"{SCRATCH_PREFIX}*"):
        if not is_lock_held(left / "lock"):
            shutil.rmtree(left, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=near))
    try:
        with (place / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.geteuid() == 0:
                EmbeddedCluster(state_folder()).give_to_postgres(place)
                EmbeddedCluster(state_folder()).allow_passage(place / "data")
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def is_lock_held(lock: Path) -> bool:
    """Whether a process that lives holds it."""
    try:
        with lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
