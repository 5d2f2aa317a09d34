"""Each wall of this installation on one screen: settings, HTTPS, account, keys, database role, row security, log grants, sealer, demo, migrations, disk, clock, stamps, partitions; what is wrong,
and how to mend it. Ends with 1 where something is wrong."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from alliance.config.doctor import told
from alliance.config.walls import all_walls


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help='{"ok": …, "walls": [{"wall", "ok", "says", "mend"}]}')

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        walls = all_walls()
        self.stdout.write(told(walls, json))
        if not all(w.ok for w in walls):
            sys.exit(1)
