"""Each wall of this installation on one screen (alliance.operations.inspections): what is wrong,
and how to mend it. Ends with 1 where something is wrong.
"""

import sys
from typing import Any

from django.core.management.base import CommandParser

from alliance.operations.doctor_report import format_inspections
from alliance.operations.inspections import inspect_installation
from alliance.platform.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json",
            action="store_true",
            help='{"ok": …, "walls": [{"wall", "ok", "says", "mend", "look"}]}',
        )

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        walls = inspect_installation()
        self.stdout.write(format_inspections(walls, json))
        if not all(w.ok for w in walls):
            sys.exit(1)
