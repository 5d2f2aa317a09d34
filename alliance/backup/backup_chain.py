"""Base backups as a chain: a full one, and incremental ones each upon the one before. What each
says of itself stands in its backup.json.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from alliance.backup.errors import BackupRefused
from alliance.backup.folder import (
    BACKUP_NAME,
    OTHER_COPY,
    BackupFolder,
    read_json_file,
    write_json_file,
)

BACKUP_JSON = "backup.json"
OTHERS = "Or move that backup elsewhere: those that do not build upon it stay good."
CAME_OF_IT = ("verified", "until", "wrong")  # what is known of it later
TIMES = ("began", "ended", "verified", "until")


def whole(least: int, most: int) -> Callable[[Any], bool]:
    return lambda said: type(said) is int and least <= said <= most


def text(pattern: str) -> Callable[[Any], bool]:
    return lambda said: isinstance(said, str) and re.fullmatch(pattern, said, re.DOTALL) is not None


def moment(said: Any) -> bool:
    try:
        return (
            isinstance(said, str)
            and (at := dt.datetime.fromisoformat(said)).tzinfo is not None
            and 2000 < at.year < 9000
        )
    except ValueError:
        return False


def later(said: Any) -> bool:
    return said is None or moment(said)


def marks(said: Any) -> bool:
    return isinstance(said, dict) and all(isinstance(value, str) for value in said.values())


# What each word is. What is not so is damaged, or somebody else's.
WORDS: dict[str, Callable[[Any], bool]] = {
    "name": text(BACKUP_NAME.pattern),
    "kind": text("full|incremental"),
    "upon": text(f"({BACKUP_NAME.pattern})?"),
    "system": text("[0-9]{1,20}"),
    "major": whole(15, 99),
    "timeline": whole(1, 2**32 - 1),
    "start": text("[0-9A-F]{1,8}/[0-9A-F]{1,8}"),
    "stop": text("[0-9A-F]{1,8}/[0-9A-F]{1,8}"),
    "segment": lambda said: said in [2**n for n in range(20, 31)] and type(said) is int,
    "began": moment,
    "ended": moment,
    "bytes": whole(0, 2**63),
    "database": text("[^\0]{1,63}"),
    "user": text("[^\0]{1,63}"),
    "fingerprints": marks,
    "verified": later,
    "until": later,
    "wrong": text(".*"),
}


@dataclass(slots=True)
class BaseBackup:
    """One base backup. upon: the link before it, "" of a full one; start, stop: positions in the
    write-ahead log, between which its own lies; segment: bytes of a file of the log; database,
    user: as whom the tables are reached; verified: when a server was raised from it, until: the
    moment that it came to; wrong: what did not hold.
    """

    name: str
    kind: str
    upon: str
    system: str
    major: int
    timeline: int
    start: str
    stop: str
    segment: int
    began: dt.datetime
    ended: dt.datetime
    bytes: int
    database: str
    user: str
    fingerprints: dict[str, str] = field(default_factory=dict)
    verified: dt.datetime | None = None
    until: dt.datetime | None = None
    wrong: str = ""

    @classmethod
    def load(cls, place: Path) -> "BaseBackup":
        """Raises Refused where its own words are damaged."""
        said: dict[str, Any] = read_json_file(place / BACKUP_JSON)
        for word, right in WORDS.items():
            if not right(said.get(word)):
                raise BackupRefused(
                    f"{place / BACKUP_JSON}: it is damaged: {word!r} is missing, or is nothing that"
                    f" stands there. {OTHER_COPY} {OTHERS}"
                )
        found = cls(
            **{
                k: dt.datetime.fromisoformat(said[k]) if k in TIMES and said.get(k) else said.get(k)
                for k in WORDS
            }
        )
        # Paths are made of these: whoever holds the folder names no other place by them, and no way
        # without an end.
        if (
            found.name != place.name
            or found.kind != found.name.rpartition("-")[2]
            or bool(found.upon) != (found.kind == "incremental")
            or found.upon >= found.name
        ):
            raise BackupRefused(
                f"{place / BACKUP_JSON}: it is damaged: it names another backup than the one that"
                f" it lies beside. {OTHER_COPY} {OTHERS}"
            )
        return found

    def save(self, place: Path) -> None:
        write_json_file(place / BACKUP_JSON, self.said())

    def said(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in asdict(self).items()
        }

    def bound(self) -> dict[str, Any]:
        """What its authentication tag covers."""
        return {k: v for k, v in self.said().items() if k not in CAME_OF_IT}

    def place(self, folder: BackupFolder) -> Path:
        return folder.base / self.name

    def data(self, folder: BackupFolder) -> Path:
        return self.place(folder) / "data"


def list_backups(folder: BackupFolder) -> list[BaseBackup]:
    """All that are whole, oldest first. Raises Refused for one whose words are damaged."""
    return (
        [BaseBackup.load(p) for p in sorted(folder.base.iterdir()) if BACKUP_NAME.fullmatch(p.name)]
        if folder.base.exists()
        else []
    )


def build_chain(found: list[BaseBackup], last: BaseBackup) -> list[BaseBackup]:
    """From the full one to this one. Raises Refused where one between is gone."""
    by_name = {each.name: each for each in found}
    way = [last]
    while way[0].upon:
        if way[0].upon not in by_name:
            raise BackupRefused(
                f"{last.name} builds upon {way[0].upon}, and that is gone: it cannot be restored."
                " Take an earlier one (--at), and make a full backup (manage.py backup --full)."
            )
        way.insert(0, by_name[way[0].upon])
    return way


def group_chains(found: list[BaseBackup]) -> list[list[BaseBackup]]:
    """Each full one with all that builds upon it, oldest first."""
    groups: dict[str, list[BaseBackup]] = {}
    root: dict[str, str] = {}
    for each in found:
        root[each.name] = root.get(each.upon, each.upon) if each.upon else each.name
        groups.setdefault(root[each.name], []).append(each)
    return list(groups.values())
