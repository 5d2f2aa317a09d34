"""The backup folder: what may lie in it, whose it is, and one run at a time.

xinglin-backup.json which database it holds lock held by whoever works on it base/<stamp>-<kind>/
one base backup: data/, backup.json (what came of it), keys.json (secrets/, wrapped), settings.json,
tag.json (over all of it) wal/<stamp>/ the write-ahead log without a gap, from that moment on; a tag
beside each file drill.json what came of the last drill
"""

import datetime as dt
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alliance.backup.errors import BackupRefused
from alliance.backup.postgres_programs import give_to_postgres
from alliance.database.embedded_postgres import EmbeddedCluster
from alliance.platform.environment import read_setting
from alliance.platform.state_files import state_folder

FOLDER_FORMAT = 1
FOLDER_MARK = "xinglin-backup.json"
TOP_LEVEL_NAMES = frozenset({FOLDER_MARK, "lock", "base", "wal", "drill.json"})
STAMP_FORMAT = "%Y%m%dT%H%M%SZ"
BACKUP_NAME = re.compile(r"\d{8}T\d{6}Z-(full|incremental)")
DRAFT_SUFFIX = ".partial"
RUN_NAME = re.compile(r"\d{8}T\d{6}Z")
IGNORED_NAMES = re.compile(
    r"\.|@|lost\+found$|System Volume Information$"
)  # what disks and boxes on the network lay down by themselves
ROOM_MARGIN = 256 * 2**20  # bytes
SMALL, LARGE = (
    2**20,
    2**28,
)  # bytes that words of ours have at most; those that name every file of a backup
OTHER_COPY = "Take another copy of the folder, or put the file back."


def timestamp_name() -> str:
    return dt.datetime.now(dt.UTC).strftime(STAMP_FORMAT)


