"""Check the audit log, or an exported file, under pinned keys, and say "intact" or what was changed. Exit code 1 when not intact."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.audit import kept, keys
from consent.audit.manifest import load, manifest_path
from consent.audit.package import check
from consent.audit.verify import verify


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--package", type=Path, metavar="FILE", help="an exported file; its manifest must lie beside it")
        parser.add_argument("--key", metavar="PEM|FINGERPRINT", help="the public keys that are trusted: a file of PEM blocks, or one SHA-256; else this installation's own")
        parser.add_argument("--against", type=Path, metavar="FILE", help="a head that was kept elsewhere: the manifest of an older export, or what --keep wrote")
        parser.add_argument("--keep", type=Path, metavar="FILE", help="when the log is intact, write its newest signed head here; carry it to another place")

    def handle(self, *args: Any, package: Path | None, key: str | None, against: Path | None, keep: Path | None, **options: Any) -> None:
        try:
            pins = keys.given(key) if key else keys.own()
            old = kept.read(against) if against else None
            if package is not None:
                faults, notices, head = check(package, pins, old), [], None
                told = load(manifest_path(package))
                asked = ", ".join(f"{k}={v}" for k, v in (told.get("filter") or {}).items() if v) or "everything"
                said = f"{package.name}: its {told.get('rows')} rows are what was sealed, and all that were exported on {told.get('exported_at')} of: {asked}"
            else:
                report = verify([old] if old else [], pins)
                faults, notices, head = report.faults, report.notices, report.newest
                said = f"{report.lines} lines, {report.sealed} sealed, {report.unsealed} waiting for the sealer, {report.heads} signed heads, root {report.root[:16]}…"
        except (OSError, ValueError) as error:
            raise CommandError(f"Nothing was checked: {error}") from error
        for notice in notices[:50]:
            self.stderr.write(f"to be explained: {notice}")
        under = f"checked under {'; '.join(map(str, pins))}{f', against {against}' if against else ''}"
        if faults:
            for fault in faults[:200]:
                self.stdout.write(f"  {fault}")
            self.stdout.write(f"NOT INTACT: {len(faults)} findings; {under}")
            sys.exit(1)
        if keep and head:
            keep.write_text(json.dumps(head.as_json(), indent=1) + "\n")
        self.stdout.write(f"intact: {said}; {under}")
