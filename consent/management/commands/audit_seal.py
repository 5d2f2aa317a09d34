"""Run the audit sealer: seal, sign, sleep, for ever (or once, with --once)."""

import logging
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection

from consent.audit.seal import seal_all

log = logging.getLogger("xinglin.sealer")


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true")
        parser.add_argument("--every", type=float, default=2.0, help="seconds between rounds")

    def handle(self, *args: Any, once: bool, every: float, **options: Any) -> None:
        if once:
            self.stdout.write(f"sealed {seal_all()}")
            return
        self.going = True
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        while self.going:
            try:
                seal_all()
            except (OperationalError, InterfaceError):
                log.warning("SEAL001 the database cannot be reached; trying again")
                connection.close()
            time.sleep(every)

    def stop(self, *_: Any) -> None:
        self.going = False