class BackupFolder:
    """path: absolute, without symbolic links."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.base, self.wal = self.path / "base", self.path / "wal"

    def open(self) -> "BackupFolder":
        """One that is there and holds nothing but backups. Raises Refused."""
        if not self.path.is_dir():
            raise BackupRefused(
                f"{self.path}: there is no such folder. Is the disk, or the share of the network,"
                f" mounted? Make it if it is to be new: mkdir -m 700 {self.path}"
            )
        try:
            names = {p.name for p in self.path.iterdir() if not IGNORED_NAMES.match(p.name)}
        except OSError as error:
            raise BackupRefused(
                f"{self.path}: it cannot be read ({error.strerror}). Is the disk, or the share of"
                " the network, mounted?"
            ) from error
        if strangers := sorted(names - TOP_LEVEL_NAMES):
            raise BackupRefused(
                f"{self.path}: this is no folder of backups alone; it holds"
                f" {', '.join(strangers[:5])}. Name an empty folder, or move these elsewhere."
            )
        if names - {"lock"} and FOLDER_MARK not in names:
            raise BackupRefused(
                f"{self.path}: {FOLDER_MARK} is missing beside {', '.join(sorted(names))}. Name an"
                " empty folder."
            )
        for place in (self.base, self.wal):
            if place.exists() and not place.is_dir():
                raise BackupRefused(f"{place}: it is no folder. {OTHER_COPY}")
        for place, pattern in (
            (self.base, re.compile(f"{BACKUP_NAME.pattern}({re.escape(DRAFT_SUFFIX)})?")),
            (self.wal, RUN_NAME),
        ):
            for entry in place.iterdir() if place.exists() else ():
                if entry.is_symlink() or (
                    not pattern.fullmatch(entry.name) and not IGNORED_NAMES.match(entry.name)
                ):
                    raise BackupRefused(
                        f"{entry}: nothing of a backup is called so, or is a symbolic link. Move it"
                        " elsewhere."
                    )
        for name in TOP_LEVEL_NAMES & names:
            if (self.path / name).is_symlink():
                raise BackupRefused(
                    f"{self.path / name} is a symbolic link: a backup holds none. Put back what it"
                    " led to."
                )
        return self

    def claim_for_system(self, system: str) -> None:
        """For this database from now on. system: the server's own number. Raises Refused for the
        folder of another one.
        """
        if marked := (self.path / FOLDER_MARK).exists():
            known = self.read_system_id()
            if known != system:
                raise BackupRefused(
                    f"{self.path}: it holds the backups of another database (server {known}, this"
                    f" one is {system}). Name another folder."
                )
        for place in (self.base, self.wal):
            place.mkdir(mode=0o700, exist_ok=True)
        if not marked:
            write_json_file(self.path / FOLDER_MARK, {"format": FOLDER_FORMAT, "system": system})
        if os.geteuid() == 0:
            EmbeddedCluster(state_folder()).allow_passage(self.base)
            for place in (self.path, self.base, self.wal):
                EmbeddedCluster(state_folder()).give_to_postgres(place)

    def claimable(self) -> None:
        """For a folder that is taken because it is set. Raises Refused where the demo would take
        a folder that nobody has given it.
        """
        if read_setting("XINGLIN_DEMO") and not (self.path / FOLDER_MARK).exists():
            raise BackupRefused(
                f"{self.path}: this is the demo, which takes no backup folder for itself: it is the"
                " one of a site, perhaps. Unset XINGLIN_BACKUP_DIR, or set XINGLIN_DEMO=0; for"
                " backups of invented people name a folder of their own: manage.py backup --to DIR"
            )

    def read_system_id(self) -> str:
        """Raises Refused for a folder without backups."""
        if not (self.path / FOLDER_MARK).exists():
            raise BackupRefused(f"{self.path}: there is no backup here.")
        known = read_json_file(self.path / FOLDER_MARK)
        if known.get("format") != FOLDER_FORMAT:
            raise BackupRefused(
                f"{self.path / FOLDER_MARK}: a newer release has written it, or it is damaged"
                f" (format {known.get('format')!r}, this one knows {FOLDER_FORMAT}). Use that"
                " release, or another copy."
            )
        if not isinstance(known.get("system"), str) or not known["system"].isdecimal():
            raise BackupRefused(
                f"{self.path / FOLDER_MARK}: it is damaged: it does not say which database this is."
                f" {OTHER_COPY}"
            )
        return str(known["system"])

    @contextmanager
    def lock_folder(self, shared: bool = False) -> Iterator[None]:
        """Nobody else writes here meanwhile; several may read. Raises Refused."""
        writes = os.access(self.path, os.W_OK)
        if not writes and not (self.path / "lock").exists():
            yield  # a copy that nobody can write into
            return
        with (self.path / "lock").open("a" if writes else "r") as lock:
            try:
                fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupRefused(
                    f"{self.path}: a backup, a restore or a drill is at work here. Wait until it"
                    " has ended."
                ) from None
            yield

    def clear_drafts(self) -> list[str]:
        """What a run that was killed left behind; the names."""
        found = [
            p
            for p in self.base.glob(f"*{DRAFT_SUFFIX}")
            if BACKUP_NAME.fullmatch(p.name.removesuffix(DRAFT_SUFFIX))
        ]
        for draft in found:
            shutil.rmtree(draft)
        return [p.name for p in found]

    def check_room(self, needed: int) -> None:
        check_disk_room(
            self.path,
            needed,
            "Nothing that is there was touched. Make room, keep fewer days (XINGLIN_BACKUP_DAYS),"
            " or take a larger disk.",
        )


def check_disk_room(place: Path, needed: int, mend: str) -> None:
    """Raises Refused."""
    free = shutil.disk_usage(next(p for p in (place, *place.parents) if p.exists())).free
    if free < needed + ROOM_MARGIN:
        raise BackupRefused(
            f"{place}: {free / 2**30:.1f} GiB are free, and {(needed + ROOM_MARGIN) / 2**30:.1f}"
            f" are needed. {mend}"
        )


def read_json_file(path: Path, most: int = SMALL) -> dict[str, Any]:
    """The JSON object that a file holds; most: bytes of it. Raises Refused."""
    try:
        with path.open("rb") as file:
            said = file.read(most + 1)
    except OSError as error:
        raise BackupRefused(
            f"{path}: it cannot be read ({error.strerror}). Is the disk, or the share of the"
            " network, in order?"
        ) from error
    try:
        found = json.loads(said.decode()) if len(said) <= most else None
        json.dumps(found, ensure_ascii=False).encode()  # what no text holds, half a character say
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BackupRefused(
            f"{path}: it is damaged: it holds no JSON object of at most {most // 2**20} MiB."
            f" {OTHER_COPY}"
        )
    return found


def write_json_file(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, and on the disk when this returns."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)
    if path.parent.stat().st_uid != os.geteuid():
        give_to_postgres(path)


def sync_folder(folder: Path) -> None:
    """What was renamed in it stays renamed."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
