"""The write-ahead log into the backup folder, as it is written: pg_receivewal with a replication
slot, so that what a lost disk takes with it is seconds. A folder that is away, or a slot that was
lost, never holds up the site: PostgreSQL keeps back a bounded part of the log, and after that a gap
is told, and the next backup is a full one.
"""

import logging
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from alliance.backup import backup_tags, source_server
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder, timestamp_name
from alliance.backup.postgres_programs import (
    PostgresPrograms,
    give_to_postgres,
    last_lines,
    split_connection,
)
from alliance.backup.wal_archive import list_wal_runs
from alliance.backup.wal_follower import WalFollower
from alliance.database.connection_settings import owner_connection_string
from alliance.platform import heartbeat

log = logging.getLogger("xinglin.archiver")
ARCHIVE_SLOT = "xinglin_archive"
SLOT_STATE_SQL = "SELECT coalesce(wal_status, 'new') FROM pg_replication_slots WHERE slot_name = %s"
SLOT_UNBOUNDED_SQL = "SELECT current_setting('max_slot_wal_keep_size') = '-1'"
UNBOUNDED_MESSAGE = (
    "max_slot_wal_keep_size is not set: a backup folder that is away for long would fill the disk"
    " of the database. As a superuser say: ALTER SYSTEM SET max_slot_wal_keep_size = '8GB'; SELECT"
    " pg_reload_conf();"
)
LOOK_INTERVAL = 0.5  # seconds between two looks
RETRY_PAUSE = 5.0  # seconds before it is tried again
REPEAT_MESSAGE_AFTER = 300.0  # seconds between two tellings of the same
WAL_REMOVED = "has already been removed"


def ensure_archive_slot() -> bool:
    """Make the slot where it is not there, or was lost; whether it had to be. Raises Refused,
    psycopg.Error.
    """
    with psycopg.connect(owner_connection_string(), autocommit=True) as link:
        state = link.execute(SLOT_STATE_SQL, [ARCHIVE_SLOT]).fetchone()
        if state and state[0] != "lost":
            return False
        if link.execute(SLOT_UNBOUNDED_SQL).fetchone() == (True,):
            raise BackupRefused(UNBOUNDED_MESSAGE)
    with psycopg.connect(source_server.replication_line(), autocommit=True) as link:
        if state:
            log.error(
                "ARCHIVE410 the backup folder was away for too long: the write-ahead log has a gap."
                " Make a backup: manage.py backup"
            )
            link.execute("SELECT pg_drop_replication_slot(%s)", [ARCHIVE_SLOT])
        link.execute("SELECT pg_create_physical_replication_slot(%s, true)", [ARCHIVE_SLOT])
    return True


def find_current_run(folder: BackupFolder, anew: bool) -> Path:
    """Where the log goes on: the newest run, or a new one after a gap."""
    there = list_wal_runs(folder)
    if there and not anew:
        return there[-1]
    while (place := folder.wal / timestamp_name()) in there:
        time.sleep(LOOK_INTERVAL)
    place.mkdir(mode=0o700)
    give_to_postgres(place)
    return place


def followed(
    folder: BackupFolder, anew: bool, facts: source_server.ServerFacts
) -> tuple[Path, WalFollower]:
    """Where the log goes on, and who tags it."""
    place = find_current_run(folder, anew)
    follower = WalFollower(place, backup_tags.load_tag_key(), facts.system, facts.segment)
    if not follower.resume():
        log.error(
            "ARCHIVE409 files of the write-ahead log in the backup folder have no authentication"
            " tag of this installation: an earlier release wrote them, or somebody else did. They"
            " are not gone on from. Make a backup: manage.py backup"
        )
        place = find_current_run(folder, True)
        follower = WalFollower(place, backup_tags.load_tag_key(), facts.system, facts.segment)
    return place, follower


def run_archiver(path: Path, going: Callable[[], bool]) -> None:
    """For as long as `going`. What is in the way is told, and tried again."""
    told: dict[str, float] = {}
    anew = False
    while going():
        try:
            anew = archive_until_lost(path, going, anew)
        except (BackupRefused, OSError, psycopg.Error) as error:
            why = (
                str(error)
                if isinstance(error, (BackupRefused, OSError))
                else last_lines(str(error))
            )
            if time.monotonic() - told.get(why, -REPEAT_MESSAGE_AFTER) >= REPEAT_MESSAGE_AFTER:
                told = {why: time.monotonic()}
                log.warning(
                    "ARCHIVE503 the write-ahead log is not kept in the backup folder just now; the"
                    " site goes on, and this is tried again: %s",
                    why,
                )
        wait_while_going(going, RETRY_PAUSE)


def archive_until_lost(path: Path, going: Callable[[], bool], anew: bool) -> bool:
    """One connection to the server, for as long as it lasts. Whether the next one begins a new
    run. Raises Refused for what pg_receivewal could not do.
    """
    facts, programs = source_server.inspect_server()
    folder = BackupFolder(path).open()
    folder.claimable()
    folder.claim_for_system(facts.system)
    made = ensure_archive_slot()
    place, follower = followed(folder, anew or made, facts)
    log.info("ARCHIVE200 the write-ahead log is kept in the backup folder")
    with tempfile.TemporaryDirectory(prefix="xinglin-archive-") as out:
        said = Path(out) / "said"
        process = start_receiver(programs, place, said)
        try:
            while going() and process.poll() is None:
                heartbeat.send_heartbeat()
                follower.look()
                time.sleep(LOOK_INTERVAL)
        finally:
            stop_receiver(process)
        follower.look()
        if not going():
            return False
        words = said.read_text(errors="replace")
    if WAL_REMOVED in words:
        log.error(
            "ARCHIVE410 the write-ahead log has a gap: the server no longer holds what follows."
            " Make a backup: manage.py backup"
        )
        return True
    raise BackupRefused(f"pg_receivewal ended with {process.returncode}: {last_lines(words)}")


def start_receiver(
    programs: PostgresPrograms, place: Path, said: Path
) -> "subprocess.Popen[bytes]":
    way, secret = split_connection(source_server.replication_line())
    return programs.start(
        "pg_receivewal",
        "--directory",
        str(place),
        "--slot",
        ARCHIVE_SLOT,
        "--no-loop",
        "--synchronous",
        "--status-interval=5",
        "--no-password",
        "--dbname",
        way,
        log=said,
        environment=secret,
    )


def stop_receiver(process: "subprocess.Popen[bytes]") -> None:
    """In order: what it has received is on the disk."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_while_going(going: Callable[[], bool], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while going() and time.monotonic() < limit:
        heartbeat.send_heartbeat()
        time.sleep(LOOK_INTERVAL)
