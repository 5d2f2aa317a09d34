"""Back up the database and the keys of this installation into a folder, prove it by raising a
server from it, and let go what is too old. Ends with 1 where it does not hold.
"""

import datetime as dt
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import CommandError, CommandParser
from django.db import Error

from alliance.backup import backup_tags, examine
from alliance.backup.backup_chain import BaseBackup
from alliance.backup.backup_keys import find_recipient
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder
from alliance.backup.postgres_programs import last_lines
from alliance.backup.restore_point import format_moment
from alliance.backup.retention import delete_expired_backups
from alliance.backup.take import BackupOptions, record_backup, take_backup
from alliance.database.connection_settings import enter_embedded_server
from alliance.platform.environment import read_setting
from alliance.platform.operator_command import OperatorCommand
from alliance.platform.state_files import state_folder
from alliance.services import backups

NO_RECIPIENT = (
    "Whom are the keys to be wrapped for? Make a recovery certificate and name it in"
    " XINGLIN_RECOVERY_CERTIFICATE (docs/how-to/backup.md, three lines), or say --passphrase-file"
    " FILE. With --without-keys the backup holds no keys: without secrets/ from elsewhere nobody"
    " ever reads its records."
)


AWAY = "The database does not answer, or went away meanwhile: start it, and look at DATABASE_URL."


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to", type=Path, metavar="DIR", help="the backup folder; else XINGLIN_BACKUP_DIR"
        )
        parser.add_argument(
            "--full", action="store_true", help="a full backup, though an incremental one would do"
        )
        parser.add_argument(
            "--full-every",
            type=int,
            default=7,
            metavar="DAYS",
            help="a full one is due when the last is so old (7)",
        )
        parser.add_argument(
            "--quick",
            action="store_true",
            help=(
                "compare files with their manifest, and raise no server: it does not count as"
                " verified"
            ),
        )
        parser.add_argument(
            "--all",
            action="store_true",
            help=f"open all records, not {examine.BODY_SAMPLE} of each hospital",
        )
        parser.add_argument(
            "--passphrase-file",
            type=Path,
            metavar="FILE",
            help="wrap the keys for the passphrase in its first line",
        )
        parser.add_argument(
            "--without-keys",
            action="store_true",
            help="leave the keys out: they are kept elsewhere, by you",
        )
        parser.add_argument(
            "--keep-days",
            type=int,
            metavar="N",
            help="days that are kept; else XINGLIN_BACKUP_DAYS",
        )
        parser.add_argument(
            "--scratch",
            type=Path,
            metavar="DIR",
            help=(
                "where it is proved; needs up to twice the room of the database (else"
                " $XINGLIN_HOME/scratch)"
            ),
        )

    def handle(
        self,
        *args: Any,
        to: Path | None,
        full: bool,
        full_every: int,
        quick: bool,
        passphrase_file: Path | None,
        without_keys: bool,
        keep_days: int | None,
        scratch: Path | None,
        **options: Any,
    ) -> None:
        enter_embedded_server()  # nothing is made where nobody has installed anything
        try:
            folder = open_named_folder(to)
            wrapped_for = None if without_keys else find_recipient(passphrase_file)
            if wrapped_for is None and not without_keys:
                raise BackupRefused(NO_RECIPIENT)
            if to is None:
                folder.claimable()
            with folder.open().lock_folder():
                wishes = BackupOptions(
                    wrapped_for,
                    full,
                    quick,
                    full_every,
                    0 if options["all"] else examine.BODY_SAMPLE,
                    scratch or state_folder() / "scratch",
                )
                link = self.take_and_record(folder, wishes)
                if not link.wrong:
                    for name in delete_expired_backups(
                        folder, keep_days or read_setting("XINGLIN_BACKUP_DAYS")
                    ):
                        self.say(f"{name}: let go, for it is too old")
        except (BackupRefused, OSError) as refusal:
            raise CommandError(f"Not backed up. {refusal}") from refusal
        except (Error, psycopg.Error) as error:
            raise CommandError(f"Not backed up. {AWAY} ({last_lines(str(error))})") from error
        self.say(
            "authenticated by the key with the fingerprint"
            f" {backup_tags.tag_key_fingerprint(backup_tags.load_tag_key())}: it stands on the"
            " paper beside the recovery key"
        )
        if without_keys:
            self.stderr.write(
                "NO KEYS are in this backup: without secrets/ from elsewhere nobody ever reads its"
                " records."
            )
        if link.wrong:
            self.stderr.write(f"{link.name} DOES NOT HOLD, and counts for nothing: {link.wrong}")
            sys.exit(1)
        self.say(
            f"verified: a server raised from it comes to {format_moment(link.until)}"
            if link.until
            else "not verified (--quick): whether it can be restored nobody has seen"
        )

    def take_and_record(self, folder: BackupFolder, wishes: BackupOptions) -> BaseBackup:
        """What came of it stands in the database, also where nothing did. Raises Refused."""
        began = dt.datetime.now(dt.UTC)
        try:
            link = take_backup(folder, wishes, self.say)
        except BackupRefused as refusal:
            with suppress(Error):  # it may be the database that is away
                backups.record_backup_run(
                    "full" if wishes.full else "incremental",
                    "",
                    began,
                    dt.datetime.now(dt.UTC),
                    wrong=str(refusal),
                )
            raise
        try:
            record_backup(link)
        except Error as error:
            self.stderr.write(
                f"{link.name} could not be recorded in the database ({last_lines(str(error))});"
                " what came of it stands in its backup.json."
            )
        return link

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def open_named_folder(given: Path | None) -> BackupFolder:
    """The folder that is said, or set. Raises Refused."""
    said = str(given) if given else read_setting("XINGLIN_BACKUP_DIR")
    if not said:
        raise BackupRefused("Name the backup folder: --to DIR (--from DIR), or XINGLIN_BACKUP_DIR.")
    return BackupFolder(Path(said))
