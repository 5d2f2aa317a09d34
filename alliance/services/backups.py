"""What is known of backups and drills: for the operator's page, doctor and metrics."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from alliance.models import Backup as Run


@dataclass(frozen=True, slots=True)
class BackupRun:
    """kind: full or incremental; until: the moment to which it was proved to lead (None: it was
    not proved); wrong: "" where nothing is.
    """

    name: str
    kind: str
    began: dt.datetime
    ended: dt.datetime
    bytes: int
    verified: bool
    until: dt.datetime | None
    wrong: str


@dataclass(frozen=True, slots=True)
class DrillRun:
    """name: of the backup that it restored; seconds: that the return took; lost_seconds: of
    acknowledged work that was not in it.
    """

    name: str
    began: dt.datetime
    ended: dt.datetime
    passed: bool
    until: dt.datetime | None
    seconds: float | None
    lost_seconds: float | None
    wrong: str


def find_newest_verified_backup() -> BackupRun | None:
    """The newest one that was verified."""
    return backup_from_row(
        Run.objects.exclude(kind="drill").filter(verified=True).order_by("-ended").first()
    )


def find_last_backup_run() -> BackupRun | None:
    """The last one, whatever came of it."""
    return backup_from_row(Run.objects.exclude(kind="drill").order_by("-ended").first())


def find_newest_drill() -> DrillRun | None:
    """The last one, passed or not."""
    run = Run.objects.filter(kind="drill").order_by("-ended").first()
    return (
        DrillRun(
            run.name,
            run.began,
            run.ended,
            run.verified,
            run.until,
            run.seconds,
            run.lost_seconds,
            run.wrong,
        )
        if run
        else None
    )


def backup_from_row(run: Run | None) -> BackupRun | None:
    return (
        BackupRun(
            run.name, run.kind, run.began, run.ended, run.bytes, run.verified, run.until, run.wrong
        )
        if run
        else None
    )


def record_backup_run(
    kind: str, name: str, began: dt.datetime, ended: dt.datetime, **what: Any
) -> None:
    """what: the other columns of the run."""
    Run.objects.create(kind=kind, name=name, began=began, ended=ended, **what)
