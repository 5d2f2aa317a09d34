"""Which link a restore begins with, and which moments can be reached at all."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

from alliance.backup.backup_chain import BaseBackup, build_chain, list_backups
from alliance.backup.backup_tags import WITHOUT_TAG_ADVICE, check_backup_tag
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder
from alliance.backup.postgres_programs import PostgresPrograms
from alliance.backup.wal_archive import (
    WalReach,
    find_newest_commit,
    find_wal_reach,
    is_on_lineage,
    parse_lsn,
    read_timeline_lineage,
)

SETTLE = 5.0  # seconds in which a file of the log that was just completed gets its tag


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """chain: from the full backup on; newest: the last moment to which the log leads from it;
    at: where recovery ends, None: at its end; key: of the authentication tags, None: nothing is
    asked who wrote what lies there.
    """

    chain: list[BaseBackup]
    newest: dt.datetime
    at: dt.datetime | None
    key: bytes | None


def parse_restore_moment(text: str) -> dt.datetime:
    """Raises Refused where no offset says which moment is meant."""
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BackupRefused(
            f"--at {text}: this is no time. Write 2026-03-01T08:30:00+08:00."
        ) from None
    if not 2000 < at.year < 9000:
        raise BackupRefused(
            f"--at {text}: there was no backup in that year. Write 2026-03-01T08:30:00+08:00."
        )
    if at.tzinfo is None:
        raise BackupRefused(f"--at {text}: say by which clock, as 2026-03-01T08:30:00+08:00 or …Z.")
    return at


def choose_restore_point(
    folder: BackupFolder, at: dt.datetime | None, key_of: Callable[[BaseBackup], bytes | None]
) -> tuple[RestorePoint, PostgresPrograms]:
    """key_of: the key of the tags of what is restored, asked before anything of it is given to
    PostgreSQL. Raises Refused; where a moment cannot be reached it names those that can.
    """
    there, left = list_backups(folder), read_timeline_lineage(folder)
    sound = [
        (each, way)
        for each in there
        if not each.wrong
        and is_on_lineage(left, each.timeline, parse_lsn(each.stop))
        and (way := chain_if_complete(there, each))
    ]
    if not sound:
        raise BackupRefused(
            f"{folder.path}: there is no backup here that holds."
            if there
            else f"{folder.path}: there is no backup here."
        )
    before = [pair for pair in sound if at is None or pair[0].ended <= at]
    last, way = (before or sound)[-1]
    programs, key = PostgresPrograms.find(last.major), key_of(last)
    entries = [check_backup_tag(folder, each, key) for each in way][-1] if key is not None else None
    limit = time.monotonic() + SETTLE
    while (
        (led := find_wal_reach(folder, last, key, entries)).untagged
        and at is None
        and time.monotonic() < limit
    ):
        time.sleep(0.2)
    newest = find_newest_commit(programs, led.files) or last.ended
    can = (
        f"Moments that can be reached: from {format_moment(sound[0][0].ended)} to"
        f" {format_moment(newest)}."
    )
    if not before:
        raise BackupRefused(
            f"--at {format_moment(at or newest)}: there is no backup as old as that. {can}"
        )
    if at and at > newest:
        raise BackupRefused(
            f"--at {format_moment(at)}: the backup ends before that. {can}" + describe_gap(led)
        )
    if at is None and (led.gap or led.untagged):
        raise BackupRefused(
            f"The write-ahead log is whole until {format_moment(newest)}.{describe_gap(led)} To"
            f" come back to there, say --at {format_moment(newest)}. {can}"
        )
    return RestorePoint(way, newest, None if at is None or at >= newest else at, key), programs


def describe_gap(led: WalReach) -> str:
    if led.untagged:
        return (
            f" {led.untagged.parent.name}/{led.untagged.name} has no authentication tag of this"
            f" key: nothing proves who wrote it, and what follows. {WITHOUT_TAG_ADVICE}"
        )
    return (
        " Files of the write-ahead log are missing after it, and there are later ones."
        if led.gap
        else ""
    )


def chain_if_complete(there: list[BaseBackup], link: BaseBackup) -> list[BaseBackup]:
    try:
        return build_chain(there, link)
    except BackupRefused:
        return []


def format_moment(at: dt.datetime) -> str:
    """As everything that is told: the time of this machine with its offset, and exact, so that
    it can be said again (--at).
    """
    return at.astimezone().isoformat()
