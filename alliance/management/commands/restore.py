"""Bring the site back from a backup folder, to its end or to a moment: on a new machine with the
release, the folder and the recovery key, without a network. What is there already is moved aside
with --replace, never deleted.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alliance.backup import examine, key_envelope
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder
from alliance.backup.restore import RestoreOrder, RestoreResult, restore_backup
from alliance.backup.restore_point import format_moment, parse_restore_moment
from alliance.platform.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            dest="source",
            type=Path,
            required=True,
            metavar="DIR",
            help="the backup folder",
        )
        parser.add_argument(
            "--at",
            metavar="TIME",
            help=(
                "the moment to come back to, as 2026-03-01T08:30:00+08:00; else as far as the log"
                " leads"
            ),
        )
        parser.add_argument(
            "--recovery-key",
            type=Path,
            metavar="FILE",
            help="the private half of the recovery certificate, PEM",
        )
        parser.add_argument(
            "--recovery-key-password-file",
            type=Path,
            metavar="FILE",
            help="what unlocks that file, where it is itself locked",
        )
        parser.add_argument(
            "--passphrase-file",
            type=Path,
            metavar="FILE",
            help="where the keys were wrapped for a passphrase",
        )
        parser.add_argument(
            "--data-directory",
            type=Path,
            metavar="PATH",
            help="of a server that is not the embedded one: put together there",
        )
        parser.add_argument("--replace", action="store_true", help="move aside what is there")
        parser.add_argument("--reason", default="restored from a backup", help="for the audit log")
        parser.add_argument(
            "--all",
            action="store_true",
            help=f"open all records, not {examine.BODY_SAMPLE} of each hospital",
        )
        parser.add_argument(
            "--fingerprint",
            default="",
            metavar="DIGITS",
            help=(
                "of the key that authenticates the backups, as it was written down beside the"
                " recovery key"
            ),
        )
        parser.add_argument(
            "--without-tag",
            action="store_true",
            help=(
                "although nothing proves who made the backup, and what was planted in it would run"
                " here: one of an earlier release"
            ),
        )
        parser.add_argument(
            "--accept-faults",
            action="store_true",
            help="put it in place although something does not hold",
        )

    def handle(
        self,
        *args: Any,
        source: Path,
        at: str | None,
        recovery_key: Path | None,
        recovery_key_password_file: Path | None,
        passphrase_file: Path | None,
        data_directory: Path | None,
        replace: bool,
        reason: str,
        fingerprint: str,
        without_tag: bool,
        accept_faults: bool,
        **options: Any,
    ) -> None:
        try:
            by: key_envelope.RecoveryPrivateKey | bytes | None = (
                key_envelope.read_passphrase(passphrase_file) if passphrase_file else None
            )
            if recovery_key:
                lock = (
                    recovery_key_password_file.read_bytes().split(b"\n")[0].strip()
                    if recovery_key_password_file
                    else None
                )
                by = key_envelope.load_recovery_private_key(recovery_key, lock)
            order = RestoreOrder(
                parse_restore_moment(at) if at else None,
                by,
                data_directory.resolve() if data_directory else None,
                replace,
                reason,
                0 if options["all"] else examine.BODY_SAMPLE,
                accept_faults,
                fingerprint,
                without_tag,
            )
            folder = BackupFolder(source).open()
            with folder.lock_folder(shared=True):
                done = restore_backup(folder, order, self.say)
        except (BackupRefused, OSError) as refusal:
            raise CommandError(
                f"Nothing was restored, and nothing was changed. {refusal}"
            ) from refusal
        self.report_restore(done, data_directory is not None)

    def report_restore(self, done: RestoreResult, elsewhere: bool) -> None:
        self.say(
            f"\nRestored from {done.link}: all that was committed until"
            f" {format_moment(done.until)}. {done.bodies} records opened, {done.lines} lines of the"
            " audit log derived anew."
        )
        for fault in done.faults:
            self.stderr.write(f"does not hold: {fault}")
        if done.aside:
            self.say(
                f"What was there before lies in {done.aside}: delete it when the site has run well"
                " for some days."
            )
        self.say("What to do next:")
        steps = [
            (
                f"Look into {done.words}: the settings of the site and of PostgreSQL as the backup"
                " has them. None of them was applied: take over what is to hold here, then delete"
                " the folder."
            ),
            (
                f"Tell the hospitals: what they sent after {format_moment(done.until)} is not here,"
                " and is to be sent again."
            ),
        ]
        if elsewhere:
            steps.append(
                "Give the data directory to the server's account, and start it: `chown -R"
                f" postgres: {done.data}`, then "
                f"`runuser -u postgres -- {done.programs.folder}/pg_ctl -D {done.data} start`"
                ' (Debian keeps postgresql.conf in /etc/postgresql: add -o "-c'
                ' config_file=PATH"). '
                "As it is it lets in whoever has an account of this machine with the name of a"
                " role, by its socket: pg_hba.conf is yours to write."
            )
        steps += [
            (
                "Start the site: `systemctl start xinglin`, or `XINGLIN_DEMO=0 make run`. An"
                " earlier release's database is brought up first."
            ),
            "Look: `manage.py doctor`, `manage.py audit_verify`.",
            "Back up at once, in full: `manage.py backup --full`.",
        ]
        for number, step in enumerate(steps, 1):
            self.say(f"  {number}. {step}")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
