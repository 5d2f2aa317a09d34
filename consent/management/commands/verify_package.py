"""Check an evidence package (ZIP) as tools/verify.py does, under this installation's keys unless
others are named. Exit code 0: intact; 1: not intact; 2: it could not be read.
"""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from consent.audit import signing_keys
from consent.audit.package_verifier import load_verifier, verify_package


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("package", type=Path, metavar="FILE.zip")
        parser.add_argument(
            "--key",
            metavar="PEM|FINGERPRINT",
            help=(
                "the public keys that are trusted: a file of PEM blocks, or one SHA-256; else this"
                " installation's own"
            ),
        )
        parser.add_argument(
            "--witness",
            action="append",
            default=[],
            metavar="PEM|FINGERPRINT",
            help="the key of a witness, which must have co-signed; may be given again",
        )
        parser.add_argument(
            "--against",
            type=Path,
            metavar="FILE",
            help="an older package, its manifest, or a head that was kept elsewhere",
        )
        parser.add_argument(
            "--against-log",
            action="store_true",
            help="this installation's log must still lead to the package's head and lines",
        )
        parser.add_argument("--lang", choices=("zh", "en"), default="zh")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(
        self,
        *args: Any,
        package: Path,
        key: str | None,
        witness: list[str],
        against: Path | None,
        against_log: bool,
        lang: str,
        as_json: bool,
        **options: Any,
    ) -> None:
        if against_log:
            connection.ensure_connection()  # where there is no log, that is said first
        try:
            verifier = load_verifier()
            pins = signing_keys.parse_given_pins(key) if key else signing_keys.load_own_pins()
            report = verify_package(
                package,
                pins,
                witnesses=[pin for text in witness for pin in signing_keys.parse_given_pins(text)],
                against=against,
                against_log=against_log,
            )
        except (OSError, ValueError) as error:
            raise CommandError(f"Nothing was checked: {error}") from error
        if as_json:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
        else:
            verifier.print_report(report, lang, self.stdout.write)
            self.stdout.write(f"{'; '.join(map(str, pins))}")
        if code := verifier.EXIT[report.verdict]:
            sys.exit(code)
