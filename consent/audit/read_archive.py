"""Read an archive of the audit log back, a line at a time, and say what does not fit: signature,
digests, lines, and what leads from them to the signed head. Needs no database.
"""

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consent.audit.archive_manifest import ArchiveManifest, LinePlace, new_sm3
from consent.audit.archive_tree import Run, RunTree, WrongTree, list_gaps, split_gap
from consent.audit.canonical_line import leaf_hash
from consent.audit.signing_keys import PinnedKey

LINE = re.compile(rb'\{"line":(\{.*\}),"position":(\d{1,18}),"xid":"(\d{1,20})"\}\n')
MOST_LINE_BYTES = 1 << 26
MOST_TOLD = 20
READ_ERRORS = (OSError, EOFError, zlib.error, gzip.BadGzipFile)


class UnreadableArchive(ValueError):
    """It is no archive, or its manifest cannot be read."""


@dataclass(frozen=True, slots=True)
class ArchivedLine:
    """content: the canonical bytes that were sealed; xid: of the transaction that wrote it."""

    content: bytes
    position: int
    xid: str

    def parse(self) -> dict[str, Any]:
        return dict(json.loads(self.content))


def load_archive_manifest(path: Path) -> ArchiveManifest:
    """Raises UnreadableArchive."""
    try:
        with gzip.open(path) as file:
            return ArchiveManifest.from_json(json.loads(file.readline(MOST_LINE_BYTES)))
    except (*READ_ERRORS, AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableArchive(f"{path.name} is no archive of an audit log: {error}") from error


def stream_archive_rows(path: Path) -> Iterator[bytes]:
    """The lines below the manifest, as they stand there. Raises UnreadableArchive."""
    try:
        with gzip.open(path) as file:
            file.readline(MOST_LINE_BYTES)
            while row := file.readline(MOST_LINE_BYTES):
                yield row
    except READ_ERRORS as error:
        raise UnreadableArchive(f"{path.name} is damaged: {error}") from error


def parse_archive_row(row: bytes) -> ArchivedLine:
    """Raises ValueError where it is not as an archive has it."""
    if (found := LINE.fullmatch(row)) is None:
        raise ValueError("it is not as an archive has its lines")
    return ArchivedLine(found[1], int(found[2]), found[3].decode())


def check_archive(
    path: Path,
    pinned_keys: Sequence[PinnedKey],
    read_leaves: Callable[[int, int], Iterator[bytes]] | None = None,
) -> list[str]:
    """What does not fit; [] where the file alone proves its lines. read_leaves: the leaves [first,
    last] of the online log, which name the line that is another. Raises UnreadableArchive.
    """
    manifest = load_archive_manifest(path)
    faults = [
        f"{path.name}: {what}: {fault}"
        for what, fault in (
            ("its manifest", manifest.find_fault(pinned_keys)),
            (f"its head of {manifest.head.size} lines", manifest.head.find_fault(pinned_keys)),
        )
        if fault
    ]
    try:
        check = ArchiveCheck(path.name, manifest, read_leaves)
        for row in stream_archive_rows(path):
            check.add_row(row)
        return faults + check.finish()
    except (WrongTree, UnreadableArchive) as error:
        return [*faults, str(error) if path.name in str(error) else f"{path.name}: {error}"]


class ArchiveCheck:
    """Fold the rows of one archive, in their order."""

    def __init__(
        self,
        name: str,
        manifest: ArchiveManifest,
        read_leaves: Callable[[int, int], Iterator[bytes]] | None,
    ) -> None:
        self.name, self.manifest, self.read_leaves = name, manifest, read_leaves
        self.sha256, self.sm3 = hashlib.sha256(), new_sm3() if manifest.sm3 else None
        self.tree, self.nodes = RunTree(), iter(manifest.nodes)
        self.gaps = iter(list_gaps(manifest.runs, manifest.head.size))
        self.runs = iter(manifest.runs)
        self.run: Run = (0, -1)
        self.leaves: Iterator[bytes] = iter(())
        self.lines = self.size = self.hidden = 0
        self.faults: list[str] = []
        self.first: LinePlace | None = None
        self.last: ArchivedLine | None = None

    def tell(self, fault: str) -> None:
        if len(self.faults) < MOST_TOLD:
            self.faults.append(f"{self.name}: {fault}")
        else:
            self.hidden += 1

    def add_row(self, row: bytes) -> None:
        self.sha256.update(row)
        if self.sm3:
            self.sm3.update(row)
        self.lines += 1
        self.size += len(row)
        try:
            line = parse_archive_row(row)
            if self.first is None:
                self.first = place_of_line(line)
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableArchive(f"{self.name}: line {self.lines}: {error}") from error
        if self.tree.size > self.run[1]:
            self.begin_run()
        if line.position != self.tree.size:
            raise WrongTree(
                f"line {self.lines} stands at position {line.position}, where that of"
                f" {self.tree.size} belongs: lines were taken out, put in or moved"
            )
        leaf = leaf_hash(line.content)
        if self.read_leaves and leaf != next(self.leaves, None):
            self.tell(
                f"line {self.lines} (position {line.position}) is another one than the log has"
                " sealed: it was changed"
            )
        self.tree.push(0, leaf)
        self.last = line

    def begin_run(self) -> None:
        """Go on with what lies before the next run. Raises WrongTree."""
        self.push_gap(next(self.gaps))
        run = next(self.runs, None)
        if run is None:
            raise WrongTree(f"it has more lines than the {self.manifest.lines} of its manifest")
        self.run = run
        if self.read_leaves:
            self.leaves = self.read_leaves(*run)

    def push_gap(self, gap: tuple[int, int]) -> None:
        for height, _position in split_gap(*gap):
            node = next(self.nodes, None)
            if node is None:
                raise WrongTree("its manifest lacks nodes of the tree")
            self.tree.push(height, node)

    def finish(self) -> list[str]:
        """Raises WrongTree where lines are missing at the end."""
        told = self.manifest
        if self.lines < told.lines or self.tree.size <= self.run[1]:
            raise WrongTree(f"{self.lines} of {told.lines} lines are there: the file was cut")
        self.push_gap(next(self.gaps))
        if self.tree.root() != told.head.root:
            self.tell(
                f"its lines do not lead to the signed head of {told.head.size} lines: one of them"
                " was changed"
            )
        if (self.lines, self.size) != (told.lines, told.size):
            self.tell(f"it has {self.lines} lines, its manifest says {told.lines}")
        if self.sha256.hexdigest() != told.sha256:
            self.tell("its SHA-256 is not that of its manifest")
        if self.sm3 and self.sm3.hexdigest() != told.sm3:
            self.tell("its SM3 is not that of its manifest")
        ends = (self.first, place_of_line(self.last) if self.last else None)
        if ends != (told.first, told.last):
            self.tell("its first or last line is another one than its manifest says")
        if self.hidden:
            self.faults.append(f"{self.name}: {self.hidden} more findings")
        return self.faults


def place_of_line(line: ArchivedLine) -> LinePlace:
    content = line.parse()
    return LinePlace(content["id"], content["recorded"], line.position)
