"""The write-ahead log in the backup folder: which files are there, how far they reach without a
gap, and the newest moment that was committed in them.
"""

import datetime as dt
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from alliance.backup.backup_chain import BaseBackup
from alliance.backup.backup_tags import (
    FORMAT,
    HEX,
    VERSION,
    Entries,
    copy_file_checked,
    read_tagged_document,
    write_tagged_document,
)
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import OTHER_COPY, RUN_NAME, BackupFolder
from alliance.backup.postgres_programs import PostgresPrograms, give_to_postgres

SEGMENT_NAME = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.partial)?")
HISTORY = re.compile(r"[0-9A-F]{8}\.history")
TAG, UNTAGGED = (
    ".tag",
    ".untagged",
    # what is called after a file of the log: its authentication tag; the file itself where nobody
    # saw who wrote it
)
LARGEST_HISTORY = 2**20  # bytes
COMMIT_LINE = re.compile(r"desc: COMMIT .*?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) UTC")
LOOK_BACK = (
    64  # files in which nothing was committed, before the look for the newest moment is given up
)
# Lines of the list: name, bytes that count, their SHA-256 (-: not known), bytes of the whole, path
# below wal/.
RESTORE_COMMAND = """#!/bin/sh
# What PostgreSQL asks for while it recovers: fetch NAME TO. 1: there is no such file; 200: there \
is, and it cannot be had, or is not what was written, which ends the recovery (not: the log).
[ -d {wal} ] || exit 200
line=$(grep -m 1 "^$1 " {list}) || exit 1
set -- "$2" $line
[ -f {wal}/"$6" ] || set -- "$1" "$2" "$3" "$4" "$5" "${{6%.partial}}"
head -c "$3" {wal}/"$6" > "$1" || exit 200
if [ "$4" != - ] && [ "$(sha256sum < "$1" | cut -c 1-64)" != "$4" ]; then \
echo "wal/$6 is damaged: it is not what was written" >&2; exit 200; fi
truncate -s "$5" "$1" || exit 200
"""


def parse_lsn(said: str) -> int:
    """Of a place in the log, as PostgreSQL writes it: 0/2000028."""
    high, low = said.split("/")
    return (int(high, 16) << 32) + int(low, 16)


@dataclass(frozen=True, slots=True)
class WalFile:
    """One file. number: counted from the beginning of the log, whatever its timeline; bytes:
    that count, the rest is empty (None: all); sha256: of these ("": not known).
    """

    path: Path
    timeline: int
    number: int
    partial: bool
    bytes: int | None = None
    sha256: str = ""


def list_wal_files(place: Path, size: int) -> list[WalFile]:
    """size: bytes of a file of the log."""
    found = (
        [
            (p, m)
            for p in place.iterdir()
            if (m := SEGMENT_NAME.fullmatch(p.name)) and p.is_file() and not p.is_symlink()
        ]
        if place.is_dir()
        else []
    )
    return sorted(
        (WalFile(p, int(m[1], 16), number(m, size), bool(m[4])) for p, m in found),
        key=lambda p: (p.number, p.timeline, not p.partial),
    )


