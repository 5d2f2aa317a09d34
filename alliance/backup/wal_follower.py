"""Authentication tags for the write-ahead log while pg_receivewal writes it: each file gets its
tag when it is complete, and before that one for as much of it as is there, twice a second. What was
changed before it was first read is not noticed; what nobody read is not taken for ours
(docs/adr/0042).
"""

import hashlib
import os
from pathlib import Path

from alliance.backup.wal_archive import (
    HISTORY,
    SEGMENT_NAME,
    TAG,
    UNTAGGED,
    WalFile,
    list_wal_files,
    tagged,
    written,
)

# bytes of a page of the log: one that was written begins with a header, and is never empty
WAL_PAGE_BYTES = 8192
CHUNK = 2**20
PARTIAL = ".partial"


class ReadPrefix:
    """What was read of a file: how many bytes, and their SHA-256."""

    def __init__(self) -> None:
        self.count, self.sha = 0, hashlib.sha256()

    def add(self, new: bytes) -> None:
        self.sha.update(new)
        self.count += len(new)


class WalFollower:
    """One run of the log. key: of the tags; system: the server's number; size: bytes of a file
    of the log.
    """

    def __init__(self, place: Path, key: bytes, system: str, size: int) -> None:
        self.place, self.key, self.system, self.size = place, key, system, size
        self.known: set[str] = (
            set()
            # names that are not to be tagged any more: whoever takes a tag away does not get
            # another one
        )
        self.read: dict[
            str,
            ReadPrefix,
            # of each file that is being written: of the last one of a timeline that has ended, too
        ] = {}

    def resume(self) -> bool:
        """Before anything is written: whether this run can go on. What was completed and not
        tagged at its end is laid aside, for the server still has it or says that there is a gap; of
        what was being written stays what has a tag.
        """
        there = list_wal_files(self.place, self.size)
        complete = [p for p in there if not p.partial]
        untagged = [p for p in complete if not tagged(self.key, self.system, p.path)]
        newest = max((p.number for p in complete if p not in untagged), default=None)
        if untagged and (newest is None or any(p.number <= newest for p in untagged)):
            return False
        for piece in untagged:
            piece.path.rename(piece.path.with_name(piece.path.name + UNTAGGED))
        for piece in there:
            if piece.partial:
                self.trim(piece)
        self.known = {p.name for p in self.place.iterdir() if not p.name.endswith(PARTIAL)}
        return True

    def trim(self, piece: WalFile) -> None:
        """Leave what has a tag of a file that was being written."""
        says = tagged(self.key, self.system, piece.path)
        with piece.path.open("r+b") as file:
            whole = file.read(says[0]) if says else b""
            if says and hashlib.sha256(whole).hexdigest() == says[1]:
                length = os.fstat(file.fileno()).st_size
                file.truncate(says[0])
                file.truncate(length)
                os.fsync(file.fileno())
                return
        piece.path.unlink()
        piece.path.with_name(piece.path.name + TAG).unlink(missing_ok=True)

    def look(self) -> None:
        """Tag what was written since. Raises OSError."""
        for path in sorted(self.place.iterdir()):
            if path.name in self.known or not (
                SEGMENT_NAME.fullmatch(path.name) or HISTORY.fullmatch(path.name)
            ):
                continue
            if path.name.endswith(PARTIAL):
                self.extend(path)
            else:
                self.complete(path)

    def extend(self, path: Path) -> None:
        """As much of it as is there: the log is written from the beginning to the end, so what
        lies before a byte that was read is there for good, and is read after it.
        """
        read = self.read.setdefault(path.name, ReadPrefix())
        try:
            with path.open("rb") as file:
                end = find_written_end(file.fileno(), read.count)
                new = os.pread(file.fileno(), end - read.count, read.count)
        except FileNotFoundError:
            return  # completed meanwhile: the next look finds it
        if new:
            read.add(new)
            written(self.key, self.system, path, read.count, read.sha.hexdigest())

    def complete(self, path: Path) -> None:
        """Its last part too, and no more."""
        read = self.read.pop(path.name + PARTIAL, ReadPrefix())
        with path.open("rb") as file:
            file.seek(read.count)
            while chunk := file.read(CHUNK):
                read.add(chunk)
        written(self.key, self.system, path, read.count, read.sha.hexdigest())
        path.with_name(path.name + PARTIAL + TAG).unlink(missing_ok=True)
        self.known.add(path.name)


def find_written_end(number: int, at: int) -> int:
    """Where what was written of an open file ends, after the place `at`."""
    end = at
    while chunk := os.pread(number, CHUNK, at):
        stripped = len(chunk.rstrip(b"\0"))
        end = at + stripped if stripped else end
        if len(chunk) - stripped >= WAL_PAGE_BYTES:
            break
        at += len(chunk)
    return end
