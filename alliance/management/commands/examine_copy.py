"""For backup, restore and drill: look into the database of this environment and say as JSON what
was found. With --restored it is also told that it was.
"""

import datetime as dt
import json
from typing import Any

from django.core.management.base import CommandParser

from alliance.backup.examine import BODY_SAMPLE, examine_database
from alliance.operations.restore_recording import record_restore
from alliance.platform.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sample", type=int, default=BODY_SAMPLE, help="records of each hospital; 0: all"
        )
        parser.add_argument("--restored", metavar="WHY")
        parser.add_argument("--until", metavar="TIME")

    def handle(
        self, *args: Any, sample: int, restored: str | None, until: str | None, **options: Any
    ) -> None:
        if restored is not None:
            record_restore(restored, dt.datetime.fromisoformat(until) if until else None)
            self.stdout.write("{}")
            return
        self.stdout.write(json.dumps(examine_database(sample)))
