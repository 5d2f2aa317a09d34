"""Check the audit log, an exported file, or a receipt of sync, under pinned keys, and say "intact"
or what was changed. Exit code 1 when not intact; 2 where it is intact, and a kept head was rolled
back by a restore that somebody has recorded.
"""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from alliance.platform.operator_command import OperatorCommand
from consent.audit import kept_head, signing_keys
from consent.audit.export_check import check_export
from consent.audit.export_manifest import load_manifest, manifest_path
from consent.audit.log_report import LogReport
from consent.audit.receipt import SignedReceipt
from consent.audit.verified_mark import (
    VerifiedMark,
    load_verified_mark,
    mark_path,
    store_verified_mark,
)
from consent.audit.verify import verify_log


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--package",
            type=Path,
            metavar="FILE",
            help="an exported file; its manifest must lie beside it",
        )
        parser.add_argument(
            "--receipt",
            type=Path,
            metavar="FILE",
            help=(
                "a receipt of sync, as the platform answered it; with --key PEM it needs neither"
                " database nor network"
            ),
        )
        parser.add_argument(
            "--against-log",
            action="store_true",
            help=(
                "with --package: this installation's log must still lead to the file's head and"
                " rows"
            ),
        )
        parser.add_argument(
            "--key",
            metavar="PEM|FINGERPRINT",
            help=(
                "the public keys that are trusted: a file of PEM blocks, or one SHA-256; else this"
                " installation's own"
            ),
        )
        parser.add_argument(
            "--against",
            type=Path,
            metavar="FILE",
            help=(
                "a head that was kept elsewhere: the manifest of an older export, or what --keep"
                " wrote"
            ),
        )
        parser.add_argument(
            "--archive",
            type=Path,
            metavar="DIR",
            help=(
                "check the archives of the months that were taken out of the online log, too: the"
                " folder where they lie"
            ),
        )
        parser.add_argument(
            "--since-last",
            action="store_true",
            help=(
                "go on from what this machine has verified last, and do not read that again;"
                " without it the whole log is verified from nothing"
            ),
        )
        parser.add_argument(
            "--keep",
            type=Path,
            metavar="FILE",
            help=(
                "when the log is intact, write its newest signed head here; carry it to another"
                " place"
            ),
        )

    def handle(
        self,
        *args: Any,
        package: Path | None,
        key: str | None,
        against: Path | None,
        keep: Path | None,
        against_log: bool,
        receipt: Path | None = None,
        archive: Path | None = None,
        since_last: bool = False,
        **options: Any,
    ) -> None:
        if receipt is not None:
            self.verify_receipt(receipt, key)
            return
        if against_log and package is None:
            raise CommandError(
                "--against-log goes with --package; without it the log is what is checked."
            )
        if package is None or against_log:
            connection.ensure_connection()  # where there is no log, that is said first
        report = LogReport()
        try:
            pins = signing_keys.parse_given_pins(key) if key else signing_keys.load_own_pins()
            old = kept_head.read_kept_head(against) if against else None
            if package is not None:
                faults, notices, head = check_export(package, pins, old), [], None
                if against_log:
                    report = verify_log(
                        [kept_head.read_kept_head(package), *([old] if old else [])], pins
                    )
                    faults, notices = [*faults, *report.faults], report.notices
                told = load_manifest(manifest_path(package))
                asked = (
                    ", ".join(f"{k}={v}" for k, v in (told.get("filter") or {}).items() if v)
                    or "everything"
                )
                said = (
                    f"{package.name}: its {told.get('rows')} rows are what was sealed, and all that"
                    f" were exported on {told.get('exported_at')} of: {asked}"
                )
                said += (
                    f"; held against the log of today, of {report.sealed} sealed lines"
                    if against_log
                    else (
                        "; whether the log of today still leads to it was not asked (--against-log)"
                    )
                )
            else:
                since = load_verified_mark(pins) if since_last else None
                report = verify_log([old] if old else [], pins, archive, since)
                goes_on = since_last or mark_path().exists()
                if goes_on and report.intact and not report.rolled_back and not key:
                    keep_mark(report, since)
                faults, notices, head = report.faults, report.notices, report.newest
                thinned = f" ({report.thinned} thinned out)" if report.thinned else ""
                second = f"{report.sm2_heads} of them with SM2 too" if report.sm2_heads else ""
                thinned += f", {second or 'none with SM2'}"
                if since:
                    notices = [
                        f"the first {since.size} lines were verified on {since.verified_at}, and"
                        f" not read again; from nothing on {since.whole_at}",
                        *notices,
                    ]
                archived = f", {report.archived} of them in archives" if report.archived else ""
                archived += f" ({report.archives_checked} files checked)" if archive else ""
                said = (
                    f"{report.lines} lines, {report.sealed} sealed{archived}, {report.unsealed}"
                    f" waiting for the sealer, {report.heads} signed heads{thinned}, root"
                    f" {report.root[:16]}…"
                )
        except (OSError, ValueError) as error:
            raise CommandError(f"Nothing was checked: {error}") from error
        for notice in notices[:50]:
            self.stderr.write(f"to be explained: {notice}")
        for restore in report.restores:
            self.stderr.write(f"a recorded restore: {restore}")
        for told_of in report.rolled_back:
            self.stdout.write(f"  ROLLED BACK: {told_of}")
        under = (
            f"checked under {'; '.join(map(str, pins))}{f', against {against}' if against else ''}"
        )
        if faults:
            for fault in faults[:200]:
                self.stdout.write(f"  {fault}")
            self.stdout.write(f"NOT INTACT: {len(faults)} findings; {under}")
            sys.exit(1)
        if keep and head:
            keep.write_text(json.dumps(head.as_json(), indent=1) + "\n")
        if report.rolled_back:
            self.stdout.write(
                f"INTACT SINCE A ROLL-BACK THAT IS ON RECORD, ask who recorded it: {said}; {under}"
            )
            sys.exit(2)
        self.stdout.write(f"intact: {said}; {under}")

    def verify_receipt(self, path: Path, key: str | None) -> None:
        try:
            pins = signing_keys.parse_given_pins(key) if key else signing_keys.load_own_pins()
            signed = SignedReceipt.from_json(path.read_bytes())
        except (OSError, ValueError) as error:
            raise CommandError(f"Nothing was checked: {error}") from error
        if fault := signed.find_fault(pins):
            self.stdout.write(f"NOT INTACT: {path.name}: {fault}")
            sys.exit(1)
        told = signed.receipt
        self.stdout.write(
            f"intact: {path.name}: batch {told.get('number')} of stream {told.get('stream')} of"
            f" {told.get('client')} ({told.get('hospital')}), {told.get('items')} items, root"
            f" {told.get('root')}, outcomes {json.dumps(told.get('outcomes'))}, signed"
            f" {told.get('at')}; checked under {'; '.join(map(str, pins))}"
        )


def keep_mark(report: LogReport, since: VerifiedMark | None) -> None:
    """Where all that is sealed stands under the newest head."""
    if report.newest and report.newest.size == report.sealed:
        now = timezone.now().isoformat(timespec="milliseconds")
        whole_at = since.whole_at if since else now
        store_verified_mark(
            VerifiedMark(report.sealed, tuple(report.nodes), report.number, now, whole_at)
        )
