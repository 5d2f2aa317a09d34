"""The drill: the return is done elsewhere, in a scratch folder on a private socket, and held
against the live site, which is only read.
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from alliance.backup import backup_tags, compare, examine, key_envelope, source_server
from alliance.backup.backup_keys import has_same_keys
from alliance.backup.copy_server import RestoredCopy, folder_size
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder, read_json_file, write_json_file
from alliance.backup.restore_point import choose_restore_point, format_moment
from alliance.backup.verification import summarize_faults, verify_backup
from alliance.database.connection_settings import owner_connection_string
from alliance.services import backups
from consent.sql.log import NEWEST_LINE

NEWEST_LINE_SQL = f"SELECT {NEWEST_LINE}, clock_timestamp()"
COMPARED_BODIES = 10_000  # resources whose bodies are compared, unless all are


@dataclass(slots=True)
class DrillResult:
    """seconds: until the copy answered and was examined; lost: seconds of acknowledged work that
    are not in it.
    """

    link: str
    began: dt.datetime
    until: dt.datetime | None = None
    seconds: float = 0.0
    lost: float = 0.0
    bytes: int = 0
    versions: int = 0
    bodies: int = 0
    lines: int = 0
    opened: int = 0
    all_bodies: int = 0
    faults: list[str] = field(default_factory=list)


def run_drill(
    folder: BackupFolder,
    near: Path,
    everything: bool,
    say: Callable[[str], None],
    without_tag: bool = False,
) -> DrillResult:
    """without_tag: whoever wrote it. Raises Refused where there is nothing to restore; what does
    not match stands in `faults`.
    """
    folder.read_system_id()
    facts, _ = source_server.inspect_server()
    with psycopg.connect(owner_connection_string(), autocommit=True) as link:
        newest, now = link.execute(NEWEST_LINE_SQL).fetchone()  # type: ignore[misc]
    choice, programs = choose_restore_point(
        folder, None, lambda _: None if without_tag else backup_tags.load_tag_key()
    )
    last = choice.chain[-1]
    if last.system != facts.system:
        raise BackupRefused(f"{folder.path} holds the backups of another database.")
    done = DrillResult(
        last.name, now, bytes=sum(folder_size(each.data(folder)) for each in choice.chain)
    )
    say(f"{last.name} is restored elsewhere")
    begun = time.monotonic()

    def hold(served: RestoredCopy, found: dict[str, Any]) -> None:
        done.seconds, done.until, done.lines, done.opened, done.all_bodies = (
            time.monotonic() - begun,
            served.until,
            found["lines"],
            found["bodies"],
            found["all_bodies"],
        )
        done.lost = (
            max(0.0, (newest - dt.datetime.fromisoformat(found["newest"])).total_seconds())
            if newest and found["newest"]
            else 0.0
        )
        say(f"it answers after {done.seconds:.0f} s; it is held against the live database")
        with (
            psycopg.connect(owner_connection_string()) as left,
            psycopg.connect(served.line) as right,
        ):
            compare.begin_snapshot(left)
            compare.begin_snapshot(right)
            done.versions = found["all_bodies"]
            faults, done.bodies = compare.find_losses(
                left,
                right,
                found["horizon"],
                1 if everything else max(1, found["all_bodies"] // COMPARED_BODIES),
            )
            done.faults += faults

    done.faults += find_envelope_faults(folder, last.place(folder) / "keys.json", facts)
    done.faults += verify_backup(
        programs,
        folder,
        choice.chain,
        near,
        facts,
        hold,
        choice.key,
        sample=0 if everything else examine.BODY_SAMPLE,
    )
    return done


def find_envelope_faults(
    folder: BackupFolder, path: Path, facts: source_server.ServerFacts
) -> list[str]:
    """The recovery key is in its safe: what can be seen from outside is whether the envelope is
    there, and of which keys it says it holds them.
    """
    if not path.exists():
        return ["no keys lie beside this backup: it opens nothing by itself (made --without-keys)"]
    sealed = read_json_file(path)
    key_envelope.shaped(sealed, path)
    return (
        []
        if has_same_keys(sealed["fingerprints"], facts.prints)
        else ["the envelope beside this backup holds other keys than the database's"]
    )


def record_drill(folder: BackupFolder, done: DrillResult) -> None:
    """In the live database, and in the folder."""
    ended = dt.datetime.now(dt.UTC)
    backups.record_backup_run(
        "drill",
        done.link,
        done.began,
        ended,
        bytes=done.bytes,
        verified=not done.faults,
        until=done.until,
        wrong=summarize_faults(done.faults),
        seconds=done.seconds,
        lost_seconds=done.lost,
    )
    write_json_file(
        folder.path / "drill.json",
        {
            "link": done.link,
            "began": format_moment(done.began),
            "ended": format_moment(ended),
            "passed": not done.faults,
            "wrong": summarize_faults(done.faults),
            "until": format_moment(done.until) if done.until else None,
            "seconds": round(done.seconds, 1),
            "lost_seconds": round(done.lost, 1),
            "versions": done.versions,
            "bodies": done.bodies,
            "lines": done.lines,
        },
    )
