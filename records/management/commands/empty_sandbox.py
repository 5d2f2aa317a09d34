"""Take everything out of a member's sandbox; its systems and their keys stay."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from alliance.auth.operator_identity import server_operator
from alliance.models import Hospital
from alliance.platform.operator_command import OperatorCommand
from alliance.services.sandboxes import find_sandbox
from records.maintenance.empty_sandbox import do_empty_sandbox


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hospital", required=True, metavar="CODE", help="of the member")

    def handle(self, *args: Any, hospital: str, **options: Any) -> None:
        if settings.WEB:
            raise CommandError("Only the owner of the tables empties a sandbox: the site is not.")
        member = Hospital.objects.filter(code=hospital).first()
        sandbox = find_sandbox(member) if member else None
        if sandbox is None:
            having = Hospital.with_sandboxes.exclude(sandbox_of=None)
            codes = ", ".join(s.member.code for s in having) or "none yet"
            raise CommandError(f"{hospital!r} has no sandbox. Members that have one: {codes}.")
        gone = do_empty_sandbox(sandbox, acting=server_operator())
        self.stdout.write(f"{sandbox.code} is empty: {sum(gone.values())} rows went.")