def number(name: re.Match[str], size: int) -> int:
    """Counted from the beginning of the log."""
    return int(name[2], 16) * (2**32 // size) + int(name[3], 16)


def list_wal_runs(folder: BackupFolder) -> list[Path]:
    """Oldest first."""
    return (
        sorted(p for p in folder.wal.iterdir() if RUN_NAME.fullmatch(p.name))
        if folder.wal.is_dir()
        else []
    )


@dataclass(frozen=True, slots=True)
class WalReach:
    """How far the log leads from one link. last: the number of the last file; whole: of the last
    one that is complete; gap: files lie beyond the last one, after a gap; untagged: the first file
    beyond it of which nothing proves who wrote it.
    """

    files: list[WalFile]
    last: int
    whole: int
    gap: bool
    untagged: Path | None = None


def read_timeline_lineage(folder: BackupFolder) -> dict[int, float]:
    """{timeline: the place in the log at which it was left} of the newest timeline and those
    that it comes from; {} where there was never more than one. What a restore to a moment has
    abandoned is not among them, and no recovery goes there.
    """
    histories = sorted(p for run in list_wal_runs(folder) for p in run.glob("????????.history"))
    if not histories:
        return {}
    newest = max(histories, key=lambda p: p.name)
    try:
        with newest.open("rb") as file:
            lines = file.read(LARGEST_HISTORY).decode().splitlines()
        left = {
            int(words[0]): float(parse_lsn(words[1]))
            for words in map(str.split, lines)
            if len(words) > 1 and words[0].isdecimal()
        }
        return left | {int(newest.stem, 16): float("inf")}
    except OSError as error:
        raise BackupRefused(
            f"{newest}: it cannot be read ({error.strerror}). {OTHER_COPY}"
        ) from error
    except ValueError:
        raise BackupRefused(
            f"{newest}: it is damaged: it is no history of a timeline as PostgreSQL writes it."
            f" {OTHER_COPY}"
        ) from None


def is_on_lineage(left: dict[int, float], timeline: int, place: int) -> bool:
    """Whether what stands at this place of a timeline is part of what the newest one comes from."""
    return not left or timeline > max(left) or place <= left.get(timeline, -1)


def written(key: bytes, system: str, path: Path, count: int, sha256: str) -> None:
    """Tag a file of the log. path: of the file, in its run; count: bytes that count."""
    write_tagged_document(
        key,
        path.with_name(path.name + TAG),
        {
            "format": FORMAT,
            "version": VERSION,
            "system": system,
            "run": path.parent.name,
            "name": path.name,
            "bytes": count,
            "sha256": sha256,
        },
    )


def tagged(key: bytes, system: str, path: Path) -> tuple[int, str] | None:
    """(bytes that count, SHA-256) as the tag beside a file of the log has it; None where there
    is none, or one of another key or file.
    """
    beside = path.with_name(path.name + TAG)
    try:
        said = read_tagged_document(key, beside) if beside.exists() else {}
    except BackupRefused:
        return None
    right = (
        said.get("system") == system
        and said.get("run") == path.parent.name
        and said.get("name") == path.name
        and type(said.get("bytes")) is int
        and HEX.fullmatch(str(said.get("sha256")))
    )
    return (said["bytes"], said["sha256"]) if right else None


def proved(there: list[WalFile], key: bytes, system: str) -> tuple[list[WalFile], list[WalFile]]:
    """(those with a tag, with what it says; complete ones without). What is being written has no
    tag for a moment, and does not count then; what was just completed counts as far as it had one.
    """
    good, bad = [], []
    for piece in there:
        if says := tagged(key, system, piece.path):
            good.append(replace(piece, bytes=says[0], sha256=says[1]))
        elif not piece.partial and (
            says := tagged(key, system, piece.path.with_name(f"{piece.path.name}.partial"))
        ):
            good.append(replace(piece, partial=True, bytes=says[0], sha256=says[1]))
        elif not piece.partial:
            bad.append(piece)
    return good, bad


def find_wal_reach(
    folder: BackupFolder, link: BaseBackup, key: bytes | None = None, entries: Entries | None = None
) -> WalReach:
    """key: that of the tags, entries: what the link's own tag says; None: nothing is asked who
    wrote it.
    """
    first, left = parse_lsn(link.stop) // link.segment, read_timeline_lineage(folder)
    own_log, archived = (
        list_wal_files(link.data(folder) / "pg_wal", link.segment),
        [
            p
            for run in list_wal_runs(folder)
            for p in list_wal_files(run, link.segment)
            if is_on_lineage(left, p.timeline, p.number * link.segment)
        ],
    )
    unproved: list[WalFile] = []
    if key is not None:
        archived, unproved = proved(archived, key, link.system)
    if entries is not None:
        own_log = [
            replace(p, bytes=says[0], sha256=says[1])
            for p in own_log
            if (says := entries.get(f"data/pg_wal/{p.path.name}"))
        ]
    there = [*own_log, *archived]
    numbers, complete = {p.number for p in there}, {p.number for p in there if not p.partial}
    last = first
    while last + 1 in numbers and (last in complete or last == first):
        last += 1
    whole = max((n for n in complete if n <= last), default=first)
    beyond = any(n > last for n in numbers) or (
        key is not None and any(n > last for n in lost(folder, link, key, left))
    )
    return WalReach(
        [p for p in there if first <= p.number <= last],
        last,
        whole,
        beyond,
        next((p.path for p in unproved if p.number > last), None),
    )


def lost(folder: BackupFolder, link: BaseBackup, key: bytes, left: dict[int, float]) -> list[int]:
    """Numbers of complete files that are gone, and whose tags are there."""
    return [
        number(m, link.segment)
        for run in list_wal_runs(folder)
        for p in run.glob(f"*{TAG}")
        if (m := SEGMENT_NAME.fullmatch(p.name.removesuffix(TAG)))
        and not m[4]
        and not p.with_name(m[0]).exists()
        and tagged(key, link.system, p.with_name(m[0]))
        and is_on_lineage(left, int(m[1], 16), number(m, link.segment) * link.segment)
    ]


def find_newest_commit(programs: PostgresPrograms, files: Iterable[WalFile]) -> dt.datetime | None:
    """None where nothing was committed in the last of these files."""
    with tempfile.TemporaryDirectory(prefix="xinglin-log-") as there:
        place = Path(there)
        for looked, piece in enumerate(
            sorted(files, key=lambda p: (p.number, p.timeline, not p.partial), reverse=True)
        ):
            if looked > LOOK_BACK:
                break
            copied = place / piece.path.name.removesuffix(
                ".partial"
            )  # by another name pg_waldump takes none
            copy_out(piece, copied)
            give_to_postgres(place)
            said = programs.run("pg_waldump", "--rmgr=Transaction", str(copied), check=False).stdout
            copied.unlink()
            if moments := COMMIT_LINE.findall(said):
                return max(dt.datetime.fromisoformat(m).replace(tzinfo=dt.UTC) for m in moments)
    return None


def copy_out(piece: WalFile, to: Path) -> None:
    """What counts of it, and the rest empty. Raises Refused where it is not what was tagged."""
    path = (
        piece.path
        if piece.path.exists()
        else piece.path.with_name(piece.path.name.removesuffix(".partial"))
    )  # completed meanwhile
    length = path.stat().st_size
    _, found = copy_file_checked(path, to, piece.bytes)
    if piece.sha256 and found != piece.sha256:
        raise BackupRefused(
            f"{piece.path}: it is damaged: it is not what was written. Take another copy of the"
            " folder, or --at a moment before it."
        )
    os.truncate(to, length)


def build_restore_command(
    folder: BackupFolder, link: BaseBackup, key: bytes | None, at: Path
) -> str:
    """A program of the shell for restore_command: complete files first, of the newest run first.
    at: where the list lies from which it takes what counts, and which nobody else may write. key:
    None: whatever lies in the folder is given.
    """
    lines, size = [], link.segment
    for partial in (False, True):
        for run in reversed(list_wal_runs(folder)):
            found = [
                p
                for p in sorted(run.iterdir())
                if (HISTORY.fullmatch(p.name) or SEGMENT_NAME.fullmatch(p.name))
                and p.name.endswith(".partial") is partial
                and p.is_file()
                and not p.is_symlink()
            ]
            for path in found:
                says = (
                    (
                        tagged(key, link.system, path)
                        or tagged(key, link.system, path.with_name(f"{path.name}.partial"))
                    )
                    if key is not None
                    else (path.stat().st_size, "-")
                )
                if says:
                    whole = says[0] if HISTORY.fullmatch(path.name) else size
                    lines.append(
                        f"{path.name.removesuffix('.partial')} {says[0]} {says[1]} {whole}"
                        f" {run.name}/{path.name}\n"
                    )
    at.write_text("".join(lines))
    return RESTORE_COMMAND.format(wal=quote_for_shell(folder.wal), list=quote_for_shell(at))


def quote_for_shell(path: Path) -> str:
    return "'" + str(path).replace("'", "'\\''") + "'"
