"""Carry out bulk jobs until none waits. The courier starts as many as there are cores; run by
hand it does no harm.
"""

import gc
from typing import Any

from alliance.platform.operator_command import OperatorCommand
from records.bulk.bulk_worker import run_bulk_jobs


class Command(OperatorCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        gc.collect()
        gc.freeze()
        gc.set_threshold(
            50_000,
            20,
            20,
            # resources are trees of thousands of objects, and no cycles: an eighth of the time went
            # into looking for some
        )
        run_bulk_jobs()
