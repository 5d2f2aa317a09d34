"""Archive a month of the audit log into one sealed file, verified by being read back, and, with
--detach, take it out of the online log: never before its age, never under a legal hold. --attach
puts it back. --check verifies a file; with --key PEM it needs neither database nor network.
"""

import datetime as dt
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import OperationalError

from alliance.auth.operator_identity import server_operator
from alliance.platform.environment import read_setting
from alliance.platform.operator_command import OperatorCommand
from consent.audit import detach_month, signing_keys
from consent.audit.append import append_event
from consent.audit.archive_manifest import ArchiveManifest, archive_file_name
from consent.audit.event import AuditEvent, EventCode
from consent.audit.partitions import PartitionBlocked
from consent.audit.read_archive import UnreadableArchive, check_archive, load_archive_manifest
from consent.audit.write_archive import MonthRefused, describe_archive, write_archive


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", metavar="YYYY-MM", help="the month, in UTC")
        parser.add_argument(
            "--to", type=Path, metavar="DIR", help="else XINGLIN_AUDIT_ARCHIVES, where it is set"
        )
        parser.add_argument(
            "--detach",
            action="store_true",
            help="read the archive back, then take the month out of the online log",
        )
        parser.add_argument("--attach", type=Path, metavar="FILE", help="put its month back")
        parser.add_argument("--check", type=Path, metavar="FILE", help="verify an archive")
        parser.add_argument(
            "--key", metavar="PEM|FINGERPRINT", help="with --check: the keys that are trusted"
        )

    def handle(
        self,
        *args: Any,
        month: str | None,
        to: Path | None,
        detach: bool,
        attach: Path | None,
        check: Path | None,
        key: str | None,
        **options: Any,
    ) -> None:
        try:
            if check is not None:
                self.check_file(check, key)
            elif attach is not None:
                done = detach_month.attach_month(attach, server_operator())
                self.stdout.write(f"back in the online log: {describe_archive(done)}")
            elif month is not None:
                self.archive_month(detach_month.first_of_month(month), to, detach)
            else:
                raise CommandError("Say --month YYYY-MM, --attach FILE or --check FILE.")
        except (MonthRefused, PartitionBlocked, UnreadableArchive, OSError, ValueError) as error:
            raise CommandError(f"Nothing was changed: {error}") from error
        except OperationalError as error:
            raise CommandError(
                f"Nothing was changed: somebody has been reading the log for too long ({error})."
            ) from error

    def archive_month(self, month: dt.date, to: Path | None, detach: bool) -> None:
        folder = to or (Path(given) if (given := read_setting("XINGLIN_AUDIT_ARCHIVES")) else None)
        if folder is None or not folder.is_dir():
            raise CommandError(f"Nothing was written: {folder or '--to'} is no folder.")
        path = folder / archive_file_name(month)
        if not (detach and path.exists()):
            self.write_file(month, folder)
        if detach:
            done = detach_month.detach_month(path, server_operator())
            self.stdout.write(f"out of the online log: {describe_archive(done)}")
            self.stdout.write(
                f"Its tables stand in a schema of their own ({detach_month.OUT}…) and take room"
                f" still: keep {path.name} in two places before you drop it"
                " (docs/how-to/audit-archive.md)."
            )

    def write_file(self, month: dt.date, folder: Path) -> None:
        path = write_archive(month, folder)
        try:
            manifest: ArchiveManifest = detach_month.read_archive_back(path)
        except (MonthRefused, UnreadableArchive):
            path.unlink()
            raise
        append_event(
            AuditEvent.from_principal(
                server_operator(),
                EventCode.AUDIT_ARCHIVE,
                target=f"month/{month:%Y-%m}",
                detail=f"{manifest.lines} lines, SHA-256 {manifest.sha256}",
            )
        )
        self.stdout.write(f"archived and read back: {path}: {describe_archive(manifest)}")

    def check_file(self, path: Path, key: str | None) -> None:
        pins = signing_keys.parse_given_pins(key) if key else signing_keys.load_own_pins()
        faults = check_archive(path, pins)
        for fault in faults:
            self.stdout.write(f"  {fault}")
        if faults:
            self.stdout.write(f"NOT INTACT: {len(faults)} findings")
            sys.exit(1)
        self.stdout.write(f"intact: {path.name}: {describe_archive(load_archive_manifest(path))}")
