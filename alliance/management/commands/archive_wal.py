"""The archiver: keep the write-ahead log in XINGLIN_BACKUP_DIR as it is written, for ever. A
part of the site where that is set.
"""

import signal
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from alliance.backup.wal_archiver import log, run_archiver
from alliance.operations.machine_inspections import inspect_recovery_key
from alliance.platform.environment import read_setting
from alliance.platform.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = __doc__
    going = True

    def handle(self, *args: Any, **options: Any) -> None:
        said = read_setting("XINGLIN_BACKUP_DIR")
        if not said:
            raise CommandError("XINGLIN_BACKUP_DIR names no folder.")
        if (recovery := inspect_recovery_key()).look or not recovery.ok:
            log.warning("ARCHIVE402 %s. Mend: %s", recovery.says, recovery.mend)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        run_archiver(Path(said), lambda: self.going)

    def stop(self, *_: Any) -> None:
        self.going = False
