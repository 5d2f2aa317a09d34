"""Do the batches of sync that wait for their turn, and letters whose wait is over. The courier
starts a process for each stream that has some, up to the number of cores; run by hand it does no
harm.
"""

import gc
from typing import Any

from django.core.management.base import CommandParser

from alliance.platform.operator_command import OperatorCommand
from records.sync.sync_worker import LINGER_SECONDS, run_sync


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--linger",
            type=float,
            default=LINGER_SECONDS,
            help="seconds without any before it ends",
        )

    def handle(self, *args: Any, linger: float, **options: Any) -> None:
        gc.collect()
        gc.freeze()
        run_sync(linger)
