"""The courier: tells subscribers what changed, and starts the processes of bulk jobs. One at a time works, others wait for their turn."""

import logging
import os
import subprocess
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection

from alliance.config.supervisor import die_with_parent
from records.interactions import bulk, courier

log = logging.getLogger("xinglin.courier")
ONE_AT_A_TIME = 7_406_127_311  # any number that nobody else locks


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=0.5, help="seconds between looks when there is nothing to do")
        parser.add_argument("--processes", type=int, default=min(8, os.cpu_count() or 1), help="processes for bulk jobs")

    def handle(self, *args: Any, every: float, processes: int, **options: Any) -> None:
        workers: list[subprocess.Popen[bytes]] = []
        while True:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
                while True:
                    workers = [w for w in workers if w.poll() is None]
                    if not workers and bulk.waiting():
                        workers = [self.worker() for _ in range(processes)]
                    if not courier.round_():
                        time.sleep(every)
            except (OperationalError, InterfaceError) as error:
                log.warning("COURIER503 the database is away: %s", type(error).__name__)
                connection.close()
                time.sleep(2)

    def worker(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, str(settings.BASE_DIR / "manage.py"), "bulk_work"], cwd=settings.BASE_DIR, preexec_fn=die_with_parent)
