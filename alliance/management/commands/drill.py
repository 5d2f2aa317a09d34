"""Rehearse the return: restore the last backup elsewhere on this machine, hold it against the
live site, say how long it took and what would have been lost. Changes nothing of the site. Ends
with 1 where something does not match.
"""

import sys
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import CommandError, CommandParser
from django.db import Error

from alliance.backup.drill import DrillResult, record_drill, run_drill
from alliance.backup.errors import BackupRefused
from alliance.backup.postgres_programs import last_lines
from alliance.backup.restore_point import format_moment
from alliance.database.connection_settings import enter_embedded_server
from alliance.management.commands.backup import AWAY, open_named_folder
from alliance.platform.environment import read_setting
from alliance.platform.operator_command import OperatorCommand
from alliance.platform.state_files import state_folder

NO_FOLDER = (
    "No backup folder is named, so there is nothing to rehearse with. Say `make drill FROM=DIR`"
    " (manage.py drill --from DIR), or set XINGLIN_BACKUP_DIR. There is no backup yet? The first"
    " one is made by `manage.py backup --to DIR` (docs/how-to/backup.md)."
)


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            dest="source",
            type=Path,
            metavar="DIR",
            help="the backup folder; else XINGLIN_BACKUP_DIR",
        )
        parser.add_argument(
            "--all", action="store_true", help="open and compare all records, not a sample"
        )
        parser.add_argument(
            "--scratch",
            type=Path,
            metavar="DIR",
            help=(
                "where it is restored; needs up to twice the room of the database (else"
                " $XINGLIN_HOME/scratch)"
            ),
        )

        parser.add_argument(
            "--without-tag",
            action="store_true",
            help="although nothing proves who made the backup: one of an earlier release",
        )

    def handle(
        self,
        *args: Any,
        source: Path | None,
        scratch: Path | None,
        without_tag: bool,
        **options: Any,
    ) -> None:
        enter_embedded_server()  # nothing is made where nobody has installed anything
        try:
            if not source and not read_setting("XINGLIN_BACKUP_DIR"):
                raise BackupRefused(NO_FOLDER)
            folder = open_named_folder(source).open()
            with folder.lock_folder(shared=True):
                done = run_drill(
                    folder,
                    scratch or state_folder() / "scratch",
                    options["all"],
                    self.say,
                    without_tag,
                )
                record_drill(folder, done)
        except (BackupRefused, OSError) as refusal:
            raise CommandError(f"There was no drill. {refusal}") from refusal
        except (Error, psycopg.Error) as error:
            raise CommandError(f"There was no drill. {AWAY} ({last_lines(str(error))})") from error
        self.report_drill(done)
        if done.faults:
            sys.exit(1)

    def report_drill(self, done: DrillResult) -> None:
        until = format_moment(done.until) if done.until else "nowhere"
        self.say(
            f"came back to {until} in {done.seconds / 60:.1f} minutes ({done.bytes / 2**20:,.0f}"
            f" MiB; {estimate_full_seconds(done) / 60:.1f} with every record opened)"
        )
        self.say(f"would have lost {done.lost:.1f} s of work")
        self.say(
            f"compared: {done.versions} versions and {done.lines} audit lines by count,"
            f" {done.bodies} bodies byte by byte; {done.opened} opened"
        )
        for fault in done.faults:
            self.stderr.write(f"DOES NOT MATCH: {fault}")
        self.say(
            "the drill passed"
            if not done.faults
            else "the drill FAILED: look at it before the backup is needed (docs/how-to/backup.md)"
        )

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def estimate_full_seconds(done: DrillResult) -> float:
    """Seconds, estimated, for a return in which every record is opened."""
    rate = 20_000  # a second, on one slow core
    return done.seconds + (done.all_bodies - done.opened) / rate
