"""Print a one-time code by which a machine of a member becomes one of its systems, with a key that
the machine makes itself.
"""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from alliance.auth.operator_identity import server_operator
from alliance.auth.scopes import HOSTED_TYPES, BadScope, parse_scopes
from alliance.models import Hospital
from alliance.models.client import ALL_SCOPES
from alliance.platform.operator_command import OperatorCommand
from alliance.services.enrolment import do_make_enrolment_code


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hospital", required=True, metavar="CODE")
        parser.add_argument(
            "--sandbox",
            action="store_true",
            help=(
                "of the hospital's sandbox, which is made on first use: a store in which a system"
                " is tried out, and which no reader of the alliance sees"
            ),
        )
        parser.add_argument(
            "--scope",
            default=ALL_SCOPES,
            metavar="SCOPES",
            help="what the system's tokens may have at most (default: %(default)s)",
        )
        parser.add_argument("--json", action="store_true", help="for scripts")

    def handle(
        self,
        *args: Any,
        hospital: str,
        sandbox: bool = False,
        scope: str = ALL_SCOPES,
        **options: Any,
    ) -> None:
        found = Hospital.objects.filter(code=hospital).first()
        if found is None:
            codes = ", ".join(Hospital.objects.values_list("code", flat=True)) or "none yet"
            raise CommandError(f"No member hospital has the code {hospital!r}. Members: {codes}.")
        try:
            scopes = str(parse_scopes(scope, HOSTED_TYPES))
        except BadScope as error:
            raise CommandError(str(error)) from error
        code, text = do_make_enrolment_code(
            found, acting=server_operator(), sandbox=sandbox, scopes=scopes
        )
        if options["json"]:
            told = {
                "code": text,
                "hospital": code.hospital.code,
                "expires_at": code.expires_at.isoformat(timespec="seconds"),
            }
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(text)
        self.stderr.write(
            f"Good once, until {timezone.localtime(code.expires_at):%Y-%m-%d %H:%M}, for"
            f" {code.hospital.code}. On the member's machine: xinglin-agent enrol {text} --url"
            " https://…"
        )
