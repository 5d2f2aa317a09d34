"""The courier: tells subscribers what changed, and starts the processes of bulk jobs. One at a time works, others wait for their turn."""

import logging
import os
import time
from multiprocessing.process import BaseProcess
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection

from records.interactions import bulk, courier
from records.management.forked import start

log = logging.getLogger("xinglin.courier")
SOON = 0.2  # seconds in which a process that is about to end may have overheard a job
ONE_AT_A_TIME = 7_406_127_311  # any number that nobody else locks


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=0.5, help="seconds between looks when there is nothing to do")
        parser.add_argument("--processes", type=int, default=min(8, os.cpu_count() or 1), help="processes for bulk jobs")

    def handle(self, *args: Any, every: float, processes: int, **options: Any) -> None:
        workers: list[BaseProcess] = []
        while True:
            try:
                with connection.cursor() as cursor:
                    while not self.mine(cursor):  # a statement that waited for it would keep a snapshot, and VACUUM from its work
                        time.sleep(2)
                    cursor.execute(f"LISTEN {bulk.CALL}")
                while True:
                    workers = [w for w in workers if w.is_alive()]
                    if len(workers) < processes and bulk.waiting():
                        workers += [start("bulk_work") for _ in range(processes - len(workers))]
                    if not courier.round_():
                        rest(min(every, SOON) if workers else every)
            except (OperationalError, InterfaceError) as error:
                log.warning("COURIER503 the database is away: %s", type(error).__name__)
                connection.close()
                time.sleep(2)

    def mine(self, cursor: Any) -> bool:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME])
        return bool(cursor.fetchone()[0])


def rest(seconds: float) -> None:
    """Until a job is called out, and no longer than that."""
    for _ in connection.connection.notifies(timeout=seconds, stop_after=1):
        pass
