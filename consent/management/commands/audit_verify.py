"""Check the audit log, or an exported file, and say "intact" or what was changed. Exit code 1 when not intact."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.audit.package import check
from consent.audit.verify import verify


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--package", type=Path, help="an exported file; its manifest must lie beside it")

    def handle(self, *args: Any, package: Path | None, **options: Any) -> None:
        if package is not None:
            try:
                faults, said = check(package), f"{package.name}: every row is proved by the signed tree head"
            except (OSError, ValueError, KeyError) as error:
                raise CommandError(f"{package} cannot be checked: {error}") from error
        else:
            report = verify()
            faults = report.faults
            said = f"{report.lines} lines, {report.sealed} sealed, {report.unsealed} waiting for the sealer, " \
                   f"{report.heads} signed heads, root {report.root[:16]}…"
        if faults:
            for fault in faults[:200]:
                self.stdout.write(f"  {fault}")
            self.stdout.write(f"NOT INTACT: {len(faults)} findings")
            sys.exit(1)
        self.stdout.write(f"intact: {said}")
